/* SPDX-License-Identifier: Apache-2.0 */
/* The commands by which the dispatcher takes messages out of the queue and keeps them.
 *
 * A claim first extends the leases of everything still open and then takes more, in one transaction. So what is open
 * here cannot be claimed again, however late a command comes to run. */
#include "engine/dispatch/dispatch_private.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/apply/withdraw.h"

/* How long the store is not looked at when nothing is known to be due: on one machine only for what a wake missed;
 * other machines queue mails that nobody wakes us for. */
enum { LOOK_ALONE_MS = 10000, LOOK_SHARED_MS = 1000 };

static const int64_t HELD_BACK_US = 1000000;
static const int64_t LEASE_US = (int64_t)LEASE_SECONDS * 1000000;

/* ---- What a crash left */

struct recover_command {
	struct dispatch_command base;
	bool release; /* nobody else works on this store: every claim is a dead one */
	bool resend_transactional;
	size_t held, resent;
};

static enum status recover_one(struct recover_command *c, struct batch *batch, const struct queue_entry *entry,
			       struct err *err)
{
	if (c->resend_transactional && slice_equal(entry->stream, SLICE("transactional"))) {
		c->resent++;
		return store_queue_retry(batch_session(batch), entry->message, entry->lease, batch_now_us(batch),
					 SLICE("interrupted; sent again as the configuration says"), err);
	}
	c->held++;
	return withdraw_to_doubt(batch, entry->message, entry->lease, err);
}

static enum status run_recover(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct recover_command *c = (struct recover_command *)(void *)command;
	struct store_session *session = batch_session(batch);
	struct queue_look look = {.now_us = batch_now_us(batch), .limit = ORPHANS_AT_ONCE};
	size_t count = ORPHANS_AT_ONCE;
	enum status status = STATUS_OK;
	c->held = 0;
	c->resent = 0;
	while (status == STATUS_OK && count == ORPHANS_AT_ONCE) {
		struct queue_entry *entries;
		status = store_queue_orphans(session, &look, batch_arena(batch), &entries, &count, err);
		for (size_t i = 0; status == STATUS_OK && i < count; i++)
			status = recover_one(c, batch, &entries[i], err);
	}
	if (status == STATUS_OK && c->release)
		status = store_queue_release_all(session, err);
	return status;
}

static void recover_finished(struct dispatch_command *command)
{
	struct recover_command *c = (struct recover_command *)command;
	struct dispatcher *d = command->dispatcher;
	if (command->command.status != STATUS_OK) {
		log_warn("dispatch.recover", LOG_ERR(&command->command.err));
		dispatch_pause(d);
	} else {
		if (c->held || c->resent)
			log_warn("dispatch.in_doubt", LOG_INT("held", c->held), LOG_INT("resent", c->resent));
		d->is_recovered = true;
	}
	mem_free(c);
}

void dispatch_recover(struct dispatcher *d)
{
	struct recover_command *c = MEM_NEW(struct recover_command);
	c->base.command.run = run_recover;
	c->base.finished = recover_finished;
	c->release = !store_is_shared(d->sending->store);
	c->resend_transactional = d->config.resend_in_doubt;
	dispatch_submit(d, &c->base);
}

/* ---- Claims */

struct claim {
	struct dispatch_command base;
	struct arena *arena; /* of entries; emptied by each run */
	uint64_t *leases;    /* held now */
	size_t lease_count;
	uint32_t limit;
	int64_t submitted_us; /* monotonic: leases are counted from here, so never longer than the store has them */
	struct queue_entry *entries;
	size_t entry_count;
	int64_t next_due_us;
};

static enum status run_claim(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct claim *c = (struct claim *)(void *)command;
	struct store_session *session = batch_session(batch);
	int64_t now_us = batch_now_us(batch);
	struct queue_claim wanted = {.now_us = now_us, .lease_until_us = now_us + LEASE_US, .limit = c->limit};
	enum status status = STATUS_OK;
	arena_reset(c->arena);
	c->entry_count = 0;
	if (c->lease_count)
		status = store_queue_extend(session, c->leases, c->lease_count, now_us + LEASE_US, err);
	if (status == STATUS_OK && c->limit)
		status = store_queue_claim(session, &wanted, c->arena, &c->entries, &c->entry_count, err);
	if (status == STATUS_OK)
		status = store_queue_next_due(session, &c->next_due_us, err);
	/* Due and yet not given: held back for a reason that this process does not know. Not at once again. */
	if (status == STATUS_OK && c->entry_count < c->limit && c->next_due_us && c->next_due_us <= now_us)
		c->next_due_us = now_us + HELD_BACK_US;
	return status;
}

static void extend_locally(struct dispatcher *d, const struct claim *c)
{
	/* Every job that is there now was there when the claim was made: jobs come by claims only, one at a time. */
	for (struct list_link *link = d->jobs.next; link != &d->jobs; link = link->next)
		LIST_ENTRY(link, struct job, link)->lease_deadline_us = c->submitted_us + LEASE_US;
}

