/* SPDX-License-Identifier: Apache-2.0 */
/* Free buffers of the usual size are kept last in, first out: a busy loop serves thousands of connections from the few
 * that are warm in the cache, and a silent connection holds none.
 *
 * One of the usual size is every connection's right, so that a click is answered whatever others send; their number has
 * the limit of connections. What a buffer has beyond that size is taken from the server's budget.
 *
 * Passwords and API keys come in here, so no byte stays behind in memory that is given back or handed to the next
 * connection (decision 0055). */
#include "base/mem.h"
#include "net/http_connection.h"

enum {
	INPUT_SIZE = 4096, /* a receive buffer at first */
	INPUTS_KEPT = 64,  /* idle ones a loop keeps */
	CODING_ROOM = 65536,
	/* Blocks of this size are mappings of their own (mem_keep_freed), which the kernel moves without a copy and
	 * takes back whole: in them is nothing to wipe. */
	MAPPED_FROM = 8 << 20,
};

static size_t charge_of(size_t room)
{
	return room > INPUT_SIZE ? room - INPUT_SIZE : 0;
}

static struct http_input *input_new(size_t room)
{
	struct http_input *input = mem_resize(NULL, sizeof *input + room);
	input->next_free = NULL;
	input->room = room;
	input->filled = 0;
	return input;
}

static void wipe(struct http_input *input)
{
	if (input->room < MAPPED_FROM)
		explicit_bzero(input->bytes, input->filled);
	input->filled = 0;
}

struct http_input *http_input_take(struct http_loop *loop, size_t room)
{
	struct http_input *input = loop->inputs;
	if (room > INPUT_SIZE || !input) {
		byte_budget_take_anyway(loop->server->config.budget, charge_of(room));
		return input_new(room > INPUT_SIZE ? room : INPUT_SIZE);
	}
	loop->inputs = input->next_free;
	loop->input_count--;
	return input;
}

void http_input_give_back(struct http_loop *loop, struct http_input *input)
{
	wipe(input);
	if (input->room != INPUT_SIZE || loop->input_count == INPUTS_KEPT) {
		byte_budget_give(loop->server->config.budget, charge_of(input->room));
		mem_free(input);
		return;
	}
	input->next_free = loop->inputs;
	loop->inputs = input;
	loop->input_count++;
}

void http_input_drop(struct http_connection *connection)
{
	if (connection->input)
		http_input_give_back(connection->loop, connection->input);
	connection->input = NULL;
	connection->start = connection->end = 0;
}

/* Twice the room, but no more than the body can need. It is never taken at a client's word: the room grows only as
 * bytes arrive. */
static size_t room_wanted(const struct http_connection *connection)
{
	size_t room = connection->input->room * 2;
	if (connection->state != READ_BODY)
		return room;
	/* Of a chunked body the coding stands in it too, until it is taken off. */
	uint64_t most = connection->head_n +
			(connection->chunked ? connection->body_max + CODING_ROOM : connection->content_length);
	return most < room && most > connection->input->room ? (size_t)most : room;
}

/* As realloc, which leaves the bytes where they were when it moves them. */
static struct http_input *resized(struct http_input *old, size_t room)
{
	if (old->room >= MAPPED_FROM)
		return mem_try_resize(old, sizeof *old + room);
	struct http_input *input = mem_try_resize(NULL, sizeof *old + room);
	if (!input)
		return NULL;
	memcpy(input, old, sizeof *old + old->filled);
	wipe(old);
	mem_free(old);
	return input;
}

static bool grow(struct http_connection *connection)
{
	struct byte_budget *budget = connection->loop->server->config.budget;
	size_t room = room_wanted(connection);
	size_t more = room - connection->input->room;
	if (!byte_budget_take(budget, more, connection->share))
		return false;
	struct http_input *input = resized(connection->input, room);
	if (!input) {
		byte_budget_give(budget, more);
		return false;
	}
	connection->input = input;
	input->room = room;
	return true;
}

uv_buf_t http_input_room(struct http_connection *connection)
{
	if (!connection->input)
		connection->input = http_input_take(connection->loop, 0);
	struct http_input *input = connection->input;
	if (connection->start > 0) {
		memmove(input->bytes, input->bytes + connection->start, connection->end - connection->start);
		connection->end -= connection->start;
		connection->start = 0;
	}
	if (connection->end == input->room) {
		if (!grow(connection))
			return uv_buf_init(NULL, 0);
		input = connection->input;
	}
	size_t room = input->room - connection->end;
	return uv_buf_init(input->bytes + connection->end, room < HTTP_READ_MAX ? (unsigned)room : HTTP_READ_MAX);
}

void http_input_received(struct http_connection *connection, size_t n)
{
	struct http_input *input = connection->input;
	connection->end += n;
	if (input->filled < connection->end)
		input->filled = connection->end;
}
