/* SPDX-License-Identifier: Apache-2.0 */
/* Time goes in steps: the hits of a step are applied, then what is due is settled, as the writer does once a second. So
 * what is remembered for minutes only is as old as it would be in life. A commit comes once in thousands of hits:
 * nothing here is to survive a crash. */
#include "simulator/traffic_replay.h"

#include "engine/apply/apply.h"
#include "engine/judge/settle.h"
#include "engine/ledger/record.h"
#include "simulator/bench_store.h"

#include "base/map.h"
#include <stdio.h>

enum { NODE = 1, COMMIT_HITS = 4096, CHECKPOINT_PAGES = 4000, SETTLED_AT_ONCE = 256, EVENT_PAGE = 1000 };
static const int64_t STEP_US = 5000000;
static const int64_t DAY_US = INT64_C(86400000000);

struct replay {
	const struct traffic_hit *hits;
	const struct traffic_mail *mails;
	size_t hit_count, mail_count;
	size_t done; /* hits that are applied */
	struct bench_store at;
	struct apply *apply;
	struct batch *batch;
	struct err *err;
};

static struct uuid message_id(uint32_t n)
{
	struct uuid id = {{0x01, 0x92, 0, 0, 0, 0, 0x70, 0, 0x80}};
	for (int i = 0; i < 4; i++)
		id.bytes[15 - i] = (uint8_t)(n >> (8 * i));
	return id;
}

/* ---- Messages */

static enum status add_message(struct replay *r, uint32_t n)
{
	const struct traffic_mail *mail = &r->mails[n];
	char address[64];
	char campaign[32];
	(void)snprintf(address, sizeof address, "contact-%u@company-%u.example", mail->contact, mail->company);
	(void)snprintf(campaign, sizeof campaign, "campaign-%u", mail->campaign);
	struct message m = {
	    .id = message_id(n),
	    .tenant = r->at.tenant,
	    .state = MESSAGE_SENT,
	    .created_us = mail->sent_us,
	    .send_at_us = mail->sent_us,
	    .sent_us = mail->sent_us,
	    .cohort_day = (int32_t)(mail->sent_us / DAY_US),
	    .stream = SLICE("bulk"),
	    .provider = SLICE("smtp"),
	    .from_email = SLICE("sales@agency.example"),
	    .to_email = slice_from_cstr(address),
	    .subject = SLICE("Spring sale"),
	    .contact_id = slice_from_cstr(address),
	    .campaign_id = slice_from_cstr(campaign),
	    .position = -1,
	    .measures_opens = true,
	    .measures_clicks = true,
	    .track_opens = CONSENT_FULL,
	    .track_clicks = CONSENT_FULL,
	    .key_id = 1,
	    .link_count = mail->links,
	};
	return store_message_add(r->at.session, &m, r->err);
}

static enum status add_messages(struct replay *r)
{
	enum status status = store_begin(r->at.session, r->err);
	for (uint32_t n = 0; status == STATUS_OK && n < r->mail_count; n++)
		status = add_message(r, n);
	return status == STATUS_OK ? store_commit(r->at.session, r->err) : status;
}

/* ---- Hits */

static enum status apply_hit_at(struct replay *r, size_t i)
{
	const struct traffic_hit *hit = &r->hits[i];
	char room[RECORD_PAYLOAD_MAX + 1];
	struct buf payload;
	struct hit_record record = {
	    .kind = hit->kind,
	    .is_head = hit->is_head,
	    .key_id = 1,
	    .consent = LINK_TOKEN_CONSENT_FULL,
	    .tenant = r->at.tenant,
	    .message = message_id(hit->mail),
	    .link_index = hit->link,
	    .destination = hit->kind == HIT_CLICK ? SLICE("https://www.example.com/spring/sale") : SLICE_EMPTY,
	    .client = hit->client,
	    .user_agent = hit->agent,
	    .referer = hit->referer,
	    .accept_language = hit->has_accept_language ? SLICE("en") : SLICE_EMPTY,
	    .has_sec_fetch = hit->has_sec_fetch,
	    .is_https = r->mails[hit->mail].is_https,
	};
	buf_init_fixed(&payload, room, sizeof room);
	record_put_hit(&payload, &record);
	struct journal_record entry = {
	    .sequence = i + 1, .time_us = hit->time_us, .type = RECORD_HIT, .payload = buf_slice(&payload)};
	return apply_record(r->apply, r->batch, &entry, r->err);
}

