/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "prog/serve/event_days.h"

#include <string.h>

struct fixture {
	struct arena *arena;
	struct event_retention retention;
	struct err err;
};

static int set_up(void **state)
{
	static struct fixture f;
	f = (struct fixture){.arena = arena_new()};
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(&((struct fixture *)*state)->arena);
	return 0;
}

static enum status parse(struct fixture *f, const char *days_of)
{
	struct config config = {.retain_events_days = 365, .retain_events_days_of = days_of};
	return event_days_parse(&config, f->arena, &f->retention, &f->err);
}

static void test_tenants_are_listed_with_their_days(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(parse(f, " acme = 30 ,,Globex Inc.=36500,"), STATUS_OK);
	assert_int_equal(f->retention.days, 365);
	assert_int_equal(f->retention.tenant_count, 2);
	assert_true(slice_equal(f->retention.tenants[0].tenant, SLICE("acme")));
	assert_int_equal(f->retention.tenants[0].days, 30);
	assert_true(slice_equal(f->retention.tenants[1].tenant, SLICE("Globex Inc.")));
	assert_int_equal(f->retention.tenants[1].days, 36500);
	assert_int_equal(parse(f, ""), STATUS_OK);
	assert_int_equal(f->retention.tenant_count, 0);
}

static void test_what_is_no_list_of_tenants_is_refused(void **state)
{
	static const char *const bad[] = {"acme",       "acme=",   "=30",      "acme=0",
					  "acme=36501", "acme=-1", "acme=1=2", "acme=1 day"};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse(f, bad[i]), STATUS_BAD_INPUT);
		assert_non_null(strstr(f->err.text, "retain.events_days_of: "));
	}
	assert_int_equal(parse(f, "acme=1, b=2, acme=3"), STATUS_BAD_INPUT);
	assert_non_null(strstr(f->err.text, "twice"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest event_days[] = {
	    TEST(test_tenants_are_listed_with_their_days),
	    TEST(test_what_is_no_list_of_tenants_is_refused),
	};
	return cmocka_run_group_tests(event_days, NULL, NULL);
}
