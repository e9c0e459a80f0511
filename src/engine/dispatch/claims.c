/* SPDX-License-Identifier: Apache-2.0 */
/* A claim is a commit, so mails are claimed ahead: as many as can be under way CLAIM_ROUNDS times, whatever they wait
 * for, so that neither the writer's commit nor the building nor the applying of outcomes is waited for. Of that room a
 * mail takes its part until its outcome is applied: when the writer lags, claiming stops instead of piling up.
 *
 * A claim first extends the leases that run low and then takes more, in one transaction; which ones are low is decided
 * when it runs, by the clock that the store goes by. So what is open here cannot be claimed again by ourselves, however
 * late a command comes to run, and even if the wall clock has jumped.
 *
 * A clock that is set back would hold up what was due by the old one, so a claim after that first makes it due
 * (decision 0053). Once more when what was under way is in the store, too: a mail that was being accepted, an outcome
 * in the journal. */
#include "engine/dispatch/claims.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/apply/withdraw.h"

enum {
	CLAIM_ROUNDS = 6,
	ORPHANS_AT_ONCE = 1000,
	/* How long the store is not looked at when nothing is known to be due: on one machine only for what a wake
	 * missed; other machines queue mails that nobody wakes us for. */
	LOOK_ALONE_MS = 10000,
	LOOK_SHARED_MS = 1000,
	UNSURE_MAX = 8,
	RECALLS = 2,
};

static const int64_t HELD_BACK_US = 1000000;
/* The wall clock is slewed by less between two looks; a step of less delays by less. */
static const int64_t SET_BACK_US = 1000000;
static const int64_t LEASE_US = (int64_t)LEASE_SECONDS * 1000000;

struct claims {
	struct claims_config config;
	bool is_claiming;   /* a command is under way */
	bool is_recovered;  /* what a crash left has been dealt with */
	bool is_expecting;  /* somebody said that something may be due */
	bool more_due;      /* the last claim got all it asked for */
	bool store_is_away; /* and it was said */
	/* Both are tried again every second while the store is away; and it was said. */
	bool recover_is_failing, claim_is_failing;
	/* Of claims that were not known to be committed when the store went away. If they were, their mails would wait
	 * for two minutes with nobody to send them, so the next claim releases them first. */
	uint64_t unsure[UNSURE_MAX];
	size_t unsure_count;
	int64_t next_due_us;    /* wall; 0: none known */
	int64_t next_look_us;   /* monotonic: ask the store again */
	unsigned recalls;       /* still to be made */
	int64_t next_recall_us; /* monotonic */
	int64_t clock_lead_us;  /* of the wall clock over the monotonic one: the most since the last step back */
	int64_t next_sweep_us;  /* monotonic: claim whatever the store says is due, orphans when it is shared */
};

static int64_t monotonic_us(const struct claims *c)
{
	return clock_monotonic_us(c->config.clock);
}

struct claims *claims_new(const struct claims_config *config)
{
	struct claims *c = MEM_NEW(struct claims);
	c->config = *config;
	c->is_expecting = true; /* what waits from before */
	/* Nobody knows what the clock did while nobody was here. */
	c->recalls = 1;
	c->clock_lead_us = clock_now_us(config->clock) - clock_monotonic_us(config->clock);
	return c;
}

void claims_free(struct claims **claims)
{
	mem_free(*claims);
	*claims = NULL;
}

bool claims_recovered(const struct claims *c)
{
	return c->is_recovered;
}

void claims_expect(struct claims *c)
{
	c->is_expecting = true;
}

/* ---- What a crash left */

struct recover_errand {
	struct errand errand;
	struct claims *claims;
	bool is_alone; /* nobody else works on this store: every claim is a dead one */
	bool is_start;
	bool resend_transactional;
	size_t held, resent;
	uint64_t dropped;
};

static enum status resend(struct batch *batch, const struct queue_entry *entry, struct err *err)
{
	struct queue_outcome again = {.message = entry->message,
				      .attempt = entry->attempt,
				      .ending = QUEUE_RETRY,
				      .due_us = batch_now_us(batch),
				      .error = SLICE("interrupted; sent again as the configuration says")};
	return store_queue_end_attempts(batch_session(batch), &again, 1, err);
}

