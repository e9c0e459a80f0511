/* SPDX-License-Identifier: Apache-2.0 */
/* A file of a few agents is gone through several times a pass, or the clock would measure itself. For whoever has no
 * file, the sample has agents that different rules decide about. */
#include "prog/bench/bench_agents.h"

#include "base/mem.h"
#include "codec/judge/verdict.h"
#include "prog/show/input_file.h"
#include <stdio.h>

enum { FILE_MAX = 64 << 20, PASS_AGENTS_MIN = 1000 };

static const struct slice SAMPLE[] = {
    SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"),
    SLICE("Mozilla/5.0"),
    SLICE("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	  "Mobile/15E148"),
    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 "
	  "Safari/537.36"),
    SLICE("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/8.0; Microsoft Outlook 16.0.6366; "
	  "ms-office; MSOffice 16)"),
    SLICE("python-requests/2.32.3"),
};

/* Which column has the agents; 0 as well when it is no head. */
static size_t column_of_head(struct slice line, bool *ret_is_head)
{
	*ret_is_head = false;
	for (size_t column = 0; line.n; column++) {
		if (slice_equal(slice_cut(&line, '\t'), SLICE("ua"))) {
			*ret_is_head = true;
			return column;
		}
	}
	return 0;
}

static void add(struct bench_agents *agents, struct slice agent)
{
	agents->agents[agents->count++] = agent;
	agents->bytes += agent.n;
}

static void add_lines(struct bench_agents *agents, struct slice text)
{
	struct slice head = text;
	bool is_head;
	size_t lines = 1;
	size_t column = column_of_head(slice_trim(slice_cut(&head, '\n')), &is_head);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	agents->agents = mem_alloc_array(lines, sizeof *agents->agents);
	text = is_head ? head : text;
	while (text.n) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		for (size_t i = 0; i < column; i++)
			(void)slice_cut(&line, '\t');
		struct slice agent = is_head ? slice_cut(&line, '\t') : line;
		if (agent.n)
			add(agents, agent);
	}
}

static void add_sample(struct bench_agents *agents)
{
	size_t count = sizeof SAMPLE / sizeof SAMPLE[0];
	agents->agents = mem_alloc_array(count, sizeof *agents->agents);
	for (size_t i = 0; i < count; i++)
		add(agents, SAMPLE[i]);
}

bool bench_agents_read(const char *path, struct bench_agents *ret)
{
	*ret = (struct bench_agents){.count = 0};
	buf_init(&ret->text, FILE_MAX);
	if (!path)
		add_sample(ret);
	else if (!input_file_read("bench", path, &ret->text))
		return false;
	else
		add_lines(ret, buf_slice(&ret->text));
	if (!ret->count)
		(void)fprintf(stderr, "pugmark bench: %s has no agent in it\n", path);
	else
		ret->repeats = (PASS_AGENTS_MIN + ret->count - 1) / ret->count;
	return ret->count > 0;
}

void bench_agents_done(struct bench_agents *agents)
{
	mem_free(agents->agents);
	buf_done(&agents->text);
}

bool bench_agents_judge(void *user)
{
	static const enum hit_kind KINDS[BENCH_HITS_PER_AGENT] = {HIT_OPEN, HIT_CLICK};
	struct bench_agents *agents = user;
	struct hit_signals hit = {.has_client = true,
				  .has_delivery_age = true,
				  .delivery_age_ms = 20 * 1000,
				  .headers_are_known = true,
				  .has_accept_language = true,
				  .is_https = true};
	if (!ip_address_parse(SLICE("203.0.113.7"), &hit.client))
		return false;
	for (size_t i = 0; i < agents->count * agents->repeats; i++) {
		hit.user_agent = agents->agents[i % agents->count];
		for (size_t k = 0; k < BENCH_HITS_PER_AGENT; k++) {
			struct verdict verdict;
			hit.kind = KINDS[k];
			verdict_judge(&hit, &verdict);
			agents->people += actor_is_counted(verdict.actor);
		}
	}
	return true;
}
