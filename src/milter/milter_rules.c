/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a mail is ours is asked first, so that no list of senders can bring in what came from the world. Rules see
 * envelope and headers only: most mail that passes a server is not to be tracked, and its body need not be collected
 * to know that. */
#include "milter/milter_rules.h"

struct pattern_list {
	struct slice *items;
	size_t count;
};

struct milter_rules {
	struct pattern_list senders, skip_senders, daemons;
	struct ip_address_range *networks;
	size_t network_count;
	bool require_header;
	size_t size_max;
};

/* ---- Reading the lists */

static size_t count_items(struct slice list)
{
	size_t count = 1;
	for (size_t i = 0; i < list.n; i++)
		count += list.p[i] == ',';
	return count;
}

static void read_patterns(const char *text, struct arena *arena, struct pattern_list *ret)
{
	struct slice list = arena_copy(arena, slice_from_cstr(text));
	ret->items = arena_alloc_array(arena, count_items(list), sizeof *ret->items);
	ret->count = 0;
	while (list.n) {
		struct slice item = slice_trim(slice_cut(&list, ','));
		if (item.n)
			ret->items[ret->count++] = item;
	}
}

/* Read once, at the start, so that a mistake in the configuration is said before any mail passes. */
static enum status read_networks(const char *text, struct arena *arena, struct milter_rules *rules, struct err *err)
{
	struct pattern_list list;
	read_patterns(text, arena, &list);
	rules->networks = arena_alloc_array(arena, list.count, sizeof *rules->networks);
	for (size_t i = 0; i < list.count; i++)
		if (!ip_address_range_parse(list.items[i], &rules->networks[rules->network_count++]))
			return err_set(err, STATUS_BAD_INPUT,
				       "milter.networks: '%.*s' is no address or prefix such as 10.0.0.0/8",
				       SLICE_FMT(slice_sub(list.items[i], 0, 60)));
	return STATUS_OK;
}

enum status milter_rules_new(const struct milter_rules_config *config, struct arena *arena, struct milter_rules **ret,
			     struct err *err)
{
	struct milter_rules *rules = ARENA_NEW(arena, struct milter_rules);
	read_patterns(config->senders, arena, &rules->senders);
	read_patterns(config->skip_senders, arena, &rules->skip_senders);
	read_patterns(config->daemons, arena, &rules->daemons);
	rules->require_header = config->require_header;
	rules->size_max = config->size_max;
	enum status status = read_networks(config->networks, arena, rules, err);
	if (status == STATUS_OK)
		*ret = rules;
	return status;
}

size_t milter_rules_size_max(const struct milter_rules *rules)
{
	return rules->size_max;
}

/* ---- Judging */

/* "*" stands for any characters, also none. Goes back to the last star only, so at worst n * m steps. */
static bool matches(struct slice pattern, struct slice text)
{
	size_t p = 0, t = 0, star = pattern.n, after = 0;
	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			after = t;
		} else if (p < pattern.n &&
			   slice_equal_nocase(slice_sub(pattern, p, p + 1), slice_sub(text, t, t + 1))) {
			p++;
			t++;
		} else if (star < pattern.n) {
			p = star + 1;
			t = ++after;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* A pattern with an "@" is held against the whole address, another one against the domain. */
static bool matches_sender(const struct pattern_list *list, struct slice address)
{
	struct slice domain = address;
	while (slice_index(domain, '@') < domain.n)
		domain = slice_from(domain, slice_index(domain, '@') + 1);
	for (size_t i = 0; address.n && i < list->count; i++) {
		struct slice pattern = list->items[i];
		bool is_whole = slice_index(pattern, '@') < pattern.n;
		if (matches(pattern, is_whole ? address : domain))
			return true;
	}
	return false;
}

/* Either of the two says who the sender is: an envelope sender is often made for bounces (VERP). */
static bool is_from(const struct pattern_list *list, const struct milter_subject *subject)
{
	return matches_sender(list, subject->header_from) || matches_sender(list, subject->envelope_from);
}

static bool is_ours(const struct milter_rules *rules, const struct milter_subject *subject)
{
	if (subject->is_signed_in || !subject->client ||
	    ip_address_in_any(subject->client, rules->networks, rules->network_count))
		return true;
	for (size_t i = 0; i < rules->daemons.count; i++)
		if (slice_equal_nocase(rules->daemons.items[i], subject->daemon))
			return true;
	return false;
}

enum milter_verdict milter_rules_judge(const struct milter_rules *rules, const struct milter_subject *subject)
{
	if (subject->is_own)
		return MILTER_OWN;
	if (!is_ours(rules, subject))
		return MILTER_NOT_OURS;
	if (!subject->envelope_from.n)
		return MILTER_NULL_SENDER;
	if (is_from(&rules->skip_senders, subject) || (rules->senders.count && !is_from(&rules->senders, subject)))
		return MILTER_SENDER;
	if (rules->require_header && !subject->has_header)
		return MILTER_NO_HEADER;
	return MILTER_TRACK;
}