static enum status recover_one(struct recover_errand *e, struct batch *batch, const struct queue_entry *entry,
			       struct err *err)
{
	if (e->resend_transactional && slice_equal(entry->stream, SLICE("transactional"))) {
		e->resent++;
		return resend(batch, entry, err);
	}
	enum status status = withdraw_to_doubt(batch, entry, err);
	e->held += status == STATUS_OK;
	/* Its outcome came in between, or its message is gone and with it the question. */
	return status == STATUS_CONFLICT || status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status recover_orphans(struct recover_errand *e, struct batch *batch, struct err *err)
{
	struct queue_look look = {
	    .now_us = batch_now_us(batch), .holder = writer_node(e->errand.errands->writer), .limit = ORPHANS_AT_ONCE};
	size_t count = ORPHANS_AT_ONCE;
	size_t before = SIZE_MAX;
	enum status status = STATUS_OK;
	/* Until there are fewer than could be, or none that anything could be done about. */
	while (status == STATUS_OK && count == ORPHANS_AT_ONCE && e->held + e->resent != before) {
		struct queue_entry *entries;
		before = e->held + e->resent;
		status = store_queue_orphans(batch_session(batch), &look, batch_arena(batch), &entries, &count, err);
		for (size_t i = 0; status == STATUS_OK && i < count; i++)
			status = recover_one(e, batch, &entries[i], err);
	}
	return status;
}

static enum status run_recover(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct recover_errand *e = (struct recover_errand *)(void *)command;
	struct store_session *session = batch_session(batch);
	struct node_claim holder = writer_node(e->errand.errands->writer);
	e->held = e->resent = 0;
	e->dropped = 0;
	enum status status = recover_orphans(e, batch, err);
	if (status == STATUS_OK && e->is_alone)
		status = store_queue_release_all(session, err);
	else if (status == STATUS_OK && e->is_start)
		status = store_queue_free_earlier(session, &holder, err);
	if (status == STATUS_OK && e->is_start)
		status = store_queue_drop_ended(session, &e->dropped, err);
	return status;
}

static void recover_finished(struct errand *errand)
{
	struct recover_errand *e = (struct recover_errand *)errand;
	struct claims *c = e->claims;
	if (errand->command.status != STATUS_OK) {
		if (!c->recover_is_failing)
			log_warn("dispatch.recover", LOG_ERR(&errand->command.err));
		c->recover_is_failing = true;
		jobs_pause(c->config.jobs);
	} else {
		if (e->held || e->resent)
			log_warn("dispatch.in_doubt", LOG_INT("held", e->held), LOG_INT("resent", e->resent));
		if (e->dropped)
			log_info("dispatch.doubts_ended", LOG_INT("rows", e->dropped));
		c->recover_is_failing = false;
		c->is_recovered = true;
	}
	mem_free(e);
}

void claims_recover(struct claims *c)
{
	struct recover_errand *e = MEM_NEW(struct recover_errand);
	e->errand.command.run = run_recover;
	e->errand.finished = recover_finished;
	e->claims = c;
	e->is_alone = !store_is_shared(c->config.store);
	e->is_start = !c->is_recovered;
	e->resend_transactional = c->config.resend_in_doubt;
	errand_send(c->config.errands, &e->errand);
}

/* ---- Claims */

struct held_lease {
	uint64_t token;
	int64_t store_until_us;
	bool is_low;      /* when the claim was sent off */
	bool is_extended; /* by its last run */
};

struct claim_errand {
	struct errand errand;
	struct claims *claims;
	struct arena *arena; /* of entries; emptied by each run */
	struct held_lease *leases;
	size_t lease_count;
	uint64_t unsure[UNSURE_MAX];
	size_t unsure_count;
	uint32_t limit;
	bool is_recall;
	int64_t sent_us; /* monotonic: leases are counted from here, so never longer than the store has them */
	int64_t lease_until_us;
	struct queue_entry *entries;
	size_t entry_count;
	int64_t next_due_us;
};

static enum status extend_low(struct claim_errand *e, struct batch *batch, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < e->lease_count; i++) {
		struct held_lease *l = &e->leases[i];
		l->is_extended = l->is_low || l->store_until_us - batch_now_us(batch) < LEASE_US / 3;
		if (l->is_extended)
			status = store_queue_extend(batch_session(batch), l->token, e->lease_until_us, err);
	}
	return status;
}

static enum status recall(const struct claim_errand *e, struct batch *batch, struct err *err)
{
	struct queue_recall recall = {.now_us = batch_now_us(batch)};
	for (uint32_t i = 0; i < QUEUE_WAITS; i++)
		recall.longest_wait_us[i] = retry_longest_ms(&e->claims->config.retry, i + 1) * 1000;
	recall.longest_wait_us[QUEUE_WAITS - 1] = e->claims->config.retry.cap_ms * 1000;
	return store_queue_recall(batch_session(batch), &recall, err);
}

