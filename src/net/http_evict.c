/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection goes when there is no room for one that has just come: the one that is least likely to be a person
 * whom that would hurt. Not only one that is idle, as in nginx: a body of which one byte came, or answers that nobody
 * reads, cost a stranger as little as silence, and a few hundred of those a second kept out five clicks of six.
 *
 *   ended     has had its last answer. Nothing is lost but the good manners of its end.
 *   idle      has its answers. Its client opens another one (RFC 9112, 9.3.1).
 *   pending   has not asked yet, or not for all, or does not take its answers, and nobody knows whose it is. One list
 *             for all of that: were a body worth less than silence, or the other way round, a flood of the one would
 *             throw out each person who is a moment at the other. So whatever strangers fill the server with, a person
 *             has as long as it takes to open as many connections again, and a click takes one turn of the loop.
 *   busy      about to be answered, with a worker (whose queues have their own limits), or of somebody known. Makes no
 *             room; who is known and stops is closed by the deadlines.
 *
 * Within a list the first has been in it for longest. A byte now and then does not put one back; an answer that left
 * does. Everything is O(1): a connection is placed when something happens to it, and nothing is searched for. */
#include "net/http_connection.h"

/* From when it is accepted until it was read from, the next turn at the latest, nobody can know what it is worth. */
enum { TURNS_TO_BE_READ = 2 };

static bool is_stranger(const struct http_request *request)
{
	return !request->is_known && !request->stream;
}

static enum http_worth worth_of(const struct http_connection *connection)
{
	const struct http_request *first = connection->first;
	bool will_be_written = !list_is_empty(&connection->in_flush);
	bool is_with_handler = connection->state == READ_ASKING || (first && !connection->last->answered);
	if (connection->closing || will_be_written || is_with_handler)
		return WORTH_BUSY;
	if (first)
		return first->answered && is_stranger(first) ? WORTH_PENDING : WORTH_BUSY;
	if (connection->state == READ_DISCARD)
		return WORTH_ENDED;
	if (connection->state == READ_BODY)
		return connection->share == BUDGET_KNOWN ? WORTH_BUSY : WORTH_PENDING;
	bool begun = connection->start < connection->end || connection->blank_skipped || !connection->served;
	return begun ? WORTH_PENDING : WORTH_IDLE;
}

void http_evict_place(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	enum http_worth worth = worth_of(connection);
	if (worth == connection->worth && !list_is_empty(&connection->in_loop))
		return;
	connection->worth = worth;
	connection->worth_turn = loop->turn;
	list_remove(&connection->in_loop);
	list_append(&loop->by_worth[worth], &connection->in_loop);
}

static struct http_connection *first_of(const struct http_loop *loop, enum http_worth worth)
{
	const struct list_link *head = &loop->by_worth[worth];
	return list_is_empty(head) ? NULL : LIST_ENTRY(head->next, struct http_connection, in_loop);
}

static struct http_connection *least_worth(const struct http_loop *loop)
{
	struct http_connection *found = first_of(loop, WORTH_ENDED);
	if (!found)
		found = first_of(loop, WORTH_IDLE);
	if (!found)
		found = first_of(loop, WORTH_PENDING);
	bool is_fresh = found && found->worth == WORTH_PENDING && loop->turn < found->worth_turn + TURNS_TO_BE_READ;
	return is_fresh ? NULL : found;
}

bool http_evict_is_soon(const struct http_loop *loop)
{
	return !least_worth(loop) && (first_of(loop, WORTH_PENDING) || !list_is_empty(&loop->to_flush));
}

bool http_evict_one(struct http_loop *loop)
{
	struct http_connection *connection = least_worth(loop);
	if (!connection)
		return false;
	/* Without it the kernel keeps what its client does not read for minutes, and a stranger could fill the memory
	 * of the kernel instead of ours. */
	if (connection->worth == WORTH_PENDING)
		http_connection_will_reset(connection);
	http_count(&loop->counters.evicted);
	http_connection_close(connection);
	return true;
}
