/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever comes in whatever order, the sums are those of the events. Each seed is a story of its own: people,
 * machines, providers that tell late, deliveries that are told later still, older rules, new rules, erasure, pruning,
 * settings that change, rollbacks and starts. Records are applied without a writer's thread, so that a seed always
 * tells the same story; the seed and the step of a failure are printed first. SEEDS and STEPS in the environment make
 * it longer. */
#include "world.h"

#include "base/mem.h"
#include "base/random.h"
#include "engine/apply/unsubscription.h"
#include "engine/judge/correction.h"
#include "engine/judge/rejudge.h"
#include "engine/judge/second_look.h"
#include "engine/judge/settle.h"
#include "store/people/contacts.h"
#include "store/people/erasure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
enum { MESSAGES = 6, QUEUED = 3, RECORDS_MAX = 8, SEEDS = 4, STEPS = 120 };

static const struct slice AGENTS[] = {
    SLICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
	  "Safari/537.36"),
    SLICE("Mozilla/5.0 (X11; Linux x86_64; rv:24.0) Gecko/20100101 Thunderbird/24.2.0"),
    SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"),
    SLICE("Mozilla/5.0"),
    SLICE("curl/8.0"),
    SLICE("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
    SLICE(""),
};
static const char *const CLIENTS[] = {"203.0.113.7", "192.0.2.77", "198.51.100.9",
				      "2001:db8::7", "17.58.1.1",  "40.94.1.1"};

struct record {
	uint8_t type;
	int64_t time_us;
	struct slice payload;
};

struct story {
	struct world w;
	struct prng prng;
	int64_t now_us;
	uint64_t sequence;
	uint64_t leases[QUEUED];
	struct apply *apply;
	struct batch *batch;
	struct hit_record last; /* the newest hit */
	struct record records[RECORDS_MAX];
	size_t record_count;
};

static uint64_t below(struct story *s, uint64_t bound)
{
	return prng_below(&s->prng, bound);
}

static void expect(enum status status, const struct err *err)
{
	if (status != STATUS_OK)
		fail_msg("%s: %s", status_name(status), err->text);
}

/* ---- What is written without a writer */

static void start(struct story *s)
{
	struct apply_config config = {.node = 1, .keys = s->w.keys, .policies = s->w.policies, .clock = clock_system()};
	s->apply = apply_new(&config);
	s->batch = batch_new(s->w.session);
}

static void stop(struct story *s)
{
	apply_free(&s->apply);
	batch_free(&s->batch);
}

static void begin(struct story *s)
{
	struct err err = {0};
	expect(store_begin(s->w.session, &err), &err);
	batch_reset(s->batch, s->now_us);
}

static void commit(struct story *s)
{
	struct err err = {0};
	expect(batch_finish(s->batch, &err), &err);
	expect(store_commit(s->w.session, &err), &err);
	batch_keep_messages(s->batch); /* as the writer does, too */
}

/* As the writer does when a transaction cannot be kept. */
static void roll_back(struct story *s)
{
	store_rollback(s->w.session);
	batch_reset(s->batch, s->now_us);
	batch_forget_contacts(s->batch);
}

static void apply_some(struct story *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err err = {0};
		const struct record *r = &s->records[i];
		struct journal_record record = {s->sequence + i + 1, r->time_us, r->type, r->payload};
		expect(apply_record(s->apply, s->batch, &record, &err), &err);
	}
}

/* All that were put, in one transaction; now and then only the second or third try is kept. */
static void apply_all(struct story *s)
{
	struct err err = {0};
	if (!s->record_count)
		return;
	for (uint64_t failures = below(s, 8) < 6 ? 0 : 1 + below(s, 2); failures; failures--) {
		begin(s);
		apply_some(s, 1 + below(s, s->record_count));
		if (below(s, 2))
			expect(batch_finish(s->batch, &err), &err);
		roll_back(s);
		if (below(s, 2)) { /* killed */
			stop(s);
			start(s);
		}
	}
	begin(s);
	apply_some(s, s->record_count);
	commit(s);
	s->sequence += s->record_count;
	s->record_count = 0;
}

static struct buf payload_room(struct story *s)
{
	struct buf b;
	buf_init_in_arena(&b, RECORD_PAYLOAD_MAX, s->w.arena);
	return b;
}

static void put(struct story *s, uint8_t type, int64_t time_us, struct buf *payload)
{
	assert_false(buf_failed(payload));
	s->records[s->record_count++] = (struct record){type, time_us, buf_slice(payload)};
	if (s->record_count == RECORDS_MAX)
		apply_all(s);
}

/* ---- Hits */

