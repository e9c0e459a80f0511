/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/feed/event_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void append(struct buf *b, const struct event *event)
{
	struct link_token_keys *keys = link_token_keys_new();
	struct event_json_context context = {SLICE("default"), link_token_sealer_new(keys)};
	struct err err = {0};
	buf_init(b, 100000);
	assert_int_equal(event_csv_append(b, event, &context, &err), STATUS_OK);
	assert_false(buf_failed(b));
	link_token_sealer_free(&context.sealer);
	link_token_keys_free(&keys);
}

static struct event click(void)
{
	return (struct event){
	    .id = {{0x01, 0x92, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16}},
	    .type = EVENT_CLICK,
	    .occurred_us = INT64_C(1795240800123456),
	    .message = {{0x01, 0x92}},
	    .is_unique = true,
	    .judged = true,
	    .actor = ACTOR_HUMAN,
	    .reasons = SLICE("mail_client honeypot"),
	    .confidence_percent = 90,
	    .rules = SLICE("2026-11-01"),
	    .settled = true,
	    .destination_url = SLICE("https://example.com/sale?a=1,2"),
	    .link_index = 3,
	    .ip = SLICE("203.0.113.7"),
	    .user_agent = SLICE("=cmd|'/C calc'!A0"),
	    .repeats = 4,
	    .last_repeat_us = INT64_C(1795240801000000),
	    .contact_id = SLICE("crm-17"),
	    .campaign_id = SLICE("+spring"),
	    .contact_email = SLICE("c@example.com"),
	    .bounce_class = SLICE("hard"),
	    .bounce_code = SLICE("5.1.1"),
	    .bounce_reason = SLICE("no \"such\" user"),
	    .metadata = SLICE("{\"any\":[1,2]}"),
	    .sequence_position = -1,
	};
}

/* The n-th cell of the only line there is, as it stands there. */
static struct slice cell(const struct buf *b, const char *name)
{
	struct buf names;
	struct slice line = buf_slice(b);
	size_t n = 0;
	buf_init(&names, 10000);
	event_csv_append_names(&names);
	struct slice rest = buf_slice(&names);
	while (rest.n && !slice_equal(slice_trim(slice_cut(&rest, ',')), slice_from_cstr(name)))
		n++;
	buf_done(&names);
	for (;; n--) {
		size_t i = 0;
		bool is_quoted = false;
		for (; i < line.n && (is_quoted || (line.p[i] != ',' && line.p[i] != '\r')); i++)
			is_quoted ^= line.p[i] == '"';
		if (n == 0)
			return slice_sub(line, 0, i);
		line = slice_from(line, i + 1);
	}
}

static void test_a_line_has_what_the_json_has(void **state)
{
	static const struct {
		const char *column, *cell;
	} cases[] = {
	    {"id", "01920304-0506-7008-800a-0b0c0d0e0f10"},
	    {"type", "email.clicked"},
	    {"occurred_at", "2026-11-21T06:00:00.123Z"},
	    {"tenant", "default"},
	    {"message_id", "01920000-0000-0000-0000-000000000000"},
	    {"token", ""},
	    {"is_unique", "true"},
	    {"is_duplicate", "false"},
	    {"repeats", "4"},
	    {"last_repeated_at", "2026-11-21T06:00:01.000Z"},
	    {"contact_id", "crm-17"},
	    {"contact_email", "c@example.com"},
	    {"contact_category", ""},
	    {"campaign_id", "\"'+spring\""},
	    {"sequence_id", ""},
	    {"sequence_position", ""},
	    {"destination_url", "\"https://example.com/sale?a=1,2\""},
	    {"link_index", "3"},
	    {"actor", "human"},
	    {"reasons", "mail_client honeypot"},
	    {"confidence", "0.9"},
	    {"bot", "false"},
	    {"settled", "true"},
	    {"previous", ""},
	    {"ip", "203.0.113.7"},
	    {"user_agent", "\"'=cmd|'/C calc'!A0\""},
	    {"bounce_class", "hard"},
	    {"bounce_reason", "\"no \"\"such\"\" user\""},
	};
	struct event e = click();
	struct buf b;
	(void)state;
	append(&b, &e);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice got = cell(&b, cases[i].column);
		if (!slice_equal(got, slice_from_cstr(cases[i].cell)))
			fail_msg("%s: %.*s", cases[i].column, SLICE_FMT(got));
	}
	assert_true(slice_contains(cell(&b, "metadata"), SLICE("\"\"any\"\":[1,2]")));
	assert_true(slice_ends_with(buf_slice(&b), SLICE("\r\n")));
	buf_done(&b);
}

static void test_an_anonymous_event_leads_to_nobody(void **state)
{
	static const char *const hidden[] = {
	    "message_id",       "token",          "contact_id",         "contact_email",
	    "contact_category", "esp_message_id", "sequence_enrollment"};
	struct event e = click();
	struct buf b;
	(void)state;
	e.reasons = SLICE("mail_client consent:anonymous");
	assert_true(event_is_anonymous(&e));
	append(&b, &e);
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		assert_int_equal(cell(&b, hidden[i]).n, 0);
	assert_false(slice_contains(buf_slice(&b), SLICE("any")));
	assert_true(slice_equal(cell(&b, "campaign_id"), SLICE("\"'+spring\"")));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_line_has_what_the_json_has),
	    cmocka_unit_test(test_an_anonymous_event_leads_to_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
