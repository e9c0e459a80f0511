/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch: the deliverer: claims due messages, has each mail built, sends it, and records what happened.
 *
 *   claim (lease with fencing token, a command on the writer) -> build the same bytes as ever (the builder's thread) ->
 *   everything up to the dot -> intent durable (journal; in the store when it is shared) -> dot -> outcome durable
 *   (journal) -> apply
 *
 * It starts only when the writer has caught up with the journal; then rows with an intent and no outcome, left by a
 * crash, are held as in doubt and listed. It sends nothing while the journal or the store cannot record. No database
 * transaction is open over a network call.
 *
 * Leases that run low are extended in the very transaction that claims more, and stay until the outcome is applied, not
 * only until it is durable; so no mail of this process can be claimed a second time while anything about it is open.
 */
#ifndef PUGMARK_ENGINE_DISPATCH_H
#define PUGMARK_ENGINE_DISPATCH_H

#include "engine/dispatch/outlets.h"
#include "engine/mail/sending.h"

struct dispatcher;

struct dispatch_config {
	const struct sending *sending;
	struct journal *journal;
	const struct outlet_config *providers;
	size_t provider_count;
	uint32_t concurrency;   /* mails with providers at once; 0: 20 */
	uint32_t attempts_max;  /* 0: 12 */
	int64_t retry_base_ms;  /* see attempt_end.h; 0: 60,000 */
	int64_t retry_cap_ms;   /* 0: 4 h */
	size_t built_bytes_max; /* of finished mail in memory; 0: 64 MiB; one mail more is allowed */
	bool resend_in_doubt;   /* transactional stream after a crash: false holds them for a person */
};

/* Opens the providers and two reading sessions, and starts the threads. `config` is copied, but not `sending` and
 * `journal`, which must outlive the dispatcher. STATUS_BAD_INPUT, STATUS_NOT_FOUND: a provider's settings (see
 * provider_open); STATUS_IO. */
enum status dispatch_start(const struct dispatch_config *config, struct dispatcher **ret, struct err *err) MUST_CHECK;
/* Finishes mails that are past the dot (up to `timeout_ms`), abandons those before it and gives their leases back,
 * stops. Blocks. Mails past the dot whose answer does not come in time are in doubt at the next start. *dispatcher
 * becomes NULL; NULL is allowed. */
void dispatch_stop(struct dispatcher **dispatcher, int timeout_ms);
/* Something may be due now. Any thread, does not block. */
void dispatch_wake(struct dispatcher *dispatcher);

struct dispatch_figures {
	uint64_t sent, failed, deferred, uncertain; /* since the start */
	uint64_t in_flight;                         /* handed to a provider now */
};
void dispatch_figures(const struct dispatcher *dispatcher, struct dispatch_figures *ret); /* any thread */

#endif