static void put_hit(struct story *s, const struct hit_record *hit, int64_t time_us)
{
	struct buf b = payload_room(s);
	record_put_hit(&b, hit);
	s->last = *hit;
	put(s, RECORD_HIT, time_us, &b);
}

static struct hit_record some_hit(struct story *s)
{
	static const struct slice PURPOSES[] = {SLICE(""), SLICE(""), SLICE(""), SLICE("prefetch"), SLICE("preview")};
	uint32_t message = (uint32_t)below(s, MESSAGES);
	struct hit_record hit = world_hit(&s->w, message, below(s, 2) ? HIT_CLICK : HIT_OPEN);
	hit.user_agent = AGENTS[below(s, COUNT(AGENTS))];
	hit.purpose = PURPOSES[below(s, COUNT(PURPOSES))];
	hit.accept_language = below(s, 3) ? SLICE("en") : SLICE_EMPTY;
	hit.has_sec_fetch = below(s, 3) > 0;
	hit.opts_out = below(s, 20) == 0;
	hit.is_head = below(s, 30) == 0;
	if (below(s, 8) == 0)
		hit.consent = below(s, 2) ? LINK_TOKEN_CONSENT_ANONYMOUS : LINK_TOKEN_CONSENT_OFF;
	if (hit.kind == HIT_CLICK)
		hit.link_index = below(s, 20) == 0 ? LINK_TOKEN_HONEYPOT : (uint32_t)below(s, 5);
	assert_true(ip_address_parse(slice_from_cstr(CLIENTS[below(s, COUNT(CLIENTS))]), &hit.client));
	return hit;
}

static void come_by(struct story *s)
{
	struct hit_record hit = some_hit(s);
	put_hit(s, &hit, s->now_us - (below(s, 6) ? 0 : (int64_t)below(s, 900) * SECOND));
}

static void come_again(struct story *s)
{
	struct hit_record hit = s->last;
	put_hit(s, &hit, s->now_us + (int64_t)below(s, 8) * SECOND);
}

static void fetch_all_links(struct story *s)
{
	struct hit_record hit = some_hit(s);
	hit.kind = HIT_CLICK;
	hit.destination = SLICE("https://example.com/sale");
	for (uint32_t i = 0; i < 4; i++) {
		hit.link_index = i;
		put_hit(s, &hit, s->now_us + (int64_t)below(s, 700000) + i);
	}
}

/* One source at everybody's mail. */
static void fan_out(struct story *s)
{
	struct hit_record hit = some_hit(s);
	for (uint32_t n = 0; n < MESSAGES; n++) {
		hit.message = world_message_id(n);
		put_hit(s, &hit, s->now_us + n * SECOND);
	}
}

static void press_unsubscribe(struct story *s)
{
	struct hit_record hit = some_hit(s);
	hit.kind = HIT_UNSUBSCRIBE;
	hit.destination = SLICE_EMPTY;
	hit.link_index = 0;
	hit.one_click = below(s, 3) == 0;
	hit.stop_tracking = !hit.one_click && below(s, 6) == 0;
	struct buf b = payload_room(s);
	record_put_hit(&b, &hit);
	put(s, RECORD_HIT, s->now_us, &b);
}

/* What was held because a machine seems to have pressed counts after a day that nobody said anything. */
static void confirm_what_is_held(struct story *s)
{
	struct err err = {0};
	size_t count = 0;
	apply_all(s);
	begin(s);
	expect(unsubscription_confirm_due(s->batch, s->now_us - 3 * HOUR, &count, &err), &err);
	commit(s);
}

static void provider_tells(struct story *s)
{
	struct hit_record hit = below(s, 2) ? s->last : some_hit(s);
	if (hit.kind == HIT_OPEN)
		hit.destination = SLICE_EMPTY;
	struct provider_hit_record report = world_report_of(&s->w, &hit);
	static const int64_t AGES_S[] = {0, 3, 200, 599, 700, 7200};
	report.occurred_us = s->now_us - AGES_S[below(s, COUNT(AGES_S))] * SECOND;
	report.sign = (enum provider_sign)below(s, 3);
	report.has_client = below(s, 4) > 0;
	if (below(s, 4) == 0) /* told again; not when what was told is pruned */
		report.event_id = arena_printf(s->w.reports, "again-%d", (int)(s->now_us / (5 * HOUR)));
	if (below(s, 8) == 0)
		report.url = SLICE("https://example.com/terms");
	struct buf b = payload_room(s);
	record_put_provider_hit(&b, &report);
	put(s, RECORD_PROVIDER_HIT, s->now_us, &b);
}

/* ---- Deliveries */

