/* SPDX-License-Identifier: Apache-2.0 */
/* catch_up: waits until everything that was received so far is applied, for whoever is about to copy the store: what
 * was answered before the call is then in the copy, and nothing of the journal is needed beside it. */
#ifndef PUGMARK_ENGINE_CATCH_UP_H
#define PUGMARK_ENGINE_CATCH_UP_H

#include "engine/ledger/writer.h"

struct catch_up_watch {
	/* Many times a second; `left` records are not applied yet. False: give up, with STATUS_AGAIN. May be NULL. */
	bool (*step)(void *user, uint64_t left, uint32_t per_mille);
	void *user;
};

/* *ret_sequence: up to where all is applied. STATUS_IO: the store cannot be written, or the writer has stopped; what is
 * not applied stays in the journal. Blocks; as long as the writer gets on, however far it is behind. */
enum status catch_up_run(struct writer *writer, const struct catch_up_watch *watch, uint64_t *ret_sequence,
			 struct err *err) MUST_CHECK;

#endif
