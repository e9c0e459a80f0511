/* SPDX-License-Identifier: Apache-2.0 */
/* neighbours: who else writes the store of this writer.
 *
 * A server that is alone may keep in memory what it read, and need not wait for what others have received. On SQLite
 * it always is. On PostgreSQL the rows of the nodes tell (store/house/nodes.h): a node that was taken and not left well
 * is there, however long it has been silent, because its process may only be frozen and its journal holds what nobody
 * has applied. doc/decisions/0041 has the argument. Writer's thread.
 */
#ifndef PUGMARK_ENGINE_NEIGHBOURS_H
#define PUGMARK_ENGINE_NEIGHBOURS_H

#include "store/house/nodes.h"

enum neighbours {
	NEIGHBOURS_NEVER,   /* alone, and nobody else has ever been here */
	NEIGHBOURS_GONE,    /* alone; what others did before is in the store and not in memory */
	NEIGHBOURS_PRESENT, /* or not known yet */
};

struct neighbourhood {
	enum neighbours who;
	/* Private. */
	bool is_shared; /* the store may have any */
	bool is_known;
	uint64_t takes; /* of nodes, as last seen */
};

void neighbourhood_init(struct neighbourhood *n, const struct store *store);
/* Asks the store, outside of a transaction. *ret_is_news: who is there has changed, or somebody has come and gone in
 * between, so what was remembered while alone is not to be believed any more; the first time it always is. Nothing is
 * asked and nothing is news on a store of our own. */
enum status neighbourhood_look(struct neighbourhood *n, struct store_session *session, uint16_t node, bool *ret_is_news,
			       struct err *err) MUST_CHECK;
/* In a transaction that went by being alone, behind everything that it writes: whoever comes now waits for its end.
 * STATUS_AGAIN: somebody has come since it was last asked; roll back and look. Without that, nothing happens. */
enum status neighbourhood_keep(const struct neighbourhood *n, struct store_session *session, uint16_t node,
			       struct err *err) MUST_CHECK;

static inline bool neighbourhood_is_alone(const struct neighbourhood *n)
{
	return n->who != NEIGHBOURS_PRESENT;
}

#endif
