/* SPDX-License-Identifier: Apache-2.0 */
/* Reading. What is received stays in one buffer from the first byte of a request until its handler returned, so that
 * every slice points straight into it; a connection that waits for a request holds no buffer at all. A request that is
 * not answered by then takes the buffer with it, unless it said that it needs it no more
 * (http_request_release_input).
 */
#include "net/http_connection.h"
#include "base/mem.h"
#include "net/proxy_protocol.h"
#include <sys/socket.h>

static const struct http_limits *limits_of(const struct http_connection *connection)
{
	return &connection->loop->server->config.limits;
}

static void on_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	(void)suggested;
	*ret = http_input_room((struct http_connection *)handle);
}

void http_connection_refuse(struct http_connection *connection, unsigned status)
{
	struct http_request *request = http_request_take(connection->loop);
	const struct http_header headers[] = {{SLICE("Content-Type"), SLICE("text/plain; charset=utf-8")},
					      {SLICE("Retry-After"), SLICE("1")}};
	http_request_queue(connection, request);
	connection->state = READ_DISCARD;
	connection->continue_owed = false;
	/* Where the next request would begin nobody can know any more. */
	connection->start = connection->end;
	request->close_after = true;
	if (status < 500 && status != 408)
		http_count(&connection->loop->counters.bad_requests);
	http_answer(request, status, headers, status == 503 ? 2 : 1, slice_from_cstr(http_reason(status)));
}

/* In capitals only: methods are case-sensitive (RFC 9110, 9.1). */
static enum http_method method_of(struct slice name)
{
	static const struct {
		struct slice name;
		enum http_method method;
	} methods[] = {
	    {{"GET", 3}, HTTP_GET},         {{"HEAD", 4}, HTTP_HEAD},   {{"POST", 4}, HTTP_POST},
	    {{"PUT", 3}, HTTP_PUT},         {{"PATCH", 5}, HTTP_PATCH}, {{"DELETE", 6}, HTTP_DELETE},
	    {{"OPTIONS", 7}, HTTP_OPTIONS},
	};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (slice_equal(methods[i].name, name))
			return methods[i].method;
	return HTTP_OTHER_METHOD;
}

/* The head of the request under way, read (again) if the loop read another one meanwhile or it was moved. */
static const struct http_head *head_of(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	struct slice bytes = slice_of(connection->input->bytes + connection->start, connection->head_n);
	if (loop->head_owner != connection || loop->head.bytes.p != bytes.p)
		(void)http_head_read(&loop->head, bytes); /* it was fine when it came */
	loop->head_owner = connection;
	return &loop->head;
}

struct http_request *http_connection_make_request(struct http_connection *connection)
{
	const struct http_head *head = head_of(connection);
	struct http_request *request = http_request_take(connection->loop);
	http_request_queue(connection, request);
	request->head = head->bytes;
	request->path = head->path;
	request->query = head->query;
	request->body = slice_of(head->bytes.p + head->bytes.n, connection->body_n);
	request->method = method_of(head->method);
	request->http_1_0 = head->minor == 0;
	request->close_after = !head->keep_alive;
	http_request_set_client(request, head);
	connection->loop->head_owner = request;
	return request;
}

/* The request takes the buffer its slices point into; what follows in it moves to a fresh one. */
void http_connection_keep_input(struct http_connection *connection, struct http_request *request)
{
	struct http_input *old = connection->input;
	size_t rest = connection->end - connection->start;
	request->input = old;
	connection->input = NULL;
	if (rest > 0) {
		connection->input = http_input_take(connection->loop, rest);
		memcpy(connection->input->bytes, old->bytes + connection->start, rest);
	}
	connection->start = connection->end = 0;
	if (rest > 0)
		http_input_received(connection, rest);
}

static void hand_over(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	struct http_request *request = http_connection_make_request(connection);
	connection->start += connection->head_n + connection->body_n;
	connection->state = request->close_after ? READ_DISCARD : READ_HEAD;
	connection->scanned = 0;
	connection->blank_skipped = connection->continue_owed = false;
	connection->since_ms = uv_now(&loop->uv);
	http_count(&loop->counters.requests);
	loop->handled_since_turn++;
	loop->server->config.handle(loop->user, request);
	if (!request->answered && !request->released)
		http_connection_keep_input(connection, request);
	connection->share = BUDGET_STRANGER;
}

