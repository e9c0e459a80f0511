/* SPDX-License-Identifier: Apache-2.0 */
/* An Aho-Corasick automaton, made by tools/make-agent-table when the program is built: one step a byte whatever the
 * agent holds, so that nobody can make it slow. It reads lower case, because some names count in any; for those that
 * mind case the capitals of the last 64 bytes are kept as bits and compared with the name's.
 *
 * A state is the place of its row in TRANSITIONS. An entry of a row has the class of its byte in the lowest seven bits,
 * which tells whether it is this row's own, for rows lie over one another; then MATCH; then the next state. Without an
 * own entry the next state follows from the last two bytes, which most do (SHORT): what
 * the processor foresees rightly does not wait for the row. The two look-ups of a step do not
 * wait for each other. */
#include "codec/judge/agent_marks.h"

/* Where in the agent a mark must stand to count. A word is parted by blanks for robots, by more for the names of
 * known_agents.tsv. */
enum where { ANYWHERE, AT_START, AT_WORD, AT_WORD_START, AT_END, AT_END_OF_WORD, WHOLE };
enum mark_kind { NAMED, ROBOT_NAME, ROBOT_WORD, WORD };

struct mark {
	uint64_t capitals; /* a bit for each byte, the first in the highest; capitals are set */
	uint16_t code;     /* in TEXTS */
	uint8_t length;    /* ANY_CASE */
	uint8_t where;     /* enum where */
	uint8_t kind;      /* enum mark_kind */
	uint8_t value;     /* an actor; of a WORD a sign */
	uint8_t client;    /* of a WORD: its place in CLIENTS, or NO_NAME */
	uint8_t system;    /* in SYSTEMS */
};

#define MATCH 0x80U
#define CLASS_BITS 0x7fU
#define CAPITAL 0x80
#define ANY_CASE 0x80
#define LAST 0x8000
#define NO_NAME 0xff

#include "codec/judge/agent_table.h"

