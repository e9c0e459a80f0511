/* SPDX-License-Identifier: Apache-2.0 */
/* Each hit gathers points for what was seen around it, beside those for what it said of itself; from 80 on it is a
 * scanner, from 50 on nobody can tell and it is out of the headline. A burst is worth 90, so it decides alone: a person
 * cannot follow three different links within two seconds. So does a hit on the honeypot, which a person cannot even
 * see. Everything else needs company.
 *
 * Evidence (doc/judging.md): of 836 contacts whose links were all fetched within a second, a rule "clicked within 10 s
 * of sending" finds 0.5 %, one of 60 s 69 %, the burst all of them. An office behind one address looks like a scanner
 * only when five of its people come within a minute, each within seconds of delivery. */
#include "codec/judge/behaviour.h"

#include "codec/judge/verdict_score.h"
#include <stdarg.h>
#include <stdio.h>

enum { CONFIDENCE_MAX = 99, COVERAGE_LINKS_MIN = 5, QUICK_COVERAGE_LINKS_MIN = 3, STRANGERS_MIN = 3 };
enum {
	POINTS_HONEYPOT = 100,
	POINTS_BURST = 90,
	POINTS_COVERAGE = 60,
	POINTS_QUICK_COVERAGE = 90, /* of as many links as coverage takes: nobody looks at a page for two seconds */
	POINTS_FAN_OUT = 60,
	POINTS_NO_OPEN = 5,
	POINTS_OPEN_OF_SOURCE = 90,  /* the pixel, fetched by who then fetched all links */
	POINTS_CLICK_OF_SOURCE = 60, /* one more link, fetched by who fetched all of them */
	POINTS_HALF_SOURCE = 45,     /* the same network, or in the window the same agent: not enough alone */
	POINTS_NEAR_BURST = 20,
};
static const int64_t SECOND_US = 1000000;
static const int64_t BURST_US = BEHAVIOUR_BURST_MS * INT64_C(1000);
static const int64_t COVERAGE_US = 60000000;
static const int64_t QUICK_COVERAGE_US = 10000000;
static const int64_t NEAR_BURST_US = 120000000;

/* The codes that are given here; "early" by the first verdict too, which may not have known when it was delivered. */
static const struct slice OWN_CODES[] = {
    SLICE("burst"),      SLICE("coverage"),        SLICE("fan_out"),       SLICE("early"),
    SLICE("no_open"),    SLICE("burst_source"),    SLICE("burst_network"), SLICE("burst_agent"),
    SLICE("near_burst"), SLICE("honeypot_source"), SLICE("near_honeypot"),
};

/* Neighbouring hits that were one burst. */
struct burst {
	size_t first, last; /* hits; those between that are no evidence do not belong to it */
	uint32_t links;
};

struct judging {
	const struct behaviour_mail *mail;
	struct behaviour_hit *hits;
	size_t count;
	uint16_t link_rank[BEHAVIOUR_HITS_MAX]; /* the same number for the same link, from 0 */
	bool is_honeypot[BEHAVIOUR_HITS_MAX];
	bool in_burst[BEHAVIOUR_HITS_MAX];
	uint8_t coverage_points[BEHAVIOUR_HITS_MAX];
	uint16_t coverage_networks[BEHAVIOUR_HITS_MAX]; /* of sandboxes; 0: one source */
	struct burst bursts[BEHAVIOUR_HITS_MAX / 2];
	size_t burst_count;
};

/* What was seen of one hit. */
struct signs {
	uint32_t points;
	struct buf codes;
	char room[REASONS_MAX];
};

/* ---- Sources */

struct behaviour_source behaviour_source_of(const struct ip_address *address, struct slice user_agent)
{
	struct behaviour_source source = {0};
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a: a collision joins two agents, no more */
	bool is_v4 = address && ip_address_is_ipv4(address);
	for (size_t i = 0; address && i < (is_v4 ? 15u : 6u); i++)
		source.network = source.network << 8 | address->bytes[i];
	if (address && !is_v4)
		source.network |= UINT64_C(1) << 63; /* apart from all of IPv4 */
	for (size_t i = 0; i < user_agent.n; i++)
		hash = (hash ^ (uint8_t)user_agent.p[i]) * UINT64_C(0x100000001b3);
	if (user_agent.n)
		source.agent = hash | 1;
	return source;
}

