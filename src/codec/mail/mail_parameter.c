/* SPDX-License-Identifier: Apache-2.0 */
/* Two passes over at most 8 KB: comments go first, because a `;` or `"` in one would be taken for syntax, then the
 * parameters are read one by one. Broken quoting is read as most mail clients do: the value ends with the header. */
#include "codec/mail/mail_parameter.h"

#include "base/buf.h"
#include "codec/text/percent.h"

enum { PIECES_MAX = 64, VALUE_MAX = 8192 };

/* The size of the comment that `s` begins with (RFC 5322, 3.2.2; they nest); 0 when it does not end. */
static size_t comment_size(struct slice s)
{
	size_t depth = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* Appends at most VALUE_MAX bytes of `header` with a space for each comment. A comment that does not end is none. */
static void append_without_comments(struct slice header, struct buf *to)
{
	bool is_quoted = false;
	bool may_be_comment = true;
	header = slice_sub(header, 0, VALUE_MAX);
	(void)buf_reserve(to, header.n);
	for (size_t i = 0; i < header.n; i++) {
		char c = header.p[i];
		size_t comment = c == '(' && !is_quoted && may_be_comment ? comment_size(slice_from(header, i)) : 0;
		may_be_comment = may_be_comment && (c != '(' || is_quoted || comment);
		is_quoted ^= c == '"';
		buf_append_byte(to, comment ? ' ' : c);
		if (comment)
			i += comment - 1;
		else if (c == '\\' && is_quoted && i + 1 < header.n)
			buf_append_byte(to, header.p[++i]);
	}
}

struct slice mail_parameter_main(struct slice header, struct arena *arena)
{
	struct buf plain;
	buf_init_in_arena(&plain, VALUE_MAX, arena);
	append_without_comments(header, &plain);
	header = buf_slice(&plain);
	struct slice lower = slice_trim(slice_cut(&header, ';'));
	char *p = (char *)(uintptr_t)lower.p; /* our own copy */
	for (size_t i = 0; i < lower.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] | 0x20);
	return lower;
}

/* Takes a quoted string off the front of *rest and appends what it stands for. A line end in it is folding and no part
 * of the value (RFC 5322, 3.2.4). */
static void take_quoted(struct slice *rest, struct buf *to)
{
	struct slice s = slice_from(*rest, 1);
	size_t i = 0;
	for (; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		if (s.p[i] != '\r' && s.p[i] != '\n')
			buf_append_byte(to, s.p[i]);
	}
	*rest = slice_from(s, i + 1);
}

/* Takes the next `name=value` off *rest; the value goes to `to`, without its quotes. False at the end. */
static bool take_parameter(struct slice *rest, struct slice *ret_name, struct buf *to)
{
	while (rest->n) {
		size_t equals = 0;
		while (equals < rest->n && rest->p[equals] != '=' && rest->p[equals] != ';')
			equals++;
		struct slice name = slice_trim(slice_sub(*rest, 0, equals));
		bool has_value = equals < rest->n && rest->p[equals] == '=';
		*rest = slice_from(*rest, equals + 1);
		if (!has_value)
			continue;
		while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t' || rest->p[0] == '\r' || rest->p[0] == '\n'))
			*rest = slice_from(*rest, 1);
		buf_clear(to);
		if (rest->n && rest->p[0] == '"') {
			take_quoted(rest, to);
			(void)slice_cut(rest, ';');
		} else {
			buf_append(to, slice_trim(slice_cut(rest, ';')));
		}
		*ret_name = name;
		return true;
	}
	return false;
}

/* What is being put together of one parameter. */
struct assembly {
	struct slice wanted;
	struct buf plain;  /* name=value */
	struct buf pieces; /* name*=, name*0=, name*0*=, name*1=… in the order of their numbers */
	uint64_t next;
};

/* What is behind "charset'language'", which the first coded piece begins with. */
static struct slice without_charset(struct slice value)
{
	size_t first = slice_index(value, '\'');
	size_t second = slice_index(slice_from(value, first + 1), '\'');
	return first + 1 + second < value.n ? slice_from(value, first + 1 + second + 1) : value;
}

static void take_piece(struct assembly *a, struct slice name, struct slice value)
{
	if (slice_equal_nocase(name, a->wanted)) {
		if (a->plain.n == 0)
			buf_append(&a->plain, value);
		return;
	}
	if (!slice_starts_with_nocase(name, a->wanted) || name.p[a->wanted.n] != '*')
		return;
	struct slice number = slice_from(name, a->wanted.n + 1);
	bool coded = number.n == 0 || slice_ends_with(number, SLICE("*"));
	uint64_t index = 0;
	if (number.n && coded)
		number.n--;
	if (number.n && (!slice_to_u64(number, PIECES_MAX, &index) || index != a->next))
		return;
	a->next = index + 1;
	if (coded && index == 0)
		value = without_charset(value);
	if (coded)
		percent_append_decoded(&a->pieces, value);
	else
		buf_append(&a->pieces, value);
}

struct slice mail_parameter_find(struct slice header, const char *name, struct arena *arena)
{
	struct assembly a = {.wanted = slice_from_cstr(name)};
	struct slice parameter;
	struct buf plain;
	struct buf value;
	buf_init_in_arena(&a.plain, VALUE_MAX, arena);
	buf_init_in_arena(&a.pieces, VALUE_MAX, arena);
	buf_init_in_arena(&plain, VALUE_MAX, arena);
	buf_init_in_arena(&value, VALUE_MAX, arena);
	append_without_comments(header, &plain);
	struct slice rest = buf_slice(&plain);
	(void)slice_cut(&rest, ';');
	while (take_parameter(&rest, &parameter, &value))
		take_piece(&a, parameter, buf_slice(&value));
	/* RFC 2231 wins over the plain form, which is there for old readers. */
	return buf_slice(a.next ? &a.pieces : &a.plain);
}
