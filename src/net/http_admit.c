/* SPDX-License-Identifier: Apache-2.0 */
/* A request is made twice when its body is read: once from its head, for whoever says whether the body is wanted, and
 * again when all of it is there. The first one stands in the list of what the connection owes, so a refusal leaves in
 * its turn like every other answer. */
#include "base/mem.h"
#include "net/http_connection.h"

/* What comes is thrown away, and the connection ends behind the answer, because nobody says where the body would end
 * (RFC 9112, 9.3). Who asked for a pixel with a body gets his pixel. */
void http_admit_end(struct http_connection *connection)
{
	http_count(&connection->loop->counters.requests);
	connection->asking = NULL;
	connection->state = READ_DISCARD;
	connection->continue_owed = false;
	connection->start = connection->end;
}

void http_admit(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	struct http_request *request = http_connection_make_request(connection);
	request->is_early = request->close_after = true;
	connection->state = READ_ASKING;
	connection->asking = request;
	loop->handled_since_turn++; /* it may have been a hit */
	loop->server->config.admit(loop->user, request);
	if (connection->asking != request || request->released)
		return; /* it is decided, or somebody is asked */
	http_admit_end(connection);
	http_connection_keep_input(connection, request);
}

uint64_t http_request_body_bytes(const struct http_request *request)
{
	const struct http_connection *connection = request->connection;
	if (!connection || !request->is_early)
		return request->body.n;
	return connection->chunked ? UINT64_MAX : connection->content_length;
}

void http_request_read_body(struct http_request *request, uint64_t max_bytes, enum byte_budget_share share)
{
	struct http_connection *connection = request->connection;
	struct http_loop *loop = request->loop;
	BUG_IF(!request->is_early || request->answered);
	if (connection)
		http_request_unqueue(request);
	http_request_free(request);
	if (!connection || connection->closing) {
		http_loop_maybe_end(loop);
		return;
	}
	connection->asking = NULL;
	connection->share = share;
	if (max_bytes < connection->body_max)
		connection->body_max = max_bytes;
	if (!connection->chunked && connection->content_length > connection->body_max)
		http_connection_refuse(connection, 413);
	else
		http_connection_begin_body(connection);
	http_loop_want_flush(connection); /* which reads on if it was paused */
}
