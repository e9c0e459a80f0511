/* SPDX-License-Identifier: Apache-2.0 */
/* store_watch: a thread that looks at what others do with a shared store: the events that other servers have put
 * there, for those who listen here, and whether a second machine has what is committed.
 *
 * New events are seen within a quarter of a second, by a look at one row; nobody looks while nobody listens.
 */
#ifndef PUGMARK_ENGINE_STORE_WATCH_H
#define PUGMARK_ENGINE_STORE_WATCH_H

#include "engine/feed/live.h"
#include "store/core/store.h"

struct store_watch;

struct store_watch_config {
	struct store *store; /* a shared one */
	struct live *live;   /* told of new events; must outlive the watch */
	bool delivers;       /* mail leaves from here, so that what a failover loses is lost or sent twice */
	bool accepts_late;   /* the operator knows that a standby follows with a delay */
};

enum status store_watch_start(const struct store_watch_config *config, struct store_watch **ret,
			      struct err *err) MUST_CHECK;
void store_watch_stop(struct store_watch **watch);
/* NULL, or why this server should not be called ready. Any thread; NULL is allowed. */
const char *store_watch_objection(const struct store_watch *watch);

#endif
