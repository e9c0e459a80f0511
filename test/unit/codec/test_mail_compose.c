/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/mail/mail_compose.h"
#include "codec/mail/mail_parameter.h"
#include "codec/mime/mime_tree.h"
#include "codec/text/encoded_word.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SAMPLES_MAX = 40, MESSAGE_MAX = 16 << 20 };

/* In initialisers of static data, where SLICE is no constant; embedded NULs count. */
#define T(text)                                                                                                        \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
#define S(text) SLICE(text)

static const char lorem[] =
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut";
static char long_word[2000];
static char all_bytes[256];

static const struct slice two_urls[] = {T("https://t.example.com/u/AbC-_d"), T("mailto:u@example.com?subject=stop")};

static struct mail_draft plain_draft(void)
{
	return (struct mail_draft){
	    .from = {.name = S("Ann Agent"), .address = S("ann@agency.example")},
	    .to = {.address = S("c@example.com")},
	    .subject = S("Hello"),
	    .text = S("Hello\r\n"),
	    .message_id = S("0192f0c0-0000-7000-8000-000000000001@agency.example"),
	    .date_us = 1795240800000000,
	};
}

static const struct mail_header two_headers[] = {
    {T("X-K"), T("v")},
    {T("X-Long"),
     T("gr\xc3\xbc\xc3\x9f dich, wie geht es dir denn heute an diesem sch\xc3\xb6nen Tag in M\xc3\xbcnchen am Wasser")},
};

static struct mail_attachment attachments[] = {
    {.filename = T("f.pdf"), .content_type = T("application/pdf"), .bytes = {all_bytes, sizeof all_bytes}},
    {.filename = T("\xc3\xa4 \"quoted\" \xe2\x82\xac.png"),
     .content_type = T("image/png"),
     .bytes = T("PNG"),
     .cid = T("logo@x")},
    {.filename = T("a very long file name that goes on and on and on, with \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e in it "
		   "and more after it, to the very end.txt"),
     .bytes = T("x")},
    {.filename = T("m.eml"), .content_type = T("message/rfc822"), .bytes = T("Subject: in\r\n\r\nside\r\n")},
    {.filename = T("invite.ics"),
     .content_type = T("text/calendar; method=REQUEST; charset=\"utf-8\""),
     .bytes = T("BEGIN\n")},
};

/* Every shape a mail can have, and the hard texts. */
static size_t make_samples(struct mail_draft *samples)
{
	static const struct slice texts[] = {
	    T(""),
	    T("no line end"),
	    T("a\nb\rc\r\nd\r\n\r\n"),
	    T(".\r\n..\r\nFrom here\r\n--=_boundary\r\n-- \r\ntab\t\r\n"),
	    T("=3D =\r\n= \xc3\xa9\r\n"),
	    T("\xff\xfe\x00 not text \x80"),
	    T("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa"
	      "\x9e\n"),
	    {long_word, sizeof long_word},
	};
	static const struct slice subjects[] = {
	    T(""),
	    T("Gr\xc3\xbc\xc3\x9f"
	      "e aus K\xc3\xb6ln: jetzt ansehen und dann gleich noch einmal, weil es so sch\xc3\xb6n war"),
	    T("\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f"
	      "\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0"
	      "\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0\xf0\x9f\x8f\xa0"),
	    T("=?utf-8?Q?not_a_word?="),
	    {lorem, sizeof lorem - 1},
	    T("a_b?c=d"),
	};
	static const struct slice names[] = {
	    T(""),
	    T("Smith, John (Sales) \"JS\" \\ <x@y>"),
	    T("J\xc3\xb6rg M\xc3\xbcller"),
	    T("A display name so long that it does not fit on one line at all, not even with the best of wills"),
	    T("=?utf-8?Q?x?="),
	};
	size_t count = 0;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		samples[count] = plain_draft();
		samples[count++].text = texts[i];
		samples[count] = plain_draft();
		samples[count].html = texts[i];
		samples[count++].text = S("the text");
	}
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		samples[count] = plain_draft();
		samples[count++].subject = subjects[i];
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		samples[count] = plain_draft();
		samples[count].to.name = names[i];
		samples[count++].reply_to = (struct mail_party){names[i], S("r@example.com")};
	}
	for (int shape = 0; shape < 8; shape++) {
		samples[count] = plain_draft();
		samples[count].html = shape & 1 ? S("<p>Hello <img src=\"cid:logo@x\">\n") : SLICE_EMPTY;
		samples[count].text = shape & 2 ? S("Hello") : SLICE_EMPTY;
		samples[count].attachments = attachments;
		samples[count].attachment_count = shape & 4 ? 5 : 2;
		samples[count].headers = two_headers;
		samples[count++].header_count = 2;
	}
	assert_true(count <= SAMPLES_MAX);
	return count;
}

