/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge can say is what has words. Tables are asked; codes that stand in the sources as text are read there,
 * because nothing else lists them. REASON_WORDS and SOURCES are paths, from meson.build. */
#include "codec/judge/reason_words.h"

#include "base/mem.h"
#include "codec/judge/agent_marks.h"
#include "codec/judge/known_network.h"

#include <glob.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static char *read_file(const char *path)
{
	enum { FILE_MAX = 1 << 20 };
	FILE *file = fopen(path, "rb");
	char *text = mem_alloc(FILE_MAX);
	if (!file)
		fail_msg("cannot read %s", path);
	size_t n = fread(text, 1, FILE_MAX - 1, file);
	(void)fclose(file);
	text[n] = '\0';
	return text;
}

static void expect(const char *what, const struct buf *got, struct slice reason, struct slice wanted)
{
	if (buf_failed(got) || !slice_equal(buf_slice(got), wanted))
		fail_msg("%s of %.*s: got '%s', want '%.*s'", what, SLICE_FMT(reason), buf_cstr(got),
			 SLICE_FMT(wanted));
}

static void test_reasons_have_the_words_that_the_console_shows_too(void **state)
{
	char *text = read_file(REASON_WORDS);
	struct slice rest = slice_from_cstr(text);
	size_t rows = 0;
	(void)state;
	(void)slice_cut(&rest, '\n');
	for (; rest.n; rows++) {
		struct slice line = slice_cut(&rest, '\n');
		struct slice reason = slice_cut(&line, '\t');
		struct slice wanted = slice_cut(&line, '\t');
		struct buf got;
		buf_init(&got, REASON_WORDS_MAX);
		(void)reason_words_append(&got, reason);
		expect("words", &got, reason, wanted);
		buf_clear(&got);
		assert_int_equal(reason_words_append_sentence(&got, reason), line.n > 0);
		expect("sentence", &got, reason, line);
		buf_done(&got);
	}
	assert_true(rows > 80);
	mem_free(text);
}

static bool is_known(const char *code, const char *value)
{
	char reason[256];
	struct buf b;
	(void)snprintf(reason, sizeof reason, value ? "%s:%s" : "%s", code, value);
	buf_init(&b, REASON_WORDS_MAX);
	bool known = reason_words_append(&b, slice_from_cstr(reason));
	if (slice_contains(buf_slice(&b), SLICE("_")) || slice_contains(buf_slice(&b), SLICE("{")))
		fail_msg("%s: '%s' is not for people", reason, buf_cstr(&b));
	buf_done(&b);
	return known;
}

static void test_what_has_no_words_is_told_apart_from_what_has(void **state)
{
	(void)state;
	assert_true(is_known("burst", "links=3"));
	assert_false(is_known("sunspots", NULL));
	assert_false(is_known("network", "nobody_knows_it"));
	assert_false(is_known("agent", "nobody_knows_it"));
}

static void test_every_agent_that_is_known_by_name_has_words(void **state)
{
	size_t i = 0;
	(void)state;
	for (; agent_marks_code_at(i); i++)
		if (!is_known("agent", agent_marks_code_at(i)))
			fail_msg("no words for agent:%s", agent_marks_code_at(i));
	assert_true(i >= 50);
}

static void test_every_network_has_a_name(void **state)
{
	static const char *const CODES[] = {"network", "network_probable", "data_centre"};
	size_t i = 0;
	(void)state;
	for (; known_network_label_at(i); i++)
		for (size_t c = 0; c < sizeof CODES / sizeof CODES[0]; c++)
			if (!is_known(CODES[c], known_network_label_at(i)))
				fail_msg("no words for %s:%s", CODES[c], known_network_label_at(i));
	assert_true(i >= 80);
}

