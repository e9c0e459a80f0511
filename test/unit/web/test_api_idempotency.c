/* SPDX-License-Identifier: Apache-2.0 */
/* Every POST says whether it creates something, and what creates is done once for an Idempotency-Key. A route that
 * creates and is not in the table fails. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define MAIL                                                                                                           \
	"{\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"c@example.com\"},\"subject\":\"Hello\","       \
	"\"html\":\"<p>Hi</p>\"}"

static const struct {
	const char *path, *body;
	const char *again; /* the same thing, said in other bytes */
	const char *count; /* of what it creates */
	int64_t makes;
} rows[] = {
    {"/messages", MAIL, MAIL " ", "SELECT COUNT(*) FROM messages", 1},
    {"/messages/batch", "{\"messages\":[" MAIL "," MAIL "]}", "{\"messages\":[" MAIL "]}",
     "SELECT COUNT(*) FROM messages", 2},
    {"/instrument", MAIL, MAIL " ", "SELECT COUNT(*) FROM messages", 1},
    {"/suppressions", "{\"address\":\"s@example.com\"}", "{\"address\":\"S@example.com\"}",
     "SELECT COUNT(*) FROM suppressions", 1},
    {"/tenants", "{\"name\":\"third\"}", "{\"name\":\"fourth\"}", "SELECT COUNT(*) FROM tenants", 1},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static struct desk_answer post(struct desk *d, struct slice key, const char *path, const char *body, struct slice once)
{
	struct desk_request request = {
	    .method = HTTP_POST, .path = path, .body = slice_from_cstr(body), .key = key, .idempotency_key = once};
	return desk_ask(d, &request);
}

static void test_every_post_says_whether_it_creates(void **state)
{
	size_t count;
	const struct route *routes = routes_all(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		bool creates = routes[i].flags & ROUTE_CREATES, repeats = routes[i].flags & ROUTE_REPEATS;
		bool is_listed = false;
		if ((routes[i].method == HTTP_POST) != (creates != repeats) || (creates && repeats))
			fail_msg("%s says not whether it creates", routes[i].pattern);
		for (size_t n = 0; n < ROWS; n++)
			is_listed = is_listed || strcmp(rows[n].path, routes[i].pattern) == 0;
		if (creates && !is_listed)
			fail_msg("%s is not in the table", routes[i].pattern);
	}
}

static void test_what_creates_is_done_once_for_a_key(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d);
	struct slice key = desk_key(&d, d.world.tenant, SCOPE_ALL);
	for (size_t i = 0; i < ROWS; i++) {
		struct slice once = slice_from_cstr(rows[i].path);
		int64_t before = world_sql(&d.world, rows[i].count);
		struct desk_answer first = post(&d, key, rows[i].path, rows[i].body, once);
		if (first.status / 100 != 2)
			fail_msg("%s: %u %.*s", rows[i].path, first.status, SLICE_FMT(first.body));
		struct desk_answer second = post(&d, key, rows[i].path, rows[i].body, once);
		assert_int_equal(second.status, first.status);
		assert_true(slice_equal(second.body, first.body));
		assert_true(slice_equal(second.type, first.type));
		assert_int_equal(post(&d, key, rows[i].path, rows[i].again, once).status, 409);
		assert_int_equal(world_sql(&d.world, rows[i].count), before + rows[i].makes);
	}
	desk_close(&d);
}

/* A name that is taken is not the key that is taken. */
static void test_what_was_refused_is_not_kept(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d);
	struct slice key = desk_key(&d, d.world.tenant, SCOPE_ALL);
	struct desk_answer taken = post(&d, key, "/tenants", "{\"name\":\"other\"}", SLICE("k"));
	assert_int_equal(taken.status, 409);
	assert_false(slice_contains(taken.body, SLICE("this key")));
	assert_int_equal(post(&d, key, "/tenants", "{\"name\":\"third\"}", SLICE("k")).status, 201);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_post_says_whether_it_creates),
	    cmocka_unit_test(test_what_creates_is_done_once_for_a_key),
	    cmocka_unit_test(test_what_was_refused_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