static bool same_network(const struct behaviour_hit *a, const struct behaviour_hit *b)
{
	return a->source.network != 0 && a->source.network == b->source.network;
}

static bool same_agent(const struct behaviour_hit *a, const struct behaviour_hit *b)
{
	return a->source.agent != 0 && a->source.agent == b->source.agent;
}

/* ---- What a reason is about */

static struct slice code_of(struct slice reason)
{
	return slice_cut(&reason, ':');
}

static bool has_code(struct slice reasons, struct slice code)
{
	while (reasons.n)
		if (slice_equal(code_of(slice_cut(&reasons, ' ')), code))
			return true;
	return false;
}

static bool is_own(struct slice reason)
{
	struct slice code = code_of(reason);
	for (size_t i = 0; i < sizeof OWN_CODES / sizeof OWN_CODES[0]; i++)
		if (slice_equal(code, OWN_CODES[i]))
			return true;
	return false;
}

/* Not by the actor: an earlier look may have changed that, and the next one would judge another hit than the first did.
 * Of what a look is taken at, only an image proxy was named by its agent; all others that are named there are machines,
 * and what has no name looks like a mail client or a browser. */
static bool is_image_proxy(const struct behaviour_hit *hit)
{
	struct slice reasons = hit->reasons;
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		if (slice_equal(code_of(reason), SLICE("agent")))
			return !slice_equal(reason, SLICE("agent:unrecognised"));
	}
	return false;
}

bool behaviour_is_provisional(enum actor actor)
{
	return actor == ACTOR_HUMAN || actor == ACTOR_PROXY_HUMAN || actor == ACTOR_UNKNOWN;
}

bool behaviour_in_window(const struct behaviour_mail *mail, enum hit_kind kind, int64_t time_us)
{
	return mail->delivered_us != 0 && verdict_is_early(kind, (time_us - mail->delivered_us) / 1000);
}

/* ---- Bursts and coverage */

/* A browser that loads ahead, and a chat that shows a preview, fetch several links for one person; the honeypot is none
 * of the mail's links. */
static bool is_evidence(const struct judging *j, size_t i)
{
	const struct behaviour_hit *hit = &j->hits[i];
	return hit->kind == HIT_CLICK && hit->actor != ACTOR_PREFETCH && hit->actor != ACTOR_LINK_PREVIEW &&
	       !j->is_honeypot[i];
}

static void rank_links(struct judging *j)
{
	for (size_t i = 0; i < j->count; i++) {
		size_t k = 0;
		while (k < i && j->hits[k].link_index != j->hits[i].link_index)
			k++;
		j->link_rank[i] = k < i ? j->link_rank[k] : (uint16_t)i;
	}
}

/* A walk from `first` over the evidence that came within `reach_us` of it. */
struct walk {
	bool seen[BEHAVIOUR_HITS_MAX]; /* by rank of link */
	uint32_t links;
	size_t last;
	uint32_t covering_hits; /* it took to see all links of the mail for the first time; 0: it did not */
	size_t covered;         /* the last of those */
};

static void walk_from(const struct judging *j, size_t first, int64_t reach_us, bool of_one_source, struct walk *ret)
{
	const struct behaviour_hit *start = &j->hits[first];
	uint32_t hits = 0;
	*ret = (struct walk){.last = first};
	for (size_t i = first; i < j->count && j->hits[i].time_us - start->time_us <= reach_us; i++) {
		const struct behaviour_hit *hit = &j->hits[i];
		if (!is_evidence(j, i) || (of_one_source && !(same_network(hit, start) && same_agent(hit, start))))
			continue;
		hits++;
		ret->links += !ret->seen[j->link_rank[i]];
		ret->seen[j->link_rank[i]] = true;
		ret->last = i;
		if (ret->covering_hits || ret->links < j->mail->links)
			continue;
		ret->covering_hits = hits;
		ret->covered = i;
	}
}