static void free_claim(struct claim *c)
{
	arena_free(&c->arena);
	mem_free(c->leases);
	mem_free(c);
}

static void claim_finished(struct dispatch_command *command)
{
	struct claim *c = (struct claim *)command;
	struct dispatcher *d = command->dispatcher;
	d->claim = NULL;
	if (command->command.status != STATUS_OK) {
		log_warn("dispatch.claim", LOG_ERR(&command->command.err));
		atomic_store(&d->is_woken, true);
		dispatch_pause(d);
		free_claim(c);
		return;
	}
	extend_locally(d, c);
	for (size_t i = 0; i < c->entry_count; i++)
		job_new(d, &c->entries[i], c->submitted_us + LEASE_US);
	d->more_due = c->limit && c->entry_count == c->limit;
	d->next_due_us = c->next_due_us;
	free_claim(c);
}

static uint32_t room(const struct dispatcher *d)
{
	uint32_t wanted = d->config.concurrency * CLAIM_ROUNDS;
	uint32_t have = d->ready_count + d->open_count;
	return have < wanted ? wanted - have : 0;
}

static void submit_claim(struct dispatcher *d, uint32_t limit)
{
	struct claim *c = MEM_NEW(struct claim);
	size_t count = 0;
	for (struct list_link *link = d->jobs.next; link != &d->jobs; link = link->next)
		count++;
	c->base.command.run = run_claim;
	c->base.finished = claim_finished;
	c->arena = arena_new();
	c->leases = mem_alloc_array(count + 1, sizeof *c->leases);
	for (struct list_link *link = d->jobs.next; link != &d->jobs; link = link->next)
		c->leases[c->lease_count++] = LIST_ENTRY(link, struct job, link)->entry.lease;
	c->limit = limit;
	c->submitted_us = dispatch_monotonic_us(d);
	d->claim = c;
	dispatch_submit(d, &c->base);
}

static bool leases_run_low(const struct dispatcher *d)
{
	int64_t half_us = dispatch_monotonic_us(d) + LEASE_US / 2;
	for (struct list_link *link = d->jobs.next; link != &d->jobs; link = link->next) {
		if (LIST_ENTRY(link, struct job, link)->lease_deadline_us < half_us)
			return true;
	}
	return false;
}

/* Asks with the reading session, which costs the writer nothing, when nobody has said that something is due. */
static void look(struct dispatcher *d)
{
	int64_t now_us = dispatch_monotonic_us(d);
	struct err err;
	if (now_us < d->next_look_us)
		return;
	bool is_shared = store_is_shared(d->sending->store);
	d->next_look_us = now_us + (int64_t)(is_shared ? LOOK_SHARED_MS : LOOK_ALONE_MS) * 1000;
	if (store_queue_next_due(d->session, &d->next_due_us, &err) != STATUS_OK) {
		d->next_due_us = 0; /* the next look may find it well again */
		dispatch_recover_session(d);
	}
}

void dispatch_recover_session(struct dispatcher *d)
{
	struct err err = {0};
	bool is_away = store_session_recover(d->session, &err) != STATUS_OK;
	if (is_away && !d->store_is_away)
		log_warn("dispatch.store_away", LOG_ERR(&err));
	if (!is_away && d->store_is_away)
		log_info("dispatch.store_back");
	d->store_is_away = is_away;
}

/* True once in a lease's time: rows whose lease ran out are not seen by next_due. */
static bool is_sweep_due(struct dispatcher *d)
{
	int64_t now_us = dispatch_monotonic_us(d);
	if (now_us < d->next_sweep_us)
		return false;
	d->next_sweep_us = now_us + LEASE_US / 2;
	if (store_is_shared(d->sending->store) && d->is_recovered)
		dispatch_recover(d); /* what other machines left when they died */
	return true;
}

static bool is_due(struct dispatcher *d)
{
	bool is_woken = atomic_exchange(&d->is_woken, false);
	bool is_sweep = is_sweep_due(d);
	look(d);
	return d->more_due || is_woken || is_sweep || (d->next_due_us && d->next_due_us <= clock_now_us(d->clock));
}

void dispatch_claim(struct dispatcher *d)
{
	if (d->claim || dispatch_monotonic_us(d) < d->paused_until_us)
		return;
	bool is_stopping = atomic_load(&d->is_stopping);
	bool is_healthy = journal_health(d->config.journal) == JOURNAL_HEALTHY;
	uint32_t limit = is_stopping || !is_healthy ? 0 : room(d);
	/* Not for every single mail that leaves: a claim is a commit. */
	bool is_worth = limit >= d->config.concurrency || (limit && d->ready_count == 0);
	if (is_worth && is_due(d))
		submit_claim(d, limit);
	else if (leases_run_low(d))
		submit_claim(d, 0);
}