static enum status run_claim(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct claim_errand *e = (struct claim_errand *)(void *)command;
	struct store_session *session = batch_session(batch);
	int64_t now_us = batch_now_us(batch);
	struct queue_claim wanted = {.now_us = now_us,
				     .lease_until_us = now_us + LEASE_US,
				     .holder = writer_node(e->errand.errands->writer),
				     .limit = e->limit};
	arena_reset(e->arena);
	e->entry_count = 0;
	e->lease_until_us = wanted.lease_until_us;
	enum status status = extend_low(e, batch, err);
	for (size_t i = 0; status == STATUS_OK && i < e->unsure_count; i++)
		status = store_queue_release(session, e->unsure[i], err);
	if (status == STATUS_OK && e->is_recall)
		status = recall(e, batch, err);
	if (status == STATUS_OK && e->limit)
		status = store_queue_claim(session, &wanted, e->arena, &e->entries, &e->entry_count, err);
	if (status == STATUS_OK)
		status = store_queue_next_due(session, &e->next_due_us, err);
	/* Due and yet not given: held back for a reason that this process does not know. Not at once again. */
	if (status == STATUS_OK && e->entry_count < e->limit && e->next_due_us && e->next_due_us <= now_us)
		e->next_due_us = now_us + HELD_BACK_US;
	return status;
}

static void note_extended(struct claim_errand *e)
{
	for (size_t i = 0; i < e->lease_count; i++) {
		struct lease *lease = lease_book_find(e->claims->config.leases, e->leases[i].token);
		if (!lease || !e->leases[i].is_extended)
			continue;
		lease->until_us = e->sent_us + LEASE_US;
		lease->store_until_us = e->lease_until_us;
	}
}

static void take_claimed(struct claim_errand *e)
{
	struct claims *c = e->claims;
	if (e->entry_count == 0)
		return;
	struct lease *lease = lease_open(c->config.leases, e->entries[0].lease);
	lease->until_us = e->sent_us + LEASE_US;
	lease->store_until_us = e->lease_until_us;
	for (size_t i = 0; i < e->entry_count; i++)
		jobs_add(c->config.jobs, &e->entries[i], lease);
}

/* What is pushed out runs out by itself. */
static void note_unsure(struct claims *c, uint64_t lease)
{
	if (c->unsure_count == UNSURE_MAX)
		memmove(c->unsure, c->unsure + 1, --c->unsure_count * sizeof *c->unsure);
	c->unsure[c->unsure_count++] = lease;
}

static void claim_finished(struct errand *errand)
{
	struct claim_errand *e = (struct claim_errand *)errand;
	struct claims *c = e->claims;
	c->is_claiming = false;
	if (errand->command.status != STATUS_OK) {
		if (!c->claim_is_failing)
			log_warn("dispatch.claim", LOG_ERR(&errand->command.err));
		c->claim_is_failing = true;
		if (e->entry_count)
			note_unsure(c, e->entries[0].lease);
		c->is_expecting = true;
		jobs_pause(c->config.jobs);
	} else {
		c->claim_is_failing = false;
		c->unsure_count = 0;
		if (e->is_recall) {
			c->recalls--;
			c->next_recall_us = monotonic_us(c) + LEASE_US / 2;
		}
		note_extended(e);
		take_claimed(e);
		c->more_due = e->limit && e->entry_count == e->limit;
		c->next_due_us = e->next_due_us;
	}
	arena_free(&e->arena);
	mem_free(e->leases);
	mem_free(e);
}

static struct lease_now lease_now(const struct claims *c)
{
	return (struct lease_now){monotonic_us(c), clock_now_us(c->config.clock)};
}

static void list_leases(const struct claims *c, struct claim_errand *e)
{
	const struct lease_book *book = c->config.leases;
	struct lease_now now = lease_now(c);
	e->leases = mem_alloc_array(lease_book_count(book) + 1, sizeof *e->leases);
	for (struct list_link *link = book->leases.next; link != &book->leases; link = link->next) {
		const struct lease *lease = LIST_ENTRY(link, struct lease, link);
		e->leases[e->lease_count++] = (struct held_lease){.token = lease->token,
								  .store_until_us = lease->store_until_us,
								  .is_low = lease_is_low(book, lease, &now)};
	}
}

static bool is_recall_due(const struct claims *c)
{
	return c->recalls && monotonic_us(c) >= c->next_recall_us;
}

