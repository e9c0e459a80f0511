/* SPDX-License-Identifier: Apache-2.0 */
/* A stream is a request whose answer never is whole. Its bytes end with the connection: no chunked coding, so that
 * every HTTP/1 client and proxy takes them as they come. What the client still sends is thrown away.
 */
#include "base/mem.h"
#include "net/http_connection.h"

enum {
	STREAM_MAX = 1 << 20, /* bytes waiting for a slow reader */
	STREAM_HEAD_MAX = 16384,
	WAITING_KEPT = 65536,
};

struct http_stream *http_answer_stream(struct http_request *request, unsigned status, const struct http_header *headers,
				       size_t header_count, void (*closed)(void *user, struct http_stream *stream),
				       void *user)
{
	struct http_stream *stream = MEM_NEW(struct http_stream);
	stream->request = request;
	stream->closed = closed;
	stream->user = user;
	stream->head_only = request->method == HTTP_HEAD;
	stream->ended = stream->head_only;
	list_init(&stream->orphaned);
	buf_init(&stream->waiting, STREAM_MAX + STREAM_HEAD_MAX);
	request->close_after = true;
	if (request->connection) {
		request->connection->state = READ_DISCARD;
		request->connection->held = NULL; /* it is read on: how else would we see that the client has gone */
	}
	http_append_head(&stream->waiting, request, status, headers, header_count);
	buf_append(&stream->waiting, SLICE("\r\n"));
	BUG_IF(buf_failed(&stream->waiting));
	request->stream = stream;
	http_request_release_input(request);
	http_request_answered(request);
	return stream;
}

enum status http_stream_write(struct http_stream *stream, struct slice bytes)
{
	struct http_connection *connection = stream->request->connection;
	if (!connection || connection->closing)
		return STATUS_END;
	if (stream->ended)
		return stream->head_only ? STATUS_OK : STATUS_END;
	size_t waiting = stream->waiting.n + stream->writing_n;
	/* Somebody who reads slower than events come must not fill the memory: his stream ends, and he comes back to
	 * where he was (Last-Event-ID). */
	if (waiting > STREAM_MAX || bytes.n > STREAM_MAX - waiting ||
	    !byte_budget_take(stream->request->loop->server->config.budget, bytes.n, BUDGET_KNOWN))
		return STATUS_FULL;
	stream->charged += bytes.n;
	buf_append(&stream->waiting, bytes);
	if (connection->first == stream->request && !connection->write)
		http_loop_want_flush(connection);
	return STATUS_OK;
}

void http_stream_close(struct http_stream *stream)
{
	struct http_connection *connection = stream->request->connection;
	stream->ended = true;
	if (connection && !connection->closing)
		http_loop_want_flush(connection);
}

/* What uv_try_write left goes to libuv, together with its memory. */
static void write_rest(struct http_connection *connection, struct http_stream *stream, size_t written)
{
	size_t n;
	stream->writing = buf_detach(&stream->waiting, &n);
	stream->writing_n = n - written;
	buf_init(&stream->waiting, STREAM_MAX + STREAM_HEAD_MAX);
	uv_buf_t rest = uv_buf_init(stream->writing + written, (unsigned)stream->writing_n);
	http_write_start(connection, &rest, 1, 0);
}

static void give_back_written(struct http_stream *stream)
{
	size_t left = stream->waiting.n + stream->writing_n;
	if (left >= stream->charged)
		return; /* the head is not charged */
	byte_budget_give(stream->request->loop->server->config.budget, stream->charged - left);
	stream->charged = left;
}

/* What was written, or goes to libuv. False when the connection has closed. */
static bool write_waiting(struct http_connection *connection, struct http_stream *stream)
{
	uv_buf_t all = uv_buf_init(stream->waiting.p, (unsigned)stream->waiting.n);
	int written = uv_try_write((uv_stream_t *)&connection->tcp, &all, 1);
	if (written < 0 && written != UV_EAGAIN) {
		http_connection_close(connection);
		return false;
	}
	size_t n = written > 0 ? (size_t)written : 0;
	if (n < stream->waiting.n) {
		write_rest(connection, stream, n);
		return true;
	}
	/* One large burst must not stay for the hours that a stream lasts. */
	if (stream->waiting.room > WAITING_KEPT) {
		buf_done(&stream->waiting);
		buf_init(&stream->waiting, STREAM_MAX + STREAM_HEAD_MAX);
	}
	buf_clear(&stream->waiting);
	return true;
}

void http_stream_flush(struct http_connection *connection, struct http_stream *stream)
{
	mem_free(stream->writing); /* no write is under way, so it was written */
	stream->writing = NULL;
	stream->writing_n = 0;
	if (stream->waiting.n > 0 && !write_waiting(connection, stream))
		return;
	give_back_written(stream);
	if (stream->writing)
		return;
	if (connection->read_ended)
		http_connection_close(connection); /* nobody listens */
	else if (stream->ended)
		http_write_finish(connection);
}

void http_stream_free(struct http_stream *stream)
{
	list_remove(&stream->orphaned);
	if (stream->closed)
		stream->closed(stream->user, stream);
	byte_budget_give(stream->request->loop->server->config.budget, stream->charged);
	buf_done(&stream->waiting);
	mem_free(stream->writing);
	mem_free(stream);
}
