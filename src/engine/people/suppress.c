/* SPDX-License-Identifier: Apache-2.0 */
/* Looked up and changed in one command of the writer, so that nobody adds or removes the address in between. What
 * changed nothing is not noted: an entry in the audit says that something is other than before. */
#include "engine/people/suppress.h"

#include "codec/text/json_text.h"
#include "engine/ledger/audit.h"
#include "store/people/suppressions.h"

enum { DETAILS_MAX = 8192 };

struct suppress_command {
	struct writer_command command;
	const struct suppress_change *change;
	struct arena *arena;
	struct slice reason; /* that it was on the list for */
	bool was_added;
};

/* "erased" is not among them: only an erasure writes it, under a hash that nobody can type. */
bool suppress_reason_is_good(struct slice reason)
{
	return slice_equal(reason, SLICE("unsubscribed")) || slice_equal(reason, SLICE("complaint")) ||
	       slice_equal(reason, SLICE("hard_bounce")) || slice_equal(reason, SLICE("manual"));
}

static bool is_the_recipients_own(struct slice reason)
{
	return !slice_equal(reason, SLICE("hard_bounce")) && !slice_equal(reason, SLICE("manual"));
}

static enum status note(struct batch *batch, const struct suppress_change *change, struct slice action,
			struct slice reason, struct err *err)
{
	struct arena *arena = batch_arena(batch);
	struct buf text;
	buf_init_fixed(&text, arena_alloc(arena, DETAILS_MAX), DETAILS_MAX);
	struct json_text w = json_text_on(&text);
	json_open(&w, '{');
	JSON_FIELD(&w, "reason", string, reason);
	JSON_FIELD(&w, "why", string_or_null, change->why);
	json_close(&w, '}');
	struct audit_note entry = {
	    .tenant = change->tenant,
	    .actor = change->actor,
	    .action = action,
	    .subject = audit_person(arena, change->tenant, change->address),
	    .details = buf_failed(&text) ? SLICE_EMPTY : buf_slice(&text),
	};
	return audit_write(batch, &entry, err);
}

/* ---- Adding */

static enum status run_add(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct suppress_command *c = (struct suppress_command *)(void *)command;
	struct suppression suppression = {
	    .tenant = c->change->tenant, .address = c->change->address, .reason = c->change->reason};
	enum status status =
	    store_suppression_add(batch_session(batch), &suppression, batch_now_us(batch), &c->was_added, err);
	if (status != STATUS_OK || !c->was_added)
		return status;
	return note(batch, c->change, SLICE("suppression.added"), c->change->reason, err);
}

struct writer_command *suppress_add_command(struct arena *arena, const struct suppress_change *change)
{
	struct suppress_command *c = ARENA_NEW(arena, struct suppress_command);
	*c = (struct suppress_command){.command = {.run = run_add}, .change = change};
	return &c->command;
}

bool suppress_was_added(const struct writer_command *command)
{
	return ((const struct suppress_command *)(const void *)command)->was_added;
}

/* ---- Removing */

static enum status run_remove(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct suppress_command *c = (struct suppress_command *)(void *)command;
	const struct suppress_change *change = c->change;
	struct store_session *session = batch_session(batch);
	enum status status =
	    store_suppression_find(session, change->tenant, change->address, c->arena, &c->reason, err);
	if (status == STATUS_OK && is_the_recipients_own(c->reason) && !change->why.n)
		return err_set(err, STATUS_BAD_INPUT,
			       "The address is on the list because of its owner (%.*s); it goes only with the query "
			       "parameter 'why', which says what makes it right to mail again.",
			       SLICE_FMT(c->reason));
	if (status == STATUS_OK)
		status = store_suppression_remove(session, change->tenant, change->address, err);
	return status == STATUS_OK ? note(batch, change, SLICE("suppression.removed"), c->reason, err) : status;
}

struct writer_command *suppress_remove_command(struct arena *arena, const struct suppress_change *change)
{
	struct suppress_command *c = ARENA_NEW(arena, struct suppress_command);
	*c = (struct suppress_command){.command = {.run = run_remove}, .change = change, .arena = arena};
	return &c->command;
}

struct slice suppress_reason_of(const struct writer_command *command)
{
	return ((const struct suppress_command *)(const void *)command)->reason;
}
