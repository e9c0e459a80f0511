/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/request/send_request.h"

#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW_US INT64_C(1795240800000000) /* 2026-11-21T06:00:00Z */
#define PARTIES "\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"c@example.com\"}"
#define BASE PARTIES ",\"subject\":\"Hello\",\"text\":\"x\""

struct read {
	json_t *body;
	struct arena *arena;
	struct send_request request;
	struct problem_list problems;
	enum status status;
};

static void read_json(struct read *r, enum accept_kind kind, const char *json)
{
	json_error_t fault;
	*r = (struct read){.body = json_loads(json, JSON_DECODE_ANY, &fault), .arena = arena_new()};
	if (!r->body)
		fail_msg("%s: %s", fault.text, json);
	struct send_request_input input = {kind, r->body, r->arena, NOW_US};
	r->status = send_request_read(&input, &r->request, &r->problems);
}

static void done(struct read *r)
{
	json_decref(r->body);
	arena_free(&r->arena);
}

static void assert_slice(struct slice is, const char *want)
{
	char text[512];
	(void)snprintf(text, sizeof text, "%.*s", SLICE_FMT(is));
	assert_string_equal(text, want);
}

struct fault_case {
	const char *json;
	const char *pointer; /* of the only problem */
};

static void fail_case(const char *json, const struct read *r)
{
	for (size_t i = 0; i < r->problems.count; i++)
		print_error("%.*s: %.*s\n", SLICE_FMT(r->problems.items[i].pointer),
			    SLICE_FMT(r->problems.items[i].detail));
	fail_msg("%s: %s", json, status_name(r->status));
}

static void check_faults(enum accept_kind kind, const struct fault_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct read r;
		read_json(&r, kind, cases[i].json);
		if (r.status != STATUS_BAD_INPUT || r.problems.count != 1 ||
		    !slice_equal(r.problems.items[0].pointer, slice_from_cstr(cases[i].pointer)))
			fail_case(cases[i].json, &r);
		assert_true(r.problems.items[0].detail.n > 0);
		done(&r);
	}
}

