/* SPDX-License-Identifier: Apache-2.0 */
/* What lists and streams find, and that they say where they end. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct desk_answer get(struct desk *d, struct slice key, const char *path)
{
	struct desk_request request = {.method = HTTP_GET, .path = path, .key = key};
	return desk_ask(d, &request);
}

static struct slice send(struct desk *d, struct slice key, const char *to, const char *more)
{
	const char *body = arena_printf(d->arena,
					"{\"from\":{\"email\":\"a@agency.example\"},\"subject\":\"s\",\"text\":\"t\","
					"\"to\":{\"email\":\"%s\"}%s}",
					to, more)
			       .p;
	struct desk_request request = {
	    .method = HTTP_POST, .path = "/messages", .body = slice_from_cstr(body), .key = key};
	struct desk_answer answer = desk_ask(d, &request);
	assert_int_equal(answer.status, 202);
	return desk_field(d, &answer, "id");
}

static void expect_found(struct desk *d, struct slice key, const char *contact, struct slice want)
{
	for (size_t i = 0; i < 2; i++) {
		char path[200];
		(void)snprintf(path, sizeof path, i == 0 ? "/messages?contact=%s" : "/events?contact=%s", contact);
		struct desk_answer answer = get(d, key, path);
		assert_int_equal(answer.status, 200);
		struct slice wanted = want.n ? want : SLICE("\"data\":[]");
		if (!slice_contains(answer.body, wanted))
			fail_msg("%s: %.*s", path, SLICE_FMT(answer.body));
	}
}

static void test_a_contact_is_found_by_its_address_however_that_is_written(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d);
	struct slice key = desk_key(&d, d.world.tenant, SCOPE_ALL);
	struct slice ann = send(&d, key, "Ann@Example.com", "");
	struct slice bob = send(&d, key,
				"bob@b\xc3\xbc"
				"cher.example",
				"");
	struct slice own = send(&d, key, "x@example.com", ",\"contact\":{\"id\":\"CRM@Example.com\"}");
	expect_found(&d, key, "ann@example.com", ann);
	expect_found(&d, key, "ANN%40EXAMPLE.COM", ann);
	expect_found(&d, key, "%20Ann@example.com", ann);
	expect_found(&d, key, "bob@B%C3%9CCHER.example", bob);
	expect_found(&d, key, "CRM@Example.com", own);
	expect_found(&d, key, "crm@example.com", SLICE_EMPTY);
	desk_close(&d);
}

/* More of them than a message is shown with. */
static void test_a_time_line_says_how_much_it_leaves_out(void **state)
{
	enum { MORE = 523 };
	struct desk d;
	char path[100];
	(void)state;
	desk_open(&d);
	struct slice key = desk_key(&d, d.world.tenant, SCOPE_ALL);
	struct slice id = send(&d, key, "ann@example.com", "");
	(void)snprintf(path, sizeof path, "/messages/%.*s", SLICE_FMT(id));
	struct desk_answer answer = get(&d, key, path);
	assert_true(slice_contains(answer.body, SLICE("\"timeline_left_out\":0")));
	(void)world_sql(&d.world,
			"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 523) "
			"INSERT INTO events (position, tenant_id, occurred_at, flags, message, node, sequence) "
			"SELECT 100000 + i, tenant_id, occurred_at, flags, message, 1, 100000 + i FROM events, n "
			"WHERE flags & 31 = 0 RETURNING 1");
	answer = get(&d, key, path);
	assert_true(slice_contains(answer.body, SLICE("\"timeline_left_out\":24")));
	desk_close(&d);
}

static void test_a_stream_that_cannot_go_on_says_so(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d);
	struct slice key = desk_key(&d, d.world.tenant, SCOPE_ALL);
	(void)send(&d, key, "ann@example.com", "");
	struct desk_answer list = get(&d, key, "/events");
	struct slice last = desk_field(&d, &list, "data/0/id");
	const struct {
		struct slice last_event_id;
		bool is_reset;
	} cases[] = {
	    {SLICE_EMPTY, false},
	    {last, false},
	    {SLICE("01a22a04-ae40-79e8-8e24-abc5415d821f"), true},
	    {SLICE("what?\"\n"), true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct desk_request request = {
		    .method = HTTP_GET, .path = "/events/stream", .key = key, .last_event_id = cases[i].last_event_id};
		struct desk_answer answer = desk_ask(&d, &request);
		assert_true(answer.is_stream);
		assert_int_equal(answer.reset.n > 0, cases[i].is_reset);
		assert_int_equal(slice_contains(answer.reset, SLICE("\"from\":\"20")), cases[i].is_reset);
	}
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_contact_is_found_by_its_address_however_that_is_written),
	    cmocka_unit_test(test_a_time_line_says_how_much_it_leaves_out),
	    cmocka_unit_test(test_a_stream_that_cannot_go_on_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
