/* SPDX-License-Identifier: Apache-2.0 */
/* Two generations of a map: the young one takes what comes; when it has covered the reach of a question, or is full, it
 * becomes the old one and the old one is dropped. A question is asked two minutes after its hit; but while a backlog is
 * applied the hits of a whole transaction are noted before the questions about the first of them, so a generation lasts
 * half an hour where it is not full before.
 *
 * The key is (tenant, source, domain, minute) and not the source alone: what follows a machine's visit at another
 * company or in another hour then never pushes out what is asked about, and a question looks at three entries. A
 * recipient is kept as a hash; whether there are five different ones is all that anybody asks. */
#include "engine/judge/fan_out.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"

enum { KEY_MAX = 320 };
static const int64_t REACH_US = BEHAVIOUR_FAN_OUT_REACH_S * INT64_C(1000000);
static const int64_t GENERATION_US = INT64_C(1800000000);

/* From when to when a source was at a recipient. */
struct stay {
	uint64_t recipient;
	int64_t first_us, last_us;
};
/* What one source did at one domain in one minute: the first recipients are enough. */
struct visits {
	struct stay at[FAN_OUT_RECIPIENTS_MAX];
	uint32_t n;
};

struct generation {
	struct map *visits; /* key -> struct visits */
	struct arena *arena;
	int64_t since_us;
};

struct fan_out {
	struct generation young, old;
	int64_t generation_us; /* how long one lasts */
	size_t visits_max;     /* of one */
	int64_t begun_us;      /* INT64_MAX: nothing was noted yet */
	bool has_forgotten;    /* a generation was dropped */
};

static void generation_open(struct generation *g)
{
	g->visits = map_new();
	g->arena = arena_new();
}

static void generation_close(struct generation *g)
{
	map_free(&g->visits);
	arena_free(&g->arena);
}

struct fan_out *fan_out_new(void)
{
	struct fan_out *f = MEM_NEW(struct fan_out);
	f->generation_us = GENERATION_US;
	f->visits_max = FAN_OUT_VISITS_MAX / 2;
	f->begun_us = INT64_MAX;
	generation_open(&f->young);
	generation_open(&f->old);
	return f;
}

struct fan_out *fan_out_new_for_history(void)
{
	struct fan_out *f = fan_out_new();
	f->generation_us = FAN_OUT_HISTORY_S * INT64_C(1000000);
	f->visits_max *= 4;
	return f;
}

void fan_out_free(struct fan_out **fan_out)
{
	if (!*fan_out)
		return;
	generation_close(&(*fan_out)->young);
	generation_close(&(*fan_out)->old);
	mem_free(*fan_out);
	*fan_out = NULL;
}

/* Lower case, of ASCII. */
static void append_lower(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_append_byte(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + ('a' - 'A')) : s.p[i]);
}

static struct slice domain_of(struct slice address)
{
	for (size_t i = address.n; i > 0; i--)
		if (address.p[i - 1] == '@')
			return slice_from(address, i);
	return SLICE_EMPTY;
}

static int64_t minute_of(int64_t time_us)
{
	return time_us / REACH_US;
}

/* Empty: there is nothing to compare. */
static struct slice key_of(const struct fan_out_hit *hit, int64_t minute, char room[KEY_MAX])
{
	struct buf key;
	struct slice domain = domain_of(hit->recipient);
	buf_init_fixed(&key, room, KEY_MAX);
	if (!hit->source.network || !hit->source.agent || !domain.n)
		return SLICE_EMPTY;
	wire_put_u32(&key, hit->tenant);
	wire_put_u64(&key, (uint64_t)minute);
	wire_put_u64(&key, hit->source.network);
	wire_put_u64(&key, hit->source.agent);
	append_lower(&key, domain);
	return buf_failed(&key) ? SLICE_EMPTY : buf_slice(&key);
}

static uint64_t name_of(struct slice recipient)
{
	return behaviour_source_of(NULL, recipient).agent; /* a hash is all it is */
}

static void turn_over(struct fan_out *f, int64_t time_us)
{
	struct generation dropped = f->old;
	if (map_count(f->young.visits) == 0)
		f->young.since_us = time_us;
	if (time_us - f->young.since_us <= f->generation_us && map_count(f->young.visits) < f->visits_max)
		return;
	/* Whoever asks is told how far back it can be believed (fan_out_since_us), and reads history for what lies
	 * before. */
	f->has_forgotten |= map_count(dropped.visits) > 0;
	f->old = f->young;
	f->young = dropped;
	f->young.since_us = time_us;
	map_clear(f->young.visits);
	arena_reset(f->young.arena);
}

