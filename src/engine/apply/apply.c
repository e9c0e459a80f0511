/* SPDX-License-Identifier: Apache-2.0 */
/* A table of small handlers by record type, and the account of what was passed over.
 *
 * A record that cannot be applied must never stop the journal: everything behind it would wait for ever, and a person's
 * click with it (rule R9). So it is counted and passed over. A fault in it is told once a minute for each reason, with
 * how many there have been, since a damaged stretch holds thousands of them and a log that is full of one line hides
 * the others. */
#include "engine/apply/apply.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/apply/repeat.h"
#include "engine/judge/fan_out.h"
#include "engine/judge/network_watch.h"
#include "engine/judge/settle.h"
#include "engine/ledger/record.h"
#include "engine/ledger/writer.h"
#include <stdatomic.h>

static const int64_t LOG_EVERY_US = 60000000;
static const int64_t POLICIES_EVERY_US = 1000000;

struct apply {
	struct apply_parts parts;
	const struct clock *clock;
	struct network_watch *networks;             /* NULL: none */
	struct tenant_policies *policies;           /* NULL: none */
	int64_t policies_us;                        /* monotonic; when they were last looked at; 0: never */
	_Atomic uint64_t skipped[APPLY_SKIP_COUNT]; /* read by other threads, for the metrics */
	int64_t logged_us[APPLY_SKIP_COUNT];        /* monotonic; when this reason was last logged */
};

static const char *const SKIP_NAMES[APPLY_SKIP_COUNT] = {
    [APPLY_SKIP_UNKNOWN_TYPE] = "unknown_type", [APPLY_SKIP_MALFORMED] = "malformed",
    [APPLY_SKIP_NO_MESSAGE] = "no_message",     [APPLY_SKIP_HEAD] = "head",
    [APPLY_SKIP_NO_CONSENT] = "no_consent",     [APPLY_SKIP_ERASED] = "erased",
    [APPLY_SKIP_REPEATED] = "repeated",         [APPLY_SKIP_OWN_LINK] = "own_link",
    [APPLY_SKIP_REFUSED] = "refused",           [APPLY_SKIP_LOST] = "lost",
};

typedef enum status apply_function(const struct apply_context *context, struct err *err);

static apply_function *const HANDLERS[] = {
    [RECORD_HIT] = apply_hit,
    [RECORD_INTENT] = apply_intent,
    [RECORD_OUTCOME] = apply_outcome,
    [RECORD_PROVIDER_HIT] = apply_provider_hit,
};

struct apply *apply_new(const struct apply_config *config)
{
	struct apply *a = MEM_NEW(struct apply);
	a->clock = config->clock;
	a->networks = config->networks;
	a->parts.node = config->node;
	a->parts.sealer = link_token_sealer_new(config->keys);
	a->policies = config->policies;
	a->parts.policies = config->policies;
	a->parts.defaults = tenant_policy_default();
	a->parts.counts_every_press = config->counts_every_press;
	a->parts.repeats = repeat_secrets_new();
	a->parts.fan_out = fan_out_new();
	a->parts.settler =
	    settler_new(&(struct settler_config){.fan_out = a->parts.fan_out, .is_shared = config->is_shared});
	return a;
}

const struct tenant_policy *apply_policy_of(const struct apply_parts *parts, uint32_t tenant)
{
	return parts->policies ? tenant_policies_look(parts->policies, tenant) : &parts->defaults;
}

struct settler *apply_settler(struct apply *apply)
{
	return apply->parts.settler;
}

void apply_take_networks(struct apply *apply)
{
	if (!apply->networks)
		return;
	network_watch_take(apply->networks, &apply->parts.networks);
	settler_judge_by(apply->parts.settler, apply->parts.networks);
}

void apply_free(struct apply **apply)
{
	if (!*apply)
		return;
	link_token_sealer_free(&(*apply)->parts.sealer);
	repeat_secrets_free(&(*apply)->parts.repeats);
	settler_free(&(*apply)->parts.settler);
	fan_out_free(&(*apply)->parts.fan_out);
	network_lists_free(&(*apply)->parts.networks);
	mem_free(*apply);
	*apply = NULL;
}

const char *apply_skip_name(enum apply_skip skip)
{
	return (unsigned)skip < APPLY_SKIP_COUNT ? SKIP_NAMES[skip] : "unknown";
}

uint64_t apply_skipped(const struct apply *apply, enum apply_skip skip)
{
	return atomic_load_explicit(&apply->skipped[skip], memory_order_relaxed);
}

