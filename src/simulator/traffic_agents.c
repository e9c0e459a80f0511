/* SPDX-License-Identifier: Apache-2.0 */
/* Browsers are drawn by how often they are seen, all others alike: nobody publishes shares of mail clients or scanners.
 * Weights are whole numbers, because sums of doubles differ between machines and a seed must give the same hits
 * everywhere. */
#include "simulator/traffic_agents.h"

#include "base/mem.h"
#include "codec/judge/user_agent.h"

enum { AGENTS_FIRST = 256 };

struct agent_list {
	struct slice *at;
	uint64_t *weight_below; /* of all up to this one, in hundred millionths; of browsers only */
	size_t n, room;
};

struct traffic_agents {
	struct agent_list lists[AGENT_KIND_COUNT];
};

static const char *const KIND_NAMES[AGENT_KIND_COUNT] = {
    [AGENT_BROWSER] = "browser in humans_weighted.tsv",
    [AGENT_MAIL_CLIENT] = "mail client in humans_mailclients.txt",
    [AGENT_BARE_WEBKIT] = "bare WebKit in humans_mailclients.txt or mailproxies.tsv",
    [AGENT_FROZEN] = "'scanner-bot?' in mailproxies.tsv",
    [AGENT_DECLARED] = "'scanner-bot' in mailproxies.tsv",
    [AGENT_PREVIEW] = "'link-preview' in mailproxies.tsv",
    [AGENT_CRAWLER] = "robot in bots.txt",
};

static void list_add(struct agent_list *list, struct slice agent, uint64_t weight)
{
	if (list->n == list->room) {
		list->room = list->room ? 2 * list->room : AGENTS_FIRST;
		list->at = mem_resize(list->at, list->room * sizeof *list->at);
		list->weight_below = mem_resize(list->weight_below, list->room * sizeof *list->weight_below);
	}
	list->at[list->n] = agent;
	list->weight_below[list->n] = (list->n ? list->weight_below[list->n - 1] : 0) + weight;
	list->n++;
}

/* ---- The files */

/* A line without its end; false: no more. Empty lines are passed over. */
static bool next_line(struct slice *text, struct slice *ret)
{
	while (text->n) {
		*ret = slice_trim(slice_cut(text, '\n'));
		if (ret->n)
			return true;
	}
	return false;
}

/* "0.01657375" as hundred millionths, so that sums are exact and the same on every machine. */
static bool parse_weight(struct slice text, uint64_t *ret)
{
	enum { DIGITS = 8 };
	char digits[DIGITS] = "00000000";
	struct slice whole = slice_cut(&text, '.');
	memcpy(digits, text.p, text.n < DIGITS ? text.n : DIGITS);
	return slice_equal(whole, SLICE("0")) && slice_to_u64(slice_of(digits, DIGITS), 100000000, ret);
}

static enum status add_browsers(struct traffic_agents *agents, struct slice text, struct err *err)
{
	struct slice line;
	uint64_t weight;
	for (bool is_first = true; next_line(&text, &line); is_first = false) {
		if (is_first)
			continue;
		if (!parse_weight(slice_cut(&line, '\t'), &weight))
			return err_set(err, STATUS_BAD_INPUT, "humans_weighted.tsv: a weight is not 0.xxx");
		(void)slice_cut(&line, '\t');
		list_add(&agents->lists[AGENT_BROWSER], line, weight);
	}
	return STATUS_OK;
}

static void add_mail_client(struct traffic_agents *agents, struct slice agent)
{
	struct client client;
	user_agent_parse(agent, &client);
	list_add(&agents->lists[client.is_bare_engine ? AGENT_BARE_WEBKIT : AGENT_MAIL_CLIENT], agent, 1);
}

