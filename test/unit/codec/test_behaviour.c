/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/judge/behaviour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/random.h"

#define DELIVERED INT64_C(1795240800000000)
#define MS INT64_C(1000)

/* Sources. */
enum { GATEWAY = 1, HOME, OFFICE, OTHER };
#define OLD_CHROME 57
#define NEW_CHROME 153

/* One hit of a table; ms after delivery. */
struct row {
	char kind; /* 'o' or 'c'; 0 ends the table */
	int64_t ms;
	uint32_t link;
	uint64_t network, agent;
	const char *reasons; /* NULL: "browser" */
	enum actor was;      /* 0: human */
	enum actor want;     /* 0: as it was */
	const char *wants_reason;
	uint32_t fan_out;
};

enum { ROWS_MAX = 16 };

struct table {
	const char *name;
	uint32_t links;
	bool no_clock;
	struct row rows[ROWS_MAX];
};

static struct behaviour_hit hit_of(const struct row *row, uint8_t n)
{
	return (struct behaviour_hit){
	    .id = {{0x01, 0x92, n}},
	    .kind = row->kind == 'o' ? HIT_OPEN : HIT_CLICK,
	    .time_us = DELIVERED + row->ms * MS,
	    .link_index = row->link,
	    .source = {row->network, row->agent},
	    .fan_out = row->fan_out,
	    .actor = row->was ? row->was : ACTOR_HUMAN,
	    .reasons = slice_from_cstr(row->reasons ? row->reasons : "browser"),
	};
}

static void check_row(const struct table *t, size_t i, const struct behaviour_hit *hit)
{
	const struct row *row = &t->rows[i];
	enum actor actor = hit->is_changed ? hit->verdict.actor : hit->actor;
	enum actor want = row->want ? row->want : row->was ? row->was : ACTOR_HUMAN;
	if (row->want == ACTOR_COUNT) /* stands for unknown, which is 0 */
		want = ACTOR_UNKNOWN;
	if (actor != want)
		fail_msg("%s, hit %zu: %s, not %s (%s)", t->name, i, actor_name(actor), actor_name(want),
			 hit->verdict.reasons);
	if (row->wants_reason &&
	    !slice_contains(slice_from_cstr(hit->verdict.reasons), slice_from_cstr(row->wants_reason)))
		fail_msg("%s, hit %zu: '%s' is not in '%s'", t->name, i, row->wants_reason, hit->verdict.reasons);
}

static void check_table(const struct table *t)
{
	struct behaviour_hit hits[ROWS_MAX];
	struct behaviour_mail mail = {.delivered_us = t->no_clock ? 0 : DELIVERED, .links = t->links};
	size_t count = 0;
	while (count < ROWS_MAX && t->rows[count].kind) {
		hits[count] = hit_of(&t->rows[count], (uint8_t)(count + 1));
		if (t->rows[count].kind == 'o' && !mail.first_open_us)
			mail.first_open_us = hits[count].time_us;
		count++;
	}
	behaviour_judge(&mail, hits, count);
	for (size_t i = 0; i < count; i++)
		check_row(t, i, &hits[i]);
}

#define CHECK_TABLES(tables)                                                                                           \
	for (size_t table_ = 0; table_ < sizeof(tables) / sizeof(tables)[0]; table_++)                                 \
	check_table(&(tables)[table_])

#define S ACTOR_SCANNER
#define SUSPECT ACTOR_COUNT