static struct buf compose(const struct mail_draft *draft)
{
	struct buf b;
	struct err err = {0};
	buf_init(&b, MESSAGE_MAX);
	if (mail_compose(draft, &b, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	return b;
}

static void check_lines(struct slice message)
{
	bool in_header = true;
	assert_true(slice_ends_with(message, SLICE("\r\n")));
	while (message.n) {
		size_t n = slice_index(message, '\n');
		struct slice line = slice_sub(message, 0, n);
		assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
		line.n--;
		assert_int_equal(slice_index(line, '\r'), line.n);
		assert_int_equal(slice_index(line, 0), line.n);
		assert_true(line.n <= 78);
		for (size_t i = 0; i < line.n; i++)
			assert_true((unsigned char)line.p[i] < 0x80);
		if (in_header && slice_contains(line, SLICE("=?utf-8?")))
			assert_true(line.n <= 76);
		in_header = in_header && line.n;
		message = slice_from(message, n + 1);
	}
}

static void test_mail_compose_keeps_lines_short_ascii_and_crlf(void **state)
{
	(void)state;
	struct mail_draft samples[SAMPLES_MAX];
	size_t count = make_samples(samples);
	for (size_t i = 0; i < count; i++) {
		struct buf b = compose(&samples[i]);
		check_lines(buf_slice(&b));
		buf_done(&b);
	}
}

static void test_mail_compose_gives_the_same_bytes_again(void **state)
{
	(void)state;
	struct mail_draft samples[SAMPLES_MAX];
	size_t count = make_samples(samples);
	for (size_t i = 0; i < count; i++) {
		struct buf first = compose(&samples[i]);
		struct buf second = compose(&samples[i]);
		assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
		buf_done(&first);
		buf_done(&second);
	}
}

/* Every line end as LF; one at the end more or less does not count. */
static void append_lines(struct buf *to, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			continue;
		buf_append_byte(to, s.p[i] == '\r' ? '\n' : s.p[i]);
	}
	if (slice_ends_with(buf_slice(to), SLICE("\n")))
		buf_truncate(to, to->n - 1);
}

static void check_same_lines(struct slice got, struct slice want)
{
	struct buf a;
	struct buf b;
	buf_init(&a, MESSAGE_MAX);
	buf_init(&b, MESSAGE_MAX);
	append_lines(&a, got);
	append_lines(&b, want);
	if (slice_index(want, (char)0xff) == want.n) /* what is no UTF-8 is shown otherwise */
		assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
	buf_done(&a);
	buf_done(&b);
}

/* A mail as its reader sees it. */
struct reading {
	struct slice message;
	struct arena *arena;
	struct mime_tree tree;
	struct slice html;
	struct slice text;
	const struct mime_part *attachments[SAMPLES_MAX];
	size_t attachment_count;
};

static struct slice decode_part(const struct reading *r, const struct mime_part *part)
{
	struct buf b;
	buf_init_in_arena(&b, MESSAGE_MAX, r->arena);
	assert_true(mime_body_decode(r->message, part, &b));
	return buf_slice(&b);
}

static struct slice decode_header(const struct reading *r, const struct mime_part *part, struct slice name)
{
	struct buf b;
	buf_init_in_arena(&b, MESSAGE_MAX, r->arena);
	encoded_word_decode(mime_header_find(r->message, part, name), &b);
	return buf_slice(&b);
}

static void reading_start(struct reading *r, struct slice message)
{
	*r = (struct reading){.message = message, .arena = arena_new(), .html = SLICE_EMPTY, .text = SLICE_EMPTY};
	mime_tree_read(message, r->arena, &r->tree);
	for (size_t i = 0; i < r->tree.count; i++) {
		const struct mime_part *part = &r->tree.parts[i];
		bool is_inside = part->parent != MIME_NO_PARENT &&
				 mime_part_is_within(&r->tree, (size_t)part->parent, SLICE("message/rfc822"));
		assert_int_equal(part->is_closed, part->is_multipart);
		if (part->is_multipart || is_inside)
			continue;
		if (mime_header_find(message, part, SLICE("Content-Disposition")).n)
			r->attachments[r->attachment_count++] = part;
		else if (slice_equal(part->type, SLICE("text/html")))
			r->html = decode_part(r, part);
		else
			r->text = decode_part(r, part);
	}
}

static bool is_attachment(const struct reading *r, const struct mime_part *part, const struct mail_attachment *want)
{
	struct slice disposition = mime_header_find(r->message, part, SLICE("Content-Disposition"));
	struct slice id = mime_header_find(r->message, part, SLICE("Content-ID"));
	struct slice cid = id.n >= 2 ? slice_sub(id, 1, id.n - 1) : id;
	return slice_equal(mail_parameter_find(disposition, "filename", r->arena), want->filename) &&
	       slice_equal(decode_part(r, part), want->bytes) && slice_equal(cid, want->cid);
}

static void test_mail_compose_is_read_back_by_mime_tree(void **state)
{
	(void)state;
	struct mail_draft samples[SAMPLES_MAX];
	size_t count = make_samples(samples);
	for (size_t i = 0; i < count; i++) {
		struct reading r;
		struct buf b = compose(&samples[i]);
		reading_start(&r, buf_slice(&b));
		assert_true(slice_equal(decode_header(&r, r.tree.parts, SLICE("Subject")), samples[i].subject));
		check_same_lines(r.html, samples[i].html);
		check_same_lines(r.text, samples[i].text);
		assert_int_equal(r.attachment_count, samples[i].attachment_count);
		for (size_t p = 0; p < r.attachment_count; p++) {
			bool found = false;
			for (size_t a = 0; a < samples[i].attachment_count && !found; a++)
				found = is_attachment(&r, r.attachments[p], &samples[i].attachments[a]);
			assert_true(found);
		}
		buf_done(&b);
		arena_free(&r.arena);
	}
}

static void put_want(FILE *file, const char *key, const struct slice *values, size_t count)
{
	struct buf hex;
	buf_init(&hex, MESSAGE_MAX);
	for (size_t i = 0; i < count; i++) {
		buf_append_byte(&hex, ' ');
		if (values[i].n)
			buf_append_hex(&hex, values[i]);
		else
			buf_append_byte(&hex, '-');
	}
	(void)fprintf(file, "%s%s\n", key, buf_cstr(&hex));
	buf_done(&hex);
}

static void write_want(FILE *file, const struct mail_draft *d)
{
	put_want(file, "from", (struct slice[]){d->from.name, d->from.address}, 2);
	put_want(file, "to", (struct slice[]){d->to.name, d->to.address}, 2);
	if (d->reply_to.address.n)
		put_want(file, "reply_to", (struct slice[]){d->reply_to.name, d->reply_to.address}, 2);
	put_want(file, "subject", &d->subject, 1);
	if (d->html.n)
		put_want(file, "html", &d->html, 1);
	if (d->text.n)
		put_want(file, "text", &d->text, 1);
	for (size_t i = 0; i < d->header_count; i++)
		put_want(file, "header", (struct slice[]){d->headers[i].name, d->headers[i].value}, 2);
	for (size_t i = 0; i < d->attachment_count; i++) {
		const struct mail_attachment *a = &d->attachments[i];
		struct slice type = a->content_type.n ? a->content_type : S("application/octet-stream");
		struct slice bare = slice_cut(&type, ';');
		put_want(file, "attachment", (struct slice[]){a->filename, bare, a->bytes, a->cid}, 4);
	}
}

static FILE *open_sample(const char *directory, size_t index, const char *extension)
{
	char name[100];
	(void)snprintf(name, sizeof name, "%s/%02zu.%s", directory, index, extension);
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	return file;
}

static void remove_samples(const char *directory, size_t count)
{
	char name[100];
	for (size_t i = 0; i < 2 * count; i++) {
		(void)snprintf(name, sizeof name, "%s/%02zu.%s", directory, i / 2, i % 2 ? "eml" : "want");
		(void)unlink(name);
	}
	(void)rmdir(directory);
}

static void test_mail_compose_is_read_back_by_another_parser(void **state)
{
	(void)state;
	char directory[] = "/tmp/pugmark-compose-XXXXXX";
	char command[1000];
	struct mail_draft samples[SAMPLES_MAX];
	size_t count = make_samples(samples);
	if (system("python3 -c pass 2>/dev/null") != 0) {
		print_message("SKIP: python3 is not there; composed mails were not read by another parser\n");
		skip();
	}
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < count; i++) {
		struct buf b = compose(&samples[i]);
		FILE *eml = open_sample(directory, i, "eml");
		FILE *want = open_sample(directory, i, "want");
		assert_int_equal(fwrite(b.p, 1, b.n, eml), b.n);
		write_want(want, &samples[i]);
		assert_int_equal(fclose(eml) + fclose(want), 0);
		buf_done(&b);
	}
	(void)snprintf(command, sizeof command, "python3 '%s' '%s'", CHECK_MAIL, directory);
	int result = system(command);
	if (!getenv("KEEP_SAMPLES"))
		remove_samples(directory, count);
	assert_int_equal(result, 0);
}

