/* SPDX-License-Identifier: Apache-2.0 */
/* The writer as one of several: where it stands after a failure, and when it must not write any more.
 *
 * What the row of its node may say, against what this process remembers:
 *
 *   epoch higher                 another process has taken the node since: end
 *   epoch lower, or no row       a standby without our last seconds took over: take the epoch again, replay
 *   cursor above all we tried    somebody moved it under our epoch, so our disk is not the only copy: end
 *   cursor below                 a failover again: replay from there
 *
 * "End" is for good. Going on would mean to skip what the other has put under the same sequence numbers, or to have it
 * skip ours; what this journal holds behind the cursor stays on the disk, and the operator is told. */
#include "engine/ledger/writer_private.h"

#include "base/log.h"
#include "base/random.h"
#include "store/house/nodes.h"
#include <unistd.h>

static const int64_t LOOK_EVERY_US = 1000000;
/* Longer than any step of a duty takes; so long nobody does the work of a node that died. */
enum { DUTY_SECONDS = 300 };
static const int64_t COLLISION_WAIT_US = 1000;
/* In a row, before it counts as the store being away: about half a second, unless each of them is a lock that was
 * waited for as long as a session may. What a frozen machine holds is free again before that (idle_in_transaction). */
enum { COLLISIONS_MAX = 20, COLLISION_DOUBLINGS = 5 };
static const int64_t COLLIDING_MAX_US = 15000000;
/* On a store of our own nobody waits for a sign of life, and each costs a sync. */
static const int64_t TELL_ALONE_EVERY_US = 60000000;

static void halt(struct writer *w, enum writer_halt why, const struct err *err)
{
	if (atomic_load(&w->halt) != WRITER_RUNS)
		return;
	writer_note_failure(w, err);
	atomic_store(&w->halt, why);
	if (w->config.halted)
		w->config.halted(w->config.user, why, err->text);
}

static enum status be_fenced(struct writer *w, struct err *err, const char *what)
{
	(void)err_set(err, STATUS_CONFLICT,
		      "%s: another process writes for node %u; this data directory is a copy, or was copied", what,
		      w->self.number);
	log_error("node.fenced", LOG_INT("node", w->claim.number), LOG_INT("epoch", w->claim.epoch), LOG_ERR(err),
		  LOG_INT("not_applied", journal_durable_sequence(w->config.journal) - w->cursor),
		  LOG_CSTR("do", "read 'Two directories, one journal' in doc/scale.md"));
	halt(w, WRITER_FENCED, err);
	return STATUS_CONFLICT;
}

/* A commit of before, of this process or the last, may still be on its way to the server, or wait there for a standby:
 * so this waits for whoever holds the cursor's row, and what it then says is how it stays. No row: all zero. */
static enum status read_cursor(struct writer *w, struct journal_cursor *ret, struct err *err)
{
	enum status status = store_begin(w->session, err);
	if (status != STATUS_OK)
		return status;
	status = store_cursor_read(w->session, w->claim.number, ret, err);
	store_rollback(w->session);
	if (status != STATUS_NOT_FOUND)
		return status;
	*ret = (struct journal_cursor){0};
	return STATUS_OK;
}

static void stand_at(struct writer *w, const struct journal_cursor *at)
{
	w->cursor = at->sequence;
	w->half = at->half;
}

/* ---- At the start */

/* Stands for the installation where there is no data directory: tests and measurements. */
static struct uuid nobody(uint16_t number)
{
	return uuid_of_record(0, number, 0);
}