/* Some classes have a remark behind them. */
static void add_service(struct traffic_agents *agents, struct slice agent, struct slice class)
{
	struct slice word = slice_cut(&class, ' ');
	if (slice_equal(word, SLICE("scanner-bot?")))
		list_add(&agents->lists[AGENT_FROZEN], agent, 1);
	else if (slice_equal(word, SLICE("scanner-bot")))
		list_add(&agents->lists[AGENT_DECLARED], agent, 1);
	else if (slice_equal(word, SLICE("link-preview")))
		list_add(&agents->lists[AGENT_PREVIEW], agent, 1);
	else if (slice_equal(word, SLICE("human")))
		add_mail_client(agents, agent);
}

static enum status add_all(struct traffic_agents *agents, const struct traffic_agent_texts *texts, struct err *err)
{
	struct slice line;
	struct slice text = texts->mail_clients;
	while (next_line(&text, &line))
		add_mail_client(agents, line);
	text = texts->services;
	while (next_line(&text, &line)) {
		struct slice agent = slice_cut(&line, '\t');
		add_service(agents, agent, slice_cut(&line, '\t'));
	}
	text = texts->crawlers;
	while (next_line(&text, &line))
		list_add(&agents->lists[AGENT_CRAWLER], line, 1);
	enum status status = add_browsers(agents, texts->browsers, err);
	for (int kind = 0; status == STATUS_OK && kind < AGENT_KIND_COUNT; kind++)
		if (!agents->lists[kind].n)
			return err_set(err, STATUS_NOT_FOUND, "there is no %s", KIND_NAMES[kind]);
	return status;
}

enum status traffic_agents_new(const struct traffic_agent_texts *texts, struct traffic_agents **ret, struct err *err)
{
	struct traffic_agents *agents = MEM_NEW(struct traffic_agents);
	enum status status = add_all(agents, texts, err);
	if (status == STATUS_OK)
		*ret = agents;
	else
		traffic_agents_free(&agents);
	return status;
}

void traffic_agents_free(struct traffic_agents **agents)
{
	if (!*agents)
		return;
	for (int kind = 0; kind < AGENT_KIND_COUNT; kind++) {
		mem_free((*agents)->lists[kind].at);
		mem_free((*agents)->lists[kind].weight_below);
	}
	mem_free(*agents);
	*agents = NULL;
}

/* ---- Drawing */

struct slice traffic_agents_draw(const struct traffic_agents *agents, enum traffic_agent_kind kind, struct prng *random)
{
	const struct agent_list *list = &agents->lists[kind];
	uint64_t drawn = prng_below(random, list->weight_below[list->n - 1]);
	size_t low = 0;
	size_t high = list->n - 1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (list->weight_below[middle] <= drawn)
			low = middle + 1;
		else
			high = middle;
	}
	return list->at[low];
}

size_t traffic_agents_count(const struct traffic_agents *agents, enum traffic_agent_kind kind)
{
	return agents->lists[kind].n;
}

/* The number behind `mark`, or -1. */
static long number_behind(struct slice agent, struct slice mark)
{
	const char *found = memmem(agent.p, agent.n, mark.p, mark.n);
	struct slice digits = found ? slice_from(agent, (size_t)(found - agent.p) + mark.n) : SLICE_EMPTY;
	uint64_t number;
	size_t n = 0;
	while (n < digits.n && digits.p[n] >= '0' && digits.p[n] <= '9')
		n++;
	return slice_to_u64(slice_sub(digits, 0, n), 100000, &number) ? (long)number : -1;
}

/* Chrome 80, Firefox 90, Safari 16.4 were the first (MDN, Sec-Fetch-Mode); of Safari 16 most are 16.6. */
bool traffic_agent_sends_fetch_metadata(struct slice agent)
{
	long chrome = number_behind(agent, SLICE("Chrome/"));
	if (chrome >= 0)
		return chrome >= 80;
	long firefox = number_behind(agent, SLICE("Firefox/"));
	if (firefox >= 0)
		return firefox >= 90;
	return number_behind(agent, SLICE("Version/")) >= 16 || slice_contains(agent, SLICE("CriOS/"));
}