static void test_every_fault_is_named_by_its_pointer(void **state)
{
	static const struct fault_case cases[] = {
	    {"[]", ""},
	    {"{" PARTIES ",\"subject\":\"s\"}", "/html"},
	    {"{" PARTIES ",\"text\":\"x\"}", "/subject"},
	    {"{" PARTIES ",\"text\":\"x\",\"subject\":\"\"}", "/subject"},
	    {"{" PARTIES ",\"text\":\"x\",\"subject\":\"a\\r\\nBcc: x@y.example\"}", "/subject"},
	    {"{" PARTIES ",\"text\":\"x\",\"subject\":7}", "/subject"},
	    {"{\"to\":{\"email\":\"c@example.com\"},\"subject\":\"s\",\"text\":\"x\"}", "/from"},
	    {"{\"from\":{\"email\":\"c@example.com\"},\"subject\":\"s\",\"text\":\"x\"}", "/to"},
	    {"{\"from\":{\"email\":\"c@example.com\"},\"to\":{\"email\":\"nobody\"},\"subject\":\"s\",\"text\":\"x\"}",
	     "/to/email"},
	    {"{\"from\":{\"email\":\"c@example.com\"},\"to\":{},\"subject\":\"s\",\"text\":\"x\"}", "/to/email"},
	    {"{\"from\":{\"email\":\"c@example.com\"},\"to\":\"c@example.com\",\"subject\":\"s\",\"text\":\"x\"}",
	     "/to"},
	    {"{" BASE ",\"colour\":1}", "/colour"},
	    {"{" BASE ",\"a/b~c\":1}", "/a~1b~0c"},
	    {"{" BASE ",\"reply_to\":{\"email\":\"r@example.com\",\"phone\":1}}", "/reply_to/phone"},
	    {"{" BASE ",\"headers\":{\"Subject\":\"x\"}}", "/headers/Subject"},
	    {"{" BASE ",\"headers\":{\"X-A\":\"a\\nb\"}}", "/headers/X-A"},
	    {"{" BASE ",\"headers\":{\"X-A\":1}}", "/headers/X-A"},
	    {"{" BASE ",\"headers\":[]}", "/headers"},
	    {"{" BASE ",\"attachments\":[{\"content\":\"?\"}]}", "/attachments/0/content"},
	    {"{" BASE ",\"attachments\":[{\"content\":\"eA==\"},{}]}", "/attachments/1/content"},
	    {"{" BASE ",\"attachments\":[{\"content\":\"eA==\",\"content_type\":\"pdf\"}]}",
	     "/attachments/0/content_type"},
	    {"{" BASE ",\"send_at\":\"tomorrow\"}", "/send_at"},
	    {"{" BASE ",\"send_at\":\"2028-11-21T06:00:00Z\"}", "/send_at"},
	    {"{" BASE ",\"stream\":\"Bulk Mail\"}", "/stream"},
	    {"{" BASE ",\"provider\":\"pigeon\"}", "/provider"},
	    {"{" BASE ",\"track\":{\"opens\":\"some\"}}", "/track/opens"},
	    {"{" BASE ",\"track\":{\"clicks\":true}}", "/track/clicks"},
	    {"{" BASE ",\"track\":{\"pixel\":\"left\"}}", "/track/pixel"},
	    {"{" BASE ",\"track\":{\"utm\":{\"utm_source\":1}}}", "/track/utm/utm_source"},
	    {"{" BASE ",\"track\":{\"utm\":{\"a&b\":\"1\"}}}", "/track/utm/a&b"},
	    {"{" BASE ",\"unsubscribe\":{\"one_click\":\"yes\"}}", "/unsubscribe/one_click"},
	    {"{" BASE ",\"unsubscribe\":{\"url\":\"javascript:x\"}}", "/unsubscribe/url"},
	    {"{" BASE ",\"unsubscribe\":{\"url\":\"https://e.com/> x\"}}", "/unsubscribe/url"},
	    {"{" BASE ",\"unsubscribe\":{\"one_click\":true,\"url\":\"mailto:u@e.com\"}}", "/unsubscribe/url"},
	    {"{" BASE ",\"unsubscribe\":{\"one_click\":true,\"url\":\"http://e.com/u\"}}", "/unsubscribe/url"},
	    {"{" BASE ",\"metadata\":[1]}", "/metadata"},
	    {"{" BASE ",\"campaign\":{\"name\":\"x\"}}", "/campaign/id"},
	    {"{" BASE ",\"sequence\":{\"id\":\"n\",\"position\":-1}}", "/sequence/position"},
	};
	(void)state;
	check_faults(ACCEPT_SEND, cases, sizeof cases / sizeof cases[0]);
}

static void test_instrumenting_needs_html_and_somebody(void **state)
{
	static const struct fault_case cases[] = {
	    {"{\"to\":{\"email\":\"c@example.com\"}}", "/html"},
	    {"{\"html\":\"<p>\"}", "/to"},
	    {"{\"html\":\"<p>\",\"contact\":{\"id\":\"1\"},\"send_at\":\"2026-11-21T06:00:00Z\"}", "/send_at"},
	};
	(void)state;
	check_faults(ACCEPT_INSTRUMENT, cases, sizeof cases / sizeof cases[0]);
}

static void test_all_problems_come_at_once(void **state)
{
	struct read r;
	(void)state;
	read_json(&r, ACCEPT_SEND, "{\"from\":{\"email\":\"x\"},\"to\":7,\"subject\":\"a\\nb\",\"huh\":0}");
	assert_int_equal(r.status, STATUS_BAD_INPUT);
	assert_int_equal(r.problems.count, 5); /* and no text */
	done(&r);
}

static void test_the_number_of_problems_is_bounded(void **state)
{
	struct read r;
	struct buf json;
	(void)state;
	buf_init(&json, 100000);
	buf_append_cstr(&json, "{\"k\":0");
	for (int i = 0; i < 1000; i++)
		buf_printf(&json, ",\"k%d\":0", i);
	buf_append_cstr(&json, "}");
	read_json(&r, ACCEPT_SEND, buf_cstr(&json));
	assert_int_equal(r.problems.count, PROBLEMS_MAX);
	done(&r);
	buf_done(&json);
}

