/* SPDX-License-Identifier: Apache-2.0 */
/* One transaction of the writer.
 *
 *   begin -> commands, each an attempt -> records -> timers, each an attempt -> sums -> cursor -> commit
 *
 * Commands run first, so that a person who waits does not wait for a batch of hits. Each of the three has a slice of
 * the time. A slice is SLICE_US, or as long as the longest before it took: a command that adds a thousand messages
 * takes as long as it takes, and if records had a fixed slice behind it, a bulk load would leave them a small part of
 * the writer and hits would lag behind what people see. This way each gets at least a third of the writer when it has
 * that much to do, and none waits for another longer than the other works.
 *
 * Beside other servers (neighbours.h) a transaction does only one of the three, in turn, and locks the messages
 * of its records in the order of their ids before it writes anything. Otherwise each server held what the other waited
 * for: groups of records locked in the order in which they were hit (55 deadlocks in 81 s on the same 300 messages).
 * A large group is applied in two halves (record_group.h), and the cursor says so. What all servers add to the same
 * rows of, sums and minutes, comes last.
 *
 * When it fails:
 *   - the store is away: everything is rolled back; records come again from the journal, commands end with its status.
 *   - the commit's fate is unknown: the cursor tells, because it moved with everything else. A transaction without
 *     records moved none, and then nobody knows: its commands end with STATUS_UNCERTAIN.
 *   - the store refuses a value of some record: the same records run once more, each in a savepoint of its own, and
 *     what is refused again is passed over, loudly. One bad record never stops the journal (R9). */
#include "engine/ledger/writer_private.h"

#include "base/log.h"
#include "engine/ledger/attempt.h"
#include "engine/ledger/fitting.h"
#include "engine/ledger/watermark.h"

enum {
	RECORDS_MAX = 16384,   /* in a transaction; bounds memory, the time bounds the rest */
	RECORDS_BEHIND = 4096, /* so many not applied: it is far behind */
};
static const int64_t SLICE_US = 10000;
static const int64_t SLICE_UNHURRIED_US = 40000; /* of records, when no command waits */
/* While it is far behind and nobody waits, larger transactions save syncs and pages that are written again and again.
 */
static const int64_t SLICE_BEHIND_US = 250000;

enum work { WORK_COMMANDS, WORK_RECORDS, WORK_TIMERS, WORK_KINDS };

struct round {
	struct writer *writer;
	struct list_link ran; /* commands that ran, with their own outcome in status */
	struct journal_record record;
	bool has_record;
	size_t record_count;
	uint64_t last_sequence; /* everything up to here is applied */
	uint64_t half;          /* and the first half of what stands behind it up to here; 0: of nothing */
	int64_t last_record_us; /* when it was received */
	bool has_background;    /* among the commands */
	bool is_far_behind;     /* with records, when the round began */
	unsigned work;          /* what this transaction does: bits of enum work */
	bool is_cut_short;      /* there were more records than its slice had room for */
	int64_t began_us;       /* this slice; monotonic, as the next */
	int64_t end_us;         /* of this slice */
	int64_t locked_us;      /* when the messages of the group were read, and locked beside others */
	int64_t longest_us;     /* slice so far */
	int64_t watermark_us;   /* when the round began */
	bool has_due_timers;
	bool is_getting_ready; /* timers are due, and more is to be read for them first */
	bool is_unreadable;    /* the journal, for the reason in `reading` */
	struct err reading;
};

/* ---- Slices */

static int64_t monotonic_us(const struct round *r)
{
	return clock_monotonic_us(r->writer->config.clock);
}

static bool is_time_up(const struct round *r)
{
	return monotonic_us(r) >= r->end_us;
}

static void begin_slice(struct round *r, int64_t least_us)
{
	r->began_us = monotonic_us(r);
	r->end_us = r->began_us + (r->longest_us > least_us ? r->longest_us : least_us);
}

static void end_slice(struct round *r)
{
	int64_t took_us = monotonic_us(r) - r->began_us;
	r->longest_us = took_us > r->longest_us ? took_us : r->longest_us;
}

/* Also what this program does not understand, written by a newer one or by hand: it will not understand it the next
 * time either, and every other message can be counted (R9). */
static bool is_not_understood(const struct writer *w, enum status status)
{
	return status == STATUS_CORRUPT && store_transaction_lives(w->session);
}

/* ---- Getting ready */