/* What a trusted proxy says in front of everything else. */
static bool read_first(struct http_connection *connection)
{
	struct proxy_protocol header;
	struct slice bytes =
	    slice_of(connection->input->bytes + connection->start, connection->end - connection->start);
	enum proxy_protocol_result result =
	    connection->trusted ? proxy_protocol_read(bytes, &header) : PROXY_PROTOCOL_NONE;
	if (result == PROXY_PROTOCOL_MORE)
		return false;
	connection->state = READ_HEAD;
	if (result == PROXY_PROTOCOL_BAD) {
		http_connection_refuse(connection, 400);
	} else if (result == PROXY_PROTOCOL_WHOLE) {
		const struct trusted_proxies *trusted = &connection->loop->server->trusted;
		connection->start += header.size;
		connection->proxied = true;
		if (header.has_source)
			connection->peer.address = header.source;
		connection->peer.is_https = header.is_tls;
		/* The proxy has said who stands behind it: from here on it is that one who is believed, or not. */
		connection->trusted = ip_address_in_any(&connection->peer.address, trusted->ranges, trusted->count);
	}
	return true;
}

/* Of a head that is not whole yet: 0, or the status that no more bytes can avert. */
static unsigned judge_partial(const struct http_connection *connection, size_t n)
{
	const struct http_limits *limits = limits_of(connection);
	enum { METHOD_AND_VERSION = 32 };
	char first = connection->input->bytes[connection->start];
	/* No end of the first line, and it is too long already. */
	if (connection->scanned == 0 && n > limits->target_bytes + METHOD_AND_VERSION)
		return 414;
	if (n > limits->header_bytes)
		return 431;
	return (first >= 'A' && first <= 'Z') || (first == '\r' && n == 1) ? 0 : 400; /* a TLS hello, say */
}

static unsigned judge_head(const struct http_connection *connection, const struct http_head *head, unsigned refused)
{
	const struct http_limits *limits = limits_of(connection);
	if (head->target.n > limits->target_bytes)
		return 414;
	if (head->bytes.n > limits->header_bytes)
		return 431;
	return !refused && head->content_length > limits->body_bytes ? 413 : refused;
}

/* Who has begun to send does not wait for a 100 Continue (RFC 9110, 10.1.1). */
void http_connection_begin_body(struct http_connection *connection)
{
	connection->chunks = (struct http_chunked){0};
	connection->state = READ_BODY;
	connection->since_ms = connection->rate_since_ms = uv_now(&connection->loop->uv);
	connection->rate_bytes = connection->end - connection->start - connection->head_n;
	connection->continue_owed = connection->continue_owed && connection->rate_bytes == 0;
	if (connection->continue_owed)
		http_loop_want_flush(connection);
}

static void end_head(struct http_connection *connection, const struct http_head *head)
{
	connection->head_n = head->bytes.n;
	connection->body_n = 0;
	connection->content_length = head->content_length;
	connection->chunked = head->chunked;
	connection->body_max = limits_of(connection)->body_bytes;
	connection->continue_owed = head->expect_continue;
	if (!head->chunked && head->content_length == 0)
		hand_over(connection);
	else if (connection->loop->server->config.admit)
		http_admit(connection);
	else
		http_connection_begin_body(connection);
}

static bool read_head(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	struct slice bytes =
	    slice_of(connection->input->bytes + connection->start, connection->end - connection->start);
	/* Some clients send an empty line behind a body; one is passed over (RFC 9112, 2.2). */
	if (connection->scanned == 0 && !connection->blank_skipped && slice_starts_with(bytes, SLICE("\r\n"))) {
		connection->blank_skipped = true;
		connection->start += 2;
		return true;
	}
	enum http_head_end found = http_head_find_end(bytes, &connection->scanned);
	unsigned refused = found == HTTP_HEAD_BAD ? 400 : 0;
	if (found == HTTP_HEAD_MORE)
		refused = judge_partial(connection, bytes.n);
	if (found == HTTP_HEAD_WHOLE) {
		loop->head_owner = connection;
		refused = http_head_read(&loop->head, slice_sub(bytes, 0, connection->scanned));
		refused = judge_head(connection, &loop->head, refused);
		if (!refused)
			end_head(connection, &loop->head);
	}
	if (refused)
		http_connection_refuse(connection, refused);
	return found != HTTP_HEAD_MORE;
}