static enum status apply_until(struct replay *r, int64_t until_us)
{
	enum status status = STATUS_OK;
	while (status == STATUS_OK && r->done < r->hit_count && r->hits[r->done].time_us < until_us)
		status = apply_hit_at(r, r->done++);
	return status == STATUS_OK ? batch_finish(r->batch, r->err) : status;
}

static enum status settle_some(struct replay *r, int64_t until_us, size_t *ret_count)
{
	struct timer_take some = {TIMER_SETTLE, until_us, SETTLED_AT_ONCE};
	struct timer_list due = {0};
	enum status status = store_timer_take(r->at.session, &some, batch_arena(r->batch), &due, r->err);
	for (size_t i = 0; status == STATUS_OK && i < due.n; i++) {
		status = settler_settle(apply_settler(r->apply), r->batch, &due.at[i], r->err);
		if (status == STATUS_OK)
			status = batch_finish(r->batch, r->err);
	}
	*ret_count = due.n;
	return status;
}

static enum status settle_until(struct replay *r, int64_t until_us)
{
	enum status status;
	size_t count;
	do
		status = settle_some(r, until_us, &count);
	while (status == STATUS_OK && count == SETTLED_AT_ONCE);
	return status;
}

/* The end of the next step in which something happens; 0: nothing is left. */
static enum status next_step(struct replay *r, int64_t *ret_us)
{
	int64_t due_us = 0;
	enum status status = store_timer_next(r->at.session, TIMER_SETTLE, &due_us, r->err);
	int64_t next_us = r->done < r->hit_count ? r->hits[r->done].time_us : 0;
	if (!next_us || (due_us && due_us < next_us))
		next_us = due_us;
	*ret_us = next_us ? (next_us / STEP_US + 1) * STEP_US : 0;
	return status;
}

/* Steps until enough was applied for a commit. */
static enum status run_steps(struct replay *r, bool *ret_is_done)
{
	size_t until = r->done + COMMIT_HITS;
	enum status status = STATUS_OK;
	*ret_is_done = false;
	while (status == STATUS_OK && r->done < until) {
		int64_t step_us;
		status = next_step(r, &step_us);
		if (status == STATUS_OK && !step_us) {
			*ret_is_done = true;
			return STATUS_OK;
		}
		batch_reset(r->batch, step_us);
		if (status == STATUS_OK)
			status = apply_until(r, step_us);
		if (status == STATUS_OK)
			status = settle_until(r, step_us);
	}
	return status;
}

static enum status run_all(struct replay *r, const struct traffic_progress *progress)
{
	bool is_done = false;
	enum status status = STATUS_OK;
	while (status == STATUS_OK && !is_done) {
		status = store_begin(r->at.session, r->err);
		if (status == STATUS_OK)
			status = run_steps(r, &is_done);
		if (status == STATUS_OK)
			status = store_commit(r->at.session, r->err);
		if (status == STATUS_OK)
			status = store_checkpoint(r->at.session, CHECKPOINT_PAGES, r->err);
		if (progress->tell)
			progress->tell(progress->user, r->done, r->hit_count);
	}
	return status;
}

/* ---- What came of it */

/* Events stand in the order of their records. What has none was a HEAD, which nobody counts, or a repeat, which is a
 * number on the row of the hit before it. */
