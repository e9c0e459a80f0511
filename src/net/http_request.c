/* SPDX-License-Identifier: Apache-2.0 */
/* Requests come from slabs and go back to a free list, with the memory of their last answer and their arena, so that a
 * kept-alive connection allocates nothing.
 *
 * Only one head is split into fields at a time, the loop's. Whoever asks a request for a header later has its head read
 * again: cheaper than keeping the fields of every waiting request.
 */
#include "base/mem.h"
#include "net/http_connection.h"

enum { ARENA_BYTES_KEPT = 4096 };

static void add_slab(struct http_loop *loop)
{
	struct http_slab *slab = MEM_NEW(struct http_slab);
	slab->next = loop->slabs;
	loop->slabs = slab;
	for (size_t i = 0; i < REQUESTS_PER_SLAB; i++) {
		slab->requests[i].next = loop->free_requests;
		loop->free_requests = &slab->requests[i];
	}
}

struct http_request *http_request_take(struct http_loop *loop)
{
	if (!loop->free_requests)
		add_slab(loop);
	struct http_request *request = loop->free_requests;
	loop->free_requests = request->next;
	*request = (struct http_request){
	    .loop = loop,
	    .arena = request->arena,
	    .own = request->own,
	    .own_room = request->own_room,
	    .path = SLICE_EMPTY,
	    .query = SLICE_EMPTY,
	    .body = SLICE_EMPTY,
	    .answer = SLICE_EMPTY,
	    .tail = SLICE_EMPTY,
	    .live = true,
	};
	loop->live_requests++;
	return request;
}

void http_request_free(struct http_request *request)
{
	struct http_loop *loop = request->loop;
	if (request->stream)
		http_stream_free(request->stream);
	request->stream = NULL;
	if (request->input)
		http_input_give_back(loop, request->input);
	request->input = NULL;
	/* What one large answer took is not kept by every request that comes after it. */
	if (request->arena && arena_used(request->arena) > ARENA_BYTES_KEPT)
		arena_free(&request->arena);
	else if (request->arena)
		arena_reset(request->arena);
	http_request_free_answer(request);
	if (loop->head_owner == request)
		loop->head_owner = NULL;
	request->live = false;
	request->next = loop->free_requests;
	loop->free_requests = request;
	loop->live_requests--;
}

void http_request_queue(struct http_connection *connection, struct http_request *request)
{
	request->connection = connection;
	request->next = NULL;
	if (connection->last)
		connection->last->next = request;
	else
		connection->first = request;
	connection->last = request;
	connection->owed++;
}

void http_request_unqueue(struct http_request *request)
{
	struct http_connection *connection = request->connection;
	struct http_request *before = connection->first;
	BUG_IF(connection->last != request);
	if (before == request) {
		connection->first = connection->last = NULL;
	} else {
		while (before->next != request)
			before = before->next;
		before->next = NULL;
		connection->last = before;
	}
	connection->owed--;
}

/* Keeps the last lines when there are too many: they are what the nearest proxies wrote. */
static void add_line(struct header_lines *to, struct slice value)
{
	if (to->count == PEER_ADDRESS_LINES) {
		memmove(to->lines, to->lines + 1, sizeof *to->lines * (PEER_ADDRESS_LINES - 1));
		to->count--;
	}
	to->lines[to->count++] = value;
}

void http_request_set_client(struct http_request *request, const struct http_head *head)
{
	const struct http_connection *connection = request->connection;
	request->client = connection->peer;
	/* Anybody can write these headers; only of a proxy that is known are they believed. */
	if (!connection->trusted)
		return;
	struct forwarding_headers headers = {0};
	for (size_t i = 0; i < head->field_count; i++) {
		const struct http_head_field *field = &head->fields[i];
		if (slice_equal_nocase(field->name, SLICE("x-forwarded-for")))
			add_line(&headers.x_forwarded_for, field->value);
		else if (slice_equal_nocase(field->name, SLICE("forwarded")))
			add_line(&headers.forwarded, field->value);
		else if (slice_equal_nocase(field->name, SLICE("x-forwarded-proto")))
			headers.x_forwarded_proto = field->value;
	}
	request->client = peer_address_find(&connection->peer, &request->loop->server->trusted, &headers);
}

enum http_method http_request_method(const struct http_request *request)
{
	return request->method;
}

struct slice http_request_path(const struct http_request *request)
{
	return request->path;
}

struct slice http_request_query(const struct http_request *request)
{
	return request->query;
}

struct slice http_request_body(const struct http_request *request)
{
	return request->body;
}

struct slice http_request_header(const struct http_request *request, struct slice name)
{
	struct http_loop *loop = request->loop;
	if (request->head.n == 0)
		return (struct slice){0};
	if (loop->head_owner != request) {
		(void)http_head_read(&loop->head, request->head); /* it was fine before the handler saw it */
		loop->head_owner = request;
	}
	return http_head_field(&loop->head, name);
}

const struct ip_address *http_request_client(const struct http_request *request)
{
	return &request->client.address;
}

bool http_request_is_https(const struct http_request *request)
{
	return request->client.is_https;
}

static bool is_from_proxy(const struct http_head *head)
{
	static const struct slice names[] = {{"forwarded", 9}, {"x-real-ip", 9}, {"via", 3}};
	for (size_t i = 0; i < head->field_count; i++) {
		struct slice name = head->fields[i].name;
		if (slice_equal_nocase(slice_sub(name, 0, 12), SLICE("x-forwarded-")))
			return true;
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
			if (slice_equal_nocase(name, names[k]))
				return true;
	}
	return false;
}

bool http_request_is_from_here(const struct http_request *request)
{
	const struct http_connection *connection = request->connection;
	if (!connection || connection->proxied || !ip_address_is_loopback(&connection->peer.address) ||
	    request->head.n == 0)
		return false;
	(void)http_request_header(request, SLICE("via")); /* reads the head, if another one was read since */
	return !is_from_proxy(&request->loop->head);
}

struct http_loop *http_request_loop(const struct http_request *request)
{
	return request->loop;
}

struct arena *http_request_arena(struct http_request *request)
{
	if (!request->arena)
		request->arena = arena_new();
	return request->arena;
}

void http_request_on_gone(struct http_request *request, void (*gone)(void *user, struct http_request *request),
			  void *user)
{
	request->gone = gone;
	request->gone_user = user;
}

void http_request_set_known(struct http_request *request)
{
	request->is_known = true;
}

void http_request_hold(struct http_request *request)
{
	if (request->connection)
		request->connection->held = request;
}

void http_request_release_input(struct http_request *request)
{
	request->released = true;
	/* From here on it has no headers either: they stood in the bytes that go back. */
	request->head = request->path = request->query = request->body = SLICE_EMPTY;
	if (request->input)
		http_input_give_back(request->loop, request->input);
	request->input = NULL;
}