static void add_visit(struct visits *v, uint64_t recipient, int64_t time_us)
{
	uint32_t i = 0;
	while (i < v->n && v->at[i].recipient != recipient)
		i++;
	if (i == FAN_OUT_RECIPIENTS_MAX)
		return;
	struct stay *stay = &v->at[i];
	if (i == v->n) {
		v->n++;
		*stay = (struct stay){recipient, time_us, time_us};
	}
	stay->first_us = time_us < stay->first_us ? time_us : stay->first_us;
	stay->last_us = time_us > stay->last_us ? time_us : stay->last_us;
}

void fan_out_note(struct fan_out *fan_out, const struct fan_out_hit *hit)
{
	char room[KEY_MAX];
	struct slice key = key_of(hit, minute_of(hit->time_us), room);
	if (!key.n)
		return;
	if (fan_out->begun_us == INT64_MAX)
		fan_out->begun_us = hit->time_us;
	turn_over(fan_out, hit->time_us);
	struct visits *v = map_get(fan_out->young.visits, key);
	if (!v) {
		v = ARENA_NEW(fan_out->young.arena, struct visits);
		(void)map_put(fan_out->young.visits, key, v);
	}
	add_visit(v, name_of(hit->recipient), hit->time_us);
}

void fan_out_begin(struct fan_out *fan_out, int64_t from_us)
{
	fan_out->begun_us = from_us;
}

int64_t fan_out_since_us(const struct fan_out *fan_out)
{
	bool is_cut = fan_out->has_forgotten && fan_out->old.since_us > fan_out->begun_us;
	return is_cut ? fan_out->old.since_us : fan_out->begun_us;
}

/* ---- Counting */

/* Three minutes, each perhaps split between the generations, of two memories. */
struct stays {
	struct stay at[2 * 6 * FAN_OUT_RECIPIENTS_MAX];
	size_t n;
};

static void join(struct stays *stays, const struct stay *stay)
{
	size_t i = 0;
	while (i < stays->n && stays->at[i].recipient != stay->recipient)
		i++;
	struct stay *joined = &stays->at[i];
	if (i == stays->n) {
		stays->n++;
		*joined = *stay;
	}
	joined->first_us = stay->first_us < joined->first_us ? stay->first_us : joined->first_us;
	joined->last_us = stay->last_us > joined->last_us ? stay->last_us : joined->last_us;
}

static void join_all(struct stays *stays, const struct visits *v, int64_t time_us)
{
	for (uint32_t i = 0; v && i < v->n; i++)
		if (v->at[i].last_us >= time_us - REACH_US && v->at[i].first_us <= time_us + REACH_US)
			join(stays, &v->at[i]);
}

static void sort_by_end(struct stays *stays)
{
	for (size_t i = 1; i < stays->n; i++) {
		struct stay stay = stays->at[i];
		size_t to = i;
		for (; to > 0 && stays->at[to - 1].last_us > stay.last_us; to--)
			stays->at[to] = stays->at[to - 1];
		stays->at[to] = stay;
	}
}

/* Interval scheduling by earliest end, which is optimal. As many as there can be without two at the same time: always
 * the one that ends first of those that begin later. */
static uint32_t count_apart(struct stays *stays)
{
	uint32_t count = 0;
	int64_t since_us = INT64_MIN;
	sort_by_end(stays);
	for (size_t i = 0; i < stays->n; i++) {
		if (stays->at[i].first_us < since_us)
			continue;
		since_us = stays->at[i].last_us;
		count++;
	}
	return count;
}

static void join_both(struct stays *stays, const struct fan_out *fan_out, struct slice key, int64_t time_us)
{
	join_all(stays, map_get(fan_out->old.visits, key), time_us);
	join_all(stays, map_get(fan_out->young.visits, key), time_us);
}

uint32_t fan_out_count(const struct fan_out *fan_out, const struct fan_out *also, const struct fan_out_hit *hit)
{
	char room[KEY_MAX];
	struct stays stays;
	stays.n = 0;
	for (int64_t minute = minute_of(hit->time_us) - 1; minute <= minute_of(hit->time_us) + 1; minute++) {
		struct slice key = key_of(hit, minute, room);
		if (!key.n)
			return 0;
		join_both(&stays, fan_out, key, hit->time_us);
		if (also)
			join_both(&stays, also, key, hit->time_us);
	}
	return count_apart(&stays);
}

/* ---- From the store */

void fan_out_note_visit(struct fan_out *fan_out, const struct past_visit *visit)
{
	struct ip_address address;
	struct behaviour_mail mail = {.delivered_us = visit->delivered_us};
	enum hit_kind kind = visit->is_click ? HIT_CLICK : HIT_OPEN;
	if (!ip_address_parse(visit->ip, &address) || !behaviour_in_window(&mail, kind, visit->time_us))
		return;
	struct fan_out_hit hit = {.tenant = visit->tenant,
				  .recipient = visit->recipient,
				  .source = behaviour_source_of(&address, visit->user_agent),
				  .time_us = visit->time_us};
	fan_out_note(fan_out, &hit);
}