/* What is passed over by rule is no news; what is passed over by need is. */
static bool is_ordinary(enum apply_skip skip)
{
	return skip == APPLY_SKIP_HEAD || skip == APPLY_SKIP_NO_CONSENT || skip == APPLY_SKIP_ERASED ||
	       skip == APPLY_SKIP_REPEATED || skip == APPLY_SKIP_OWN_LINK;
}

void apply_note_skip(struct apply *apply, enum apply_skip skip, const struct journal_record *record)
{
	uint64_t count = atomic_fetch_add_explicit(&apply->skipped[skip], 1, memory_order_relaxed) + 1;
	int64_t now_us = clock_monotonic_us(apply->clock);
	bool is_due = count == 1 || now_us - apply->logged_us[skip] >= LOG_EVERY_US;
	if (is_ordinary(skip) || !is_due)
		return;
	apply->logged_us[skip] = now_us;
	log_warn("apply.skipped", LOG_CSTR("reason", apply_skip_name(skip)), LOG_INT("sequence", record->sequence),
		 LOG_INT("type", record->type), LOG_INT("bytes", record->payload.n), LOG_INT("so_far", count));
}

enum status apply_record(struct apply *apply, struct batch *batch, const struct journal_record *record, struct err *err)
{
	apply_function *handler = record->type < sizeof HANDLERS / sizeof HANDLERS[0] ? HANDLERS[record->type] : NULL;
	if (!handler) {
		bool is_lost = record->type == JOURNAL_TYPE_LOST;
		apply_note_skip(apply, is_lost ? APPLY_SKIP_LOST : APPLY_SKIP_UNKNOWN_TYPE, record);
		return STATUS_OK;
	}
	struct apply_context context = {apply, &apply->parts, batch, record};
	return handler(&context, err);
}

/* Parses the record once more than the handler does: some 0.2 µs, against a round trip that is saved by reading the
 * messages of many records at once. */
bool apply_message_of(const struct journal_record *record, struct uuid *ret)
{
	struct hit_record hit;
	struct intent_record intent;
	struct outcome_record outcome;
	struct provider_hit_record report;
	if (record->type == RECORD_HIT && record_get_hit(record->payload, &hit) == STATUS_OK)
		*ret = hit.message;
	else if (record->type == RECORD_INTENT && record_get_intent(record->payload, &intent) == STATUS_OK)
		*ret = intent.message;
	else if (record->type == RECORD_OUTCOME && record_get_outcome(record->payload, &outcome) == STATUS_OK)
		*ret = outcome.message;
	else if (record->type == RECORD_PROVIDER_HIT &&
		 record_get_provider_hit(record->payload, &report) == STATUS_OK && !uuid_is_zero(report.message))
		*ret = report.message;
	else
		return false;
	return true;
}

/* ---- For a writer */

static enum status open_for_writer(void *self, struct batch *batch, struct err *err)
{
	struct apply *apply = self;
	batch_use_policies(batch, apply->policies);
	return apply->policies ? tenant_policies_refresh(apply->policies, batch_session(batch), err) : STATUS_OK;
}

/* What cannot be read holds as it was; a store that does not answer is noticed by whoever has something to write. */
static void refresh_policies(struct apply *apply, struct store_session *session)
{
	struct err ignored;
	int64_t now_us = clock_monotonic_us(apply->clock);
	bool is_due = !apply->policies_us || now_us - apply->policies_us >= POLICIES_EVERY_US;
	if (!apply->policies || (!tenant_policies_take_expired(apply->policies) && !is_due))
		return;
	apply->policies_us = now_us;
	if (tenant_policies_refresh(apply->policies, session, &ignored) != STATUS_OK)
		tenant_policies_expire(apply->policies);
}

static void refresh_for_writer(void *self, struct store_session *session)
{
	refresh_policies(self, session);
	apply_take_networks(self);
}

static void note_neighbours_for_writer(void *self, enum neighbours who, int64_t now_us)
{
	struct apply *apply = self;
	settler_note_neighbours(apply->parts.settler, who, now_us);
}

static enum status record_for_writer(void *self, struct batch *batch, const struct journal_record *record,
				     struct err *err)
{
	return apply_record(self, batch, record, err);
}

static void refused_for_writer(void *self, const struct journal_record *record)
{
	apply_note_skip(self, APPLY_SKIP_REFUSED, record);
}

static const struct applier APPLIER = {
    .open = open_for_writer,
    .refresh = refresh_for_writer,
    .neighbours = note_neighbours_for_writer,
    .message_of = apply_message_of,
    .record = record_for_writer,
    .refused = refused_for_writer,
};

void apply_join_writer(struct apply *apply, struct writer_config *config)
{
	config->applier = &APPLIER;
	config->applier_self = apply;
	config->timers[0] = settler_handler(apply->parts.settler);
	config->timer_count = 1;
}