static bool read_chunks(struct http_connection *connection)
{
	size_t before = connection->start + connection->head_n;
	size_t n = connection->end - before;
	enum http_chunked_result result = http_chunked_decode(&connection->chunks, connection->input->bytes + before,
							      &connection->body_n, &n, connection->body_max);
	connection->end = before + n;
	if (result == HTTP_CHUNKED_MORE)
		return false;
	if (result == HTTP_CHUNKED_END)
		hand_over(connection);
	else
		http_connection_refuse(connection, result == HTTP_CHUNKED_BAD ? 400 : 413);
	return true;
}

static bool read_body(struct http_connection *connection)
{
	if (connection->chunked)
		return read_chunks(connection);
	if (connection->end - connection->start - connection->head_n < connection->content_length)
		return false;
	connection->body_n = (size_t)connection->content_length;
	hand_over(connection);
	return true;
}

/* One step on; false when it takes more bytes. */
static bool read_on(struct http_connection *connection)
{
	switch (connection->state) {
	case READ_FIRST: return read_first(connection);
	case READ_HEAD: return read_head(connection);
	case READ_BODY: return read_body(connection);
	case READ_ASKING: return false;
	case READ_DISCARD: break;
	}
	connection->discarded += connection->end - connection->start;
	connection->start = connection->end;
	return false;
}

bool http_connection_may_go_on(const struct http_connection *connection)
{
	const struct http_limits *limits = limits_of(connection);
	return !connection->held && connection->owed < limits->pipelined &&
	       connection->unread < limits->unread_answer_bytes;
}

/* Not while somebody is asked. And of what is thrown away only so much as a client had under way: who sends on gets no
 * processor time for it, and finds the connection closed (http_write_finish). */
static bool wants_to_read(const struct http_connection *connection)
{
	return connection->state != READ_ASKING &&
	       (connection->state != READ_DISCARD || connection->discarded <= DISCARD_MAX);
}

static void pause_reading(struct http_connection *connection)
{
	connection->paused = true;
	list_remove(&connection->in_rest);
	uv_read_stop((uv_stream_t *)&connection->tcp);
}

/* Reads on in what was received; also after a pause. */
static void parse(struct http_connection *connection)
{
	while (!connection->closing && connection->start < connection->end) {
		/* Who sends on and does not read his answers is not read on himself: what he is owed would grow without
		 * end. */
		if (connection->state != READ_DISCARD && !http_connection_may_go_on(connection)) {
			http_connection_flush(connection);
			if (!connection->closing && !http_connection_may_go_on(connection)) {
				pause_reading(connection);
				return;
			}
			continue;
		}
		if (!read_on(connection))
			break;
	}
	if (!connection->closing && !wants_to_read(connection))
		pause_reading(connection);
	if (connection->start == connection->end)
		http_input_drop(connection);
}

/* The client's side ended: it closed, or only has nothing more to say. Those who wait for its answers are told. */
static void on_end(struct http_connection *connection)
{
	connection->read_ended = true;
	struct http_request *next;
	for (struct http_request *request = connection->first; request && !connection->closing; request = next) {
		next = request->next;
		void (*gone)(void *, struct http_request *) = request->answered ? NULL : request->gone;
		request->gone = NULL;
		if (gone)
			gone(request->gone_user, request);
	}
	if (!connection->first || connection->first->stream)
		http_connection_close(connection);
}

/* Of one connection no more than this in a turn of the loop, and a read above that. libuv itself goes on for 32 reads:
 * two bodies of 31 MB held a loop for 30 ms a turn, with everybody's clicks behind them (bench/attacks). */
static void rest_if_enough(struct http_connection *connection, size_t n)
{
	struct http_loop *loop = connection->loop;
	connection->turn_bytes = (connection->turn == loop->turn ? connection->turn_bytes : 0) + n;
	connection->turn = loop->turn;
	if (connection->turn_bytes < HTTP_READ_MAX || connection->closing || connection->paused)
		return;
	uv_read_stop((uv_stream_t *)&connection->tcp);
	list_append(&loop->resting, &connection->in_rest);
}

