/* SPDX-License-Identifier: Apache-2.0 */
/* stored_links: destinations that are kept in the store because they are too long for a token (2,048 bytes).
 *
 * A redirect must not wait for the API, so they have threads, connections and a cache of their own (link_cache.h). What
 * is not in the cache is looked up on one of the threads; the queue for them has room for every connection that a
 * server can have. Where the store cannot be asked the answer is that it is not known now, which is something else than
 * that it is not there: a reader must not be sent to the wrong page because a database restarts. After a failure nobody
 * asks for a moment, so that a store that is away does not cost each reader its time-out. */
#ifndef PUGMARK_WEB_STORED_LINKS_H
#define PUGMARK_WEB_STORED_LINKS_H

#include "base/clock.h"
#include "net/worker_pool.h"
#include "store/core/store.h"

struct stored_links;

struct stored_links_config {
	struct store *store;
	const struct clock *clock;
};
enum status stored_links_start(const struct stored_links_config *config, struct stored_links **ret,
			       struct err *err) MUST_CHECK;
/* As worker_pool_stop: between http_server_shut_down and http_server_free. */
void stored_links_stop(struct stored_links **links);

/* From memory, copied into the arena; an empty slice when it is not there. Any thread, does not block. */
struct slice stored_links_recall(struct stored_links *links, uint32_t tenant, struct slice key, struct arena *arena);

struct stored_link_query {
	uint32_t tenant;
	struct slice key; /* must live until `answer` */
	/* On the loop that asked. STATUS_OK with the URL, which lives as long as the call; STATUS_NOT_FOUND: there is
	 * no such destination; else the store cannot be asked now. */
	void (*answer)(void *user, enum status status, struct slice url);
	void (*drop)(void *user); /* instead of it, when the server ends before; must not touch the request */
	void *user;
};
/* On a loop's thread; answers later, or at once when the server is ending. */
void stored_links_find(struct stored_links *links, struct http_loop *loop, const struct stored_link_query *query);

#endif
