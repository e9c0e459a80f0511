/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/request/mail_request.h"

struct read_mail {
	struct arena *arena;
	struct mail_request mail;
	json_t *body;
	struct send_request request; /* completed */
};

static void read_mail(const char *message, struct read_mail *m)
{
	struct problem_list problems;
	m->arena = arena_new();
	assert_int_equal(mail_request_read(slice_from_cstr(message), m->arena, &m->mail, &m->body), STATUS_OK);
	struct send_request_input input = {ACCEPT_INSTRUMENT, m->body, m->arena, 0, m->mail.eml};
	assert_int_equal(send_request_read(&input, &m->request, &problems), STATUS_OK);
	mail_request_complete(&m->mail, m->arena, &m->request);
}

static void done(struct read_mail *m)
{
	json_decref(m->body);
	arena_free(&m->arena);
}

static void assert_slice(struct slice got, const char *want)
{
	if (!slice_equal(got, slice_from_cstr(want)))
		fail_msg("'%.*s', not '%s'", SLICE_FMT(got), want);
}

static bool has_warning(const struct read_mail *m, const char *code, const char *about)
{
	for (size_t i = 0; i < m->mail.warning_count; i++)
		if (slice_starts_with(m->mail.warnings[i], slice_from_cstr(code)) &&
		    slice_contains(m->mail.warnings[i], slice_from_cstr(about)))
			return true;
	return false;
}

static void test_headers_mean_what_the_fields_of_a_body_mean(void **state)
{
	(void)state;
	struct read_mail m;
	read_mail(
	    "From: =?utf-8?q?Zo=C3=AB?= <zoe@example.com>\r\nTo: Reader <r@example.com>\r\n"
	    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <id@example.com>\r\n"
	    "X-Pugmark-Contact: crm-1\r\nX-Pugmark-Category: seller\r\nX-Pugmark-Agent: ann\r\n"
	    "X-Pugmark-Campaign: c\r\nX-Pugmark-Campaign-Name: C\r\nX-Pugmark-Template: t\r\n"
	    "X-Pugmark-Template-Name: T\r\nX-Pugmark-Sequence: s\r\nX-Pugmark-Sequence-Enrollment: e\r\n"
	    "X-Pugmark-Sequence-Position: 3\r\nX-Pugmark-Sender: bob\r\nX-Pugmark-Stream: bulk\r\n"
	    "X-Pugmark-Metadata: {\"a\":[1]}\r\nX-Pugmark-Track-Opens: anonymous\r\nX-Pugmark-Track-Clicks: off\r\n"
	    "X-Pugmark-Pixel: top\r\nX-Pugmark-Utm-Source: news\r\nX-Pugmark-UTM-Id-2: 7\r\n"
	    "X-Pugmark-Unsubscribe-One-Click: yes\r\nX-Pugmark-Unsubscribe-Url: https://example.com/u\r\n"
	    "Content-Type: text/html\r\n\r\n<p>Hi</p>\r\n",
	    &m);
	const struct send_request *r = &m.request;
	assert_int_equal(m.mail.warning_count, 0);
	assert_slice(r->from.name, "Zoë");
	assert_slice(r->from.address, "zoe@example.com");
	assert_slice(r->to.name, "Reader");
	assert_slice(r->to.address, "r@example.com");
	assert_slice(r->subject, "Grüße");
	assert_slice(m.mail.message_id, "id@example.com");
	assert_slice(r->contact.id, "crm-1");
	assert_slice(r->contact.category, "seller");
	assert_slice(r->contact.agent, "ann");
	assert_slice(r->campaign.id, "c");
	assert_slice(r->campaign.name, "C");
	assert_slice(r->template.id, "t");
	assert_slice(r->template.name, "T");
	assert_slice(r->sequence.id, "s");
	assert_slice(r->sequence.enrollment, "e");
	assert_int_equal(r->sequence.position, 3);
	assert_slice(r->sender, "bob");
	assert_slice(r->stream, "bulk");
	assert_slice(r->metadata, "{\"a\":[1]}");
	assert_int_equal(r->track.opens, CONSENT_ANONYMOUS);
	assert_int_equal(r->track.clicks, CONSENT_OFF);
	assert_int_equal(r->track.pixel, SEND_PIXEL_TOP);
	assert_int_equal(r->track.utm_count, 2);
	assert_slice(r->track.utm[0].name, "utm_source");
	assert_slice(r->track.utm[0].value, "news");
	assert_slice(r->track.utm[1].name, "utm_id_2");
	assert_true(r->unsubscribe.one_click);
	assert_slice(r->unsubscribe.url, "https://example.com/u");
	assert_slice(m.mail.html, "<p>Hi</p>\r\n");
	assert_false(slice_contains_nocase(m.mail.eml, SLICE("pugmark")));
	done(&m);
}

