/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody waits for these: the mail itself is forgotten by then. A lease that is given back is free at once; one that
 * was only dropped kept its mail from every other machine for two minutes after each restart. */
#include "engine/dispatch/queue_errands.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/apply/withdraw.h"
#include "engine/ledger/state_move.h"

/* ---- Withdrawing */

struct withdraw_errand {
	struct errand errand;
	struct arena *arena;
	struct withdrawal withdrawal;
	void (*finished)(void *user, enum status status);
	void *user;
};

static enum status run_withdraw(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct withdraw_errand *e = (const struct withdraw_errand *)(void *)command;
	return withdraw_message(batch, &e->withdrawal, err);
}

static void withdraw_finished(struct errand *errand)
{
	struct withdraw_errand *e = (struct withdraw_errand *)errand;
	e->finished(e->user, errand->command.status);
	arena_free(&e->arena);
	mem_free(e);
}

void queue_errand_withdraw(struct errands *errands, const struct queue_withdrawal *w)
{
	struct withdraw_errand *e = MEM_NEW(struct withdraw_errand);
	e->arena = arena_new();
	e->withdrawal = (struct withdrawal){
	    .message = w->entry->message,
	    .attempt = w->entry->attempt,
	    .reason = arena_copy(e->arena, w->reason),
	    .event_id = state_event_id(w->now_us),
	};
	e->finished = w->finished;
	e->user = w->user;
	e->errand.command.run = run_withdraw;
	e->errand.finished = withdraw_finished;
	errand_send(errands, &e->errand);
}

/* ---- Giving leases back
 *
 * Until the store has it. What a server gave back while a primary died was lost with the connection, and its mails
 * waited for two minutes with nobody to send them. */

static const int64_t AGAIN_US = 1000000;

struct return_errand {
	struct errand errand;
	struct lease_returns returns;
	struct lease_returns *home;
	int64_t sent_us;
};

static enum status run_return(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct return_errand *e = (const struct return_errand *)(void *)command;
	return store_queue_give_back(batch_session(batch), e->returns.entries, e->returns.count, err);
}

static void put_back(struct return_errand *e)
{
	if (!e->home->is_failing) /* once: it is tried every second for as long as the store is away */
		log_warn("dispatch.give_back", LOG_ERR(&e->errand.command.err));
	e->home->is_failing = true;
	for (size_t i = 0; i < e->returns.count; i++)
		lease_returns_add(e->home, &e->returns.entries[i]);
	e->home->not_before_us = e->sent_us + AGAIN_US;
}

static void return_finished(struct errand *errand)
{
	struct return_errand *e = (struct return_errand *)errand;
	if (errand->command.status == STATUS_OK)
		e->home->is_failing = false;
	else
		put_back(e);
	lease_returns_done(&e->returns);
	mem_free(e);
}

void lease_returns_add(struct lease_returns *r, const struct queue_entry *entry)
{
	if (r->count == r->room) {
		r->room = r->room ? r->room * 2 : 16;
		r->entries = mem_resize(r->entries, r->room * sizeof *r->entries);
	}
	r->entries[r->count] = *entry;
	/* Not needed to find the row, and their memory goes with the mail. */
	r->entries[r->count].provider = r->entries[r->count].stream = SLICE_EMPTY;
	r->count++;
}

void lease_returns_send(struct lease_returns *r, struct errands *errands, int64_t now_us)
{
	if (r->count == 0 || now_us < r->not_before_us)
		return;
	struct return_errand *e = MEM_NEW(struct return_errand);
	e->returns = *r;
	e->home = r;
	e->sent_us = now_us;
	*r = (struct lease_returns){.is_failing = r->is_failing};
	e->errand.command.run = run_return;
	e->errand.finished = return_finished;
	errand_send(errands, &e->errand);
}

void lease_returns_done(struct lease_returns *r)
{
	mem_free(r->entries);
	*r = (struct lease_returns){0};
}