static bool is_burst(const struct judging *j, uint32_t links)
{
	return links >= BEHAVIOUR_BURST_LINKS_MIN || (links >= 2 && links == j->mail->links);
}

static uint32_t count_links(const struct judging *j, const struct burst *burst)
{
	bool seen[BEHAVIOUR_HITS_MAX] = {false};
	uint32_t links = 0;
	for (size_t i = burst->first; i <= burst->last; i++) {
		links += j->in_burst[i] && !seen[j->link_rank[i]];
		seen[j->link_rank[i]] |= j->in_burst[i];
	}
	return links;
}

/* Those that overlap are one. */
static void add_burst(struct judging *j, size_t first, size_t last)
{
	struct burst *before = j->burst_count ? &j->bursts[j->burst_count - 1] : NULL;
	for (size_t i = first; i <= last; i++)
		j->in_burst[i] = is_evidence(j, i);
	if (!before || first > before->last)
		before = &j->bursts[j->burst_count++];
	else
		first = before->first;
	*before = (struct burst){.first = first, .last = last};
	before->links = count_links(j, before);
}

static void find_bursts(struct judging *j)
{
	struct walk walk;
	for (size_t i = 0; i < j->count; i++) {
		if (!is_evidence(j, i))
			continue;
		walk_from(j, i, BURST_US, false, &walk);
		if (is_burst(j, walk.links) && (!j->burst_count || walk.last > j->bursts[j->burst_count - 1].last))
			add_burst(j, i, walk.last);
	}
}

/* All links of a mail within `reach_us` of the first, too slowly for a burst. */
static void find_coverage_within(struct judging *j, int64_t reach_us, uint8_t points)
{
	struct walk walk;
	for (size_t i = 0; i < j->count; i++) {
		if (!is_evidence(j, i))
			continue;
		walk_from(j, i, reach_us, true, &walk);
		for (size_t k = i; walk.links >= j->mail->links && k <= walk.last; k++)
			if (is_evidence(j, k) && same_network(&j->hits[k], &j->hits[i]) &&
			    same_agent(&j->hits[k], &j->hits[i]) && j->coverage_points[k] < points)
				j->coverage_points[k] = points;
	}
}

static bool is_new_network(const struct judging *j, size_t first, size_t i)
{
	if (!is_evidence(j, i) || !j->hits[i].source.network)
		return false;
	for (size_t k = first; k < i; k++)
		if (is_evidence(j, k) && same_network(&j->hits[k], &j->hits[i]))
			return false;
	return true;
}

static uint16_t count_networks(const struct judging *j, size_t first, size_t last)
{
	uint16_t networks = 0;
	for (size_t i = first; i <= last; i++)
		networks += is_new_network(j, first, i);
	return networks;
}

/* All links of a mail, none twice before all were followed, from more networks than a person has within a minute: so
 * look sandboxes that begin a new machine for every page. What comes behind takes nothing back. */
static void find_strangers(struct judging *j)
{
	struct walk walk;
	for (size_t i = 0; i < j->count; i++) {
		if (!is_evidence(j, i))
			continue;
		walk_from(j, i, COVERAGE_US, false, &walk);
		if (walk.covering_hits != j->mail->links)
			continue;
		uint16_t networks = count_networks(j, i, walk.covered);
		for (size_t k = i; networks >= STRANGERS_MIN && k <= walk.covered; k++) {
			if (!is_evidence(j, k) || j->coverage_points[k] >= POINTS_COVERAGE)
				continue;
			j->coverage_points[k] = POINTS_COVERAGE;
			j->coverage_networks[k] = networks;
		}
	}
}

/* A person may go through a short mail quickly, and through a long one slowly. */
static void find_coverage(struct judging *j)
{
	if (j->mail->links < QUICK_COVERAGE_LINKS_MIN)
		return;
	bool is_long = j->mail->links >= COVERAGE_LINKS_MIN;
	find_coverage_within(j, QUICK_COVERAGE_US, is_long ? POINTS_QUICK_COVERAGE : POINTS_COVERAGE);
	if (is_long)
		find_coverage_within(j, COVERAGE_US, POINTS_COVERAGE);
	find_strangers(j);
}