static void test_a_bad_header_is_a_warning_and_the_others_count(void **state)
{
	(void)state;
	static const struct {
		const char *header, *code, *about;
	} cases[] = {
	    {"X-Pugmark-Colour: red", "unknown_header", "X-Pugmark-Colour"},
	    {"X-Pugmark-Metadata: {", "bad_header", "X-Pugmark-Metadata"},
	    {"X-Pugmark-Metadata: [1]", "bad_header", "X-Pugmark-Metadata must be an object"},
	    {"X-Pugmark-Track-Opens: loud", "bad_header", "X-Pugmark-Track-Opens must be"},
	    {"X-Pugmark-Pixel: left", "bad_header", "X-Pugmark-Pixel"},
	    {"X-Pugmark-Sequence-Position: two", "bad_header", "X-Pugmark-Sequence-Position"},
	    {"X-Pugmark-Sequence-Enrollment: e", "bad_header", "X-Pugmark-Sequence is required"},
	    {"X-Pugmark-Campaign: again", "bad_header", "X-Pugmark-Campaign stands there twice"},
	    {"X-Pugmark-Contact:", "unused", ""},
	    {"X-Pugmark-Stream: Not A Stream", "bad_header", "X-Pugmark-Stream"},
	    {"X-Pugmark-Unsubscribe-One-Click: maybe", "bad_header", "X-Pugmark-Unsubscribe-One-Click"},
	    {"X-Pugmark-Unsubscribe-Url: <x>", "bad_header", "X-Pugmark-Unsubscribe-Url"},
	    {"X-Pugmark-Utm-a/b~c: x", "bad_header", "X-Pugmark-Utm"},
	    {"X-Pugmark-: x", "unknown_header", "X-Pugmark-"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct read_mail m;
		struct arena *arena = arena_new();
		struct slice text =
		    arena_printf(arena, "To: r@example.com\nX-Pugmark-Campaign: spring\n%s\nX-Pugmark-Sender: ann\n\n",
				 cases[i].header);
		read_mail(text.p, &m);
		if (strcmp(cases[i].code, "unused") != 0 && !has_warning(&m, cases[i].code, cases[i].about))
			fail_msg("%s: %.*s", cases[i].header,
				 SLICE_FMT(m.mail.warning_count ? m.mail.warnings[0] : SLICE("no warning")));
		assert_slice(m.request.campaign.id, "spring");
		assert_slice(m.request.sender, "ann");
		assert_int_equal(m.request.track.opens, CONSENT_FULL);
		assert_slice(m.mail.eml, "To: r@example.com\n\n");
		done(&m);
		arena_free(&arena);
	}
}

static void test_too_many_parameters_leave_none_and_say_so(void **state)
{
	(void)state;
	struct read_mail m;
	struct buf b;
	buf_init(&b, 65536);
	buf_append_cstr(&b, "X-Pugmark-Campaign: c\n");
	for (int i = 0; i < 200; i++)
		buf_printf(&b, "X-Pugmark-Utm-%d: x\n", i);
	buf_append_cstr(&b, "\n");
	read_mail(buf_cstr(&b), &m);
	assert_int_equal(m.request.track.utm_count, 0);
	assert_slice(m.request.campaign.id, "c");
	assert_true(has_warning(&m, "bad_header", "Utm"));
	done(&m);
	buf_done(&b);
}

static void test_the_envelope_says_whom_a_mail_is_for(void **state)
{
	(void)state;
	static const struct {
		const char *headers;
		size_t recipients;
		const char *to;
	} cases[] = {
	    {"To: a@example.com\n", 1, "a@example.com"},
	    {"To: a@example.com\nCc: A@EXAMPLE.com\n", 1, "a@example.com"},
	    {"To: a@example.com, b@example.com\n", 2, ""},
	    {"To: a@example.com\nBcc: b@example.com\n", 2, ""},
	    {"To: a@example.com\nX-Pugmark-Recipient: <blind@example.com>\n", 1, "blind@example.com"},
	    {"To: a@example.com\nX-Pugmark-Recipient: <b@example.com>\nX-Pugmark-Recipient: <c@example.com>\n", 2, ""},
	    {"To: undisclosed-recipients:;\n", 0, ""},
	    {"Subject: x\n", 0, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct read_mail m;
		struct arena *arena = arena_new();
		read_mail(arena_printf(arena, "%s\nbody", cases[i].headers).p, &m);
		assert_int_equal(m.mail.recipient_count, cases[i].recipients);
		assert_slice(m.request.to.address, cases[i].to);
		done(&m);
		arena_free(&arena);
	}
}

static void test_recipients_are_counted_up_to_a_limit(void **state)
{
	(void)state;
	struct read_mail m;
	struct buf b;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 1500; i++)
		buf_printf(&b, "X-Pugmark-Recipient: <r%d@example.com>\n", i);
	buf_append_cstr(&b, "\n");
	read_mail(buf_cstr(&b), &m);
	assert_int_equal(m.mail.recipient_count, MAIL_REQUEST_RECIPIENTS_MAX);
	done(&m);
	buf_done(&b);
}

static void test_unsubscribe_headers_go_behind_the_others(void **state)
{
	(void)state;
	static const struct {
		const char *mail;
		bool one_click;
		const char *want;
	} cases[] = {
	    {"To: a\r\n\r\nbody", false, "To: a\r\nList-Unsubscribe: <u>\r\n\r\nbody"},
	    {"To: a\n\nbody", true,
	     "To: a\nList-Unsubscribe: <u>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nbody"},
	    {"To: a", false, "To: a\r\nList-Unsubscribe: <u>\r\n"},
	    {"\nbody", false, "List-Unsubscribe: <u>\n\nbody"},
	};
	struct arena *arena = arena_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_slice(
		    mail_request_add_unsubscribe(slice_from_cstr(cases[i].mail), SLICE("u"), cases[i].one_click, arena),
		    cases[i].want);
	arena_free(&arena);
}

static void test_a_mail_in_a_json_body_loses_its_headers_only(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct mail_request mail;
	assert_int_equal(mail_request_strip(SLICE("X-Pugmark-Campaign: c\nTo: a@example.com\n\nb"), arena, &mail),
			 STATUS_OK);
	assert_slice(mail.eml, "To: a@example.com\n\nb");
	assert_int_equal(mail.warning_count, 1);
	assert_int_equal(mail_request_strip(SLICE_EMPTY, arena, &mail), STATUS_BAD_INPUT);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers_mean_what_the_fields_of_a_body_mean),
	    cmocka_unit_test(test_a_bad_header_is_a_warning_and_the_others_count),
	    cmocka_unit_test(test_too_many_parameters_leave_none_and_say_so),
	    cmocka_unit_test(test_the_envelope_says_whom_a_mail_is_for),
	    cmocka_unit_test(test_recipients_are_counted_up_to_a_limit),
	    cmocka_unit_test(test_unsubscribe_headers_go_behind_the_others),
	    cmocka_unit_test(test_a_mail_in_a_json_body_loses_its_headers_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
