/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch: the deliverer's thread: claims due messages, builds each mail, sends it, and records what happened.
 *
 *   claim (lease with fencing token, a command on the writer) -> build the same bytes as ever -> everything up to the
 *   dot -> intent durable (journal; in the store when it is shared) -> dot -> outcome durable (journal) -> apply
 *
 * It starts only when the writer has caught up with the journal; then rows with an intent and no outcome, left by a
 * crash, are held as in doubt and listed. It sends nothing while the journal or the store cannot record. No database
 * transaction is open over a network call.
 *
 * Leases are extended in the very transaction that claims more, and stay until the outcome is applied, not only until
 * it is durable; so no mail of this process can be claimed a second time while anything about it is open.
 */
#ifndef PUGMARK_ENGINE_DISPATCH_H
#define PUGMARK_ENGINE_DISPATCH_H

#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"
#include "provider/provider.h"

struct dispatcher;

struct dispatch_provider {
	const char *name; /* as messages name it; also the provider's, see provider.h */
	const struct provider_setting *settings;
	size_t setting_count;
};
struct dispatch_config {
	const struct sending *sending;
	struct journal *journal;
	const struct dispatch_provider *providers;
	size_t provider_count;
	uint32_t concurrency;  /* mails under way at once; 0: 20 */
	uint32_t attempts_max; /* 0: 12 */
	int64_t retry_base_ms; /* full jitter: rand(0, min(cap, base * 2^n)), never below 1 s; 0: 60,000 */
	int64_t retry_cap_ms;  /* 0: 4 h */
	bool resend_in_doubt;  /* transactional stream after a crash: false holds them for a person */
};

/* Opens the providers and a reading session, and starts the thread. `config` is copied, but not `sending` and
 * `journal`, which must outlive the dispatcher. STATUS_BAD_INPUT, STATUS_NOT_FOUND: a provider's settings (see
 * provider_open); STATUS_IO. */
enum status dispatch_start(const struct dispatch_config *config, struct dispatcher **ret, struct err *err) MUST_CHECK;
/* Finishes mails that are past the dot (up to `timeout_ms`), abandons those before it, stops. Blocks. Mails past the
 * dot whose answer does not come in time are in doubt at the next start. *dispatcher becomes NULL; NULL is allowed. */
void dispatch_stop(struct dispatcher **dispatcher, int timeout_ms);
/* Something may be due now. Any thread, does not block. */
void dispatch_wake(struct dispatcher *dispatcher);

struct dispatch_figures {
	uint64_t sent, failed, deferred, uncertain; /* since the start */
	uint64_t in_flight;                         /* handed to a provider now */
};
void dispatch_figures(const struct dispatcher *dispatcher, struct dispatch_figures *ret); /* any thread */

#endif