static void deliver(struct story *s)
{
	static const enum outcome OUTCOMES[] = {OUTCOME_SENT,      OUTCOME_SENT,   OUTCOME_DELIVERED,
						OUTCOME_DELIVERED, OUTCOME_FAILED, OUTCOME_UNCERTAIN};
	uint32_t n = (uint32_t)below(s, QUEUED);
	struct intent_record intent = {.message = world_message_id(n), .lease = s->leases[n], .attempt = 1};
	struct outcome_record outcome = {.message = intent.message,
					 .lease = intent.lease,
					 .attempt = 1,
					 .outcome = OUTCOMES[below(s, COUNT(OUTCOMES))],
					 .reply_code = 250,
					 .remote_id = SLICE("r-1")};
	struct buf b = payload_room(s);
	bool is_intent = below(s, 2);
	if (is_intent)
		record_put_intent(&b, &intent);
	else
		record_put_outcome(&b, &outcome);
	put(s, is_intent ? RECORD_INTENT : RECORD_OUTCOME, s->now_us, &b);
}

/* ---- What is looked at again */

static void settle(struct story *s)
{
	apply_all(s);
	struct err err = {0};
	struct timer_take some = {TIMER_SETTLE, s->now_us, 100};
	struct timer_list due = {0};
	begin(s);
	expect(store_timer_take(s->w.session, &some, s->w.arena, &due, &err), &err);
	for (size_t i = 0; i < due.n; i++) {
		expect(settler_settle(apply_settler(s->apply), s->batch, &due.at[i], &err), &err);
		expect(batch_finish(s->batch, &err), &err);
	}
	commit(s);
}

static const struct {
	enum actor actor;
	const char *reasons;
} OLD_RULES[] = {{ACTOR_HUMAN, "browser"},
		 {ACTOR_UNKNOWN, "agent:curl"},
		 {ACTOR_PROXY_HUMAN, "agent:gmail_image_proxy"},
		 {ACTOR_SCANNER, "robot_list:nonsense"},
		 {ACTOR_CRAWLER, "robot_list:nonsense"},
		 {ACTOR_PREFETCH, "purpose:prefetch"},
		 {ACTOR_PREFETCH, "agent:apple_mpp"}};

/* Other rules said something else of a hit. */
static void be_of_old_rules(struct story *s)
{
	struct err err = {0};
	struct uuid id = world_message_id((uint32_t)below(s, MESSAGES));
	struct event_hits hits = {0};
	apply_all(s);
	if (world_is_pruned(&s->w, id))
		return; /* such messages are left alone by who judges again */
	struct correction c = {.batch = s->batch};
	begin(s);
	expect(batch_message(s->batch, id, &c.message, &err), &err);
	expect(second_look_read(s->w.session, id, 100, s->w.arena, &hits, &err), &err);
	for (uint64_t left = hits.n ? 1 + below(s, 3) : 0; left; left--) {
		size_t n = (size_t)below(s, hits.n);
		size_t rule = (size_t)below(s, COUNT(OLD_RULES));
		struct event after = hits.at[n];
		if (slice_contains(after.reasons, SLICE("anonymous")) || slice_contains(after.reasons, SLICE("dup")) ||
		    slice_starts_with(after.reasons, SLICE("provider")) || after.rules.n == 3 ||
		    (after.type == EVENT_CLICK && OLD_RULES[rule].actor == ACTOR_PREFETCH))
			continue;
		after.actor = OLD_RULES[rule].actor;
		after.reasons = slice_from_cstr(OLD_RULES[rule].reasons);
		after.rules = SLICE("old");
		expect(correction_change(&c, &hits.at[n], &after, &err), &err);
		hits.at[n].rules = SLICE("old"); /* each once */
	}
	expect(correction_finish(&c, &err), &err);
	commit(s);
}

static int64_t told_now_us;
static const struct clock told_clock = WORLD_CLOCK_AT(&told_now_us);

/* The only part that needs a writer; nothing is due, so that it does nothing beside. */
static void judge_again(struct story *s)
{
	struct err err = {0};
	struct rejudge *rejudge = NULL;
	settle(s);
	stop(s);
	told_now_us = s->now_us;
	s->w.clock = &told_clock;
	struct writer *writer = world_start_writer(&s->w);
	struct rejudge_config config = {.store = s->w.store,
					.writer = writer,
					.clock = &told_clock,
					.since_us = s->now_us - (int64_t)below(s, 96) * HOUR};
	enum status status = rejudge_begin(&config, &rejudge, &err);
	while (status == STATUS_OK)
		status = rejudge_step(rejudge, &err);
	if (status != STATUS_END)
		fail_msg("%s", err.text);
	rejudge_free(&rejudge);
	writer_stop(&writer);
	start(s);
}

