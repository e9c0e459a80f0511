/* SPDX-License-Identifier: Apache-2.0 */
/* What begins a formula is OWASP's list ("CSV Injection"), its full-width forms among them. Blanks and control
 * characters in front are passed over, as some programs do. */
#include "codec/text/csv_text.h"

static void separate(struct csv_text *w)
{
	if (w->needs_comma)
		buf_append_byte(w->to, ',');
	w->needs_comma = true;
}

static bool begins_formula(struct slice s)
{
	static const struct slice signs[] = {{"=", 1},
					     {"+", 1},
					     {"-", 1},
					     {"@", 1},
					     {"\xef\xbc\x9d", 3},
					     {"\xef\xbc\x8b", 3},
					     {"\xef\xbc\x8d", 3},
					     {"\xef\xbc\xa0", 3}};
	if (s.n && (s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
		return true;
	while (s.n && (unsigned char)s.p[0] <= ' ')
		s = slice_from(s, 1);
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (slice_starts_with(s, signs[i]))
			return true;
	return false;
}

static bool must_be_quoted(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ',' || s.p[i] == '"' || s.p[i] == ';' || (unsigned char)s.p[i] < ' ')
			return true;
	return s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

static void put_quoted(struct buf *b, struct slice s)
{
	while (s.n) {
		size_t quote = slice_index(s, '"');
		buf_append(b, slice_sub(s, 0, quote));
		if (quote < s.n)
			buf_append(b, SLICE("\"\""));
		s = slice_from(s, quote + 1);
	}
}

void csv_put_text(struct csv_text *w, struct slice s)
{
	bool is_formula = begins_formula(s);
	bool is_quoted = is_formula || must_be_quoted(s);
	separate(w);
	if (is_quoted)
		buf_append_byte(w->to, '"');
	if (is_formula)
		buf_append_byte(w->to, '\'');
	if (is_quoted)
		put_quoted(w->to, s);
	else
		buf_append(w->to, s);
	if (is_quoted)
		buf_append_byte(w->to, '"');
}

void csv_put_word(struct csv_text *w, struct slice s)
{
	separate(w);
	buf_append(w->to, s);
}

void csv_end_line(struct csv_text *w)
{
	buf_append(w->to, SLICE("\r\n"));
	w->needs_comma = false;
}