static void test_every_actor_has_words_and_says_whether_it_counts(void **state)
{
	(void)state;
	for (enum actor actor = ACTOR_UNKNOWN; actor < ACTOR_COUNT; actor++) {
		struct buf b;
		buf_init(&b, REASON_WORDS_MAX);
		reason_words_append_actor(&b, actor);
		assert_true(b.n > 0 && b.p[0] >= 'a' && b.p[0] <= 'z');
		buf_clear(&b);
		reason_words_append_actor_sentence(&b, actor);
		assert_int_equal(slice_contains_nocase(buf_slice(&b), SLICE("it counts.")), actor_is_counted(actor));
		buf_done(&b);
	}
}

/* ---- Codes in the sources */

/* The next text between quotation marks, outside of comments and of lines for the preprocessor; false: none. */
static bool next_literal(struct slice *rest, struct slice *ret)
{
	bool line_begins = true;
	for (size_t i = 0; i < rest->n; i++) {
		struct slice here = slice_from(*rest, i);
		if (slice_starts_with(here, SLICE("/*")))
			while (i < rest->n && !slice_starts_with(slice_from(*rest, i), SLICE("*/")))
				i++;
		else if (line_begins && here.p[0] == '#')
			i += slice_index(here, '\n');
		else if (slice_starts_with(here, SLICE("'\"'")))
			i += 2;
		else if (here.p[0] == '"') {
			*rest = slice_from(here, 1);
			*ret = slice_cut(rest, '"');
			return true;
		}
		line_begins = i < rest->n && rest->p[i] == '\n';
	}
	return false;
}

static bool is_code_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* " no_open", "held:expired", "burst:links=%u,of=%u": reasons, with values put in where a format has none. */
static bool is_reason(struct slice literal, char ret[256])
{
	bool is_appended = literal.n && literal.p[0] == ' ';
	struct slice rest = slice_from(literal, is_appended);
	struct slice code = slice_cut(&rest, ':');
	struct buf b;
	for (size_t i = 0; i < code.n; i++)
		if (!is_code_byte(code.p[i]))
			return false;
	if (code.n < 3 || (!rest.n && !is_appended) || slice_index(rest, ' ') < rest.n ||
	    slice_contains(rest, SLICE("/")))
		return false;
	buf_init_fixed(&b, ret, 256);
	buf_append(&b, code);
	buf_append(&b, rest.n ? SLICE(":") : SLICE_EMPTY);
	while (rest.n) {
		buf_append(&b, slice_cut(&rest, '%'));
		if (!rest.n)
			break;
		buf_append(&b, rest.p[0] == 's' ? SLICE("google") : SLICE("7"));
		while (rest.n && rest.p[0] != ',')
			rest = slice_from(rest, 1);
	}
	return !buf_failed(&b);
}

static size_t check_literals(const char *path, const char *text)
{
	struct slice rest = slice_from_cstr(text);
	struct slice literal;
	char reason[256];
	size_t count = 0;
	while (next_literal(&rest, &literal)) {
		if (!is_reason(literal, reason) || slice_starts_with(literal, SLICE(" group:")))
			continue;
		count++;
		if (!is_known(reason, NULL))
			fail_msg("%s: no words for '%s'", path, reason);
	}
	return count;
}

/* Codes alone, by what they are handed to. */
static size_t check_bare_codes(const char *path, const char *text)
{
	static const struct {
		const char *pattern, *code;
	} PLACES[] = {
	    {"decide_agent\\([^\"]*\"([a-z0-9_]+)\"", "agent"},
	    {"add_sign\\([^\"]*\"([a-z0-9_]+)\"", NULL},
	    {"add_reason\\([^\"]*\" ?([a-z0-9_]+)\"", NULL},
	    {"[.]reasons = \"([a-z0-9_]+)\"", NULL},
	    {"[?] \"([a-z0-9_]+)\"", NULL},
	};
	size_t count = 0;
	for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
		regex_t regex;
		regmatch_t match[2];
		assert_int_equal(regcomp(&regex, PLACES[i].pattern, REG_EXTENDED), 0);
		for (const char *at = text; regexec(&regex, at, 2, match, 0) == 0; at += match[0].rm_eo, count++) {
			char word[128];
			(void)snprintf(word, sizeof word, "%.*s", (int)(match[1].rm_eo - match[1].rm_so),
				       at + match[1].rm_so);
			if (!(PLACES[i].code ? is_known(PLACES[i].code, word) : is_known(word, NULL)))
				fail_msg("%s: no words for '%s'", path, word);
		}
		regfree(&regex);
	}
	return count;
}

