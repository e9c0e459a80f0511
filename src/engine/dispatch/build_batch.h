/* SPDX-License-Identifier: Apache-2.0 */
/* build_batch: reads what some claimed mails need, in a few statements for all, and builds them. It has no thread of
 * its own; builder.h has. */
#ifndef PUGMARK_ENGINE_BUILD_BATCH_H
#define PUGMARK_ENGINE_BUILD_BATCH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "codec/token/link_token.h"
#include "store/mail/messages.h"
#include "store/mail/queue_claim.h"

enum build_result {
	BUILD_DONE,
	BUILD_NOT_WANTED, /* it must not be sent: `reason` */
	BUILD_IMPOSSIBLE, /* and never will be: `err` */
	BUILD_LATER,      /* nothing was done: the store did not answer, or it is time to stop */
};
/* One mail on its way from claim to network. It belongs to whoever has it and goes from one thread to another as a
 * letter (base/letterbox). */
struct build {
	struct list_link letter;
	void *user; /* whose it is; not touched here */
	struct queue_entry entry;
	struct arena *arena; /* of everything below */
	enum build_result result;
	struct message message; /* DONE and NOT_WANTED; dated_us as in the bytes */
	struct buf bytes;       /* DONE: the whole mail */
	struct slice reason;
	struct err err;
	int64_t built_us; /* monotonic */
};
struct build *build_new(const struct queue_entry *entry);
/* NULL is allowed. */
void build_free(struct build **build);
/* As new, to be built again. */
void build_reset(struct build *build);

enum { BUILD_BATCH_MAX = 32 };
struct build_batch;
struct build_batch *build_batch_new(struct store_session *session, const struct link_token_keys *keys);
void build_batch_free(struct build_batch **batch);
/* The store did not answer; anything else that is not STATUS_OK is the fault of what was asked for. */
bool build_store_is_away(enum status status);
/* Up to BUILD_BATCH_MAX, which must stay until the next call. Not OK: the store did not answer, or something about one
 * of them cannot be read. */
enum status build_batch_read(struct build_batch *batch, struct build *const *builds, size_t count,
			     struct err *err) MUST_CHECK;
/* Builds the nth of those that were read; one that has no Date yet gets now_us (decision 50). Not OK: the store did not
 * answer, for a large body is read only now. */
enum status build_batch_make(struct build_batch *batch, size_t n, int64_t now_us, struct err *err) MUST_CHECK;

#endif