static enum status prepare(struct writer *w, struct err *err)
{
	if (w->is_ready)
		return STATUS_OK;
	enum status status = store_session_recover(w->session, err);
	if (status == STATUS_OK)
		status = writer_find_cursor(w, err);
	if (status == STATUS_OK)
		status = writer_look_for_others(w, err);
	if (status != STATUS_OK)
		return status;
	journal_reader_close(&w->reader);
	w->has_ahead = false;
	record_group_clear(w->group);
	atomic_store(&w->applied, w->cursor);
	w->is_ready = true;
	return STATUS_OK;
}

/* Fills r->record; false when there is none now. */
static bool read_record(struct round *r)
{
	struct writer *w = r->writer;
	enum status status = STATUS_OK;
	if (w->has_ahead) {
		r->record = w->ahead;
		w->has_ahead = false;
		return r->has_record = true;
	}
	if (!w->reader)
		status = writer_open_reader(w, &r->reading);
	if (status == STATUS_OK)
		status = journal_reader_next(w->reader, &r->record, &r->reading);
	r->has_record = status == STATUS_OK;
	if (status == STATUS_OK || status == STATUS_END)
		return r->has_record;
	r->reading.status = status;
	r->is_unreadable = true;
	/* It stands at no certain place now; the next one starts behind what is committed. */
	journal_reader_close(&w->reader);
	return false;
}

/* ---- Commands */

/* Not STATUS_OK: the transaction is dead. */
static enum status run_command(struct writer *w, struct writer_command *command, struct err *err)
{
	enum status status = attempt_begin(w->batch, err);
	if (status != STATUS_OK)
		return status;
	command->err = (struct err){0};
	command->status = command->run(command, w->batch, &command->err);
	if (command->status == STATUS_AGAIN && store_is_shared(w->config.store)) {
		*err = command->err; /* it did nothing wrong: all of it again */
		return STATUS_AGAIN;
	}
	return attempt_end(w->batch, &command->status, &command->err, err);
}

static enum status run_commands(struct round *r, struct err *err)
{
	struct writer *w = r->writer;
	enum status status = STATUS_OK;
	begin_slice(r, SLICE_US);
	while (status == STATUS_OK && !list_is_empty(&w->waiting) && !is_time_up(r)) {
		struct list_link *link = list_take_first(&w->waiting);
		list_append(&r->ran, link);
		struct writer_command *command = LIST_ENTRY(link, struct writer_command, link);
		r->has_background = r->has_background || command->is_background;
		status = run_command(w, command, err);
	}
	end_slice(r);
	return status;
}

/* ---- Records */

static enum status apply_carefully(struct round *r, const struct journal_record *record, struct err *err)
{
	struct writer *w = r->writer;
	struct err refusal = {0};
	enum status status = attempt_begin(w->batch, err);
	if (status != STATUS_OK)
		return status;
	enum status outcome = w->config.applier->record(w->config.applier_self, w->batch, record, &refusal);
	bool is_strange = is_not_understood(w, outcome);
	status = attempt_end(w->batch, &outcome, &refusal, err);
	if (outcome == STATUS_OK || status != STATUS_OK)
		return status;
	if (!attempt_is_refusal(outcome) && !is_strange) {
		*err = refusal;
		return outcome;
	}
	log_error("apply.refused", LOG_INT("sequence", record->sequence), LOG_ERR(&refusal));
	w->config.applier->refused(w->config.applier_self, record);
	return STATUS_OK;
}

static bool is_alone(const struct writer *w)
{
	return neighbourhood_is_alone(&w->neighbours);
}

static size_t room_of_group(const struct round *r)
{
	const struct writer *w = r->writer;
	if (!is_alone(w))
		return w->group_room;
	if (!store_is_shared(w->config.store))
		return GROUP_LEAST;
	return r->is_far_behind ? GROUP_ALONE_MAX : GROUP_ALONE;
}

/* A group of which one half is applied already ends where it ended then. */
static bool is_complete(const struct round *r)
{
	const struct record_group *group = r->writer->group;
	return r->half ? record_group_ends_at(group, r->half) : record_group_count(group) >= room_of_group(r);
}

/* From r->record on. What is read must be applied: the reader does not go back. */
static void read_group(struct round *r)
{
	struct record_group *group = r->writer->group;
	do
		record_group_add(group, &r->record);
	while (!is_complete(r) && read_record(r));
}

static enum record_half choose_half(const struct round *r)
{
	if (r->half)
		return RECORD_HALF_SECOND;
	bool is_divided = !is_alone(r->writer) && record_group_is_divisible(r->writer->group);
	return is_divided ? RECORD_HALF_FIRST : RECORD_HALVES;
}

