/* SPDX-License-Identifier: Apache-2.0 */
/* The automaton against a plain search for every text of the tables that it was made of. */
#include "codec/judge/agent_marks.h"

#include "base/buf.h"
#include "base/random.h"
#include "harness/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROWS_MAX = 128, ROUNDS = 20000, PIECES_MAX = 12 };

struct table {
	struct buf text;
	struct slice rows[ROWS_MAX]; /* without the head */
	size_t count;
};

static void read_table(const char *name, struct table *ret)
{
	char path[CORPUS_PATH_ROOM];
	*ret = (struct table){.count = 0};
	assert_true((size_t)snprintf(path, sizeof path, "%s/src/codec/judge/data/%s", PUGMARK_SOURCE_ROOT, name) <
		    sizeof path);
	buf_init(&ret->text, CORPUS_FILE_MAX);
	file_read(path, &ret->text);
	struct slice rest = buf_slice(&ret->text);
	(void)slice_cut(&rest, '\n');
	while (rest.n) {
		assert_in_range(ret->count, 0, ROWS_MAX - 1);
		ret->rows[ret->count++] = slice_cut(&rest, '\n');
	}
}

static struct slice field(struct slice row, size_t number)
{
	while (number--)
		(void)slice_cut(&row, '\t');
	return slice_cut(&row, '\t');
}

/* Behind the first place where it stands; 0: nowhere. */
static size_t end_of(struct slice agent, struct slice mark)
{
	const char *at = agent.n ? memmem(agent.p, agent.n, mark.p, mark.n) : NULL;
	return at ? (size_t)(at - agent.p) + mark.n : 0;
}

static struct slice first_in(const struct table *table, struct slice agent, size_t column)
{
	for (size_t i = 0; i < table->count; i++)
		if (end_of(agent, field(table->rows[i], 0)))
			return field(table->rows[i], column);
	return SLICE_EMPTY;
}

static void check(const struct table tables[3], struct slice agent)
{
	struct agent_marks marks;
	agent_marks_find(agent, &marks);
	struct slice client = slice_from_cstr(marks.client ? marks.client->name : "");
	struct slice os = slice_from_cstr(marks.system ? marks.system->os : "");
	struct slice device = slice_from_cstr(marks.system ? marks.system->device : "");
	bool good = slice_equal(client, first_in(&tables[0], agent, 2)) &&
		    slice_equal(os, first_in(&tables[1], agent, 1)) &&
		    slice_equal(device, first_in(&tables[1], agent, 2));
	assert_int_equal(tables[2].count, SIGN_COUNT - 1); /* in the order of the enum */
	for (size_t i = 0; i < tables[2].count; i++)
		good = good && marks.sign_ends[i + 1] == end_of(agent, field(tables[2].rows[i], 0));
	if (!good)
		fail_msg("%.*s: got %.*s, %.*s, %.*s", SLICE_FMT(agent), SLICE_FMT(client), SLICE_FMT(os),
			 SLICE_FMT(device));
}

/* A mark whole or without its end, or some letters; now and then in another case. */
static void append_piece(struct prng *random, const struct table tables[3], struct buf *agent)
{
	static const struct slice OTHERS[] = {SLICE(" "),    SLICE("/"),        SLICE("Mozilla/5.0 ("),
					      SLICE("bot"),  SLICE("\xc3\xa4"), SLICE("compatible; "),
					      SLICE("KHTML")};
	const struct table *table = &tables[prng_below(random, 3)];
	struct slice piece = field(table->rows[prng_below(random, table->count)], 0);
	size_t start = agent->n;
	if (prng_below(random, 3) == 0)
		piece = OTHERS[prng_below(random, sizeof OTHERS / sizeof OTHERS[0])];
	buf_append(agent, slice_sub(piece, 0, prng_below(random, 3) ? piece.n : prng_below(random, piece.n)));
	if (agent->n > start && prng_below(random, 8) == 0)
		agent->p[start + prng_below(random, agent->n - start)] ^= 0x20;
}

