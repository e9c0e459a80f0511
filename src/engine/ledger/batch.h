/* SPDX-License-Identifier: Apache-2.0 */
/* batch: what one transaction gathers before it is written: messages read once and saved once, events in an array. When
 * it is flushed, events and states go through effects.h, which alone moves numbers, and all is written together.
 * Belongs to the writer's thread. */
#ifndef PUGMARK_ENGINE_BATCH_H
#define PUGMARK_ENGINE_BATCH_H

#include "base/arena.h"
#include "engine/ledger/sums.h"
#include "store/events/events.h"
#include "store/house/timers.h"
#include "store/mail/messages.h"
#include "store/people/contacts.h"

struct batch;
struct queue_moves;
struct tenant_policies;

struct batch *batch_new(struct store_session *session);
void batch_free(struct batch **batch);

/* What holds for each tenant; must outlive the batch. NULL, as at first: the defaults, for everybody. */
void batch_use_policies(struct batch *batch, const struct tenant_policies *policies);
const struct tenant_policies *batch_policies(const struct batch *batch);

struct store_session *batch_session(struct batch *batch);
/* Lives until the batch is written or dropped. */
struct arena *batch_arena(struct batch *batch);
/* The time of this transaction; the same for all that is done in it. */
int64_t batch_now_us(const struct batch *batch);

/* The message, from memory when this batch touched it before. Change it in place and call batch_touch.
 * STATUS_NOT_FOUND. */
enum status batch_message(struct batch *batch, struct uuid id, struct message **ret, struct err *err) MUST_CHECK;
/* As batch_message, by what a provider calls it: the newest message of that id, which left through this provider or
 * through a server of whose name we know nothing ("smtp", "external"). */
struct remote_message {
	uint32_t tenant; /* 0: any */
	struct slice provider, remote_id;
};
enum status batch_message_of_remote(struct batch *batch, const struct remote_message *remote, struct message **ret,
				    struct err *err) MUST_CHECK;
/* Reads those that are not in memory yet, in few round trips, so that batch_message finds them there; sorts `ids`.
 * Unknown ids are no error. On a shared store this locks them in the order of their ids, so that whoever waits for a
 * lock holds only lower ones, and two who wait for one another cannot be, as long as a transaction does it once. */
enum status batch_read_ahead(struct batch *batch, struct uuid *ids, size_t count, struct err *err) MUST_CHECK;
void batch_touch(struct batch *batch, struct message *message);
/* What the message's contact allows now; CONSENT_FULL when it is not known. Remembered across transactions
 * (consent_memory.h), so whoever writes what contacts agreed to says so, by one of the two calls behind this one. */
enum status batch_contact_consent(struct batch *batch, const struct message *message, enum consent *ret_opens,
				  enum consent *ret_clicks, struct err *err) MUST_CHECK;
/* One contact allows this now. */
void batch_change_contact(struct batch *batch, uint32_t tenant, const struct contact_consent *what);
/* Others may have changed, or what was written is taken back: all are read again. */
void batch_forget_contacts(struct batch *batch);
/* Copies the event, slices included; whose it is is the message's, which is the batch's own where the event moves
 * numbers (effects.h). Whether it is unique is found out when it is written. */
void batch_event(struct batch *batch, const struct message *message, const struct event *event);
/* The newest event of the message that is gathered and not written yet, and the one gathered before it; NULL: none.
 * Valid until the next event or flush. */
const struct event *batch_last_event(const struct batch *batch, struct uuid message);
const struct event *batch_event_before(const struct batch *batch, const struct event *event);
/* The message's newest gathered event is a hit that may come again: puts it behind the others in
 * message->counters.recent, where there is room for it. Its position is filled in when it is written. */
void batch_remember_hit(struct batch *batch, struct message *message, uint64_t key);
/* One of message->counters.recent came again then, so many times: counted on the row of its event, and nowhere else. */
void batch_repeat(struct batch *batch, struct message *message, struct recent_hit *hit, uint32_t times,
		  int64_t time_us);
/* Where effects add; for events that are written already and are given another verdict (correction.h). */
struct sums *batch_sums(struct batch *batch);

/* What became of attempts, for the queue; written at flush (queue_moves.h). */
struct queue_moves *batch_queue_moves(struct batch *batch);

/* Has it fire (timers.h); once, however often it is set. Copies the key. */
void batch_set_timer(struct batch *batch, const struct timer *timer);
/* The earliest that was set since batch_reset; 0: none was. */
int64_t batch_first_timer_us(const struct batch *batch);

/* Writes everything gathered to the session, but for the sums that other transactions add to as well; still inside the
 * transaction. */
enum status batch_flush(struct batch *batch, struct err *err) MUST_CHECK;
/* What was flushed will not be taken back by batch_forget. */
void batch_keep(struct batch *batch);
/* Flushes, and writes the sums: last, before the commit. On a shared store those who add to the same ones wait for each
 * other from here on, and as everybody comes to them with nothing else to wait for, nobody waits crosswise. */
enum status batch_finish(struct batch *batch, struct err *err) MUST_CHECK;
/* Forgets everything gathered, and all messages in memory unless they may be kept, and starts anew at `now_us`. */
void batch_reset(struct batch *batch, int64_t now_us);
/* What was flushed is committed, and nobody else writes this store (neighbours.h): the next batch_reset keeps messages
 * in memory, some ten thousand that were used last. Whoever writes messages past the batch calls batch_forget. */
void batch_keep_messages(struct batch *batch);
/* Forgets what was gathered or flushed since the last batch_keep, and all messages in memory: the session was taken
 * back to where it was then. */
void batch_forget(struct batch *batch);
/* Events written since batch_reset. */
size_t batch_event_count(const struct batch *batch);

#endif
