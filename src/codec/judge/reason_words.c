/* SPDX-License-Identifier: Apache-2.0 */
/* A reason is a code and, behind a colon, parts separated by commas: numbers by name ("links=9") and at most one value,
 * the first part ("proofpoint"). Of the rows of its code the first that fits is taken, those for its value before those
 * for any. The console reads the same table in console/src/reason_words.ts; test/unit/codec/reason_words.tsv holds both
 * to the same words. */
#include "codec/judge/reason_words.h"

enum length { SHORT, SENTENCE };

struct phrase {
	struct slice value;    /* empty: any */
	struct slice needs;    /* conditions, all of which must hold: "links", "links=of", "seconds=0", "seconds<0" */
	struct slice words[2]; /* by enum length */
};

struct phrases_of_code {
	struct slice code;
	uint16_t first, valued, count; /* those for one value stand first, by length and then by bytes */
};

#include "codec/judge/reason_words_table.h"

enum { LONG_SECONDS = 120 }; /* from then on minutes */

static const struct slice SEPARATOR = SLICE(" · ");

/* A reason taken apart. */
struct parts {
	struct slice code;
	struct slice value; /* the first part without a name; empty: none */
	struct slice numbers;
};

static struct parts parts_of(struct slice reason)
{
	struct parts parts = {.code = slice_cut(&reason, ':'), .value = SLICE_EMPTY, .numbers = reason};
	struct slice first = slice_cut(&reason, ',');
	if (slice_index(first, '=') == first.n) {
		parts.value = first;
		parts.numbers = reason;
	}
	return parts;
}