static enum status choose_claim(struct writer *w, struct err *err)
{
	struct journal_cursor found = {0};
	enum status status = store_cursor_read(w->session, w->node, &found, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	stand_at(w, &found);
	w->self = (struct node){.number = w->node, .installation = nobody(w->node), .epoch = found.epoch + 1};
	if (w->config.node)
		w->self = *w->config.node;
	w->self.durable = w->target;
	w->claim = (struct node_claim){w->self.number, w->self.epoch};
	return STATUS_OK;
}

/* Again, because the take has waited for what the last process left under way. */
static enum status read_own_cursor(struct writer *w, struct err *err)
{
	struct journal_cursor found;
	enum status status = read_cursor(w, &found, err);
	if (status == STATUS_OK)
		stand_at(w, &found);
	return status;
}

enum status writer_claim_node(struct writer *w, struct err *err)
{
	enum status status = choose_claim(w, err);
	if (status != STATUS_OK)
		return status;
	status = store_node_take(w->session, &w->self, err);
	if (status == STATUS_OK)
		status = read_own_cursor(w, err);
	w->is_ready = status == STATUS_OK;
	/* A full disk is no reason not to start: redirects go on meanwhile, and the first round takes it again. */
	bool passes =
	    status == STATUS_IO || status == STATUS_FULL || status == STATUS_AGAIN || status == STATUS_TIMEOUT;
	return passes ? STATUS_OK : status;
}

/* ---- After a failure */

static enum status take_again(struct writer *w, struct err *err)
{
	log_warn("node.taken_again", LOG_INT("node", w->self.number), LOG_INT("epoch", w->self.epoch));
	w->self.durable = journal_durable_sequence(w->config.journal);
	return store_node_take(w->session, &w->self, err);
}

enum status writer_find_cursor(struct writer *w, struct err *err)
{
	struct journal_cursor found;
	enum status status = read_cursor(w, &found, err);
	if (status == STATUS_OK && found.epoch < w->claim.epoch)
		status = take_again(w, err);
	if (status == STATUS_CONFLICT)
		return be_fenced(w, err, "the node has a new holder");
	if (status != STATUS_OK)
		return status;
	if (found.epoch > w->claim.epoch)
		return be_fenced(w, err, "the node has a newer epoch");
	if (found.sequence > w->attempted || found.half > w->attempted)
		return be_fenced(w, err, "the cursor is ahead of all that was tried here");
	if (found.sequence < w->cursor)
		log_warn("node.replays", LOG_INT("node", w->claim.number), LOG_INT("from", found.sequence),
			 LOG_INT("instead_of", w->cursor));
	stand_at(w, &found);
	return STATUS_OK;
}

enum status writer_learn_commit(struct writer *w, const struct journal_cursor *moved, struct err *err)
{
	struct journal_cursor now;
	struct err ignored;
	if (store_session_recover(w->session, &ignored) != STATUS_OK || read_cursor(w, &now, &ignored) != STATUS_OK)
		return STATUS_UNCERTAIN;
	if (now.epoch == moved->epoch && now.sequence == moved->sequence && now.half == moved->half)
		return STATUS_OK;
	return err_set(err, STATUS_IO, "the transaction was lost while it was committed");
}

/* ---- Where to read on */

/* What is half applied was read, too, so an older journal without it is refused, as in journal_reader_open. */
enum status writer_open_reader(struct writer *w, struct err *err)
{
	uint64_t end = journal_durable_sequence(w->config.journal);
	if (w->half > end)
		return err_set(err, STATUS_CORRUPT, "record %llu was read before, but the journal ends with %llu",
			       (unsigned long long)w->half, (unsigned long long)end);
	return journal_reader_open(w->config.journal, w->cursor, &w->reader, err);
}

/* ---- Who else is there */

static void note_neighbours(struct writer *w)
{
	static const char *const WORDS[] = {
	    [NEIGHBOURS_GONE] = "nobody any more", [NEIGHBOURS_PRESENT] = "other servers"};
	atomic_store(&w->is_alone, neighbourhood_is_alone(&w->neighbours));
	/* Most stores have one server for ever; its operator need not be told. */
	if (w->neighbours.who != NEIGHBOURS_NEVER)
		log_info("node.neighbours", LOG_INT("node", w->claim.number),
			 LOG_CSTR("also_writing", WORDS[w->neighbours.who]));
	batch_forget(w->batch);
	w->config.applier->neighbours(w->config.applier_self, w->neighbours.who, clock_now_us(w->config.clock));
}

enum status writer_look_for_others(struct writer *w, struct err *err)
{
	bool is_news;
	enum status status = neighbourhood_look(&w->neighbours, w->session, w->claim.number, &is_news, err);
	if (status == STATUS_OK && is_news)
		note_neighbours(w);
	return status;
}

static enum status tell_others(struct writer *w, int64_t now_us, struct err *err)
{
	if (!store_is_shared(w->config.store) && w->told_us && now_us - w->told_us < TELL_ALONE_EVERY_US)
		return STATUS_OK;
	uint64_t durable = journal_durable_sequence(w->config.journal);
	enum status status = store_node_seen(w->session, &w->claim, durable, err);
	if (status == STATUS_OK)
		w->told_us = now_us;
	if (status != STATUS_CONFLICT)
		return status;
	w->is_ready = false; /* the next round finds out whose it is */
	return STATUS_OK;
}

/* A session that reads well may not write: its server became a standby, its file lost its permissions. Commands would
 * fail one by one, each for itself; so the sign of life, which is a write, is the proof. */
enum status writer_look_around(struct writer *w, struct err *err)
{
	int64_t now_us = clock_monotonic_us(w->config.clock);
	if (w->looked_us && now_us - w->looked_us < LOOK_EVERY_US)
		return STATUS_OK;
	enum status status = store_check_fence(w->session, err);
	if (status == STATUS_CONFLICT) {
		halt(w, WRITER_OUTDATED, err);
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = writer_look_for_others(w, err);
	if (status == STATUS_OK)
		status = tell_others(w, now_us, err);
	/* Somebody was in the way; each transaction asks again (neighbourhood_keep), and the rest can wait a second. */
	if (status == STATUS_OK || status == STATUS_AGAIN)
		w->looked_us = now_us;
	else
		w->is_ready = false;
	return status == STATUS_AGAIN ? STATUS_OK : status;
}

void writer_leave(struct writer *w)
{
	struct err ignored;
	if (atomic_load(&w->halt) != WRITER_RUNS || !w->is_ready)
		return;
	/* When it cannot be told, the next start on another machine waits a moment in vain. */
	enum status status = store_node_left(w->session, &w->claim, &ignored);
	(void)status;
}

enum status writer_hold_duty(const struct writer *writer, struct batch *batch, const struct writer_duty *duty,
			     struct err *err)
{
	bool is_held = false;
	uint32_t seconds = duty->seconds ? duty->seconds : DUTY_SECONDS;
	enum status status = store_duty_hold(batch_session(batch), duty->name, &writer->claim, seconds, &is_held, err);
	if (status == STATUS_OK && !is_held)
		return err_set(err, STATUS_DENIED, "another server does this");
	return status;
}

/* ---- Beside others */

/* Two that met once must not meet again at the same step: each waits for a time of its own, that doubles. */
bool writer_step_aside(struct writer *w)
{
	uint16_t dice;
	int64_t now_us = clock_monotonic_us(clock_system());
	if (w->collisions == 0)
		w->colliding_since_us = now_us;
	if (w->collisions >= COLLISIONS_MAX || now_us - w->colliding_since_us >= COLLIDING_MAX_US)
		return false;
	random_bytes(&dice, sizeof dice);
	unsigned doublings = w->collisions < COLLISION_DOUBLINGS ? w->collisions : COLLISION_DOUBLINGS;
	w->collisions++;
	(void)usleep((useconds_t)((COLLISION_WAIT_US << doublings) * (dice % 1000 + 1) / 1000));
	return true;
}