static void send_claim(struct claims *c, uint32_t limit)
{
	struct claim_errand *e = MEM_NEW(struct claim_errand);
	e->errand.command.run = run_claim;
	e->errand.finished = claim_finished;
	e->claims = c;
	e->arena = arena_new();
	e->limit = limit;
	e->is_recall = is_recall_due(c);
	e->sent_us = monotonic_us(c);
	list_leases(c, e);
	memcpy(e->unsure, c->unsure, sizeof e->unsure);
	e->unsure_count = c->unsure_count;
	c->is_claiming = true;
	errand_send(c->config.errands, &e->errand);
}

/* ---- When */

static void recover_session(struct claims *c)
{
	struct err err = {0};
	bool is_away = store_session_recover(c->config.session, &err) != STATUS_OK;
	if (is_away && !c->store_is_away)
		log_warn("dispatch.store_away", LOG_ERR(&err));
	if (!is_away && c->store_is_away)
		log_info("dispatch.store_back");
	c->store_is_away = is_away;
}

/* Asks with the reading session, which costs the writer nothing, when nobody has said that something is due. */
static void look(struct claims *c)
{
	int64_t now_us = monotonic_us(c);
	struct err err;
	if (now_us < c->next_look_us)
		return;
	bool is_shared = store_is_shared(c->config.store);
	c->next_look_us = now_us + (int64_t)(is_shared ? LOOK_SHARED_MS : LOOK_ALONE_MS) * 1000;
	if (store_queue_next_due(c->config.session, &c->next_due_us, &err) != STATUS_OK) {
		c->next_due_us = 0; /* the next look may find it well again */
		recover_session(c);
	}
}

/* True twice in a lease's time: rows whose lease ran out are not seen by store_queue_next_due. */
static bool is_sweep_due(struct claims *c)
{
	int64_t now_us = monotonic_us(c);
	if (now_us < c->next_sweep_us)
		return false;
	c->next_sweep_us = now_us + LEASE_US / 2;
	if (store_is_shared(c->config.store) && c->is_recovered)
		claims_recover(c); /* what other machines left when they died */
	return true;
}

/* A mail that was put off is due then, whatever the last look said. */
static void note_retry(struct claims *c, int64_t retry_us)
{
	if (retry_us && (c->next_due_us == 0 || retry_us < c->next_due_us))
		c->next_due_us = retry_us;
}

/* Against the clock that cannot be set. */
static void watch_clock(struct claims *c, const struct lease_now *now)
{
	int64_t lead_us = now->wall_us - now->monotonic_us;
	if (lead_us < c->clock_lead_us - SET_BACK_US) {
		log_warn("dispatch.clock_set_back", LOG_INT("seconds", (c->clock_lead_us - lead_us) / 1000000));
		c->clock_lead_us = lead_us;
		c->recalls = RECALLS;
		c->next_recall_us = 0;
	} else if (lead_us > c->clock_lead_us) {
		c->clock_lead_us = lead_us;
	}
}

static bool is_due(struct claims *c)
{
	bool is_expected = c->is_expecting;
	bool is_sweep = is_sweep_due(c);
	c->is_expecting = false;
	look(c);
	return c->more_due || is_expected || is_sweep || is_recall_due(c) ||
	       (c->next_due_us && c->next_due_us <= clock_now_us(c->config.clock));
}

static uint32_t room(const struct claims *c, const struct job_figures *jobs)
{
	uint32_t wanted = c->config.concurrency * CLAIM_ROUNDS;
	return jobs->all < wanted ? wanted - jobs->all : 0;
}

void claims_move(struct claims *c, bool may_claim)
{
	struct job_figures jobs = jobs_figures(c->config.jobs);
	struct lease_now now = lease_now(c);
	note_retry(c, jobs_take_next_retry(c->config.jobs));
	watch_clock(c, &now);
	if (c->is_claiming || now.monotonic_us < jobs.pause_until_us)
		return;
	/* Nothing leaves while the journal is ill (jobs.c), so nothing is taken either. */
	bool is_healthy = journal_health(c->config.journal) == JOURNAL_HEALTHY;
	uint32_t limit = may_claim && is_healthy ? room(c, &jobs) : 0;
	/* Not for every single mail that leaves: a claim is a commit. */
	bool is_worth = limit >= c->config.concurrency || (limit && jobs.to_start == 0);
	if (is_worth && is_due(c))
		send_claim(c, limit);
	else if (lease_book_is_low(c->config.leases, &now))
		/* Takes nothing, but extends the leases. */
		send_claim(c, 0);
}

struct claims_times claims_times(const struct claims *c)
{
	return (struct claims_times){c->next_due_us, c->next_look_us, c->more_due || c->is_expecting};
}