/* ---- What goes, and what changes */

static void prune(struct story *s)
{
	apply_all(s);
	world_prune(&s->w, s->now_us - (int64_t)(1 + below(s, 3)) * 24 * HOUR);
}

static void erase(struct story *s)
{
	struct err err = {0};
	char id[32];
	struct erasure_counts counts = {0};
	apply_all(s);
	(void)snprintf(id, sizeof id, "c%u@example.com", (unsigned)below(s, MESSAGES));
	struct contact_key key = {s->w.tenant, slice_from_cstr(id)};
	begin(s);
	enum status status = store_contact_erase(s->w.session, &key, &counts, &err);
	if (status == STATUS_CONFLICT) { /* it is being sent */
		roll_back(s);
		return;
	}
	expect(status, &err);
	batch_forget(s->batch);
	batch_forget_contacts(s->batch);
	commit(s);
}

static void change_settings(struct story *s)
{
	static const uint32_t SECONDS[] = {1, 5, 60, 3600};
	static const uint32_t MINUTES[] = {1, 10, 1440};
	struct tenant_policy policy = tenant_policy_default();
	policy.dedupe_seconds = SECONDS[below(s, COUNT(SECONDS))];
	policy.provider_dedupe_minutes = MINUTES[below(s, COUNT(MINUTES))];
	policy.keep_client = (enum keep_client)below(s, 3);
	policy.gpc = (enum gpc_policy)below(s, 2);
	apply_all(s);
	stop(s);
	world_set_policy(&s->w, &policy);
	start(s);
}

static void wait_a_while(struct story *s)
{
	static const int64_t WHILES[] = {SECOND / 2,   3 * SECOND, 30 * SECOND, 130 * SECOND,
					 700 * SECOND, 5 * HOUR,   26 * HOUR};
	apply_all(s);
	s->now_us += 1 + WHILES[below(s, COUNT(WHILES))];
}

/* ---- */

struct act {
	const char *name;
	void (*run)(struct story *s);
	uint32_t often;
};
static const struct act ACTS[] = {
    {"a hit", come_by, 30},
    {"the hit before, again", come_again, 8},
    {"all links", fetch_all_links, 4},
    {"fan out", fan_out, 2},
    {"unsubscribing", press_unsubscribe, 3},
    {"confirming", confirm_what_is_held, 2},
    {"a provider's report", provider_tells, 16},
    {"delivery", deliver, 14},
    {"settling", settle, 6},
    {"old rules", be_of_old_rules, 6},
    {"judging again", judge_again, 1},
    {"pruning", prune, 2},
    {"erasing", erase, 1},
    {"settings", change_settings, 2},
    {"waiting", wait_a_while, 12},
};

static const struct act *some_act(struct story *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < COUNT(ACTS); i++)
		sum += ACTS[i].often;
	uint64_t at = below(s, sum);
	const struct act *act = ACTS;
	for (; at >= act->often; act++)
		at -= act->often;
	return act;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t number;
	return text && slice_to_u64(slice_from_cstr(text), UINT32_MAX, &number) ? number : otherwise;
}

static void begin_story(struct story *s, uint64_t seed)
{
	prng_init(&s->prng, seed);
	s->now_us = WORLD_NOW_US;
	s->sequence = 0;
	s->record_count = 0;
	world_open(&s->w);
	for (uint32_t n = 0; n < MESSAGES; n++) {
		world_add_message(&s->w, n, n < QUEUED);
		if (n < QUEUED)
			s->leases[n] = world_lease(&s->w, n);
	}
	s->last = world_hit(&s->w, 0, HIT_OPEN);
	start(s);
}

static void tell(struct story *s, uint64_t seed, uint64_t steps)
{
	begin_story(s, seed);
	for (uint64_t step = 0; step < steps; step++) {
		const struct act *act = some_act(s);
		if (number_of("VERBOSE", 0))
			print_message("seed %u, step %u: %s\n", (unsigned)seed, (unsigned)step, act->name);
		act->run(s);
		if (s->record_count && below(s, 3))
			apply_all(s);
		if (s->record_count)
			continue;
		world_check_sums(&s->w);
		arena_reset(s->w.arena);
	}
	stop(s);
	world_close(&s->w);
}

static void test_sums_are_those_of_the_events_whatever_happens(void **state)
{
	static struct story story;
	uint64_t first = number_of("SEED", 1);
	(void)state;
	for (uint64_t seed = first; seed < first + number_of("SEEDS", SEEDS); seed++)
		tell(&story, seed, number_of("STEPS", STEPS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sums_are_those_of_the_events_whatever_happens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
