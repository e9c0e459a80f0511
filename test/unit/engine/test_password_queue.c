/* SPDX-License-Identifier: Apache-2.0 */
/* The queue's thread is held by the one who decides whether a password is right, so who stands where is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "engine/accounts/password_queue.h"

#include <pthread.h>

enum { CHECKS_MAX = 128 };

struct held {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_held, is_reached;
	size_t done_count;
	const struct password_check *done[CHECKS_MAX]; /* in that order */
};

static struct held held = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool is_secret(struct slice password, struct slice hash)
{
	pthread_mutex_lock(&held.lock);
	held.is_reached = true;
	pthread_cond_broadcast(&held.changed);
	while (held.is_held)
		pthread_cond_wait(&held.changed, &held.lock);
	pthread_mutex_unlock(&held.lock);
	return slice_equal(password, hash);
}

static void note(struct password_check *check)
{
	pthread_mutex_lock(&held.lock);
	held.done[held.done_count++] = check;
	pthread_cond_broadcast(&held.changed);
	pthread_mutex_unlock(&held.lock);
}

static void set_held(bool is_held)
{
	pthread_mutex_lock(&held.lock);
	held.is_held = is_held;
	pthread_cond_broadcast(&held.changed);
	pthread_mutex_unlock(&held.lock);
}

static void wait_until_reached(void)
{
	pthread_mutex_lock(&held.lock);
	while (!held.is_reached)
		pthread_cond_wait(&held.changed, &held.lock);
	pthread_mutex_unlock(&held.lock);
}

static void wait_for(size_t count)
{
	pthread_mutex_lock(&held.lock);
	while (held.done_count < count)
		pthread_cond_wait(&held.changed, &held.lock);
	pthread_mutex_unlock(&held.lock);
}

static struct password_queue *start(void)
{
	struct err err = {0};
	struct password_queue *queue = NULL;
	held.done_count = 0;
	held.is_held = held.is_reached = false;
	assert_int_equal(password_queue_start(is_secret, &queue, &err), STATUS_OK);
	return queue;
}

static struct password_check check_of(struct slice password, bool goes_first)
{
	return (struct password_check){
	    .password = password, .hash = SLICE("secret"), .goes_first = goes_first, .done = note};
}

/* One that the thread is busy with until it is let go. */
static void hold_thread(struct password_queue *queue, struct password_check *check)
{
	set_held(true);
	*check = check_of(SLICE("held"), false);
	password_queue_submit(queue, check);
	wait_until_reached();
}

static void test_right_and_wrong_are_told_apart(void **state)
{
	struct password_queue *queue = start();
	struct password_check right = check_of(SLICE("secret"), false), wrong = check_of(SLICE("guess"), true);

	(void)state;
	password_queue_submit(queue, &right);
	password_queue_submit(queue, &wrong);
	wait_for(2);
	assert_int_equal(right.status, STATUS_OK);
	assert_int_equal(wrong.status, STATUS_OK);
	assert_true(right.is_right);
	assert_false(wrong.is_right);
	password_queue_free(&queue);
	assert_null(queue);
	password_queue_free(&queue);
}

static void test_beyond_the_line_one_hears_so_at_once_and_owners_have_places_of_their_own(void **state)
{
	struct password_queue *queue = start();
	struct password_check first, others[PASSWORD_QUEUE_ROOM + 10], owner = check_of(SLICE("secret"), true);

	(void)state;
	hold_thread(queue, &first);
	for (size_t i = 0; i < PASSWORD_QUEUE_ROOM + 10; i++) {
		others[i] = check_of(SLICE("guess"), false);
		password_queue_submit(queue, &others[i]);
	}
	assert_int_equal(held.done_count, 10);
	for (size_t i = PASSWORD_QUEUE_ROOM; i < PASSWORD_QUEUE_ROOM + 10; i++)
		assert_int_equal(others[i].status, STATUS_FULL);
	password_queue_submit(queue, &owner);
	assert_int_equal(held.done_count, 10);
	set_held(false);
	wait_for(PASSWORD_QUEUE_ROOM + 12);
	assert_ptr_equal(held.done[10], &first);
	assert_ptr_equal(held.done[11], &owner);
	assert_true(owner.is_right);
	for (size_t i = 0; i < PASSWORD_QUEUE_ROOM; i++)
		assert_ptr_equal(held.done[12 + i], &others[i]);
	password_queue_free(&queue);
}

static void test_closing_answers_everybody_who_waits_or_comes(void **state)
{
	struct password_queue *queue = start();
	struct password_check first, waiting[3], late = check_of(SLICE("secret"), true);

	(void)state;
	hold_thread(queue, &first);
	for (size_t i = 0; i < 3; i++) {
		waiting[i] = check_of(SLICE("secret"), i == 0);
		password_queue_submit(queue, &waiting[i]);
	}
	password_queue_close(queue);
	assert_int_equal(held.done_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(waiting[i].status, STATUS_FULL);
	password_queue_submit(queue, &late);
	assert_int_equal(late.status, STATUS_FULL);
	set_held(false);
	password_queue_free(&queue);
	assert_int_equal(first.status, STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_right_and_wrong_are_told_apart),
	    cmocka_unit_test(test_beyond_the_line_one_hears_so_at_once_and_owners_have_places_of_their_own),
	    cmocka_unit_test(test_closing_answers_everybody_who_waits_or_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