static void take_event(const struct replay *r, const struct event *event, size_t *at, struct traffic_opinion *opinions)
{
	while (*at < r->hit_count && !uuid_equal(event->id, uuid_of_record(r->hits[*at].time_us, NODE, *at + 1)))
		++*at;
	if (*at < r->hit_count)
		opinions[(*at)++] = (struct traffic_opinion){event->actor, event->is_duplicate};
}

/* A repeat is taken for what the hit before it was taken for. */
static void take_repeats(const struct replay *r, struct traffic_opinion *opinions)
{
	struct map *last = map_new();
	for (size_t i = 0; i < r->hit_count; i++) {
		const struct traffic_hit *hit = &r->hits[i];
		struct {
			uint64_t mail, link, kind;
			struct ip_address client;
		} key = {hit->mail, hit->kind == HIT_CLICK ? hit->link : 0, hit->kind, hit->client};
		struct slice bytes = slice_of(&key, sizeof key);
		const struct traffic_opinion *before = map_get(last, bytes);
		if (!opinions[i].is_duplicate)
			(void)map_put(last, bytes, &opinions[i]);
		else if (!hit->is_head && before)
			opinions[i].actor = before->actor;
	}
	map_free(&last);
}

static enum status read_opinions(struct replay *r, struct traffic_opinion *opinions)
{
	struct arena *arena = arena_new();
	struct event_filter filter = {.tenant = r->at.tenant,
				      .types = 1u << EVENT_OPEN | 1u << EVENT_CLICK,
				      .oldest_first = true,
				      .limit = EVENT_PAGE};
	enum status status = STATUS_OK;
	size_t count = EVENT_PAGE;
	size_t at = 0;
	for (size_t i = 0; i < r->hit_count; i++)
		opinions[i] = (struct traffic_opinion){.actor = ACTOR_SCANNER, .is_duplicate = true};
	while (status == STATUS_OK && count == EVENT_PAGE) {
		struct event *events = NULL;
		arena_reset(arena);
		count = 0;
		status = store_event_list(r->at.session, &filter, arena, &events, &count, r->err);
		for (size_t i = 0; i < count; i++)
			take_event(r, &events[i], &at, opinions);
		if (count)
			filter.after_position = events[count - 1].position;
	}
	take_repeats(r, opinions);
	arena_free(&arena);
	return status;
}

static enum status read_headline(struct replay *r, struct traffic_headline *ret)
{
	int64_t values[STAT_COUNT];
	struct stats_query query = {.tenant = r->at.tenant, .to_day = INT32_MAX};
	enum status status = store_stats_sum(r->at.session, &query, values, r->err);
	if (status == STATUS_OK)
		*ret = (struct traffic_headline){
		    .opens = values[STAT_OPENS_HUMAN] + values[STAT_OPENS_PROXY],
		    .unique_opens = values[STAT_OPENS_UNIQUE],
		    .clicks = values[STAT_CLICKS_HUMAN],
		    .unique_clicks = values[STAT_CLICKS_UNIQUE],
		};
	return status;
}

enum status traffic_replay(const struct traffic_population *population, const struct traffic_progress *progress,
			   struct traffic_opinion *ret_opinions, struct traffic_headline *ret_headline, struct err *err)
{
	struct replay r = {.err = err};
	r.hits = traffic_population_hits(population, &r.hit_count);
	r.mails = traffic_population_mails(population, &r.mail_count);
	enum status status = bench_store_open(&r.at, r.mails[0].sent_us, err);
	if (status == STATUS_OK) {
		r.batch = batch_new(r.at.session);
		r.apply = apply_new(&(struct apply_config){.node = NODE, .keys = r.at.keys, .clock = clock_system()});
		status = add_messages(&r);
	}
	if (status == STATUS_OK)
		status = run_all(&r, progress);
	if (status == STATUS_OK)
		status = read_opinions(&r, ret_opinions);
	if (status == STATUS_OK)
		status = read_headline(&r, ret_headline);
	apply_free(&r.apply);
	batch_free(&r.batch);
	bench_store_close(&r.at);
	return status;
}
