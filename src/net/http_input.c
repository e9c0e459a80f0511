/* SPDX-License-Identifier: Apache-2.0 */
/* Free buffers of the usual size are kept last in, first out: a busy loop serves thousands of connections from the few
 * that are warm in the cache, and a silent connection holds none. */
#include "base/mem.h"
#include "net/http_connection.h"

enum {
	INPUT_SIZE = 4096, /* a receive buffer at first */
	INPUTS_KEPT = 64,  /* idle ones a loop keeps */
};

static struct http_input *input_new(size_t room)
{
	struct http_input *input = mem_resize(NULL, sizeof *input + room);
	input->next_free = NULL;
	input->room = room;
	return input;
}

struct http_input *http_input_take(struct http_loop *loop, size_t room)
{
	struct http_input *input = loop->inputs;
	if (room > INPUT_SIZE || !input)
		return input_new(room > INPUT_SIZE ? room : INPUT_SIZE);
	loop->inputs = input->next_free;
	loop->input_count--;
	return input;
}

void http_input_give_back(struct http_loop *loop, struct http_input *input)
{
	if (input->room != INPUT_SIZE || loop->input_count == INPUTS_KEPT) {
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

/* Twice the room, but no more than a body of known length needs. It is never taken at a client's word: the room grows
 * only as bytes arrive. */
static void grow(struct http_connection *connection)
{
	size_t room = connection->input->room * 2;
	if (connection->state == READ_BODY && !connection->chunked &&
	    connection->head_n + connection->content_length < room)
		room = connection->head_n + (size_t)connection->content_length;
	connection->input = mem_resize(connection->input, sizeof *connection->input + room);
	connection->input->room = room;
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
		grow(connection);
		input = connection->input;
	}
	return uv_buf_init(input->bytes + connection->end, (unsigned)(input->room - connection->end));
}