/* What stands behind `name`; empty: it is not there. */
static struct slice find(const struct parts *parts, struct slice name)
{
	struct slice rest = parts->numbers;
	if (slice_equal(name, SLICE("value")))
		return parts->value;
	while (rest.n) {
		struct slice part = slice_cut(&rest, ',');
		if (slice_equal(slice_cut(&part, '='), name))
			return part;
	}
	return SLICE_EMPTY;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool holds(struct slice condition, const struct parts *parts)
{
	size_t end = slice_index(condition, '=');
	if (end == condition.n)
		end = slice_index(condition, '<');
	struct slice found = find(parts, slice_sub(condition, 0, end));
	struct slice wanted = slice_from(condition, end + 1);
	if (end == condition.n || !found.n)
		return found.n > 0;
	if (condition.p[end] == '<')
		return found.p[0] == '-'; /* nothing but 0 is compared with */
	return slice_equal(found, is_digit(wanted.p[0]) ? wanted : find(parts, wanted));
}

static bool all_hold(struct slice needs, const struct parts *parts)
{
	while (needs.n)
		if (!holds(slice_cut(&needs, ','), parts))
			return false;
	return true;
}

/* The first of the rows for this value, or where it would be. */
static size_t find_value(const struct phrase *rows, size_t count, struct slice value)
{
	size_t low = 0;
	while (low < count) {
		size_t middle = low + (count - low) / 2;
		struct slice there = rows[middle].value;
		bool is_before = there.n != value.n ? there.n < value.n : memcmp(there.p, value.p, value.n) < 0;
		if (is_before)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

static const struct phrase *find_phrase(const struct parts *parts)
{
	const struct phrases_of_code *code = CODES;
	const struct phrases_of_code *end = CODES + sizeof CODES / sizeof CODES[0];
	while (code < end && !slice_equal(code->code, parts->code))
		code++;
	if (code == end)
		return NULL;
	const struct phrase *rows = &PHRASES[code->first];
	size_t i = find_value(rows, code->valued, parts->value);
	for (; i < code->valued && slice_equal(rows[i].value, parts->value); i++)
		if (all_hold(rows[i].needs, parts))
			return &rows[i];
	for (i = code->valued; i < code->count; i++)
		if (all_hold(rows[i].needs, parts))
			return &rows[i];
	return NULL;
}

/* ---- Placeholders */

enum letters { AS_THEY_ARE, FIRST_CAPITAL, ALL_CAPITALS };

static void put_code(struct buf *b, struct slice code, enum letters letters)
{
	for (size_t i = 0; i < code.n; i++) {
		char c = code.p[i] == '_' ? ' ' : code.p[i];
		bool is_raised = letters == ALL_CAPITALS || (letters == FIRST_CAPITAL && i == 0);
		buf_append_byte(b, is_raised && c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c);
	}
}

static bool put_name(struct buf *b, struct slice value, enum letters otherwise)
{
	const struct phrase *name = find_phrase(&(struct parts){.code = SLICE("name"), .value = value});
	if (name)
		buf_append(b, name->words[SHORT]);
	else
		put_code(b, value, otherwise);
	return name != NULL;
}

/* The sign is left out: which side of zero it is the phrase says. */
static struct slice shown_number(struct slice number)
{
	if (number.n && number.p[0] == '-')
		number = slice_from(number, 1);
	return slice_ends_with(number, SLICE(".0")) ? slice_sub(number, 0, number.n - 2) : number;
}

static void put_time(struct buf *b, struct slice number)
{
	uint64_t seconds;
	if (slice_to_u64(slice_sub(number, 0, slice_index(number, '.')), UINT32_MAX, &seconds) &&
	    seconds >= LONG_SECONDS) {
		buf_append_u64(b, seconds / 60);
		buf_append(b, SLICE(" min"));
	} else {
		buf_append(b, number);
		buf_append(b, SLICE(" s"));
	}
}

/* `form`: empty, "time", or the words for one and for several. */
static void put_number(struct buf *b, struct slice number, struct slice form)
{
	struct slice one = slice_cut(&form, ',');
	if (slice_equal(one, SLICE("time"))) {
		put_time(b, number);
		return;
	}
	buf_append(b, number);
	buf_append(b, one.n ? SLICE(" ") : SLICE_EMPTY);
	buf_append(b, slice_equal(number, SLICE("1")) ? one : form);
}

static bool put_place(struct buf *b, struct slice place, const struct parts *parts)
{
	if (slice_equal(place, SLICE("name")))
		return put_name(b, parts->value, AS_THEY_ARE);
	if (slice_equal(place, SLICE("Name"))) {
		(void)put_name(b, parts->value, FIRST_CAPITAL); /* there are thousands, and their code says enough */
		return true;
	}
	if (slice_equal(place, SLICE("value")) || slice_equal(place, SLICE("VALUE"))) {
		put_code(b, parts->value, place.p[0] == 'V' ? ALL_CAPITALS : AS_THEY_ARE);
		return true;
	}
	struct slice name = slice_cut(&place, ':');
	put_number(b, shown_number(find(parts, name)), place);
	return true;
}

static bool put_words(struct buf *b, struct slice words, const struct parts *parts)
{
	bool all_known = true;
	while (words.n) {
		buf_append(b, slice_cut(&words, '{'));
		if (words.n)
			all_known &= put_place(b, slice_cut(&words, '}'), parts);
	}
	return all_known;
}

/* "some_code:any_value,links=3" as "some code: any value, links 3". */
static void put_unknown(struct buf *b, struct slice reason)
{
	put_code(b, slice_cut(&reason, ':'), AS_THEY_ARE);
	buf_append(b, reason.n ? SLICE(": ") : SLICE_EMPTY);
	while (reason.n) {
		struct slice part = slice_cut(&reason, ',');
		put_code(b, slice_cut(&part, '='), AS_THEY_ARE);
		buf_append(b, part.n ? SLICE(" ") : SLICE_EMPTY);
		put_code(b, part, AS_THEY_ARE);
		buf_append(b, reason.n ? SLICE(", ") : SLICE_EMPTY);
	}
}

/* ---- What others call */

bool reason_words_append(struct buf *b, struct slice reason)
{
	struct parts parts = parts_of(reason);
	const struct phrase *phrase = find_phrase(&parts);
	if (phrase)
		return put_words(b, phrase->words[SHORT], &parts);
	put_unknown(b, reason);
	return false;
}

bool reason_words_append_sentence(struct buf *b, struct slice reason)
{
	struct parts parts = parts_of(reason);
	const struct phrase *phrase = find_phrase(&parts);
	if (!phrase || !phrase->words[SENTENCE].n)
		return false;
	(void)put_words(b, phrase->words[SENTENCE], &parts);
	return true;
}

void reason_words_append_line(struct buf *b, struct slice reasons)
{
	bool is_first = true;
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		if (!reason.n || slice_starts_with(reason, SLICE("group:")))
			continue;
		buf_append(b, is_first ? SLICE_EMPTY : SEPARATOR);
		(void)reason_words_append(b, reason);
		is_first = false;
	}
}

static struct parts parts_of_actor(enum actor actor)
{
	return (struct parts){.code = SLICE("actor"), .value = slice_from_cstr(actor_name(actor))};
}

void reason_words_append_actor(struct buf *b, enum actor actor)
{
	struct parts parts = parts_of_actor(actor);
	buf_append(b, find_phrase(&parts)->words[SHORT]);
}

void reason_words_append_actor_sentence(struct buf *b, enum actor actor)
{
	struct parts parts = parts_of_actor(actor);
	buf_append(b, find_phrase(&parts)->words[SENTENCE]);
}