/* ---- The signs of one hit */

static void __attribute__((format(printf, 3, 4))) add_sign(struct signs *s, uint32_t points, const char *format, ...)
{
	char text[96];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	s->points += points;
	buf_append_byte(&s->codes, ' ');
	buf_append_cstr(&s->codes, text);
}

static double seconds(int64_t us)
{
	return (double)us / (double)SECOND_US;
}

static const struct burst *burst_of(const struct judging *j, size_t i)
{
	for (size_t b = 0; j->in_burst[i] && b < j->burst_count; b++)
		if (i >= j->bursts[b].first && i <= j->bursts[b].last)
			return &j->bursts[b];
	return NULL;
}

static void see_burst(const struct judging *j, size_t i, struct signs *s)
{
	const struct burst *burst = burst_of(j, i);
	if (!burst)
		return;
	double length = seconds(j->hits[burst->last].time_us - j->hits[burst->first].time_us);
	j->hits[i].group = j->hits[burst->first].id;
	if (j->mail->links)
		add_sign(s, POINTS_BURST, "burst:links=%u,of=%u,seconds=%.1f", burst->links, j->mail->links, length);
	else
		add_sign(s, POINTS_BURST, "burst:links=%u,seconds=%.1f", burst->links, length);
}

/* How alike a hit and a burst are, and how far apart. */
struct likeness {
	bool source, network, agent; /* of one and the same hit of the burst; of any; of any */
	int64_t apart_us;            /* negative: the hit came before the burst's end */
};

static struct likeness compare(const struct judging *j, const struct burst *burst, const struct behaviour_hit *hit)
{
	struct likeness like = {0};
	int64_t before_us = j->hits[burst->first].time_us - hit->time_us;
	int64_t after_us = hit->time_us - j->hits[burst->last].time_us;
	like.apart_us = after_us > 0 ? after_us : before_us > 0 ? -before_us : 0;
	for (size_t i = burst->first; i <= burst->last; i++) {
		if (!j->in_burst[i])
			continue;
		bool network = same_network(&j->hits[i], hit);
		bool agent = same_agent(&j->hits[i], hit);
		like.network |= network;
		like.agent |= agent;
		like.source |= network && agent;
	}
	return like;
}

static void see_nearest(const struct likeness *like, const struct behaviour_hit *hit, bool in_window, struct signs *s)
{
	long apart_s = (long)(like->apart_us / SECOND_US);
	bool is_open = hit->kind == HIT_OPEN;
	bool is_before = is_open && like->apart_us <= 0 && !has_code(hit->reasons, SLICE("mail_client"));
	bool may_be_fetcher = is_before && in_window;
	if (like->source)
		add_sign(s, is_open ? POINTS_OPEN_OF_SOURCE : POINTS_CLICK_OF_SOURCE, "burst_source:seconds=%ld",
			 apart_s);
	else if (is_before && like->network)
		add_sign(s, POINTS_HALF_SOURCE, "burst_network:seconds=%ld", apart_s);
	else if (may_be_fetcher && like->agent)
		add_sign(s, POINTS_HALF_SOURCE, "burst_agent:seconds=%ld", apart_s);
	else if (may_be_fetcher)
		add_sign(s, POINTS_NEAR_BURST, "near_burst:seconds=%ld", apart_s);
}

static int rank_of(const struct likeness *like)
{
	return like->source ? 3 : like->network ? 2 : like->agent ? 1 : 0;
}

/* Of the bursts within two minutes the one that is most like it. */
static void see_neighbours(const struct judging *j, size_t i, bool in_window, struct signs *s)
{
	const struct behaviour_hit *hit = &j->hits[i];
	struct likeness best = {0};
	bool is_found = false;
	for (size_t b = 0; b < j->burst_count; b++) {
		struct likeness like = compare(j, &j->bursts[b], hit);
		if (like.apart_us > NEAR_BURST_US || like.apart_us < -NEAR_BURST_US)
			continue;
		if (!is_found || rank_of(&like) > rank_of(&best))
			best = like;
		is_found = true;
	}
	if (is_found)
		see_nearest(&best, hit, in_window, s);
}

