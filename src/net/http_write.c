/* SPDX-License-Identifier: Apache-2.0 */
/* Answers are written in the order of the requests, as many as are ready with one writev, straight from where they are.
 * Only what the socket does not take at once is left to libuv's queue; until that is through nothing else is tried. */
#include "base/mem.h"
#include "net/http_connection.h"
#include <sys/socket.h>

enum { WRITE_PARTS = 32 }; /* in one writev: an answer is one or two */

static void pop_first(struct http_connection *connection)
{
	struct http_request *request = connection->first;
	connection->first = request->next;
	if (!connection->first) {
		connection->last = NULL;
		connection->since_ms = uv_now(&connection->loop->uv); /* the silence begins */
	}
	connection->owed--;
	connection->unread -= request->answer_size;
	if (connection->held == request)
		connection->held = NULL;
	connection->served = true;
	http_request_free(request);
}

void http_write_finish(struct http_connection *connection)
{
	http_connection_orphan(connection);
	while (connection->first) /* the stream that ended, or what nobody will read */
		pop_first(connection);
	if (connection->read_ended || connection->loop->stopping) {
		http_connection_close(connection);
		return;
	}
	/* Closing while unread bytes are there makes the kernel send a reset, which can destroy the answer before the
	 * client has read it (RFC 9112 9.6): end our side, and read on until the client ends too. */
	uv_os_fd_t fd;
	connection->state = READ_DISCARD;
	connection->since_ms = uv_now(&connection->loop->uv);
	if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
		http_connection_close(connection);
		return;
	}
	http_connection_resume(connection);
	http_deadline_set(connection);
	http_evict_place(connection);
}

static void on_written(uv_write_t *handle, int status)
{
	struct http_write *write = handle->data;
	struct http_connection *connection = write->connection;
	unsigned requests = write->requests;
	mem_free(write);
	connection->write = NULL;
	if (connection->closing)
		return; /* its requests go with it */
	if (status < 0) {
		http_connection_close(connection);
		return;
	}
	while (requests-- > 0) {
		bool last = connection->first->close_after;
		pop_first(connection);
		if (last) {
			http_write_finish(connection);
			return;
		}
	}
	http_loop_want_flush(connection);
}

void http_write_start(struct http_connection *connection, const uv_buf_t *parts, unsigned count, unsigned requests)
{
	struct http_write *write = MEM_NEW(struct http_write);
	write->connection = connection;
	write->requests = requests;
	write->request.data = write;
	connection->write = write;
	if (uv_write(&write->request, (uv_stream_t *)&connection->tcp, parts, count, on_written) != 0) {
		connection->write = NULL;
		mem_free(write);
		http_connection_close(connection);
		return;
	}
	connection->written_ms = uv_now(&connection->loop->uv);
	connection->write_left = uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
	http_deadline_set(connection);
}

static unsigned add_part(uv_buf_t *parts, unsigned n, struct slice bytes)
{
	if (bytes.n == 0)
		return n;
	parts[n] = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
	return n + 1;
}

/* The answers that are ready at the front, up to one after which the connection closes or a stream; how many parts. */
static unsigned gather(const struct http_connection *connection, uv_buf_t *parts, unsigned *ret_requests)
{
	unsigned n = 0;
	const struct http_request *request = connection->first;
	*ret_requests = 0;
	while (request && request->answered && !request->stream && n + 2 <= WRITE_PARTS) {
		n = add_part(parts, n, request->answer);
		n = add_part(parts, n, request->tail);
		++*ret_requests;
		if (request->close_after)
			break;
		request = request->next;
	}
	return n;
}

static size_t take_off(struct slice *bytes, size_t n)
{
	size_t taken = n < bytes->n ? n : bytes->n;
	*bytes = slice_from(*bytes, taken);
	return taken;
}

/* Takes `written` bytes off the front; true when an answer after which the connection closes went out whole. */
static bool advance(struct http_connection *connection, size_t written)
{
	while (written > 0) {
		struct http_request *request = connection->first;
		written -= take_off(&request->answer, written);
		written -= take_off(&request->tail, written);
		if (request->answer.n + request->tail.n > 0)
			return false;
		bool last = request->close_after;
		pop_first(connection);
		if (last)
			return true;
	}
	return false;
}

/* True when all that was gathered went out and there may be more. */
static bool write_answers(struct http_connection *connection)
{
	uv_buf_t parts[WRITE_PARTS];
	unsigned requests;
	unsigned count = gather(connection, parts, &requests);
	size_t all = 0;
	for (unsigned i = 0; i < count; i++)
		all += parts[i].len;
	int written = uv_try_write((uv_stream_t *)&connection->tcp, parts, count);
	if (written < 0 && written != UV_EAGAIN) {
		http_connection_close(connection);
		return false;
	}
	if (advance(connection, written > 0 ? (size_t)written : 0)) {
		http_write_finish(connection);
		return false;
	}
	if (written >= 0 && (size_t)written == all)
		return true;
	count = gather(connection, parts, &requests);
	http_write_start(connection, parts, count, requests);
	return false;
}

static void write_continue(struct http_connection *connection)
{
	static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	uv_buf_t part = uv_buf_init(text, sizeof text - 1);
	connection->continue_owed = false;
	http_write_start(connection, &part, 1, 0);
}

void http_connection_flush(struct http_connection *connection)
{
	while (!connection->closing && !connection->write && connection->first && connection->first->answered) {
		if (connection->first->stream) {
			http_stream_flush(connection, connection->first->stream);
			return;
		}
		if (!write_answers(connection))
			return;
	}
	if (connection->closing || connection->write || connection->first || connection->paused)
		return;
	bool between = connection->start == connection->end && connection->state < READ_BODY;
	if (connection->continue_owed)
		write_continue(connection);
	else if (connection->read_ended || (connection->loop->stopping && between))
		http_connection_close(connection);
}
