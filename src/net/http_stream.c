/* SPDX-License-Identifier: Apache-2.0 */
/* A stream is a request whose answer is not there as a whole. What the client still sends is thrown away.
 *
 * One without end has no chunked coding, so that every HTTP/1 client and proxy takes its bytes as they come; its
 * clients know what is a whole event. A long answer must not be taken for whole when it is not: chunks have a last one
 * (RFC 9112, 7.1). HTTP/1.0, which nginx speaks to what is behind it unless it is told otherwise, has only the end of
 * the connection; so one that is cut off is reset, which every client takes for the error that it is (RFC 9112, 8). */
#include "base/mem.h"
#include "net/http_connection.h"

enum {
	STREAM_MAX = 1 << 20, /* bytes waiting for a slow reader */
	STREAM_HEAD_MAX = 16384,
	WAITING_KEPT = 65536,
	CHUNK_FRAME_MAX = 24, /* what stands around a chunk's bytes */
};

static void append_head(struct http_stream *stream, unsigned status, const struct http_header *headers,
			size_t header_count)
{
	http_append_head(&stream->waiting, stream->request, status, headers, header_count);
	if (stream->is_chunked)
		buf_append(&stream->waiting, SLICE("Transfer-Encoding: chunked\r\n"));
	buf_append(&stream->waiting, SLICE("\r\n"));
	BUG_IF(buf_failed(&stream->waiting));
}

static struct http_stream *stream_new(struct http_request *request, const struct http_stream_owner *owner)
{
	struct http_stream *stream = MEM_NEW(struct http_stream);
	stream->request = request;
	stream->owner = *owner;
	stream->head_only = request->method == HTTP_HEAD;
	stream->ended = stream->head_only;
	list_init(&stream->orphaned);
	buf_init(&stream->waiting, STREAM_MAX + STREAM_HEAD_MAX);
	request->close_after = true;
	return stream;
}

/* The request may be gone when it returns; the stream is there until closed() was called. */
static void start(struct http_stream *stream)
{
	struct http_request *request = stream->request;
	if (request->connection) {
		request->connection->state = READ_DISCARD;
		request->connection->held = NULL; /* it is read on: how else would we see that the client has gone */
	}
	request->stream = stream;
	http_request_release_input(request);
	http_request_answered(request);
}

struct http_stream *http_answer_stream(struct http_request *request, unsigned status, const struct http_header *headers,
				       size_t header_count, void (*closed)(void *user, struct http_stream *stream),
				       void *user)
{
	struct http_stream_owner owner = {.closed = closed, .user = user};
	struct http_stream *stream = stream_new(request, &owner);
	append_head(stream, status, headers, header_count);
	start(stream);
	return stream;
}

struct http_stream *http_answer_long(struct http_request *request, unsigned status, const struct http_header *headers,
				     size_t header_count, const struct http_stream_owner *owner)
{
	struct http_stream *stream = stream_new(request, owner);
	stream->is_long = true;
	stream->is_chunked = !request->http_1_0;
	stream->owes_drained = true;
	append_head(stream, status, headers, header_count);
	start(stream);
	return stream;
}

bool http_stream_is_unfinished(const struct http_stream *stream)
{
	bool has_left = stream->ended && stream->waiting.n + stream->writing_n == 0;
	return stream->is_long && !stream->head_only && !has_left;
}

static bool has_room(const struct http_stream *stream, size_t n)
{
	/* Somebody who reads slower than events come must not fill the memory: his stream ends, and he comes back to
	 * where he was (Last-Event-ID). */
	size_t waiting = stream->waiting.n + stream->writing_n + (stream->is_chunked ? CHUNK_FRAME_MAX : 0);
	return waiting <= STREAM_MAX && n <= STREAM_MAX - waiting;
}

static bool charge(struct http_stream *stream, size_t n)
{
	struct byte_budget *budget = stream->request->loop->server->config.budget;
	if (stream->is_long)
		byte_budget_take_anyway(budget, n);
	else if (!byte_budget_take(budget, n, BUDGET_KNOWN))
		return false;
	stream->charged += n;
	return true;
}

/* A chunk of no bytes would be the last one. */
static void append(struct http_stream *stream, struct slice bytes)
{
	if (!stream->is_chunked) {
		buf_append(&stream->waiting, bytes);
	} else if (bytes.n) {
		buf_printf(&stream->waiting, "%zx\r\n", bytes.n);
		buf_append(&stream->waiting, bytes);
		buf_append(&stream->waiting, SLICE("\r\n"));
	}
}

static void want_flush(struct http_stream *stream)
{
	struct http_connection *connection = stream->request->connection;
	if (connection->first == stream->request && !connection->write)
		http_loop_want_flush(connection);
}

enum status http_stream_write(struct http_stream *stream, struct slice bytes)
{
	struct http_connection *connection = stream->request->connection;
	if (!connection || connection->closing)
		return STATUS_END;
	if (stream->ended)
		return stream->head_only ? STATUS_OK : STATUS_END;
	if (!has_room(stream, bytes.n) || !charge(stream, bytes.n))
		return STATUS_FULL;
	append(stream, bytes);
	stream->owes_drained = stream->owner.drained != NULL;
	want_flush(stream);
	return STATUS_OK;
}

void http_stream_end(struct http_stream *stream)
{
	struct http_connection *connection = stream->request->connection;
	if (stream->ended || !connection || connection->closing)
		return;
	stream->ended = true;
	if (stream->is_chunked)
		buf_append(&stream->waiting, SLICE("0\r\n\r\n"));
	want_flush(stream);
}

void http_stream_close(struct http_stream *stream)
{
	struct http_connection *connection = stream->request->connection;
	if (!connection || connection->closing)
		return;
	if (stream->is_long && !stream->ended) {
		http_connection_close(connection);
		return;
	}
	stream->ended = true;
	http_loop_want_flush(connection);
}

/* A long answer is a request under way. */
void http_stream_wind_down(struct http_stream *stream)
{
	if (!stream->is_long)
		http_stream_close(stream);
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

/* Once for what was written: the loop flushes for other reasons, too. */
static void tell_drained(struct http_stream *stream)
{
	stream->owes_drained = false;
	stream->owner.drained(stream->owner.user, stream);
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
	else if (stream->owes_drained)
		tell_drained(stream);
}

void http_stream_free(struct http_stream *stream)
{
	list_remove(&stream->orphaned);
	if (stream->owner.closed)
		stream->owner.closed(stream->owner.user, stream);
	byte_budget_give(stream->request->loop->server->config.budget, stream->charged);
	buf_done(&stream->waiting);
	mem_free(stream->writing);
	mem_free(stream);
}
