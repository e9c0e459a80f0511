/* SPDX-License-Identifier: Apache-2.0 */
/* A report as lines of words, for the socket (serve/control.h): written by one build and read by another, perhaps older
 * one, so a line that is not known is skipped by the reader and a number that is missing stays 0. */
#include "prog/show/rejudge_lines.h"

#include <inttypes.h>

enum { WORDS_MAX = 6 };

struct words {
	struct slice at[WORDS_MAX];
	size_t n;
};

/* ---- Writing */

/* Only what moved: most of the square is empty, and a line costs a system call on the socket. */
static void append_moves(struct buf *b, const char *kind, const uint64_t moves[ACTOR_COUNT][ACTOR_COUNT])
{
	for (int i = 0; i < ACTOR_COUNT; i++)
		for (int k = 0; k < ACTOR_COUNT; k++)
			if (moves[i][k])
				buf_printf(b, "%s %s %s %" PRIu64 "\n", kind, actor_name((enum actor)i),
					   actor_name((enum actor)k), moves[i][k]);
}

static void append_headline(struct buf *b, const char *when, const struct rejudge_headline *h)
{
	buf_printf(b, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", when, h->opens, h->opens_unique,
		   h->clicks, h->clicks_unique);
}

void rejudge_lines_append(struct buf *b, const struct rejudge_report *report)
{
	buf_printf(b, "judged %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", report->messages, report->hits, report->changed);
	append_moves(b, "opens", report->opens);
	append_moves(b, "clicks", report->clicks);
	append_headline(b, "before", &report->before);
	append_headline(b, "after", &report->after);
	for (int i = 0; i < LEFT_COUNT; i++)
		if (report->left[i])
			buf_printf(b, "left %s %" PRIu64 "\n", left_alone_name((enum left_alone)i), report->left[i]);
	for (size_t i = 0; i < report->reason_count && i < REJUDGE_LINES_REASONS; i++)
		buf_printf(b, "reason %s %" PRIu64 " %" PRIu64 "\n", report->reasons[i].name, report->reasons[i].came,
			   report->reasons[i].went);
}

/* ---- Reading */

/* More words than any line has are cut, and the number of those that are left is then wrong, which refuses the line. */
static struct words words_of(struct slice line)
{
	struct words words = {.n = 0};
	while (line.n && words.n < WORDS_MAX)
		words.at[words.n++] = slice_cut(&line, ' ');
	return words;
}

/* `count` numbers from word `first` on, which must be the last. */
static bool read_numbers(const struct words *words, size_t first, size_t count, uint64_t *ret)
{
	for (size_t i = 0; i < count; i++)
		if (first + i >= words->n || !slice_to_u64(words->at[first + i], INT64_MAX, &ret[i]))
			return false;
	return words->n == first + count;
}

static bool take_judged(const struct words *words, struct rejudge_report *report)
{
	uint64_t numbers[3];
	if (!read_numbers(words, 1, 3, numbers))
		return false;
	report->messages = numbers[0];
	report->hits = numbers[1];
	report->changed = numbers[2];
	return true;
}

static bool take_move(const struct words *words, uint64_t moves[ACTOR_COUNT][ACTOR_COUNT])
{
	enum actor before, after;
	uint64_t count;
	if (words->n != 4 || !actor_parse(words->at[1], &before) || !actor_parse(words->at[2], &after) ||
	    !read_numbers(words, 3, 1, &count))
		return false;
	moves[before][after] = count;
	return true;
}

static bool take_headline(const struct words *words, struct rejudge_headline *headline)
{
	uint64_t numbers[4];
	if (!read_numbers(words, 1, 4, numbers))
		return false;
	*headline = (struct rejudge_headline){numbers[0], numbers[1], numbers[2], numbers[3]};
	return true;
}

static bool take_left(const struct words *words, struct rejudge_report *report)
{
	uint64_t count;
	if (!read_numbers(words, 2, 1, &count))
		return false;
	for (int i = 0; i < LEFT_COUNT; i++) {
		if (!slice_equal(words->at[1], slice_from_cstr(left_alone_name((enum left_alone)i))))
			continue;
		report->left[i] = count;
		return true;
	}
	return false;
}

static bool take_reason(const struct words *words, struct rejudge_report *report)
{
	uint64_t numbers[2];
	struct rejudge_reason *reason = &report->reasons[report->reason_count];
	if (!read_numbers(words, 2, 2, numbers) || report->reason_count == REJUDGE_REASONS_MAX ||
	    words->at[1].n >= sizeof reason->name)
		return false;
	*reason = (struct rejudge_reason){.came = numbers[0], .went = numbers[1]};
	memcpy(reason->name, words->at[1].p, words->at[1].n);
	report->reason_count++;
	return true;
}

bool rejudge_lines_take(struct slice line, struct rejudge_report *report)
{
	struct words words = words_of(line);
	struct slice what = words.n ? words.at[0] : SLICE_EMPTY;
	if (slice_equal(what, SLICE("judged")))
		return take_judged(&words, report);
	if (slice_equal(what, SLICE("opens")))
		return take_move(&words, report->opens);
	if (slice_equal(what, SLICE("clicks")))
		return take_move(&words, report->clicks);
	if (slice_equal(what, SLICE("before")))
		return take_headline(&words, &report->before);
	if (slice_equal(what, SLICE("after")))
		return take_headline(&words, &report->after);
	if (slice_equal(what, SLICE("left")))
		return take_left(&words, report);
	return slice_equal(what, SLICE("reason")) && take_reason(&words, report);
}