static void test_the_automaton_finds_what_a_plain_search_finds(void **state)
{
	struct table tables[3];
	struct prng random;
	char room[USER_AGENT_MAX];
	(void)state;
	read_table("clients.tsv", &tables[0]);
	read_table("systems.tsv", &tables[1]);
	read_table("agent_signs.tsv", &tables[2]);
	prng_init(&random, 2012);
	for (int i = 0; i < ROUNDS; i++) {
		struct buf agent;
		buf_init_fixed(&agent, room, sizeof room);
		for (uint64_t pieces = prng_below(&random, PIECES_MAX); pieces > 0; pieces--)
			append_piece(&random, tables, &agent);
		check(tables, buf_slice(&agent));
	}
	for (size_t i = 0; i < 3; i++)
		buf_done(&tables[i].text);
}

static void test_names_that_say_who_they_are_count_in_any_case_and_in_place_only(void **state)
{
	static const struct {
		const char *agent, *code;
	} CASES[] = {
	    {"curl/8.0", "curl"},
	    {"CURL/8.0", "curl"},
	    {"Example curl/8.0", NULL},
	    {"WhatsApp", "whatsapp"},
	    {"WhatsApp business", NULL},
	    {"x Twitterbot/1.0", "twitter"},
	    {"NotTwitterbot/1.0", NULL},
	    {"okhttp/4.9 GoogleImageProxy", "gmail_image_proxy"},
	    {"GoogleImageProxy okhttp/4.9 Gmail-content-sampling", "gmail_content_sampling"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct agent_marks marks;
		agent_marks_find(slice_from_cstr(CASES[i].agent), &marks);
		assert_int_equal(marks.named.code != NULL, CASES[i].code != NULL);
		if (CASES[i].code)
			assert_string_equal(marks.named.code, CASES[i].code);
	}
}

static void test_robots_names_mind_case_and_come_before_mere_words(void **state)
{
	static const struct {
		const char *agent, *code;
	} CASES[] = {
	    {"a crawler and Googlebot/2.1", "googlebot"},
	    {"a crawler, and no more", "crawler"},
	    {"gOOgLEBoT/2.1", NULL},
	    {"Seekbot/1.0", "seekbot"},
	    {"Mozilla (sentry/1)", NULL},
	    {"Mozilla sentry/1", "sentry"},
	    {"Example SSL Labs", "ssl_labs"},
	    {"Example SSL Labs 2", NULL},
	    {"CUBOT MAX", NULL},
	    {"Robotics", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct agent_marks marks;
		agent_marks_find(slice_from_cstr(CASES[i].agent), &marks);
		const char *code = marks.robot.code ? marks.robot.code : "-";
		if (strcmp(code, CASES[i].code ? CASES[i].code : "-") != 0)
			fail_msg("%s: got %s", CASES[i].agent, code);
	}
}

static void test_versions_are_read_behind_the_first_sign(void **state)
{
	struct agent_marks marks;
	(void)state;
	agent_marks_find(SLICE("Chrome/120.0 Chrome/7 Firefox/x Version/99999999"), &marks);
	assert_int_equal(agent_marks_version(&marks, SIGN_CHROME), 120);
	assert_int_equal(agent_marks_version(&marks, SIGN_FIREFOX), 0);
	assert_int_equal(agent_marks_version(&marks, SIGN_SAFARI), 0);
	assert_int_equal(agent_marks_version(&marks, SIGN_VERSION), 999999);
	assert_true(agent_marks_has(&marks, SIGN_FIREFOX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_automaton_finds_what_a_plain_search_finds),
	    cmocka_unit_test(test_names_that_say_who_they_are_count_in_any_case_and_in_place_only),
	    cmocka_unit_test(test_robots_names_mind_case_and_come_before_mere_words),
	    cmocka_unit_test(test_versions_are_read_behind_the_first_sign),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
