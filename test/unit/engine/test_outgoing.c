/* SPDX-License-Identifier: Apache-2.0 */
/* The mail as it leaves, and the html in it: outgoing and instrument. */
#include "engine/mail/outgoing.h"

#include "engine/mail/instrument.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HTML "<html><body><a href=\"https://e.com/x?a=1\">x</a> <a href=\"mailto:u@e.com\">m</a></body></html>"

struct mail {
	struct link_token_keys *keys;
	struct link_token_sealer *sealer;
	struct arena *arena;
	struct message message;
	struct message_options options;
	struct slice body;
	struct buf bytes;
};

static void setup(struct mail *m)
{
	static const uint8_t KEY[LINK_TOKEN_KEY_SIZE] = {9};
	struct mail_body body = {.html = SLICE(HTML), .text = SLICE("x")};
	*m = (struct mail){.keys = link_token_keys_new(), .arena = arena_new()};
	link_token_keys_set(m->keys, 7, KEY);
	m->sealer = link_token_sealer_new(m->keys);
	m->message = (struct message){
	    .id = {{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80}},
	    .tenant = 3,
	    .created_us = INT64_C(1795240800000000),
	    .from_email = SLICE("a@agency.example"),
	    .to_email = SLICE("c@example.com"),
	    .subject = SLICE("Hello"),
	    .track_opens = CONSENT_FULL,
	    .track_clicks = CONSENT_FULL,
	    .key_id = 7,
	};
	m->options = (struct message_options){.base_url = SLICE("https://t.example.com")};
	mail_body_encode(&body, m->arena, &m->body, &m->message.body_id);
	buf_init(&m->bytes, OUTGOING_MAX);
}

static void teardown(struct mail *m)
{
	buf_done(&m->bytes);
	link_token_sealer_free(&m->sealer);
	link_token_keys_free(&m->keys);
	arena_free(&m->arena);
}