static void test_a_whole_request_is_read(void **state)
{
	struct read r;
	(void)state;
	read_json(
	    &r, ACCEPT_SEND,
	    "{\"from\":{\"email\":\"a@AGENCY.example\",\"name\":\"A\"},\"to\":{\"email\":\"C@example.com\"},"
	    "\"reply_to\":null,\"subject\":\"S\",\"html\":\"<p>\",\"text\":\"t\",\"headers\":{\"X-K\":\"v\"},"
	    "\"attachments\":[{\"filename\":\"f.txt\",\"content_type\":\"text/plain\",\"content\":\"aGk=\","
	    "\"cid\":null}],\"contact\":{\"id\":\"crm-17\",\"category\":\"seller\",\"agent\":\"u\"},"
	    "\"campaign\":{\"id\":\"spring\",\"name\":\"Spring\"},\"template\":{\"id\":\"w\"},"
	    "\"sequence\":{\"id\":\"n\",\"enrollment\":\"e\",\"position\":2},\"sender\":\"u-1\","
	    "\"send_at\":\"2026-11-21T07:00:00Z\",\"stream\":\"bulk\",\"provider\":\"outbox\","
	    "\"track\":{\"opens\":\"anonymous\",\"clicks\":\"off\",\"pixel\":\"top\",\"utm\":{\"utm_source\":\"x\"}},"
	    "\"unsubscribe\":{\"one_click\":true,\"url\":null},\"metadata\":{\"any\": [1, 2]}}");
	assert_int_equal(r.status, STATUS_OK);
	assert_slice(r.request.from.address, "a@agency.example");
	assert_slice(r.request.to.address, "C@example.com");
	assert_int_equal(r.request.reply_to.address.n, 0);
	assert_int_equal(r.request.headers.count, 1);
	assert_int_equal(r.request.attachments.count, 1);
	assert_slice(r.request.attachments.items[0].bytes, "hi");
	assert_slice(r.request.contact.category, "seller");
	assert_slice(r.request.campaign.name, "Spring");
	assert_int_equal(r.request.sequence.position, 2);
	assert_true(r.request.send_at_us == NOW_US + INT64_C(3600000000));
	assert_int_equal(r.request.track.opens, CONSENT_ANONYMOUS);
	assert_int_equal(r.request.track.clicks, CONSENT_OFF);
	assert_int_equal(r.request.track.pixel, SEND_PIXEL_TOP);
	assert_slice(r.request.track.utm[0].value, "x");
	assert_slice(r.request.metadata, "{\"any\":[1,2]}");
	done(&r);
}

static void test_unsubscribing_is_in_bulk_mail_unless_told_otherwise(void **state)
{
	static const struct {
		const char *json;
		bool has, one_click;
	} cases[] = {
	    {"{" BASE "}", false, false},
	    {"{" BASE ",\"stream\":\"bulk\"}", true, true},
	    {"{" BASE ",\"stream\":\"bulk\",\"unsubscribe\":{\"one_click\":false}}", true, false},
	    {"{" BASE ",\"stream\":\"bulk\",\"unsubscribe\":{\"url\":\"https://e.com/u\"}}", true, false},
	    {"{" BASE ",\"unsubscribe\":{\"one_click\":true}}", true, true},
	    {"{" BASE ",\"unsubscribe\":{\"url\":\"mailto:u@e.com\"}}", true, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct read r;
		read_json(&r, ACCEPT_SEND, cases[i].json);
		assert_int_equal(r.status, STATUS_OK);
		assert_int_equal(send_request_has_unsubscribe(&r.request), cases[i].has);
		assert_int_equal(send_request_is_one_click(&r.request), cases[i].one_click);
		done(&r);
	}
}

static void test_metadata_past_its_limit_is_refused(void **state)
{
	struct read r;
	struct buf json;
	(void)state;
	buf_init(&json, 100000);
	buf_append_cstr(&json, "{" BASE ",\"metadata\":{\"k\":\"");
	for (int i = 0; i < SEND_METADATA_MAX; i++)
		buf_append_byte(&json, 'x');
	buf_append_cstr(&json, "\"}}");
	read_json(&r, ACCEPT_SEND, buf_cstr(&json));
	assert_int_equal(r.status, STATUS_BAD_INPUT);
	assert_slice(r.problems.items[0].pointer, "/metadata");
	done(&r);
	buf_done(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_fault_is_named_by_its_pointer),
	    cmocka_unit_test(test_instrumenting_needs_html_and_somebody),
	    cmocka_unit_test(test_all_problems_come_at_once),
	    cmocka_unit_test(test_the_number_of_problems_is_bounded),
	    cmocka_unit_test(test_a_whole_request_is_read),
	    cmocka_unit_test(test_unsubscribing_is_in_bulk_mail_unless_told_otherwise),
	    cmocka_unit_test(test_metadata_past_its_limit_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