static void test_every_reason_in_the_sources_has_words(void **state)
{
	static const char *const FILES[] = {
	    "/codec/verdict*.c", "/codec/behaviour*.c", "/engine/apply*.c",     "/engine/duplicate*.c",
	    "/engine/settle*.c", "/engine/provider*.c", "/engine/unsubscri*.c", "/engine/honey*.c",
	};
	glob_t found = {0};
	size_t literals = 0;
	size_t bare = 0;
	(void)state;
	for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
		char pattern[1024];
		(void)snprintf(pattern, sizeof pattern, "%s%s", SOURCES, FILES[i]);
		(void)glob(pattern, i ? GLOB_APPEND : 0, NULL, &found);
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = read_file(found.gl_pathv[i]);
		literals += check_literals(found.gl_pathv[i], text);
		bare += check_bare_codes(found.gl_pathv[i], text);
		mem_free(text);
	}
	globfree(&found);
}

/* ---- A line of reasons */

static void test_a_line_has_all_reasons_and_no_ids(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, REASON_WORDS_MAX);
	reason_words_append_line(&b,
				 SLICE("browser  burst:links=9,of=9,seconds=0.8 "
				       "group:01935a2e-7c40-7b1e-9d22-000000000007 network:microsoft_365_protection"));
	assert_string_equal(buf_cstr(&b), "a browser by its name \xc2\xb7 all 9 links in 0.8 s \xc2\xb7 "
					  "from Microsoft's mail protection");
	buf_clear(&b);
	reason_words_append_line(&b, SLICE_EMPTY);
	assert_int_equal(b.n, 0);
	buf_done(&b);
}

static void test_the_longest_reasons_have_room(void **state)
{
	char reasons[REASONS_MAX + 64];
	char room[REASON_WORDS_MAX];
	struct buf b;
	(void)state;
	buf_init_fixed(&b, reasons, sizeof reasons);
	while (b.n + sizeof "held " < sizeof reasons)
		buf_append(&b, SLICE("held ")); /* no other code is so short and says so much */
	struct slice most = buf_slice(&b);
	buf_init_fixed(&b, room, sizeof room);
	reason_words_append_line(&b, most);
	assert_false(buf_failed(&b));
}

static void test_any_bytes_are_shown_somehow(void **state)
{
	static const char *const ODD[] = {"",
					  ":",
					  ",",
					  "=",
					  "::=,",
					  "burst:links,=,of",
					  "early:seconds=",
					  "early:seconds=-",
					  "early:seconds=.0",
					  "duplicate:seconds=99999999999999999999",
					  "held:{seconds}"};
	(void)state;
	for (size_t i = 0; i < sizeof ODD / sizeof ODD[0]; i++) {
		struct buf b;
		buf_init(&b, REASON_WORDS_MAX);
		(void)reason_words_append(&b, slice_from_cstr(ODD[i]));
		(void)reason_words_append_sentence(&b, slice_from_cstr(ODD[i]));
		reason_words_append_line(&b, slice_from_cstr(ODD[i]));
		assert_false(buf_failed(&b));
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reasons_have_the_words_that_the_console_shows_too),
	    cmocka_unit_test(test_what_has_no_words_is_told_apart_from_what_has),
	    cmocka_unit_test(test_every_agent_that_is_known_by_name_has_words),
	    cmocka_unit_test(test_every_network_has_a_name),
	    cmocka_unit_test(test_every_actor_has_words_and_says_whether_it_counts),
	    cmocka_unit_test(test_every_reason_in_the_sources_has_words),
	    cmocka_unit_test(test_a_line_has_all_reasons_and_no_ids),
	    cmocka_unit_test(test_the_longest_reasons_have_room),
	    cmocka_unit_test(test_any_bytes_are_shown_somehow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