/* One agent and what was found so far. */
struct search {
	struct slice agent;
	const struct mark *named, *robot_name, *robot_word;
	uint8_t client, system; /* places in the tables, or NO_NAME */
	uint16_t *sign_ends;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word_byte(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* "Examplebot" is a robot; CUBOT makes telephones. */
static bool ends_a_robots_word(struct slice agent, size_t end, size_t start)
{
	bool is_cubot = start >= 2 && slice_equal_nocase(slice_sub(agent, start - 2, end), SLICE("cubot"));
	return !is_cubot && (end == agent.n || !is_letter(agent.p[end]));
}

static bool is_in_place(const struct mark *mark, struct slice agent, size_t end)
{
	size_t start = end - (mark->length & (ANY_CASE - 1U));
	switch ((enum where)mark->where) {
	case ANYWHERE: return true;
	case AT_START: return start == 0;
	case AT_WORD: return start == 0 || agent.p[start - 1] == ' ';
	case AT_WORD_START: return start == 0 || !is_word_byte(agent.p[start - 1]);
	case AT_END: return end == agent.n;
	case AT_END_OF_WORD: return ends_a_robots_word(agent, end, start);
	case WHOLE: return start == 0 && end == agent.n;
	}
	return false;
}

static bool is_in_case(const struct mark *mark, uint64_t capitals)
{
	return mark->length & ANY_CASE || capitals << (64 - mark->length) == mark->capitals;
}

/* The stronger word for an agent that has several: an image proxy says more than the http library it is built on. */
static int strength(enum actor actor)
{
	switch (actor) {
	case ACTOR_PREFETCH: return 5; /* the sampling agent ends in a proxy's name */
	case ACTOR_PROXY_HUMAN: return 4;
	case ACTOR_LINK_PREVIEW: return 3;
	case ACTOR_SCANNER: return 2;
	default: return 1;
	}
}

static const struct mark *stronger(const struct mark *a, const struct mark *b)
{
	int difference = strength((enum actor)a->value) - strength((enum actor)b->value);
	return difference > 0 || (difference == 0 && a < b) ? a : b;
}

/* No branches: there are a dozen of them in a browser's agent, and no two come in the same order. */
static void take_word(struct search *s, const struct mark *mark, size_t end)
{
	uint16_t *sign_end = &s->sign_ends[mark->value];
	*sign_end = *sign_end ? *sign_end : (uint16_t)end;
	s->client = mark->client < s->client ? mark->client : s->client;
	s->system = mark->system < s->system ? mark->system : s->system;
}

static void take_name(struct search *s, const struct mark *mark)
{
	if (mark->kind == NAMED)
		s->named = s->named ? stronger(s->named, mark) : mark;
	else if (mark->kind == ROBOT_NAME)
		s->robot_name = s->robot_name ? s->robot_name : mark;
	else
		s->robot_word = s->robot_word ? s->robot_word : mark;
}

/* All marks that end at one place, the longest first; of robots only that one counts. Apart from the loop over bytes,
 * which would spill its registers otherwise. */
static void __attribute__((noinline)) take_all(struct search *s, uint32_t state, size_t end, uint64_t capitals)
{
	const uint16_t *next = &MARK_LISTS[TRANSITIONS[state + CLASS_COUNT] >> 8];
	bool has_robot = false;
	uint16_t item;
	do {
		item = *next++;
		const struct mark *mark = &MARKS[item & (LAST - 1)];
		if (!is_in_case(mark, capitals))
			continue;
		if (mark->kind == WORD) {
			take_word(s, mark, end);
		} else if ((mark->kind == NAMED || !has_robot) && is_in_place(mark, s->agent, end)) {
			has_robot |= mark->kind != NAMED;
			take_name(s, mark);
		}
	} while (!(item & LAST));
}

static struct agent_name name_of(const struct mark *mark)
{
	return mark ? (struct agent_name){(enum actor)mark->value, TEXTS + mark->code} : (struct agent_name){0};
}

void agent_marks_find(struct slice agent, struct agent_marks *ret)
{
	struct search search = {.agent = slice_sub(agent, 0, USER_AGENT_MAX),
				.client = NO_NAME,
				.system = NO_NAME,
				.sign_ends = ret->sign_ends};
	const unsigned char *bytes = (const unsigned char *)search.agent.p;
	size_t n = search.agent.n;
	uint32_t state = ROOT;
	unsigned before = 0;
	uint64_t capitals = 0;
	memset(ret->sign_ends, 0, sizeof ret->sign_ends);
	for (size_t i = 0; i < n; i++) {
		unsigned c = BYTE_CLASSES[bytes[i]];
		capitals = capitals << 1 | c >> 7;
		c &= CLASS_BITS;
		uint32_t entry = TRANSITIONS[state + c];
		if ((entry & CLASS_BITS) != c)
			entry = SHORT[before + c];
		before = c * CLASS_COUNT;
		state = entry >> 8;
		if (entry & MATCH)
			take_all(&search, state, i + 1, capitals);
	}
	ret->agent = search.agent;
	ret->named = name_of(search.named);
	ret->robot = name_of(search.robot_name ? search.robot_name : search.robot_word);
	ret->client = search.client == NO_NAME ? NULL : &CLIENTS[search.client];
	ret->system = search.system == NO_NAME ? NULL : &SYSTEMS[search.system];
}

const char *agent_marks_code_at(size_t index)
{
	for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++)
		if (MARKS[i].kind == NAMED && index-- == 0)
			return TEXTS + MARKS[i].code;
	return NULL;
}

unsigned agent_marks_version(const struct agent_marks *marks, enum agent_sign sign)
{
	unsigned version = 0;
	if (!agent_marks_has(marks, sign))
		return 0;
	struct slice rest = slice_from(marks->agent, marks->sign_ends[sign]);
	for (size_t i = 0; i < rest.n && rest.p[i] >= '0' && rest.p[i] <= '9' && version < 100000; i++)
		version = version * 10 + (unsigned)(rest.p[i] - '0');
	return version;
}
