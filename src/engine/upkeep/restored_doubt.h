/* SPDX-License-Identifier: Apache-2.0 */
/* restored_doubt: what to believe of mail that was queued in a store that was put back from a backup.
 *
 * The store that the backup was made of went on: mail that was due then, or has come due since, may have left. It is
 * neither sent again nor dropped but listed in doubt, as after a crash, and a person decides; transactional mail is
 * sent again where sending.resend_in_doubt says that this is better. What is due later stays as it is.
 */
#ifndef PUGMARK_ENGINE_RESTORED_DOUBT_H
#define PUGMARK_ENGINE_RESTORED_DOUBT_H

#include "engine/ledger/writer.h"

struct restored_doubt_config {
	struct store *store;
	struct writer *writer;
	bool resend_transactional;
	int64_t now_us; /* what was due by then */
	/* After each transaction; may be NULL. */
	void (*step)(void *user, uint64_t done);
	void *user;
};
struct restored_doubt {
	uint64_t in_doubt;  /* are listed now */
	uint64_t resent;    /* will be sent, perhaps a second time */
	uint64_t scheduled; /* are due later */
};

/* Before anybody delivers. May be interrupted and begun again: what is in doubt stays so. Blocks. */
enum status restored_doubt_run(const struct restored_doubt_config *config, struct restored_doubt *ret,
			       struct err *err) MUST_CHECK;

#endif
