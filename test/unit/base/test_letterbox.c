/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/letterbox.h"
#include "base/mem.h"

#include <stdatomic.h>

enum { POSTERS = 4, LETTERS = 5000 };

struct letter {
	struct list_link link;
	int poster, number;
};

struct post_office {
	struct letterbox box;
	_Atomic int woken;
};

struct poster {
	struct post_office *office;
	int index;
};

static void on_wake(void *user)
{
	struct post_office *office = user;
	office->woken++;
}

static void *post_many(void *user)
{
	const struct poster *poster = user;
	for (int i = 0; i < LETTERS; i++) {
		struct letter *letter = MEM_NEW(struct letter);
		letter->poster = poster->index;
		letter->number = i;
		letterbox_post(&poster->office->box, &letter->link);
	}
	return NULL;
}

/* Reads everything in the list and holds it against what each poster sent so far. */
static int read_letters(struct list_link *list, int next[POSTERS])
{
	int count = 0;
	for (struct list_link *link; (link = list_take_first(list)) != NULL; count++) {
		struct letter *letter = LIST_ENTRY(link, struct letter, link);
		assert_int_equal(letter->number, next[letter->poster]);
		next[letter->poster]++;
		mem_free(letter);
	}
	return count;
}

static void start_posters(struct post_office *office, struct poster posters[POSTERS], pthread_t threads[POSTERS])
{
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){office, i};
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
	}
}

static void join_posters(pthread_t threads[POSTERS])
{
	for (int i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void test_mailbox_brings_every_letter_in_the_order_of_its_poster(void **state)
{
	static struct post_office office;
	struct poster posters[POSTERS];
	pthread_t threads[POSTERS];
	int next[POSTERS] = {0};

	(void)state;
	letterbox_init(&office.box, NULL, NULL);
	start_posters(&office, posters, threads);
	for (int count = 0; count < POSTERS * LETTERS;) {
		struct list_link list;
		list_init(&list);
		assert_true(letterbox_wait(&office.box, &list, -1));
		count += read_letters(&list, next);
	}
	join_posters(threads);
	letterbox_done(&office.box);
}

static void test_mailbox_wakes_its_receiver_once_a_post(void **state)
{
	static struct post_office office;
	struct poster posters[POSTERS];
	pthread_t threads[POSTERS];
	int next[POSTERS] = {0};
	struct list_link list;

	(void)state;
	letterbox_init(&office.box, on_wake, &office);
	start_posters(&office, posters, threads);
	join_posters(threads);
	assert_int_equal(office.woken, POSTERS * LETTERS);
	list_init(&list);
	assert_true(letterbox_take(&office.box, &list));
	assert_int_equal(read_letters(&list, next), POSTERS * LETTERS);
	assert_false(letterbox_take(&office.box, &list));
	letterbox_done(&office.box);
}

static void test_mailbox_take_adds_behind_what_the_list_holds(void **state)
{
	struct letterbox box;
	struct letter first = {.number = 0}, second = {.number = 1};
	struct list_link list;

	(void)state;
	letterbox_init(&box, NULL, NULL);
	list_init(&list);
	list_append(&list, &first.link);
	letterbox_post(&box, &second.link);
	assert_true(letterbox_take(&box, &list));
	assert_ptr_equal(list_take_first(&list), &first.link);
	assert_ptr_equal(list_take_first(&list), &second.link);
	letterbox_done(&box);
}

static void test_mailbox_wait_ends_by_its_timeout_with_nothing(void **state)
{
	struct letterbox box;
	struct list_link list;

	(void)state;
	letterbox_init(&box, NULL, NULL);
	list_init(&list);
	assert_false(letterbox_wait(&box, &list, 0));
	assert_false(letterbox_wait(&box, &list, 1500));
	assert_true(list_is_empty(&list));
	letterbox_done(&box);
}

static void test_mailbox_a_wake_before_the_wait_is_not_lost_and_counts_once(void **state)
{
	struct letterbox box;
	struct list_link list;

	(void)state;
	letterbox_init(&box, NULL, NULL);
	list_init(&list);
	letterbox_wake(&box);
	assert_false(letterbox_wait(&box, &list, -1)); /* for ever, were it lost */
	assert_false(letterbox_wait(&box, &list, 1000));
	letterbox_done(&box);
}

static void *wake_it(void *user)
{
	letterbox_wake(user);
	return NULL;
}

static void test_mailbox_a_wake_from_another_thread_ends_a_wait(void **state)
{
	struct letterbox box;
	struct list_link list;
	pthread_t thread;

	(void)state;
	letterbox_init(&box, NULL, NULL);
	list_init(&list);
	assert_int_equal(pthread_create(&thread, NULL, wake_it, &box), 0);
	assert_false(letterbox_wait(&box, &list, -1));
	assert_int_equal(pthread_join(thread, NULL), 0);
	letterbox_done(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mailbox_brings_every_letter_in_the_order_of_its_poster),
	    cmocka_unit_test(test_mailbox_wakes_its_receiver_once_a_post),
	    cmocka_unit_test(test_mailbox_take_adds_behind_what_the_list_holds),
	    cmocka_unit_test(test_mailbox_wait_ends_by_its_timeout_with_nothing),
	    cmocka_unit_test(test_mailbox_a_wake_before_the_wait_is_not_lost_and_counts_once),
	    cmocka_unit_test(test_mailbox_a_wake_from_another_thread_ends_a_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
