/* SPDX-License-Identifier: Apache-2.0 */
/* One command at a time: what comes while it is under way makes up the next one. So the batches grow by themselves with
 * the time a commit takes, as in the journal, and no timer has to be chosen.
 *
 * Messages are read, and locked, in the order of their ids and before their rows of the queue; see apply/withdraw.c. */
#include "engine/dispatch/shared_intents.h"

#include "base/mem.h"
#include "engine/apply/delivery.h"
#include <stdlib.h>

struct intents_errand {
	struct errand errand;
	struct shared_intents *owner;
	struct shared_intent **waiting; /* in the order of their messages */
	struct queue_intent *intents;   /* the same, for the writer's thread */
	int64_t *dates_us;
	bool *taken;
	size_t count;
};

void shared_intents_init(struct shared_intents *intents, struct errands *errands)
{
	intents->errands = errands;
	intents->is_busy = false;
	list_init(&intents->waiting);
}

void shared_intents_put(struct shared_intents *intents, struct shared_intent *intent)
{
	intent->is_handed_over = false;
	list_append(&intents->waiting, &intent->link);
}

void shared_intent_take_back(struct shared_intent *intent)
{
	BUG_IF(intent->is_handed_over);
	if (intent->link.next)
		list_remove(&intent->link);
}

/* ---- On the writer's thread */

static enum status read_messages(const struct intents_errand *e, struct batch *batch, struct err *err)
{
	struct uuid *ids = arena_alloc_array(batch_arena(batch), e->count, sizeof *ids);
	for (size_t i = 0; i < e->count; i++)
		ids[i] = e->intents[i].message;
	return batch_read_ahead(batch, ids, e->count, err);
}

/* Of a message that was deleted meanwhile nothing leaves, and nothing is left. */
static enum status begin_delivery(struct intents_errand *e, size_t n, struct batch *batch, struct err *err)
{
	const struct queue_intent *intent = &e->intents[n];
	struct message *message;
	enum status status = batch_message(batch, intent->message, &message, err);
	if (status == STATUS_OK)
		delivery_begins(batch, message,
				&(struct delivery_begin){intent->attempt, batch_now_us(batch), e->dates_us[n]});
	if (status != STATUS_NOT_FOUND)
		return status;
	e->taken[n] = false;
	return store_queue_take_out(batch_session(batch), intent->message, intent->attempt, err);
}

static enum status begin_deliveries(struct intents_errand *e, struct batch *batch, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < e->count; i++)
		if (e->taken[i])
			status = begin_delivery(e, i, batch, err);
	return status;
}

static enum status run_intents(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct intents_errand *e = (struct intents_errand *)(void *)command;
	enum status status = read_messages(e, batch, err);
	if (status == STATUS_OK)
		status =
		    store_queue_intents(batch_session(batch), e->intents, e->count, batch_now_us(batch), e->taken, err);
	return status == STATUS_OK ? begin_deliveries(e, batch, err) : status;
}

/* ---- On ours */

static void free_errand(struct intents_errand *e)
{
	mem_free(e->waiting);
	mem_free(e->intents);
	mem_free(e->dates_us);
	mem_free(e->taken);
	mem_free(e);
}

/* An intent that was not taken has lost its lease: somebody else sends the mail, or has sent it (decision 23). */
static void intents_finished(struct errand *errand)
{
	struct intents_errand *e = (struct intents_errand *)errand;
	enum status status = errand->command.status;
	e->owner->is_busy = false;
	for (size_t i = 0; i < e->count; i++)
		e->waiting[i]->settled(e->waiting[i], status != STATUS_OK ? status
						      : e->taken[i]       ? STATUS_OK
									  : STATUS_CONFLICT);
	free_errand(e);
}

/* The order in which messages are locked, on every server. */
static int by_message(const void *a, const void *b)
{
	const struct shared_intent *x = *(struct shared_intent *const *)a, *y = *(struct shared_intent *const *)b;
	return uuid_order(&x->intent.message, &y->intent.message);
}

static size_t count_waiting(const struct shared_intents *intents)
{
	size_t count = 0;
	for (const struct list_link *link = intents->waiting.next; link != &intents->waiting; link = link->next)
		count++;
	return count;
}

void shared_intents_move(struct shared_intents *intents)
{
	if (intents->is_busy || list_is_empty(&intents->waiting))
		return;
	struct intents_errand *e = MEM_NEW(struct intents_errand);
	size_t room = count_waiting(intents);
	e->owner = intents;
	e->waiting = mem_alloc_array(room, sizeof *e->waiting);
	e->intents = mem_alloc_array(room, sizeof *e->intents);
	e->dates_us = mem_alloc_array(room, sizeof *e->dates_us);
	e->taken = mem_alloc_array(room, sizeof *e->taken);
	struct list_link *link;
	while ((link = list_take_first(&intents->waiting))) {
		struct shared_intent *intent = LIST_ENTRY(link, struct shared_intent, link);
		intent->is_handed_over = true;
		e->waiting[e->count++] = intent;
	}
	qsort(e->waiting, e->count, sizeof *e->waiting, by_message);
	for (size_t i = 0; i < e->count; i++) {
		e->intents[i] = e->waiting[i]->intent;
		e->dates_us[i] = e->waiting[i]->date_us;
	}
	e->errand.command.run = run_intents;
	e->errand.finished = intents_finished;
	intents->is_busy = true;
	errand_send(intents->errands, &e->errand);
}