/* ---- The honeypot: who followed a link that no person sees is a machine, and so is what came around it. Of this one
 * message and for this long only, never for a source as such. */

bool behaviour_is_honeypot(enum actor actor, struct slice reasons)
{
	return actor == ACTOR_SCANNER && has_code(reasons, SLICE("honeypot"));
}

static void find_honeypots(struct judging *j)
{
	for (size_t i = 0; i < j->count; i++)
		j->is_honeypot[i] =
		    j->hits[i].kind == HIT_CLICK && behaviour_is_honeypot(j->hits[i].actor, j->hits[i].reasons);
}

static bool is_within(int64_t apart_us, int64_t reach_s)
{
	return apart_us <= reach_s * SECOND_US && -apart_us <= reach_s * SECOND_US;
}

/* The image proxies of mailboxes run on their own networks, where no scanner does. */
static void see_honeypot(const struct judging *j, size_t i, struct signs *s)
{
	const struct behaviour_hit *hit = &j->hits[i];
	const char *code = NULL;
	int64_t apart_us = 0;
	if (is_image_proxy(hit))
		return;
	for (size_t k = 0; k < j->count; k++) {
		int64_t us = hit->time_us - j->hits[k].time_us;
		if (!j->is_honeypot[k] || !is_within(us, BEHAVIOUR_HONEYPOT_SOURCE_S))
			continue;
		bool is_source = same_network(hit, &j->hits[k]) && same_agent(hit, &j->hits[k]);
		if (!is_source && !is_within(us, BEHAVIOUR_HONEYPOT_S))
			continue;
		code = is_source ? "honeypot_source" : "near_honeypot";
		apart_us = us;
		if (is_source)
			break;
	}
	if (code)
		add_sign(s, POINTS_HONEYPOT, "%s:seconds=%ld", code, (long)(apart_us / SECOND_US));
}

/* What the first verdict saw and found too weak to decide. */
static void see_what_it_said(const struct behaviour_hit *hit, struct signs *s)
{
	struct slice reasons = hit->reasons;
	while (reasons.n)
		s->points += verdict_points_of(code_of(slice_cut(&reasons, ' ')));
}

bool behaviour_can_change_alone(const struct behaviour_mail *mail, const struct behaviour_hit *hit)
{
	struct signs said;
	if (!mail->delivered_us || behaviour_in_window(mail, hit->kind, hit->time_us))
		return true;
	said.points = hit->kind == HIT_CLICK ? POINTS_NO_OPEN : 0;
	see_what_it_said(hit, &said);
	return said.points >= SCORE_SUSPECT;
}

/* An image proxy and a mail client say who they are, and a browser that mail protection has sent on is a person's; how
 * soon they came says nothing more. */
static bool is_beyond_timing(const struct behaviour_hit *hit)
{
	return is_image_proxy(hit) || has_code(hit->reasons, SLICE("referer")) ||
	       (hit->kind == HIT_OPEN && has_code(hit->reasons, SLICE("mail_client")));
}

static void see_timing(const struct judging *j, size_t i, bool in_window, struct signs *s)
{
	const struct behaviour_hit *hit = &j->hits[i];
	if (is_beyond_timing(hit))
		return;
	if (in_window)
		add_sign(s, POINTS_EARLY, "early:seconds=%ld",
			 (long)((hit->time_us - j->mail->delivered_us) / SECOND_US));
	if (in_window && hit->fan_out >= BEHAVIOUR_FAN_OUT_MIN)
		add_sign(s, POINTS_FAN_OUT, "fan_out:recipients=%u", hit->fan_out);
	bool has_open = j->mail->first_open_us && j->mail->first_open_us <= hit->time_us;
	if (hit->kind == HIT_CLICK && s->points && !has_open)
		add_sign(s, POINTS_NO_OPEN, "no_open");
}

