/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/feed/consumer.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct follower {
	struct world w;
	struct writer *writer;
	struct err err;
};

static int setup(void **state)
{
	static struct follower f;
	f = (struct follower){0};
	world_open(&f.w);
	world_add_message(&f.w, 0, false);
	f.writer = world_start_writer(&f.w);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct follower *f = *state;
	writer_stop(&f->writer);
	world_close(&f->w);
	return 0;
}

#define OK(f, call) assert_int_equal(call, STATUS_OK)

/* Opens and clicks in turn, applied. */
static void hit(struct follower *f, int first, int count)
{
	writer_stop(&f->writer);
	struct world_feed *feed = world_feed_open(&f->w);
	for (int i = first; i < first + count; i++) {
		struct hit_record record = world_hit(&f->w, 0, i % 2 ? HIT_CLICK : HIT_OPEN);
		world_put_hit(feed, WORLD_NOW_US + i * 60 * SECOND, &record);
	}
	world_feed_close(&feed);
	world_apply_all(&f->w);
	f->writer = world_start_writer(&f->w);
}

static struct consumer *open_it(struct follower *f, uint32_t types, bool begins_with_old)
{
	struct consumer *c = NULL;
	struct consumer_config config = {.name = SLICE("warehouse"),
					 .tenant = f->w.tenant,
					 .types = types,
					 .begins_with_old = begins_with_old,
					 .writer = f->writer};
	OK(f, consumer_open(&config, f->w.session, &c, &f->err));
	return c;
}

static struct event_page next(struct follower *f, struct consumer *c, uint32_t limit)
{
	struct event_page page = {0};
	OK(f, consumer_next(c, f->w.session, limit, f->w.arena, &page, &f->err));
	return page;
}

static void test_each_event_comes_in_order_until_it_is_done_with(void **state)
{
	struct follower *f = *state;
	hit(f, 0, 5);
	struct consumer *c = open_it(f, 0, true);
	struct event_page first = next(f, c, 3);
	struct event_page again = next(f, c, 3);
	assert_int_equal(first.n, 3);
	assert_true(again.n == 3 && uuid_equal(first.at[0].id, again.at[0].id));
	assert_true(first.at[0].position < first.at[2].position);
	OK(f, consumer_done(c, &f->err));
	struct event_page rest = next(f, c, 3);
	assert_int_equal(rest.n, 2);
	assert_true(rest.at[0].position > first.at[2].position);
	OK(f, consumer_done(c, &f->err));
	assert_int_equal(next(f, c, 3).n, 0);
	consumer_free(&c);
}

static void test_a_start_goes_on_behind_what_was_done(void **state)
{
	struct follower *f = *state;
	hit(f, 0, 4);
	struct consumer *c = open_it(f, 0, true);
	(void)next(f, c, 3);
	OK(f, consumer_done(c, &f->err));
	(void)next(f, c, 3); /* and then it was killed */
	consumer_free(&c);
	c = open_it(f, 0, true);
	struct event_page page = next(f, c, 10);
	assert_int_equal(page.n, 1);
	assert_int_equal(page.at->position, 4);
	consumer_free(&c);
}

static void test_a_new_one_may_begin_with_what_comes_from_now_on(void **state)
{
	struct follower *f = *state;
	hit(f, 0, 4);
	struct consumer *c = open_it(f, 0, false);
	assert_int_equal(next(f, c, 10).n, 0);
	consumer_free(&c); /* its row stays */
	hit(f, 4, 1);
	c = open_it(f, 0, false);
	assert_int_equal(next(f, c, 10).n, 1);
	consumer_free(&c);
}

static void test_what_is_not_asked_for_is_passed_over_for_good(void **state)
{
	struct follower *f = *state;
	hit(f, 0, 6);
	struct consumer *c = open_it(f, 1U << EVENT_BOUNCED, true);
	assert_int_equal(next(f, c, 10).n, 0);
	OK(f, consumer_done(c, &f->err));
	assert_int_equal(consumer_position(c), 6);
	consumer_free(&c);
}

static void test_two_under_one_name_do_not_both_go_on(void **state)
{
	struct follower *f = *state;
	hit(f, 0, 4);
	struct consumer *one = open_it(f, 0, true);
	struct consumer *other = open_it(f, 0, true);
	(void)next(f, one, 2);
	(void)next(f, other, 2);
	OK(f, consumer_done(one, &f->err));
	assert_int_equal(consumer_done(other, &f->err), STATUS_CONFLICT);
	assert_int_equal(consumer_position(other), 0);
	consumer_free(&one);
	consumer_free(&other);
}

static void test_who_is_behind_shows(void **state)
{
	struct follower *f = *state;
	struct consumer_lags lags = {0};
	hit(f, 0, 5);
	struct consumer *c = open_it(f, 0, true);
	(void)next(f, c, 2);
	OK(f, consumer_done(c, &f->err));
	OK(f, consumer_lags(f->w.session, f->w.arena, &lags, &f->err));
	assert_int_equal(lags.n, 1);
	assert_true(lags.at->position == 2 && lags.at->behind == 3 && lags.at->moved_us > 0);
	consumer_free(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_each_event_comes_in_order_until_it_is_done_with),
	    TEST(test_a_start_goes_on_behind_what_was_done),
	    TEST(test_a_new_one_may_begin_with_what_comes_from_now_on),
	    TEST(test_what_is_not_asked_for_is_passed_over_for_good),
	    TEST(test_two_under_one_name_do_not_both_go_on),
	    TEST(test_who_is_behind_shows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
