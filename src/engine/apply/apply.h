/* SPDX-License-Identifier: Apache-2.0 */
/* apply: what one journal record does to the store: events, counters, states, suppressions. The only place where
 * anything becomes an event.
 *
 * It gathers in a batch and writes nothing by itself except to the queue, suppressions and contacts. A record that
 * cannot be applied (unknown type, broken payload, a message that is not there) is counted, logged at most once a
 * minute, and passed over, so that no record ever stops the journal. Belongs to the writer's thread.
 */
#ifndef PUGMARK_ENGINE_APPLY_H
#define PUGMARK_ENGINE_APPLY_H

#include "base/clock.h"
#include "codec/token/link_token.h"
#include "engine/ledger/batch.h"
#include "engine/tenant/tenant_policy.h"
#include "journal/journal.h"

struct apply_config {
	uint16_t node;                      /* of the journal; part of every event's id */
	const struct link_token_keys *keys; /* must outlive it */
	/* What holds for each tenant; kept true while a writer runs; must outlive it. NULL: the defaults. */
	struct tenant_policies *policies;
	bool counts_every_press;        /* none is held, whoever pressed (unsubscription.h) */
	struct network_watch *networks; /* an operator's lists; NULL: none; must outlive it */
	bool is_shared;                 /* the store: other machines may apply to it, too */
	const struct clock *clock;      /* for how often it logs, and looks at settings */
};

struct apply;
struct fan_out;
struct settler;
struct writer_config;
struct network_lists;
struct network_watch;
struct apply *apply_new(const struct apply_config *config);
void apply_free(struct apply **apply);
/* Sets what a writer asks of whoever knows its records: the applier, and the handlers of timers that apply sets. The
 * writer must be stopped before apply is freed. */
void apply_join_writer(struct apply *apply, struct writer_config *config);

/* From now on hits are judged by the newest lists of networks. For between two batches, so that a batch is judged by
 * one. */
void apply_take_networks(struct apply *apply);
/* STATUS_OK also when the record was passed over. Anything else is the store's: the transaction cannot be kept. */
enum status apply_record(struct apply *apply, struct batch *batch, const struct journal_record *record,
			 struct err *err) MUST_CHECK;
/* The message that a record is about; false when it is about none or cannot be read. */
bool apply_message_of(const struct journal_record *record, struct uuid *ret);

/* Why a record was passed over. */
enum apply_skip {
	APPLY_SKIP_UNKNOWN_TYPE,
	APPLY_SKIP_MALFORMED,
	APPLY_SKIP_NO_MESSAGE, /* deleted, or another installation's */
	APPLY_SKIP_HEAD,       /* never counted */
	APPLY_SKIP_NO_CONSENT, /* answered, not kept */
	APPLY_SKIP_ERASED,     /* the person is gone */
	APPLY_SKIP_REPEATED,   /* a provider told of it before, in the same words */
	APPLY_SKIP_OWN_LINK,   /* a reported click on a link that we do not count either: unsubscribe */
	APPLY_SKIP_REFUSED,    /* the store will not take its effects, and took everything around it */
	APPLY_SKIP_LOST,       /* the journal lost it and says so in its place */
	APPLY_SKIP_COUNT,
};
const char *apply_skip_name(enum apply_skip skip);
/* Since the start; records that came again after a rollback are counted again. Any thread. */
uint64_t apply_skipped(const struct apply *apply, enum apply_skip skip);
/* Takes the second look at what it applied; belongs to `apply`. */
struct settler *apply_settler(struct apply *apply);
/* Counts and logs one. For the writer, when the store refuses a record. */
void apply_note_skip(struct apply *apply, enum apply_skip skip, const struct journal_record *record);

/* ---- For the parts of apply only. */

struct repeat_secrets;
struct apply_parts {
	uint16_t node;
	struct link_token_sealer *sealer;
	struct repeat_secrets *repeats;
	struct fan_out *fan_out;
	struct settler *settler;
	const struct tenant_policies *policies; /* NULL: the next, for everybody */
	struct tenant_policy defaults;
	bool counts_every_press;
	struct network_lists *networks; /* NULL: none */
};
struct apply_context {
	struct apply *apply;
	struct apply_parts *parts;
	struct batch *batch;
	const struct journal_record *record;
};
/* What holds for the tenant; valid until the writer looks for changes, between two transactions. */
const struct tenant_policy *apply_policy_of(const struct apply_parts *parts, uint32_t tenant);
enum status apply_hit(const struct apply_context *context, struct err *err) MUST_CHECK;
enum status apply_provider_hit(const struct apply_context *context, struct err *err) MUST_CHECK;
enum status apply_intent(const struct apply_context *context, struct err *err) MUST_CHECK;
enum status apply_outcome(const struct apply_context *context, struct err *err) MUST_CHECK;

#endif