static struct slice build(struct mail *m)
{
	struct err err;
	m->message.options = message_options_encode(&m->options, m->arena);
	struct outgoing outgoing = {&m->message, m->body, m->sealer, m->arena};
	buf_clear(&m->bytes);
	if (outgoing_build(&outgoing, &m->bytes, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	return buf_slice(&m->bytes);
}

static struct slice html_of(struct mail *m)
{
	struct slice html;
	struct err err;
	m->message.options = message_options_encode(&m->options, m->arena);
	struct outgoing outgoing = {&m->message, m->body, m->sealer, m->arena};
	assert_int_equal(outgoing_html(&outgoing, &html, &err), STATUS_OK);
	return html;
}

static void test_building_again_gives_the_same_bytes(void **state)
{
	struct mail m;
	(void)state;
	setup(&m);
	m.options.has_unsubscribe = m.options.one_click = true;
	struct slice first = arena_copy(m.arena, build(&m));
	assert_true(slice_equal(first, build(&m)));
	assert_true(slice_contains(first, SLICE("Date: Sat, 21 Nov 2026 06:00:00 +0000\r\n")));
	assert_true(slice_contains(first, SLICE("Message-ID: <01020304-0506-7008-8000-000000000000@agency.example>")));
	teardown(&m);
}

static void test_one_click_headers_are_there_when_asked_for_only(void **state)
{
	struct mail m;
	(void)state;
	setup(&m);
	assert_false(slice_contains_nocase(build(&m), SLICE("List-Unsubscribe")));
	m.options.has_unsubscribe = true;
	assert_true(slice_contains(build(&m), SLICE("https://t.example.com/u/")));
	assert_false(slice_contains(build(&m), SLICE("List-Unsubscribe-Post")));
	m.options.one_click = true;
	assert_true(slice_contains(build(&m), SLICE("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")));
	m.options.unsubscribe_url = SLICE("https://own.example/leave");
	assert_true(slice_contains(build(&m), SLICE("<https://own.example/leave>")));
	teardown(&m);
}

static void test_options_survive_being_kept(void **state)
{
	struct mail m;
	struct mail_header header = {SLICE("X-K"), SLICE("v \"quoted\" é")};
	struct send_pair utm = {SLICE("utm_source"), SLICE("news")};
	(void)state;
	setup(&m);
	m.options.headers = (struct send_headers){&header, 1};
	m.options.utm = &utm;
	m.options.utm_count = 1;
	m.options.pixel = SEND_PIXEL_TOP;
	m.options.honeypot = true;
	m.options.reply_to = (struct mail_party){SLICE("R"), SLICE("r@example.com")};
	struct message_options got;
	struct err err;
	struct slice json = message_options_encode(&m.options, m.arena);
	assert_int_equal(message_options_decode(json, m.arena, &got, &err), STATUS_OK);
	assert_true(slice_equal(got.base_url, m.options.base_url));
	assert_true(slice_equal(got.headers.items[0].value, header.value));
	assert_true(slice_equal(got.utm[0].name, utm.name));
	assert_int_equal(got.pixel, SEND_PIXEL_TOP);
	assert_true(got.honeypot);
	assert_true(slice_equal(got.reply_to.address, SLICE("r@example.com")));
	assert_false(got.has_unsubscribe);
	assert_true(slice_contains(build(&m), SLICE("Reply-To: ")));
	assert_int_equal(message_options_decode(SLICE("[]"), m.arena, &got, &err), STATUS_CORRUPT);
	teardown(&m);
}

static void test_links_carry_tokens_that_say_where_they_lead(void **state)
{
	struct mail m;
	struct send_pair utm = {SLICE("utm_source"), SLICE("news")};
	struct instrument_result result;
	char room[LINK_TOKEN_TEXT_MAX];
	struct link_token token;
	uint8_t key_id;
	(void)state;
	setup(&m);
	m.options.utm = &utm;
	m.options.utm_count = 1;
	assert_int_equal(instrument_html(m.sealer, &m.message, &m.options, SLICE(HTML), m.arena, &result), STATUS_OK);
	assert_int_equal(result.link_count, 2);
	struct slice prefix = SLICE("https://t.example.com/c/");
	assert_true(slice_starts_with(result.links[0].tracked_url, prefix));
	struct slice text = slice_from(result.links[0].tracked_url, prefix.n);
	assert_int_equal(link_token_open(m.sealer, text, room, &token, &key_id), STATUS_OK);
	assert_int_equal(token.kind, LINK_TOKEN_CLICK);
	assert_int_equal(token.tenant, 3);
	assert_int_equal(key_id, 7);
	assert_true(slice_equal(token.destination, SLICE("https://e.com/x?a=1&utm_source=news")));
	assert_int_equal(result.links[1].tracked_url.n, 0);
	assert_string_equal(result.links[1].skipped, "not_http");
	assert_false(slice_contains(result.html, SLICE("display:none")));
	teardown(&m);
}

static void test_consent_decides_what_is_in_the_mail(void **state)
{
	static const struct {
		enum consent opens, clicks;
		enum send_pixel pixel;
		bool has_pixel, has_links;
	} cases[] = {
	    {CONSENT_FULL, CONSENT_FULL, SEND_PIXEL_BOTTOM, true, true},
	    {CONSENT_ANONYMOUS, CONSENT_ANONYMOUS, SEND_PIXEL_TOP, true, true},
	    {CONSENT_OFF, CONSENT_FULL, SEND_PIXEL_BOTTOM, false, true},
	    {CONSENT_FULL, CONSENT_OFF, SEND_PIXEL_BOTTOM, true, false},
	    {CONSENT_FULL, CONSENT_FULL, SEND_PIXEL_OFF, false, true},
	    {CONSENT_OFF, CONSENT_OFF, SEND_PIXEL_BOTTOM, false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mail m;
		setup(&m);
		m.message.track_opens = cases[i].opens;
		m.message.track_clicks = cases[i].clicks;
		m.options.pixel = cases[i].pixel;
		struct slice html = html_of(&m);
		assert_int_equal(slice_contains(html, SLICE("https://t.example.com/o/")), cases[i].has_pixel);
		assert_int_equal(slice_contains(html, SLICE("https://t.example.com/c/")), cases[i].has_links);
		if (!cases[i].has_pixel && !cases[i].has_links)
			assert_true(slice_equal(html, SLICE(HTML)));
		teardown(&m);
	}
}

/* ---- The honeypot */

static size_t count_of(struct slice text, struct slice part)
{
	size_t count = 0;
	for (size_t at = 0; at + part.n <= text.n; at++)
		count += slice_starts_with(slice_from(text, at), part);
	return count;
}

#define HIDDEN SLICE("\" aria-hidden=\"true\" tabindex=\"-1\" style=\"display:none;mso-hide:all\"></a></body></html>")

static void test_a_honeypot_stands_behind_the_pixel_and_is_no_link_of_the_mail(void **state)
{
	struct mail m;
	struct instrument_result result;
	char room[LINK_TOKEN_TEXT_MAX];
	struct link_token token;
	uint8_t key_id;
	struct slice start = SLICE("border:0\"><a href=\"https://t.example.com/c/");
	(void)state;
	setup(&m);
	m.options.honeypot = true;
	assert_int_equal(instrument_html(m.sealer, &m.message, &m.options, SLICE(HTML), m.arena, &result), STATUS_OK);
	assert_int_equal(result.link_count, 2);
	assert_true(slice_ends_with(result.html, HIDDEN));
	size_t at = 0;
	while (at < result.html.n && !slice_starts_with(slice_from(result.html, at), start))
		at++;
	struct slice text = slice_sub(result.html, at + start.n, result.html.n - HIDDEN.n);
	assert_int_equal(link_token_open(m.sealer, text, room, &token, &key_id), STATUS_OK);
	assert_int_equal(token.kind, LINK_TOKEN_CLICK);
	assert_true(token.link_index == LINK_TOKEN_HONEYPOT && uuid_equal(token.message, m.message.id));
	assert_int_equal(token.destination.n, 0);
	teardown(&m);
}

static void test_a_honeypot_is_there_only_where_clicks_are_tracked(void **state)
{
	static const struct {
		bool honeypot;
		enum consent opens, clicks;
		enum send_pixel pixel;
		size_t want;
	} cases[] = {
	    {false, CONSENT_FULL, CONSENT_FULL, SEND_PIXEL_BOTTOM, 0},
	    {true, CONSENT_FULL, CONSENT_FULL, SEND_PIXEL_TOP, 1},
	    {true, CONSENT_OFF, CONSENT_ANONYMOUS, SEND_PIXEL_BOTTOM, 1},
	    {true, CONSENT_FULL, CONSENT_FULL, SEND_PIXEL_OFF, 1},
	    {true, CONSENT_FULL, CONSENT_OFF, SEND_PIXEL_BOTTOM, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mail m;
		setup(&m);
		m.options.honeypot = cases[i].honeypot;
		m.message.track_opens = cases[i].opens;
		m.message.track_clicks = cases[i].clicks;
		m.options.pixel = cases[i].pixel;
		assert_int_equal(count_of(html_of(&m), SLICE("aria-hidden")), cases[i].want);
		teardown(&m);
	}
}

static void test_a_second_run_puts_in_no_second_honeypot(void **state)
{
	static const enum consent opens[] = {CONSENT_FULL, CONSENT_OFF};
	struct instrument_result first;
	struct instrument_result second;
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct mail m;
		setup(&m);
		m.options.honeypot = true;
		m.message.track_opens = opens[i];
		assert_int_equal(instrument_html(m.sealer, &m.message, &m.options, SLICE(HTML), m.arena, &first),
				 STATUS_OK);
		assert_int_equal(instrument_html(m.sealer, &m.message, &m.options, first.html, m.arena, &second),
				 STATUS_OK);
		assert_true(slice_equal(first.html, second.html));
		teardown(&m);
	}
}

static void test_a_whole_mail_gets_one_honeypot_and_none_in_its_text(void **state)
{
	static const char EML[] = "From: a@e.com\r\nMIME-Version: 1.0\r\n"
				  "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
				  "--b\r\nContent-Type: text/plain\r\n\r\nhttps://e.com/x\r\n"
				  "--b\r\nContent-Type: text/html\r\n"
				  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
				  "<p><a href=3D\"https://e.com/x\">x</a></p>\r\n--b--\r\n";
	struct mail m;
	struct instrument_result first;
	struct instrument_result second;
	struct instrument_mail_input input = {.eml = slice_from_cstr(EML)};
	(void)state;
	setup(&m);
	m.options.honeypot = true;
	m.message.track_opens = CONSENT_OFF;
	assert_int_equal(instrument_mail(m.sealer, &m.message, &m.options, &input, m.arena, &first), STATUS_OK);
	assert_int_equal(count_of(first.eml, SLICE("aria-hidden")), 1);
	assert_int_equal(first.link_count, 1);
	assert_true(slice_contains(first.eml, SLICE("\r\n\r\nhttps://e.com/x\r\n--b")));
	input.eml = first.eml;
	assert_int_equal(instrument_mail(m.sealer, &m.message, &m.options, &input, m.arena, &second), STATUS_OK);
	assert_true(slice_equal(first.eml, second.eml));
	teardown(&m);
}

static void test_a_missing_key_is_said(void **state)
{
	struct mail m;
	struct err err;
	(void)state;
	setup(&m);
	m.message.key_id = 8;
	m.message.options = message_options_encode(&m.options, m.arena);
	struct outgoing outgoing = {&m.message, m.body, m.sealer, m.arena};
	assert_int_equal(outgoing_build(&outgoing, &m.bytes, &err), STATUS_NOT_FOUND);
	teardown(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_building_again_gives_the_same_bytes),
	    cmocka_unit_test(test_one_click_headers_are_there_when_asked_for_only),
	    cmocka_unit_test(test_options_survive_being_kept),
	    cmocka_unit_test(test_links_carry_tokens_that_say_where_they_lead),
	    cmocka_unit_test(test_consent_decides_what_is_in_the_mail),
	    cmocka_unit_test(test_a_honeypot_stands_behind_the_pixel_and_is_no_link_of_the_mail),
	    cmocka_unit_test(test_a_honeypot_is_there_only_where_clicks_are_tracked),
	    cmocka_unit_test(test_a_second_run_puts_in_no_second_honeypot),
	    cmocka_unit_test(test_a_whole_mail_gets_one_honeypot_and_none_in_its_text),
	    cmocka_unit_test(test_a_missing_key_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
