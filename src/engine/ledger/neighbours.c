/* SPDX-License-Identifier: Apache-2.0 */
/* Believing first and asking last: a transaction of a server that is alone uses its memory, writes, and only then
 * shuts the door and looks whether somebody has come. If so it is rolled back and done again the careful way. So
 * whoever joins need not be told, and waits for no one's next sign of life: the end of one transaction is enough.
 *
 * That nobody is there now is not enough. Whoever came and went since, be it a command that ran for half a second, has
 * changed what memory says. Each of them took a node, which raised an epoch; so the sum of epochs is compared. Of this
 * node's own, too: a copy of the data directory that takes it is another writer. */
#include "engine/ledger/neighbours.h"

void neighbourhood_init(struct neighbourhood *n, const struct store *store)
{
	bool is_shared = store_is_shared(store);
	*n = (struct neighbourhood){.who = is_shared ? NEIGHBOURS_PRESENT : NEIGHBOURS_NEVER, .is_shared = is_shared};
}

static enum neighbours who_are(const struct node_others *others)
{
	if (others->are_present)
		return NEIGHBOURS_PRESENT;
	return others->have_been ? NEIGHBOURS_GONE : NEIGHBOURS_NEVER;
}

enum status neighbourhood_look(struct neighbourhood *n, struct store_session *session, uint16_t node, bool *ret_is_news,
			       struct err *err)
{
	struct node_others others;
	*ret_is_news = false;
	if (!n->is_shared)
		return STATUS_OK;
	enum status status = store_node_others(session, node, &others, err);
	if (status != STATUS_OK)
		return status;
	enum neighbours who = who_are(&others);
	bool is_other_time = who != NEIGHBOURS_PRESENT && others.takes != n->takes;
	*ret_is_news = !n->is_known || who != n->who || is_other_time;
	n->who = who;
	n->takes = others.takes;
	n->is_known = true;
	return STATUS_OK;
}

enum status neighbourhood_keep(const struct neighbourhood *n, struct store_session *session, uint16_t node,
			       struct err *err)
{
	struct node_others others;
	if (!n->is_shared || !neighbourhood_is_alone(n))
		return STATUS_OK;
	enum status status = store_node_keep_others_out(session, err);
	if (status == STATUS_OK)
		status = store_node_others(session, node, &others, err);
	if (status == STATUS_OK && (others.are_present || others.takes != n->takes))
		return err_set(err, STATUS_AGAIN, "another server has come");
	return status;
}