static enum status apply_part(struct round *r, const struct record_part *part, struct err *err)
{
	struct writer *w = r->writer;
	enum status status = batch_read_ahead(w->batch, part->messages, part->message_count, err);
	r->locked_us = monotonic_us(r);
	for (size_t i = 0; status == STATUS_OK && i < part->count; i++) {
		const struct journal_record *record = &part->records[i];
		status = w->is_careful ? apply_carefully(r, record, err)
				       : w->config.applier->record(w->config.applier_self, w->batch, record, err);
		if (status != STATUS_OK)
			break;
		r->last_record_us = record->time_us;
		r->record_count++;
	}
	return status;
}

/* All of the group, or the half whose turn it is. */
static enum status apply_group(struct round *r, struct err *err)
{
	struct record_group *group = r->writer->group;
	enum record_half half = choose_half(r);
	struct record_part part = record_group_part(group, half, batch_arena(r->writer->batch));
	enum status status = apply_part(r, &part, err);
	if (status != STATUS_OK)
		return status;
	if (half == RECORD_HALF_FIRST) {
		r->half = record_group_last(group);
		r->last_record_us = record_group_first(group)->time_us;
		return STATUS_OK;
	}
	r->last_sequence = record_group_last(group);
	r->half = r->last_sequence < r->half ? r->half : 0;
	return STATUS_OK;
}

/* A second group would lock messages below those that are held. So there is one, of the size that fits the slice. Not
 * counted is the wait for another server that has the same messages: smaller groups would only wait more often. */
static void adapt_group(struct round *r)
{
	struct writer *w = r->writer;
	const struct fitting fitting = {GROUP_LEAST, GROUP_SHARED_MAX, r->end_us - r->began_us};
	size_t next = fitting_next(&fitting, w->group_room, monotonic_us(r) - r->locked_us);
	bool was_full = record_group_count(w->group) == w->group_room;
	if (was_full || next < w->group_room)
		w->group_room = next;
}

static int64_t slice_of_records(const struct round *r)
{
	if (!list_is_empty(&r->writer->waiting))
		return SLICE_US;
	return r->is_far_behind ? SLICE_BEHIND_US : SLICE_UNHURRIED_US;
}

static enum status apply_records(struct round *r, struct err *err)
{
	struct writer *w = r->writer;
	enum status status = STATUS_OK;
	begin_slice(r, slice_of_records(r));
	while (r->has_record && status == STATUS_OK) {
		if (record_group_count(w->group) == 0)
			read_group(r);
		status = apply_group(r, err);
		if (!is_alone(w)) {
			r->is_cut_short = r->has_record || r->half;
			adapt_group(r);
			break;
		}
		record_group_clear(w->group);
		r->is_cut_short = r->has_record && (r->record_count >= RECORDS_MAX || is_time_up(r));
		if (r->is_cut_short)
			break;
		if (r->has_record)
			(void)read_record(r);
	}
	/* What they take to be written is their time, not that of the timers behind them, who need them written. */
	if (status == STATUS_OK && r->has_due_timers)
		status = batch_flush(w->batch, err);
	end_slice(r);
	return status;
}

/* ---- Timers */

/* Not while records are proved one by one: then the transaction holds nothing that need not be in it. */
static void plan_timers(struct round *r)
{
	struct writer *w = r->writer;
	struct journal_end end = {!r->is_unreadable, r->has_record, r->record.time_us};
	r->watermark_us = watermark_us(&end, clock_now_us(w->config.clock) - (is_alone(w) ? 0 : WATERMARK_SHARED_US));
	if (w->is_careful || atomic_load(&w->is_stopping))
		return;
	enum timers_state state = timers_look(w->timers, w->session, r->watermark_us, monotonic_us(r) + SLICE_US);
	r->has_due_timers = state == TIMERS_DUE;
	r->is_getting_ready = state == TIMERS_GET_READY;
}

static enum status fire_timers(struct round *r, struct err *err)
{
	if (!r->has_due_timers)
		return STATUS_OK;
	begin_slice(r, SLICE_US);
	struct timers_slice slice = {r->watermark_us, r->end_us, !is_alone(r->writer)};
	return timers_fire(r->writer->timers, r->writer->batch, &slice, err);
}

/* ---- What this transaction is for */

static bool does(const struct round *r, enum work kind)
{
	return (r->work & 1u << kind) != 0;
}