static void test_links_followed_at_once_are_a_scanner(void **state)
{
	static const struct table TABLES[] = {
	    {"three of many in two seconds",
	     12,
	     false,
	     {{'c', 43000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, "browser burst:links=3,of=12,seconds=2.0", 0},
	      {'c', 44000, 2, GATEWAY, OLD_CHROME, NULL, 0, S, "burst:", 0},
	      {'c', 45000, 3, GATEWAY, OLD_CHROME, NULL, 0, S, "burst:", 0}}},
	    {"all of two",
	     2,
	     false,
	     {{'c', 3600000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, "burst:links=2,of=2,seconds=0.4", 0},
	      {'c', 3600400, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"nobody knows how many links there are, nor when it was delivered",
	     0,
	     true,
	     {{'c', 0, 1, 0, 0, NULL, 0, S, "burst:links=3,seconds=0.9", 0},
	      {'c', 500, 2, 0, 0, NULL, 0, S, NULL, 0},
	      {'c', 900, 3, 0, 0, NULL, 0, S, NULL, 0}}},
	    {"a fleet, each machine one link",
	     5,
	     false,
	     {{'c', 60000, 1, 11, 21, NULL, 0, S, NULL, 0},
	      {'c', 60100, 2, 12, 22, NULL, 0, S, NULL, 0},
	      {'c', 60200, 3, 13, 23, "mail_client", 0, S, "mail_client burst:", 0}}},
	    {"a library in the middle of it is evidence, and stays what it was",
	     9,
	     false,
	     {{'c', 60000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 60100, 2, GATEWAY, 9, "agent:python_requests", S, S, NULL, 0},
	      {'c', 60200, 3, GATEWAY, OLD_CHROME, "agent:missing", ACTOR_UNKNOWN, S, NULL, 0}}},
	    {"a chain of overlapping windows is one burst",
	     9,
	     false,
	     {{'c', 60000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, "burst:links=5,of=9,seconds=4.0", 0},
	      {'c', 61000, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 62000, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 63000, 4, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 64000, 5, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"all links one by one within a minute, right after delivery",
	     5,
	     false,
	     {{'c', 1000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, "coverage:links=5,of=5", 0},
	      {'c', 6000, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 12000, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 18000, 4, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 24000, 5, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"the same a day later: nobody can tell",
	     5,
	     false,
	     {{'c', 90000000, 1, GATEWAY, OLD_CHROME, NULL, 0, SUSPECT, "coverage:links=5,of=5", 0},
	      {'c', 90006000, 2, GATEWAY, OLD_CHROME, NULL, 0, SUSPECT, NULL, 0},
	      {'c', 90012000, 3, GATEWAY, OLD_CHROME, NULL, 0, SUSPECT, NULL, 0},
	      {'c', 90018000, 4, GATEWAY, OLD_CHROME, NULL, 0, SUSPECT, NULL, 0},
	      {'c', 90024000, 5, GATEWAY, OLD_CHROME, NULL, 0, SUSPECT, NULL, 0}}},
	};
	(void)state;
	CHECK_TABLES(TABLES);
}

static void test_people_stay_people(void **state)
{
	static const struct table TABLES[] = {
	    {"a double click",
	     9,
	     false,
	     {{'c', 300000, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 300200, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 300400, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"two tabs of a mail with more links",
	     9,
	     false,
	     {{'c', 300000, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 300900, 2, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"three links, calmly",
	     9,
	     false,
	     {{'c', 300000, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 301500, 2, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 303000, 3, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"all of four links within a minute",
	     4,
	     false,
	     {{'c', 300000, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 310000, 2, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 320000, 3, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 330000, 4, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"a fast reader",
	     9,
	     false,
	     {{'o', 4000, 0, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 9000, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"a browser that loads three links ahead, and the click",
	     9,
	     false,
	     {{'c', 300000, 1, HOME, NEW_CHROME, "purpose:prefetch", ACTOR_PREFETCH, 0, NULL, 0},
	      {'c', 300100, 2, HOME, NEW_CHROME, "purpose:prefetch", ACTOR_PREFETCH, 0, NULL, 0},
	      {'c', 300200, 3, HOME, NEW_CHROME, "purpose:prefetch", ACTOR_PREFETCH, 0, NULL, 0},
	      {'c', 300900, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"a chat that previews three pasted links",
	     9,
	     false,
	     {{'c', 300000, 1, OTHER, 8, "agent:slack", ACTOR_LINK_PREVIEW, 0, NULL, 0},
	      {'c', 300100, 2, OTHER, 8, "agent:slack", ACTOR_LINK_PREVIEW, 0, NULL, 0},
	      {'c', 300200, 3, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"the isolation browser of the company whose gateway looked an hour ago",
	     3,
	     false,
	     {{'c', 43000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 43300, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 43600, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 3643000, 2, GATEWAY, OLD_CHROME, NULL, 0, ACTOR_HUMAN, NULL, 0}}},
	    {"the two requests of Microsoft's check, and the click a minute later",
	     1,
	     false,
	     {{'c', 5000, 1, GATEWAY, OLD_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 5300, 1, GATEWAY, OLD_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 65000, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	};
	(void)state;
	CHECK_TABLES(TABLES);
}

static void test_a_look_from_the_source_of_a_burst_is_part_of_it(void **state)
{
	static const struct table TABLES[] = {
	    {"the pixel 33 s before, and one more link 20 s behind",
	     3,
	     false,
	     {{'o', 9000, 0, GATEWAY, OLD_CHROME, NULL, 0, S, "burst_source:seconds=-33", 0},
	      {'c', 42000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42300, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42800, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 62800, 3, GATEWAY, OLD_CHROME, NULL, 0, SUSPECT, "burst_source:seconds=20", 0}}},
	    {"another agent of the same network, in the window",
	     3,
	     false,
	     {{'o', 9000, 0, GATEWAY, 5, NULL, 0, S, "burst_network:seconds=-33", 0},
	      {'c', 42000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42300, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42800, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"the same agent from another network, in the window",
	     3,
	     false,
	     {{'o', 9000, 0, OTHER, OLD_CHROME, NULL, 0, S, "burst_agent:seconds=-33", 0},
	      {'c', 42000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42300, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42800, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"another agent of the same network, later, with a browser that nobody has",
	     3,
	     false,
	     {{'o', 90000, 0, GATEWAY, 5, "browser frozen_agent:chrome=79", 0, S, "burst_network:seconds=-33", 0},
	      {'c', 123000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 123300, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 123800, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"a browser right after delivery and right before it: nobody can tell",
	     3,
	     false,
	     {{'o', 9000, 0, OTHER, 5, NULL, 0, SUSPECT, "near_burst:seconds=-33", 0},
	      {'c', 42000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42300, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42800, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	};
	(void)state;
	CHECK_TABLES(TABLES);
}

static void test_a_reader_beside_a_burst_stays_a_reader(void **state)
{
	static const struct table TABLES[] = {
	    {"behind the gateway's own address, minutes later",
	     3,
	     false,
	     {{'c', 42000, 1, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42300, 2, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42800, 3, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'o', 90000, 0, OFFICE, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 100000, 1, OFFICE, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"with a mail client or an image proxy at the very moment",
	     3,
	     false,
	     {{'o', 9000, 0, OFFICE, 7, "mail_client", 0, 0, NULL, 0},
	      {'o', 41000, 0, OTHER, 6, "agent:gmail_image_proxy", ACTOR_PROXY_HUMAN, 0, NULL, 0},
	      {'c', 42000, 1, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42300, 2, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 42800, 3, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"with a browser, when the scanner comes late",
	     3,
	     false,
	     {{'o', 500000, 0, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 542000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 542300, 2, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 542800, 3, GATEWAY, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"with a browser of the gateway's own network, when the scanner comes late",
	     3,
	     false,
	     {{'o', 500000, 0, OFFICE, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 542000, 1, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 542300, 2, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 542800, 3, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0}}},
	    {"more than two minutes from it, from its very source",
	     3,
	     false,
	     {{'o', 70000, 0, OFFICE, OLD_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 242000, 1, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 242300, 2, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'c', 242800, 3, OFFICE, OLD_CHROME, NULL, 0, S, NULL, 0},
	      {'o', 370000, 0, OFFICE, OLD_CHROME, NULL, 0, 0, NULL, 0}}},
	};
	(void)state;
	CHECK_TABLES(TABLES);
}

static void test_weak_signs_decide_together_only(void **state)
{
	static const struct table TABLES[] = {
	    {"soon, and that is all", 1, false, {{'c', 5000, 1, GATEWAY, 1, NULL, 0, 0, NULL, 0}}},
	    {"before delivery was told",
	     1,
	     false,
	     {{'c', -2000, 1, GATEWAY, 1, "browser no_sec_fetch no_accept_language", 0, S, "early:seconds=-2", 0}}},
	    {"soon, without Sec-Fetch",
	     1,
	     false,
	     {{'c', 5000, 1, GATEWAY, 1, "browser no_sec_fetch", 0, SUSPECT,
	       "browser no_sec_fetch early:seconds=5 no_open", 0}}},
	    {"late, without Sec-Fetch and languages",
	     1,
	     false,
	     {{'c', 50000, 1, GATEWAY, 1, "browser no_sec_fetch no_accept_language", 0, SUSPECT, "no_open", 0}}},
	    {"late, without Sec-Fetch and languages, by somebody who opened",
	     1,
	     false,
	     {{'o', 40000, 0, OTHER, 2, "mail_client", 0, 0, NULL, 0},
	      {'c', 50000, 1, GATEWAY, 1, "browser no_sec_fetch", 0, 0, NULL, 0}}},
	    {"no clock, no window", 1, true, {{'c', 5000, 1, GATEWAY, 1, "browser no_sec_fetch", 0, 0, NULL, 0}}},
	    {"for five recipients in a minute, soon",
	     1,
	     false,
	     {{'o', 20000, 0, GATEWAY, 1, NULL, 0, S, "early:seconds=20 fan_out:recipients=5", 5},
	      {'c', 21000, 1, GATEWAY, 1, NULL, 0, S, "fan_out:recipients=6", 6}}},
	    {"soon, as the first verdict saw too: that counts once",
	     1,
	     false,
	     {{'c', 5000, 1, GATEWAY, 1, "browser early:seconds=6", 0, 0, NULL, 0}}},
	    {"sent on by mail protection",
	     1,
	     false,
	     {{'c', 5000, 1, GATEWAY, 1, "browser referer:rewritten_link", 0, 0, NULL, 9}}},
	    {"for four recipients", 1, false, {{'o', 20000, 0, OFFICE, 1, NULL, 0, 0, NULL, 4}}},
	    {"an office reads its mail",
	     1,
	     false,
	     {{'o', 70000, 0, OFFICE, NEW_CHROME, NULL, 0, 0, NULL, 9},
	      {'c', 80000, 1, OFFICE, NEW_CHROME, NULL, 0, 0, NULL, 9}}},
	    {"an office reads its mail with Outlook at once",
	     1,
	     false,
	     {{'o', 20000, 0, OFFICE, 7, "mail_client", 0, 0, NULL, 9}}},
	};
	(void)state;
	CHECK_TABLES(TABLES);
}

#define TRAP "honeypot"

/* Row by row as in the report that the rule is from: the whole window belongs to the machine (mautic#9798). */
static void test_whoever_comes_around_a_hit_on_the_honeypot_is_a_scanner(void **state)
{
	static const struct table TABLES[] = {
	    {"one link and the honeypot, from elsewhere, 10 s apart; a person 11 s and a minute later",
	     9,
	     false,
	     {{'o', 300000, 0, OTHER, 3, NULL, 0, S, "browser near_honeypot:seconds=-10", 0},
	      {'c', 305000, 1, OTHER, 3, "mail_client", 0, S, "near_honeypot:seconds=-5", 0},
	      {'c', 310000, 0, GATEWAY, OLD_CHROME, TRAP, S, S, NULL, 0},
	      {'c', 320000, 2, HOME, NEW_CHROME, NULL, 0, S, "near_honeypot:seconds=10", 0},
	      {'c', 321000, 3, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 370000, 4, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"its source two minutes before and behind, and no longer",
	     9,
	     false,
	     {{'o', 179000, 0, GATEWAY, OLD_CHROME, NULL, 0, 0, NULL, 0},
	      {'o', 180000, 0, GATEWAY, OLD_CHROME, NULL, 0, S, "honeypot_source:seconds=-120", 0},
	      {'c', 300000, 0, GATEWAY, OLD_CHROME, TRAP, S, S, NULL, 0},
	      {'c', 420000, 1, GATEWAY, OLD_CHROME, NULL, 0, S, "honeypot_source:seconds=120", 0},
	      {'c', 421000, 2, GATEWAY, OLD_CHROME, NULL, 0, 0, NULL, 0}}},
	    {"half a source is none",
	     9,
	     false,
	     {{'c', 300000, 0, GATEWAY, OLD_CHROME, TRAP, S, S, NULL, 0},
	      {'c', 320000, 1, GATEWAY, NEW_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 330000, 2, HOME, OLD_CHROME, NULL, 0, 0, NULL, 0},
	      {'c', 340000, 3, 0, 0, NULL, 0, 0, NULL, 0}}},
	    {"mailboxes' image proxies are nobody's scanner, and what was a machine stays what it was",
	     9,
	     false,
	     {{'o', 300000, 0, OTHER, 3, "agent:gmail_image_proxy", ACTOR_PROXY_HUMAN, 0, NULL, 0},
	      {'o', 301000, 0, OTHER, 4, "agent:apple_mpp", ACTOR_PREFETCH, 0, NULL, 0},
	      {'c', 302000, 0, GATEWAY, OLD_CHROME, TRAP, S, S, NULL, 0}}},
	    {"who only loads ahead has not followed it",
	     9,
	     false,
	     {{'c', 300000, 0, HOME, NEW_CHROME, "purpose:prefetch", ACTOR_PREFETCH, 0, NULL, 0},
	      {'c', 301000, 1, HOME, NEW_CHROME, NULL, 0, 0, NULL, 0}}},
	};
	(void)state;
	CHECK_TABLES(TABLES);
}

static void test_the_honeypot_is_counted_in_no_burst(void **state)
{
	static const struct table TABLE = {
	    "two links and the honeypot at once",
	    12,
	    true,
	    {{'c', 0, 1, GATEWAY, OLD_CHROME, NULL, 0, S, "browser honeypot_source:seconds=0", 0},
	     {'c', 100, 0, GATEWAY, OLD_CHROME, TRAP, S, S, NULL, 0},
	     {'c', 200, 2, GATEWAY, OLD_CHROME, NULL, 0, S, "browser honeypot_source:seconds=0", 0}}};
	struct behaviour_hit hits[] = {hit_of(&TABLE.rows[0], 1), hit_of(&TABLE.rows[1], 2), hit_of(&TABLE.rows[2], 3)};
	struct behaviour_mail mail = {.links = TABLE.links};
	(void)state;
	check_table(&TABLE);
	behaviour_judge(&mail, hits, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(uuid_is_zero(hits[i].group));
}

static void test_hits_of_one_burst_share_a_group(void **state)
{
	struct behaviour_mail mail = {.delivered_us = DELIVERED, .links = 3};
	struct behaviour_hit hits[7] = {0};
	for (uint8_t i = 0; i < 7; i++) {
		int64_t ms = i < 3 ? i * 100 : i < 6 ? 60000 + i * 100 : 3600000;
		struct row row = {.kind = 'c', .ms = ms, .link = i % 3, .network = GATEWAY, .agent = 1};
		hits[i] = hit_of(&row, (uint8_t)(i + 1));
	}
	(void)state;
	behaviour_judge(&mail, hits, 7);
	for (size_t i = 0; i < 6; i++)
		assert_true(uuid_equal(hits[i].group, hits[i < 3 ? 0 : 3].id));
	assert_true(uuid_is_zero(hits[6].group));
}

static void test_judging_again_changes_nothing_and_repeats_no_reason(void **state)
{
	struct behaviour_mail mail = {.delivered_us = DELIVERED, .links = 9};
	struct behaviour_hit hits[4] = {0};
	struct verdict first;
	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		struct row row = {.kind = 'c', .ms = 5000 + i * 100, .link = i, .network = 1, .agent = 1};
		hits[i] = hit_of(&row, (uint8_t)(i + 1));
	}
	struct row suspect = {
	    .kind = 'c', .ms = 25000, .link = 1, .network = 2, .agent = 2, .reasons = "browser no_sec_fetch"};
	hits[3] = hit_of(&suspect, 4);
	behaviour_judge(&mail, hits, 4);
	assert_int_equal(hits[3].verdict.actor, ACTOR_UNKNOWN);
	first = hits[3].verdict;
	for (size_t i = 0; i < 4; i++) {
		assert_true(hits[i].is_changed);
		hits[i].actor = hits[i].verdict.actor;
		hits[i].reasons = i == 3 ? slice_from_cstr(first.reasons) : slice_from_cstr("browser");
	}
	behaviour_judge(&mail, hits, 4);
	for (size_t i = 0; i < 4; i++)
		assert_false(hits[i].is_changed);
	hits[3].fan_out = 5; /* more became known */
	behaviour_judge(&mail, hits, 4);
	assert_int_equal(hits[3].verdict.actor, ACTOR_SCANNER);
	assert_string_equal(hits[3].verdict.reasons,
			    "browser no_sec_fetch early:seconds=25 fan_out:recipients=5 no_open");
}

static void test_consent_and_repeats_stay_in_the_reasons(void **state)
{
	struct behaviour_mail mail = {.links = 3};
	struct behaviour_hit hits[3] = {0};
	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		struct row row = {
		    .kind = 'c', .ms = i, .link = i, .reasons = "browser duplicate:seconds=5 consent:anonymous"};
		hits[i] = hit_of(&row, (uint8_t)(i + 1));
	}
	behaviour_judge(&mail, hits, 3);
	assert_string_equal(hits[0].verdict.reasons,
			    "browser duplicate:seconds=5 consent:anonymous burst:links=3,of=3,seconds=0.0 no_open");
}

/* ---- 836 contacts whose links were all fetched within a second, by when that began (craft-campaign#546) */

struct share {
	double until; /* of all contacts, summed up */
	int64_t from_ms, to_ms;
};

static int64_t start_of_burst(struct prng *random)
{
	static const struct share SHARES[] = {
	    {0.005, 0, 10000},      {0.027, 10000, 20000},    {0.691, 20000, 60000},
	    {0.974, 60000, 300000}, {0.993, 300000, 1800000}, {1.0, 3600000, 86400000},
	};
	double at = (double)prng_below(random, 1000000) / 1e6;
	size_t i = 0;
	while (at >= SHARES[i].until && i < 5)
		i++;
	return SHARES[i].from_ms + (int64_t)prng_below(random, (uint64_t)(SHARES[i].to_ms - SHARES[i].from_ms));
}

static size_t put_contact(struct prng *random, uint32_t links, struct behaviour_hit hits[ROWS_MAX])
{
	int64_t start = start_of_burst(random);
	size_t n = 0;
	if (start >= 33000) {
		struct row open = {.kind = 'o', .ms = start - 33000, .network = GATEWAY, .agent = OLD_CHROME};
		hits[n++] = hit_of(&open, 1);
	}
	for (uint32_t i = 0; i < links; i++) {
		struct row click = {
		    .kind = 'c', .ms = start + i * 900 / links, .link = i, .network = GATEWAY, .agent = OLD_CHROME};
		hits[n] = hit_of(&click, (uint8_t)(n + 1));
		n++;
	}
	struct row human = {.kind = 'c', .ms = start + 3600000, .link = 1, .network = HOME, .agent = NEW_CHROME};
	hits[n] = hit_of(&human, (uint8_t)(n + 1));
	return n + 1;
}

static void test_of_836_contacts_every_sweep_is_found_and_every_person_behind_it_kept(void **state)
{
	struct prng random;
	(void)state;
	prng_init(&random, 836);
	for (int contact = 0; contact < 836; contact++) {
		struct behaviour_hit hits[ROWS_MAX];
		struct behaviour_mail mail = {.delivered_us = DELIVERED, .links = 9 + (uint32_t)(contact % 2)};
		size_t n = put_contact(&random, mail.links, hits);
		behaviour_judge(&mail, hits, n);
		for (size_t i = 0; i + 1 < n; i++)
			assert_true(hits[i].is_changed && hits[i].verdict.actor == ACTOR_SCANNER);
		assert_false(hits[n - 1].is_changed);
	}
}

static void test_a_flood_is_judged_as_far_as_it_goes(void **state)
{
	static struct behaviour_hit hits[BEHAVIOUR_HITS_MAX + 10];
	struct behaviour_mail mail = {.delivered_us = DELIVERED, .links = 100};
	(void)state;
	for (uint32_t i = 0; i < BEHAVIOUR_HITS_MAX + 10; i++) {
		struct row row = {.kind = 'c', .ms = i, .link = i, .network = i, .agent = i, .reasons = "browser"};
		hits[i] = hit_of(&row, (uint8_t)i);
	}
	behaviour_judge(&mail, hits, BEHAVIOUR_HITS_MAX + 10);
	assert_int_equal(hits[BEHAVIOUR_HITS_MAX - 1].verdict.actor, ACTOR_SCANNER);
	assert_false(hits[BEHAVIOUR_HITS_MAX].is_changed);
}

static void test_a_source_is_a_network_and_an_agent(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} CASES[] = {
	    {"203.0.113.7", "203.0.113.250", true},      {"203.0.113.7", "203.0.114.7", false},
	    {"2001:db8:1::1", "2001:db8:1:ff::2", true}, {"2001:db8:1::1", "2001:db8:2::1", false},
	    {"203.0.113.7", "::cb00:7107", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct ip_address a, b;
		assert_true(ip_address_parse(slice_from_cstr(CASES[i].a), &a) &&
			    ip_address_parse(slice_from_cstr(CASES[i].b), &b));
		struct behaviour_source x = behaviour_source_of(&a, SLICE("x"));
		struct behaviour_source y = behaviour_source_of(&b, SLICE("y"));
		assert_int_equal(x.network == y.network, CASES[i].same);
		assert_true(x.network != 0 && x.agent != y.agent);
	}
	assert_true(behaviour_source_of(NULL, SLICE_EMPTY).network == 0);
	assert_true(behaviour_source_of(NULL, SLICE_EMPTY).agent == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_links_followed_at_once_are_a_scanner),
	    cmocka_unit_test(test_people_stay_people),
	    cmocka_unit_test(test_a_look_from_the_source_of_a_burst_is_part_of_it),
	    cmocka_unit_test(test_a_reader_beside_a_burst_stays_a_reader),
	    cmocka_unit_test(test_weak_signs_decide_together_only),
	    cmocka_unit_test(test_whoever_comes_around_a_hit_on_the_honeypot_is_a_scanner),
	    cmocka_unit_test(test_the_honeypot_is_counted_in_no_burst),
	    cmocka_unit_test(test_hits_of_one_burst_share_a_group),
	    cmocka_unit_test(test_judging_again_changes_nothing_and_repeats_no_reason),
	    cmocka_unit_test(test_consent_and_repeats_stay_in_the_reasons),
	    cmocka_unit_test(test_of_836_contacts_every_sweep_is_found_and_every_person_behind_it_kept),
	    cmocka_unit_test(test_a_flood_is_judged_as_far_as_it_goes),
	    cmocka_unit_test(test_a_source_is_a_network_and_an_agent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
