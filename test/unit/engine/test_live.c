/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/feed/live.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct reader {
	struct live_subscriber subscriber; /* first */
	struct live *live;
	atomic_int wakes;
};

static void count_wake(struct live_subscriber *subscriber)
{
	struct reader *r = (struct reader *)subscriber;
	atomic_fetch_add(&r->wakes, 1);
}

static void test_one_wake_for_any_number_of_events_until_rearmed(void **state)
{
	struct live *live = live_new();
	struct reader r = {.subscriber = {.wake = count_wake}};
	(void)state;
	live_subscribe(live, &r.subscriber);
	live_publish(live, 3);
	live_publish(live, 5);
	assert_int_equal(r.wakes, 1);
	assert_int_equal(live_horizon(live), 5);
	live_rearm(live, &r.subscriber);
	assert_int_equal(r.wakes, 1);
	live_publish(live, 6);
	assert_int_equal(r.wakes, 2);
	live_unsubscribe(live, &r.subscriber);
	live_publish(live, 7);
	assert_int_equal(r.wakes, 2);
	live_free(&live);
	assert_null(live);
}

static void test_the_position_never_goes_back(void **state)
{
	struct live *live = live_new();
	(void)state;
	live_publish(live, 9);
	live_publish(live, 4);
	assert_int_equal(live_horizon(live), 9);
	live_free(&live);
}

static void *publish_many(void *user)
{
	struct live *live = user;
	for (uint64_t i = 1; i <= 2000; i++)
		live_publish(live, i);
	return NULL;
}

static void test_a_reader_that_rearms_before_it_reads_never_misses_the_last(void **state)
{
	struct live *live = live_new();
	struct reader r = {.subscriber = {.wake = count_wake}};
	pthread_t publisher;
	uint64_t seen = 0;
	(void)state;
	live_subscribe(live, &r.subscriber);
	assert_int_equal(pthread_create(&publisher, NULL, publish_many, live), 0);
	while (seen < 2000) {
		if (atomic_exchange(&r.wakes, 0) == 0)
			continue;
		live_rearm(live, &r.subscriber);
		seen = live_horizon(live);
	}
	assert_int_equal(pthread_join(publisher, NULL), 0);
	live_unsubscribe(live, &r.subscriber);
	live_free(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_wake_for_any_number_of_events_until_rearmed),
	    cmocka_unit_test(test_the_position_never_goes_back),
	    cmocka_unit_test(test_a_reader_that_rearms_before_it_reads_never_misses_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
