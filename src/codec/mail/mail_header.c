/* SPDX-License-Identifier: Apache-2.0 */
/* A header that is all ASCII goes as it is, folded in front of white space. Everything else goes as encoded-words as a
 * whole: mixing plain and encoded words is allowed, but mailers disagree about the spaces between them (RFC 2047,
 * 6.2). */
#include "codec/mail/mail_header.h"

#include "codec/text/encoded_word.h"
#include "codec/text/utf8.h"

enum {
	LINE_AIM = 78,            /* RFC 5322, 2.1.1: should */
	WORD_MAX = 900,           /* a longer run without a space is encoded, so that no line comes near 998 */
	DISPLAY_NAME_INLINE = 60, /* a longer display name is encoded, because a quoted string cannot be cut anywhere */
};

static bool is_name(struct slice name)
{
	if (name.n == 0 || name.n > MAIL_HEADER_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':')
			return false;
	return true;
}

/* What composing writes itself, what belongs to transport or signing, and what is about attribution: a caller who
 * could write these could forge a hop, a signature or another tenant's mail. */
bool mail_header_allowed(struct slice name)
{
	static const char *const names[] = {"From",
					    "To",
					    "Cc",
					    "Bcc",
					    "Reply-To",
					    "Subject",
					    "Message-ID",
					    "Date",
					    "Return-Path",
					    "Received",
					    "Delivered-To",
					    "DKIM-Signature",
					    "DomainKey-Signature",
					    "Authentication-Results"};
	static const char *const prefixes[] = {"MIME-",      "Content-", "List-Unsubscribe",
					       "X-Pugmark-", "Resent-",  "ARC-"};
	if (!is_name(name))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_equal_nocase(name, slice_from_cstr(names[i])))
			return false;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (slice_starts_with_nocase(name, slice_from_cstr(prefixes[i])))
			return false;
	return true;
}

/* A line break is named apart: it is what header injection is made of, and what a form lets through most often. */
enum status mail_header_text_check(struct slice text, size_t max, const char *field, struct err *err)
{
	if (text.n > max)
		return err_set(err, STATUS_TOO_BIG, "%s is longer than %zu bytes", field, max);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c == '\r' || c == '\n')
			return err_set(err, STATUS_BAD_INPUT, "%s has a line break in it", field);
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return err_set(err, STATUS_BAD_INPUT, "%s has a control character in it", field);
	}
	if (!utf8_is_valid(text))
		return err_set(err, STATUS_BAD_INPUT, "%s is not valid UTF-8", field);
	return STATUS_OK;
}

enum status mail_header_check(const struct mail_header *header, struct err *err)
{
	if (!is_name(header->name))
		return err_set(err, STATUS_BAD_INPUT,
			       "a header's name is 1 to %d printable ASCII characters without spaces and colons",
			       MAIL_HEADER_NAME_MAX);
	if (!mail_header_allowed(header->name))
		return err_set(err, STATUS_BAD_INPUT, "the header %.*s is reserved", SLICE_FMT(header->name));
	char field[MAIL_HEADER_NAME_MAX + 16];
	struct buf text;
	buf_init_fixed(&text, field, sizeof field);
	buf_append(&text, SLICE("the header "));
	buf_append(&text, header->name);
	return mail_header_text_check(header->value, MAIL_HEADER_VALUE_MAX, field, err);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The length of the white space `s` begins with and of the word behind it. */
static size_t token_size(struct slice s)
{
	size_t n = 0;
	while (n < s.n && is_space(s.p[n]))
		n++;
	while (n < s.n && !is_space(s.p[n]))
		n++;
	return n;
}

static bool has_long_word(struct slice s)
{
	while (s.n) {
		size_t n = token_size(s);
		if (n > WORD_MAX)
			return true;
		s = slice_from(s, n);
	}
	return false;
}

/* A fold goes in front of the white space of a token, so that no line is white space alone and unfolding gives back the
 * very same text. */
static void append_folded(struct buf *b, struct slice value, size_t column)
{
	bool first = true;
	while (value.n) {
		size_t n = token_size(value);
		if (!first && column + n > LINE_AIM) {
			buf_append(b, SLICE("\r\n"));
			column = 0;
		}
		buf_append(b, slice_sub(value, 0, n));
		column += n;
		value = slice_from(value, n);
		first = false;
	}
}

static size_t append_name(struct buf *b, struct slice name)
{
	buf_append(b, name);
	buf_append(b, SLICE(": "));
	return name.n + 2;
}

void mail_header_append(struct buf *b, struct slice name, struct slice value)
{
	value = slice_trim(value);
	size_t column = append_name(b, name);
	if (slice_is_ascii(value) && !has_long_word(value))
		append_folded(b, value, column);
	else
		(void)encoded_word_append(b, value, column); /* the column matters to nobody any more */
	buf_append(b, SLICE("\r\n"));
}

void mail_header_append_exact(struct buf *b, struct slice name, struct slice value)
{
	bool plain = slice_trim(value).n == value.n && !slice_contains(value, SLICE("=?"));
	if (plain) {
		mail_header_append(b, name, value);
		return;
	}
	(void)encoded_word_append(b, value, append_name(b, name)); /* as above */
	buf_append(b, SLICE("\r\n"));
}

enum name_form { NAME_ATOMS, NAME_QUOTED, NAME_ENCODED };

/* The plainest form that is right: atoms where all is letters and single spaces, a quoted string for other ASCII (RFC
 * 5322, 3.2.4), encoded words for the rest and for what would look like one. */
static enum name_form name_form(struct slice name)
{
	if (!slice_is_ascii(name) || name.n > DISPLAY_NAME_INLINE || slice_contains(name, SLICE("=?")) ||
	    slice_index(name, '\t') < name.n)
		return NAME_ENCODED;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			    c == '_' || c == '\'';
		bool space = c == ' ' && i > 0 && i + 1 < name.n && name.p[i - 1] != ' ';
		if (!word && !space)
			return NAME_QUOTED;
	}
	return NAME_ATOMS;
}

/* A quote and a backslash are what a quoted string cannot hold as they are (RFC 5322, 3.2.4). */
static size_t append_quoted_name(struct buf *b, struct slice name)
{
	size_t before = b->n;
	buf_append_byte(b, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_append_byte(b, '\\');
		buf_append_byte(b, name.p[i]);
	}
	buf_append_byte(b, '"');
	return b->n - before;
}

void mail_header_append_party(struct buf *b, struct slice name, struct slice display_name, struct slice address)
{
	size_t column = append_name(b, name);
	if (display_name.n) {
		switch (name_form(display_name)) {
		case NAME_ATOMS:
			buf_append(b, display_name);
			column += display_name.n;
			break;
		case NAME_QUOTED: column += append_quoted_name(b, display_name); break;
		case NAME_ENCODED: column = encoded_word_append(b, display_name, column); break;
		}
		/* The address goes to a line of its own when it does not fit: it has no place to fold at. */
		buf_append(b, column + address.n + 3 > LINE_AIM ? SLICE("\r\n ") : SLICE(" "));
	}
	buf_append_byte(b, '<');
	buf_append(b, address);
	buf_append(b, SLICE(">\r\n"));
}