void http_connection_end_rests(struct http_loop *loop)
{
	struct list_link *link;
	loop->turn++;
	while ((link = list_take_first(&loop->resting)))
		http_connection_start(LIST_ENTRY(link, struct http_connection, in_rest));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct http_connection *connection = (struct http_connection *)stream;
	(void)bytes;
	if (connection->closing)
		return;
	if (n == UV_EOF) {
		on_end(connection);
	} else if (n == UV_ENOBUFS) { /* http_input_room had none */
		http_connection_refuse(connection, 503);
	} else if (n < 0) {
		http_connection_close(connection);
	} else if (n > 0) {
		if (connection->start == connection->end && !connection->blank_skipped && connection->served &&
		    connection->state == READ_HEAD)
			connection->since_ms = uv_now(&connection->loop->uv); /* a request begins */
		http_input_received(connection, (size_t)n);
		connection->rate_bytes += (uint64_t)n;
		parse(connection);
		rest_if_enough(connection, (size_t)n);
	}
	if (connection->closing)
		return;
	if (connection->start == connection->end)
		http_input_drop(connection);
	http_deadline_set(connection);
	http_evict_place(connection);
}

void http_connection_start(struct http_connection *connection)
{
	if (uv_read_start((uv_stream_t *)&connection->tcp, on_room_wanted, on_read) != 0)
		http_connection_close(connection);
}

void http_connection_resume(struct http_connection *connection)
{
	if (!connection->paused || !wants_to_read(connection))
		return;
	connection->paused = false;
	if (!connection->read_ended)
		http_connection_start(connection);
	if (!connection->closing)
		parse(connection);
	if (!connection->closing && !connection->paused && !connection->first)
		http_loop_want_flush(connection); /* which closes it if there is nothing to come */
}

void http_connection_orphan(struct http_connection *connection)
{
	struct http_request *request = connection->first, *next;
	struct http_request *answered = NULL, **answered_end = &answered;
	connection->first = connection->last = NULL;
	connection->asking = connection->held = NULL;
	connection->owed = 0;
	for (; request; request = next) {
		next = request->next;
		request->next = NULL;
		if (request->answered) { /* libuv may be busy with its bytes */
			*answered_end = request;
			answered_end = &request->next;
			continue;
		}
		void (*gone)(void *, struct http_request *) = request->gone;
		request->connection = NULL;
		request->gone = NULL;
		if (gone)
			gone(request->gone_user, request);
	}
	while (answered) {
		next = answered->next;
		http_request_queue(connection, answered);
		answered = next;
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct http_connection *connection = (struct http_connection *)handle;
	struct http_loop *loop = connection->loop;
	while (connection->first) {
		struct http_request *request = connection->first;
		connection->first = request->next;
		http_request_free(request);
	}
	http_input_drop(connection);
	list_remove(&connection->in_loop);
	if (connection->counted)
		address_count_leave(loop->server->by_address, &connection->peer.address);
	atomic_fetch_sub_explicit(&loop->server->open_now, 1, memory_order_relaxed);
	if (loop->head_owner == connection)
		loop->head_owner = NULL;
	mem_free(connection);
	loop->connection_count--;
	http_accept_resume(loop); /* there is a descriptor now */
	http_loop_maybe_end(loop);
}

void http_connection_will_reset(struct http_connection *connection)
{
	static const struct linger at_once = {.l_onoff = 1};
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); /* the best there is */
}

/* Whatever was the reason: the client must not take the part that he has for the whole. */
static void reset_if_cut_off(struct http_connection *connection)
{
	if (connection->first && connection->first->stream && http_stream_is_unfinished(connection->first->stream))
		http_connection_will_reset(connection);
}

void http_connection_close(struct http_connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	reset_if_cut_off(connection);
	list_remove(&connection->in_wheel);
	list_remove(&connection->in_flush);
	list_remove(&connection->in_rest);
	http_connection_orphan(connection);
	http_evict_place(connection);
	uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

void http_connection_wind_down(struct http_connection *connection)
{
	if (connection->closing)
		return;
	bool between = connection->start == connection->end && connection->state < READ_BODY;
	if (connection->first && connection->first->stream)
		http_stream_wind_down(connection->first->stream);
	else if (!connection->first && (between || connection->state == READ_DISCARD))
		http_connection_close(connection);
}