static bool has_work(const struct round *r, enum work kind)
{
	switch (kind) {
	case WORK_COMMANDS: return !list_is_empty(&r->writer->waiting);
	case WORK_RECORDS: return r->has_record;
	case WORK_TIMERS: return r->has_due_timers;
	case WORK_KINDS: break;
	}
	return false;
}

/* All of it, or, beside other servers, one kind after the other. */
static void choose_work(struct round *r)
{
	struct writer *w = r->writer;
	r->work = ~0u;
	for (unsigned n = 0; !is_alone(w) && n < WORK_KINDS; n++) {
		enum work kind = (enum work)((w->turn + n) % WORK_KINDS);
		if (!has_work(r, kind))
			continue;
		r->work = 1u << kind;
		w->turn = kind + 1;
		return;
	}
}

/* The reader does not go back: what this round has read and not applied is the next one's first. */
static void keep_record(struct round *r)
{
	struct writer *w = r->writer;
	if (does(r, WORK_RECORDS) || !r->has_record)
		return;
	if (record_group_count(w->group) == 0) {
		w->ahead = r->record;
		w->has_ahead = true;
	}
	r->is_cut_short = true;
	r->last_record_us = r->record.time_us;
}

/* ---- The end of it */

static enum status gather(struct round *r, struct err *err)
{
	enum status status = STATUS_OK;
	if (does(r, WORK_COMMANDS))
		status = run_commands(r, err);
	if (status == STATUS_OK && does(r, WORK_RECORDS))
		status = apply_records(r, err);
	if (status == STATUS_OK && does(r, WORK_TIMERS))
		status = fire_timers(r, err);
	if (status == STATUS_OK)
		status = batch_finish(r->writer->batch, err);
	return status;
}

static bool moves_cursor(const struct round *r)
{
	return r->last_sequence != r->writer->cursor || r->half != r->writer->half;
}

static enum status advance_cursor(struct round *r, struct err *err)
{
	struct writer *w = r->writer;
	uint64_t end = r->half > r->last_sequence ? r->half : r->last_sequence;
	w->attempted = end > w->attempted ? end : w->attempted;
	uint64_t durable = journal_durable_sequence(w->config.journal);
	struct cursor_step step = {w->cursor, w->half, r->last_sequence, r->half, durable};
	return store_cursor_advance(w->session, &w->claim, step, err);
}

static enum status commit(struct round *r, struct err *err)
{
	struct writer *w = r->writer;
	enum status status = neighbourhood_keep(&w->neighbours, w->session, w->claim.number, err);
	if (status == STATUS_OK && moves_cursor(r))
		status = advance_cursor(r, err);
	/* Whose the node is now, and where its cursor stands, the next round finds out. */
	if (status == STATUS_CONFLICT)
		return err_set(err, STATUS_AGAIN, "the journal's cursor was moved by somebody else");
	if (status == STATUS_OK)
		status = store_commit(w->session, err);
	if (status != STATUS_UNCERTAIN || !moves_cursor(r))
		return status;
	return writer_learn_commit(w, &(struct journal_cursor){w->claim.epoch, r->last_sequence, r->half}, err);
}

static void publish(struct writer *w)
{
	uint64_t horizon;
	struct err ignored;
	if (!w->config.committed || batch_event_count(w->batch) == 0)
		return;
	/* When it cannot be read the next commit tells; readers lose nothing but a moment. */
	if (store_event_horizon(w->session, &horizon, &ignored) == STATUS_OK)
		w->config.committed(w->config.user, horizon);
}

/* For those who watch; see writer_lag_us. */
static void note_lag(const struct round *r, int64_t unapplied_since_us)
{
	struct writer *w = r->writer;
	atomic_store(&w->unapplied_since_us, unapplied_since_us);
	atomic_store(&w->timers_late_us, timers_late_us(w->timers, r->watermark_us));
}

static void end_well(struct round *r)
{
	struct writer *w = r->writer;
	struct list_link *link;
	keep_record(r);
	w->half = r->half;
	if (record_group_count(w->group) && record_group_last(w->group) <= r->last_sequence)
		record_group_clear(w->group);
	if (r->last_sequence != w->cursor) {
		w->cursor = r->last_sequence;
		atomic_store(&w->applied, w->cursor);
		if (w->config.applied)
			w->config.applied(w->config.user, w->cursor);
	}
	w->is_careful = false;
	if (is_alone(w))
		batch_keep_messages(w->batch); /* else another applier may count on the same ones next */
	w->collisions = 0;
	timers_note(w->timers, batch_first_timer_us(w->batch));
	note_lag(r, r->is_cut_short ? r->last_record_us : clock_now_us(w->config.clock));
	w->config.applier->refresh(w->config.applier_self, w->session); /* before anybody hears of the commit */
	while ((link = list_take_first(&r->ran))) {
		struct writer_command *command = LIST_ENTRY(link, struct writer_command, link);
		command->done(command);
	}
	publish(w);
	writer_clean_up(w, r->has_background ? WRITER_DELETED : r->is_far_behind ? WRITER_BEHIND : WRITER_LEVEL);
}

