/* SPDX-License-Identifier: Apache-2.0 */
/* An Aho-Corasick automaton, made by tools/make-crawler-table when the program is built: one step a byte whatever the
 * agent holds, so that nobody can make it slow. The list's patterns mind case. Rows of states lie over one another;
 * an entry that is not the state's own means that the state goes where the first one goes. */
#include "codec/crawler_list.h"

/* Where in the agent a mark must stand to count. */
enum where { ANYWHERE, AT_START, AT_WORD, AT_END, AT_END_OF_WORD };

struct transition {
	uint32_t owner, target;
};

struct ending {
	uint32_t state, first; /* in MATCHED_MARKS */
};

#define MATCHES UINT32_C(0x80000000)
#define NOBODY UINT32_C(0xffffffff)
enum { NO_MARK = 0xffff };

#include "codec/crawler_table.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "Examplebot" is a robot; CUBOT makes telephones. */
static bool ends_a_robots_word(struct slice agent, size_t end, size_t start)
{
	bool is_cubot = start >= 2 && slice_equal_nocase(slice_sub(agent, start - 2, end), SLICE("cubot"));
	return !is_cubot && (end == agent.n || !is_letter(agent.p[end]));
}

static bool counts(const struct crawler_mark *mark, struct slice agent, size_t end)
{
	size_t start = end - mark->length;
	switch ((enum where)mark->where) {
	case ANYWHERE: return true;
	case AT_START: return start == 0;
	case AT_WORD: return start == 0 || agent.p[start - 1] == ' ';
	case AT_END: return end == agent.n;
	case AT_END_OF_WORD: return ends_a_robots_word(agent, end, start);
	}
	return false;
}

static const struct crawler_mark *find_ending(uint32_t state, struct slice agent, size_t end)
{
	size_t low = 0;
	size_t high = sizeof ENDINGS / sizeof ENDINGS[0];
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (ENDINGS[middle].state < state)
			low = middle + 1;
		else
			high = middle;
	}
	for (const uint16_t *mark = &MATCHED_MARKS[ENDINGS[low].first]; *mark != NO_MARK; mark++)
		if (counts(&MARKS[*mark], agent, end))
			return &MARKS[*mark];
	return NULL;
}

const struct crawler_mark *crawler_list_find(struct slice agent)
{
	const struct crawler_mark *word = NULL;
	uint32_t state = 0;
	for (size_t i = 0; i < agent.n; i++) {
		unsigned c = BYTE_CLASSES[(unsigned char)agent.p[i]];
		struct transition t = TRANSITIONS[state + c];
		uint32_t target = t.owner == state ? t.target : FIRST_ROW[c];
		state = target & ~MATCHES;
		if (target & MATCHES) {
			const struct crawler_mark *mark = find_ending(state, agent, i + 1);
			if (mark && !mark->is_word)
				return mark;
			word = word ? word : mark;
		}
	}
	return word;
}
