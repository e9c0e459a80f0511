/* SPDX-License-Identifier: Apache-2.0 */
/* builder: the thread that reads and builds mail, so that the deliverer's thread never waits for the store and has its
 * time for the network.
 *
 * Claimed mails are posted to it and come back, finished, in its letterbox; ownership goes with them. It has a reading
 * session of its own. It stops building while finished mail that has not been released takes `bytes_max`; then there is
 * at most one mail more in memory than that.
 */
#ifndef PUGMARK_ENGINE_BUILDER_H
#define PUGMARK_ENGINE_BUILDER_H

#include "base/clock.h"
#include "engine/dispatch/build_batch.h"

struct builder;
struct builder_config {
	struct store *store;
	const struct link_token_keys *keys; /* must outlive it */
	const struct clock *clock;          /* must outlive it */
	size_t bytes_max;
	void (*wake)(void *user); /* on the builder's thread when something is finished; must not block */
	void *user;
};
/* Opens the session and starts the thread. STATUS_IO. */
enum status builder_start(const struct builder_config *config, struct builder **ret, struct err *err) MUST_CHECK;
/* Nothing may be with it (every build that was posted has been collected). Blocks for at most one mail. NULL is
 * allowed. */
void builder_stop(struct builder **builder);

/* Gives it a mail to build. Does not block. */
void builder_post(struct builder *builder, struct build *build);
/* Moves what is finished to the end of `to`, by `letter`, in the order in which it was posted. */
void builder_collect(struct builder *builder, struct list_link *to);
/* The bytes of a finished mail are not needed any more; called once for each BUILD_DONE. Frees them. */
void builder_release(struct builder *builder, struct build *build);
/* From now on everything that is not built yet comes back as BUILD_LATER, and nothing is built any more. */
void builder_cancel(struct builder *builder);

struct builder_figures {
	size_t bytes_held; /* of finished mail that was not released */
	size_t bytes_peak; /* the most there ever were */
};
void builder_figures(const struct builder *builder, struct builder_figures *ret); /* any thread */

#endif