static void test_mail_compose_writes_the_unsubscribe_headers_exactly(void **state)
{
	(void)state;
	struct mail_draft d = plain_draft();
	d.unsubscribe_urls = two_urls;
	d.unsubscribe_url_count = 1;
	d.one_click = true;
	struct buf b = compose(&d);
	assert_true(slice_contains(buf_slice(&b), S("\r\nList-Unsubscribe: <https://t.example.com/u/AbC-_d>\r\n"
						    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")));
	buf_done(&b);
	static const struct slice plain_url = SLICE("http://t.example.com/u/AbC-_d");
	d.unsubscribe_urls = &plain_url;
	b = compose(&d);
	assert_true(slice_contains(buf_slice(&b), S("\r\nList-Unsubscribe: <http://t.example.com/u/AbC-_d>\r\n")));
	assert_false(slice_contains(buf_slice(&b), S("List-Unsubscribe-Post")));
	buf_done(&b);
	d.unsubscribe_urls = two_urls;
	d.unsubscribe_url_count = 2;
	d.one_click = false;
	b = compose(&d);
	assert_true(slice_contains(buf_slice(&b), S("\r\nList-Unsubscribe: <https://t.example.com/u/AbC-_d>,\r\n "
						    "<mailto:u@example.com?subject=stop>\r\n")));
	assert_false(slice_contains(buf_slice(&b), S("List-Unsubscribe-Post")));
	buf_done(&b);
}

static void check_refused(const struct mail_draft *d, const char *field)
{
	struct buf b;
	struct err err = {0};
	buf_init(&b, MESSAGE_MAX);
	enum status status = mail_compose(d, &b, &err);
	if ((status != STATUS_BAD_INPUT && status != STATUS_TOO_BIG) || !strstr(err.text, field))
		fail_msg("%s: %s: %s", field, status_name(status), err.text);
	buf_done(&b);
}

static void test_mail_compose_lets_no_field_add_a_header(void **state)
{
	(void)state;
	static const struct slice evils[] = {
	    T("x\r\nBcc: y@z.example"), T("x\ny"), T("x\ry"), T("x\0y"), T("\x1b[1m"), T("\xc3("), T("\xed\xa0\x80")};
	for (size_t i = 0; i < sizeof evils / sizeof *evils; i++) {
		struct mail_header header = {S("X-K"), evils[i]};
		struct mail_attachment attachment = {.filename = evils[i]};
		struct mail_draft drafts[8];
		static const char *const fields[8] = {
		    "from.name",  "to.email",        "reply_to.name", "subject",
		    "message_id", "unsubscribe.url", "headers",       "attachments[0].filename"};
		for (size_t k = 0; k < 8; k++)
			drafts[k] = plain_draft();
		drafts[0].from.name = evils[i];
		drafts[1].to.address = evils[i];
		drafts[2].reply_to = (struct mail_party){evils[i], S("a@b.example")};
		drafts[3].subject = evils[i];
		drafts[4].message_id = evils[i];
		drafts[5].unsubscribe_urls = &evils[i];
		drafts[5].unsubscribe_url_count = 1;
		drafts[6].headers = &header;
		drafts[6].header_count = 1;
		drafts[7].attachments = &attachment;
		drafts[7].attachment_count = 1;
		for (size_t k = 0; k < 8; k++)
			check_refused(&drafts[k], fields[k]);
		attachment = (struct mail_attachment){.cid = evils[i]};
		check_refused(&drafts[7], "attachments[0].cid");
		attachment = (struct mail_attachment){.content_type = evils[i]};
		check_refused(&drafts[7], "attachments[0].content_type");
	}
}

static void test_mail_compose_says_what_is_too_much(void **state)
{
	(void)state;
	struct mail_draft d = plain_draft();
	struct buf b;
	struct err err = {0};
	buf_init(&b, 100);
	assert_int_equal(mail_compose(&d, &b, &err), STATUS_TOO_BIG);
	buf_done(&b);
	d.one_click = true; /* without an address to go to */
	check_refused(&d, "one_click");
	d = plain_draft();
	d.to.name = slice_of(long_word, sizeof long_word);
	check_refused(&d, "to.name");
}

static void test_mail_header_allows_only_what_is_the_callers(void **state)
{
	(void)state;
	static const char *const no[] = {"From",
					 "to",
					 "SUBJECT",
					 "Message-Id",
					 "Date",
					 "MIME-Version",
					 "Content-Type",
					 "bcc",
					 "Return-Path",
					 "DKIM-Signature",
					 "List-Unsubscribe",
					 "List-Unsubscribe-Post",
					 "X-Pugmark-Id",
					 "",
					 "a b",
					 "a:",
					 "a\r\nb",
					 "\xc3\xa9",
					 "Received"};
	static const char *const yes[] = {"X-K", "List-Id", "References", "In-Reply-To", "Feedback-ID", "Precedence"};
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(mail_header_allowed(slice_from_cstr(no[i])));
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(mail_header_allowed(slice_from_cstr(yes[i])));
}

static void test_mail_header_of_any_legal_length_stays_below_998(void **state)
{
	(void)state;
	struct mail_header header = {S("X-Very-Long"), slice_of(long_word, sizeof long_word)};
	struct mail_draft d = plain_draft();
	d.headers = &header;
	d.header_count = 1;
	d.subject = header.value;
	struct buf b = compose(&d);
	check_lines(buf_slice(&b));
	buf_done(&b);
}

static void test_mail_compose_keeps_its_boundary_out_of_the_parts(void **state)
{
	(void)state;
	/* A text that quotes the very mail it goes out in. */
	struct mail_draft d = plain_draft();
	d.html = S("<p>x");
	struct buf first = compose(&d);
	d.text = buf_slice(&first);
	attachments[3].bytes = d.text;
	d.attachments = &attachments[3];
	d.attachment_count = 1;
	struct buf second = compose(&d);
	struct reading r;
	reading_start(&r, buf_slice(&second));
	check_same_lines(r.text, d.text);
	assert_int_equal(r.attachment_count, 1);
	assert_true(slice_equal(decode_part(&r, r.attachments[0]), d.text));
	arena_free(&r.arena);
	buf_done(&first);
	buf_done(&second);
	attachments[3].bytes = S("Subject: in\r\n\r\nside\r\n");
}

int main(void)
{
	memset(long_word, 'w', sizeof long_word);
	for (size_t i = 0; i < sizeof all_bytes; i++)
		all_bytes[i] = (char)i;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mail_compose_keeps_lines_short_ascii_and_crlf),
	    cmocka_unit_test(test_mail_compose_gives_the_same_bytes_again),
	    cmocka_unit_test(test_mail_compose_is_read_back_by_mime_tree),
	    cmocka_unit_test(test_mail_compose_is_read_back_by_another_parser),
	    cmocka_unit_test(test_mail_compose_writes_the_unsubscribe_headers_exactly),
	    cmocka_unit_test(test_mail_compose_lets_no_field_add_a_header),
	    cmocka_unit_test(test_mail_compose_says_what_is_too_much),
	    cmocka_unit_test(test_mail_header_allows_only_what_is_the_callers),
	    cmocka_unit_test(test_mail_header_of_any_legal_length_stays_below_998),
	    cmocka_unit_test(test_mail_compose_keeps_its_boundary_out_of_the_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