/* Puts commands that ran back in front of those that wait. */
static void put_back(struct round *r)
{
	struct list_link *link;
	while ((link = list_take_first(&r->writer->waiting)))
		list_append(&r->ran, link);
	while ((link = list_take_first(&r->ran)))
		list_append(&r->writer->waiting, link);
}

static enum round_result end_badly(struct round *r, enum status status, struct err *err)
{
	struct writer *w = r->writer;
	struct list_link *link;
	bool is_refused = (attempt_is_refusal(status) || is_not_understood(w, status)) && !w->is_careful;
	store_rollback(w->session);
	batch_reset(w->batch, batch_now_us(w->batch));
	batch_forget_contacts(w->batch);
	w->is_ready = false;
	err->status = status;
	if (is_refused) {
		w->is_careful = true;
		put_back(r);
		return ROUND_AGAIN;
	}
	if (status == STATUS_AGAIN && writer_step_aside(w)) {
		put_back(r);
		return ROUND_AGAIN;
	}
	if (status == STATUS_AGAIN)
		err->status = status = STATUS_IO;
	while ((link = list_take_first(&r->ran))) {
		struct writer_command *command = LIST_ENTRY(link, struct writer_command, link);
		if (command->status == STATUS_OK)
			writer_end_command(command, status, err);
		else
			command->done(command);
	}
	return ROUND_FAILED;
}

static enum round_result how_it_ended(const struct round *r)
{
	bool has_more =
	    r->is_cut_short || r->is_getting_ready || timers_late_us(r->writer->timers, r->watermark_us) > 0;
	return has_more ? ROUND_UNFINISHED : ROUND_DONE;
}

static enum round_result unless_stalled(const struct round *r, enum round_result result, struct err *err)
{
	if (!r->is_unreadable)
		return result;
	*err = r->reading;
	return ROUND_STALLED;
}

/* What was read and not applied, or the next record. */
static void read_first(struct round *r)
{
	const struct record_group *group = r->writer->group;
	r->has_record = record_group_count(group) != 0;
	if (r->has_record)
		r->record = *record_group_first(group);
	else
		(void)read_record(r);
}

static void look_at_journal(struct round *r)
{
	struct writer *w = r->writer;
	r->is_far_behind = journal_durable_sequence(w->config.journal) - w->cursor > RECORDS_BEHIND;
	r->last_sequence = w->cursor;
	r->half = w->half;
	read_first(r);
	plan_timers(r);
	note_lag(r, r->has_record ? r->record.time_us : clock_now_us(w->config.clock));
}

enum round_result writer_round(struct writer *w, struct err *err)
{
	struct round r = {.writer = w};
	list_init(&r.ran);
	enum status status = prepare(w, err);
	if (status == STATUS_OK) {
		w->config.applier->refresh(w->config.applier_self, w->session);
		status = writer_look_around(w, err);
	}
	if (status != STATUS_OK) {
		/* Those who wait are told that the store cannot be written, not that they collided with anything. */
		err->status = status == STATUS_CONFLICT ? STATUS_IO : status;
		return ROUND_FAILED;
	}
	if (atomic_load(&w->halt) != WRITER_RUNS || !w->is_ready)
		return ROUND_AGAIN;
	look_at_journal(&r);
	if (!r.has_record && !r.has_due_timers && list_is_empty(&w->waiting))
		return unless_stalled(&r, r.is_getting_ready ? ROUND_UNFINISHED : ROUND_IDLE, err);
	choose_work(&r);
	batch_reset(w->batch, clock_now_us(w->config.clock));
	status = store_begin(w->session, err);
	if (status == STATUS_OK)
		status = gather(&r, err);
	if (status == STATUS_OK)
		status = commit(&r, err);
	if (status != STATUS_OK)
		return end_badly(&r, status, err);
	end_well(&r);
	return unless_stalled(&r, how_it_ended(&r), err);
}