static void see_coverage(const struct judging *j, size_t i, struct signs *s)
{
	uint32_t links = j->mail->links;
	if (j->coverage_networks[i])
		add_sign(s, j->coverage_points[i], "coverage:links=%u,of=%u,networks=%u", links, links,
			 j->coverage_networks[i]);
	else if (j->coverage_points[i])
		add_sign(s, j->coverage_points[i], "coverage:links=%u,of=%u", links, links);
}

static void see_all(const struct judging *j, size_t i, struct signs *s)
{
	struct behaviour_hit *hit = &j->hits[i];
	bool in_window = behaviour_in_window(j->mail, hit->kind, hit->time_us);
	see_what_it_said(hit, s);
	see_honeypot(j, i, s);
	see_burst(j, i, s);
	if (!j->in_burst[i] && !is_image_proxy(hit))
		see_neighbours(j, i, in_window, s);
	see_coverage(j, i, s);
	see_timing(j, i, in_window, s);
}

/* ---- The verdict */

/* By these others know what kind of a row it is; they must not go for want of room. */
static bool is_mark(struct slice reason)
{
	static const struct slice MARKS[] = {SLICE("consent"), SLICE("duplicate"), SLICE("provider"),
					     SLICE("provider_says")};
	struct slice code = code_of(reason);
	for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++)
		if (slice_equal(code, MARKS[i]))
			return true;
	return false;
}

static size_t room_of_marks(struct slice reasons)
{
	size_t room = 0;
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		room += is_mark(reason) ? reason.n + 1 : 0;
	}
	return room;
}

static void put_reasons(struct verdict *v, struct slice first, struct slice seen)
{
	struct buf b;
	buf_init_fixed(&b, v->reasons, sizeof v->reasons - 1);
	size_t marks = room_of_marks(first);
	while (first.n) {
		struct slice reason = slice_cut(&first, ' ');
		size_t reserved = is_mark(reason) ? 0 : marks;
		if (!reason.n || is_own(reason) || b.n + reason.n + 1 + reserved + seen.n > sizeof v->reasons - 1)
			continue;
		marks -= is_mark(reason) ? reason.n + 1 : 0;
		if (b.n)
			buf_append_byte(&b, ' ');
		buf_append(&b, reason);
	}
	buf_append(&b, b.n ? seen : slice_trim(seen));
	v->reasons[b.n] = '\0';
}

static void decide(struct behaviour_hit *hit, const struct signs *s)
{
	enum actor actor = s->points >= SCORE_SCANNER ? ACTOR_SCANNER : ACTOR_UNKNOWN;
	if (s->points < SCORE_SUSPECT || actor == hit->actor)
		return;
	uint32_t confidence = actor == ACTOR_UNKNOWN ? SCORE_SUSPECT : s->points;
	hit->is_changed = true;
	hit->verdict = (struct verdict){.actor = actor};
	hit->verdict.confidence_percent = (uint8_t)(confidence < CONFIDENCE_MAX ? confidence : CONFIDENCE_MAX);
	put_reasons(&hit->verdict, hit->reasons, buf_slice(&s->codes));
}

static void judge_one(const struct judging *j, size_t i)
{
	struct signs s;
	s.points = 0;
	buf_init_fixed(&s.codes, s.room, sizeof s.room);
	see_all(j, i, &s);
	decide(&j->hits[i], &s);
}

void behaviour_judge(const struct behaviour_mail *mail, struct behaviour_hit *hits, size_t count)
{
	struct judging j;
	memset(&j, 0, sizeof j);
	j.mail = mail;
	j.hits = hits;
	j.count = count < BEHAVIOUR_HITS_MAX ? count : BEHAVIOUR_HITS_MAX;
	for (size_t i = 0; i < count; i++) {
		hits[i].is_changed = false;
		hits[i].group = (struct uuid){{0}};
	}
	rank_links(&j);
	find_honeypots(&j);
	find_bursts(&j);
	find_coverage(&j);
	for (size_t i = 0; i < j.count; i++)
		if (behaviour_is_provisional(hits[i].actor) && hits[i].kind != HIT_UNSUBSCRIBE)
			judge_one(&j, i);
}
