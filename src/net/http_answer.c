/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are shared and stay (the pixel), bytes that are ready and go (a redirect), and a head that is put together
 * here, before a body that is copied, shared or taken over. The first copies nothing and allocates nothing; it is what
 * hits get. All end in http_request_answered, which alone decides what becomes of the request.
 *
 * An answer that is there cannot be refused for want of memory any more, so it is taken from the budget whether or not
 * there is room: whoever comes next is refused instead. */
#include "base/mem.h"
#include "net/http_connection.h"

const char *http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
	    {200, "OK"},
	    {201, "Created"},
	    {202, "Accepted"},
	    {204, "No Content"},
	    {206, "Partial Content"},
	    {301, "Moved Permanently"},
	    {302, "Found"},
	    {303, "See Other"},
	    {304, "Not Modified"},
	    {307, "Temporary Redirect"},
	    {308, "Permanent Redirect"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {406, "Not Acceptable"},
	    {408, "Request Timeout"},
	    {409, "Conflict"},
	    {410, "Gone"},
	    {411, "Length Required"},
	    {412, "Precondition Failed"},
	    {413, "Content Too Large"},
	    {414, "URI Too Long"},
	    {415, "Unsupported Media Type"},
	    {417, "Expectation Failed"},
	    {421, "Misdirected Request"},
	    {422, "Unprocessable Content"},
	    {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {502, "Bad Gateway"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	    {505, "HTTP Version Not Supported"},
	    {507, "Insufficient Storage"},
	};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

static struct byte_budget *budget_of(const struct http_request *request)
{
	return request->loop->server->config.budget;
}

static void free_own(struct http_request *request)
{
	if (request->own_room > OWN_BYTES_KEPT)
		byte_budget_give(budget_of(request), request->own_room);
	mem_free(request->own);
	request->own = NULL;
	request->own_room = 0;
}

/* `request->own` with room for n bytes. */
static char *take_own(struct http_request *request, size_t n)
{
	if (request->own_room < n) {
		free_own(request);
		request->own_room = n < 1024 ? 1024 : n;
		request->own = mem_alloc(request->own_room);
		if (request->own_room > OWN_BYTES_KEPT)
			byte_budget_take_anyway(budget_of(request), request->own_room);
	}
	return request->own;
}

/* What a small answer took stays for the next one, wiped: there may have been a session's cookie in it. */
void http_request_free_answer(struct http_request *request)
{
	if (request->own)
		explicit_bzero(request->own,
			       request->own_room < request->answer_size ? request->own_room : request->answer_size);
	if (request->own_room > OWN_BYTES_KEPT)
		free_own(request);
	if (!request->own_tail)
		return;
	byte_budget_give(budget_of(request), request->own_tail_room);
	mem_free(request->own_tail);
	request->own_tail = NULL;
}

void http_request_answered(struct http_request *request)
{
	struct http_connection *connection = request->connection;
	BUG_IF(request->answered || !request->live);
	request->answered = true;
	request->answer_size = request->answer.n + request->tail.n;
	/* Answers leave in the order of the requests (RFC 9112, 9.3.2): one that is ready early waits for those in
	 * front of it. */
	if (connection) {
		connection->unread += request->answer_size;
		if (connection->asking == request)
			http_admit_end(connection);
		if (request == connection->first && !connection->write)
			http_loop_want_flush(connection);
		return;
	}
	struct http_loop *loop = request->loop;
	if (request->stream)
		list_append(&loop->orphaned_streams, &request->stream->orphaned);
	else
		http_request_free(request);
	http_loop_maybe_end(loop);
}

void http_answer_static(struct http_request *request, struct slice response, size_t head_bytes)
{
	request->answer = request->method == HTTP_HEAD ? slice_sub(response, 0, head_bytes) : response;
	/* An HTTP/1.0 client takes the connection for kept only when the answer says so, and this one does not. */
	if (request->http_1_0) {
		request->close_after = true;
		if (request->connection)
			request->connection->state = READ_DISCARD;
	}
	http_request_answered(request);
}

void http_answer_whole(struct http_request *request, struct slice response, size_t head_bytes)
{
	if (request->method == HTTP_HEAD)
		response = slice_sub(response, 0, head_bytes);
	if (request->connection) {
		char *copy = take_own(request, response.n);
		memcpy(copy, response.p, response.n);
		response = slice_of(copy, response.n);
	}
	http_answer_static(request, response, response.n);
}

/* A line break in a value would begin a header of somebody's choice. What comes from outside is checked long before;
 * that it gets here is a bug. */
static bool is_fit(struct slice s, bool name)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f || (name && (c == ':' || c == ' ')))
			return false;
	}
	return !name || s.n > 0;
}

static bool has_header(const struct http_header *headers, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal_nocase(headers[i].name, name))
			return true;
	return false;
}

/* Here and not with each caller, so that no answer can be forgotten. */
static void append_safe_headers(struct buf *b, const struct http_header *headers, size_t count)
{
	if (!has_header(headers, count, SLICE("X-Content-Type-Options")))
		buf_append(b, SLICE("\r\nX-Content-Type-Options: nosniff"));
	if (!has_header(headers, count, SLICE("Content-Security-Policy")))
		buf_append(b, SLICE("\r\nContent-Security-Policy: " HTTP_NO_PAGE));
}

void http_append_head(struct buf *b, struct http_request *request, unsigned status, const struct http_header *headers,
		      size_t header_count)
{
	buf_append(b, SLICE("HTTP/1.1 "));
	buf_append_u64(b, status);
	buf_append_byte(b, ' ');
	buf_append_cstr(b, http_reason(status));
	buf_append(b, SLICE("\r\nDate: "));
	buf_append_cstr(b, http_loop_date(request->loop));
	for (size_t i = 0; i < header_count; i++) {
		BUG_IF(!is_fit(headers[i].name, true) || !is_fit(headers[i].value, false));
		buf_append(b, SLICE("\r\n"));
		buf_append(b, headers[i].name);
		buf_append(b, SLICE(": "));
		buf_append(b, headers[i].value);
	}
	append_safe_headers(b, headers, header_count);
	if (request->close_after)
		buf_append(b, SLICE("\r\nConnection: close"));
	else if (request->http_1_0)
		buf_append(b, SLICE("\r\nConnection: keep-alive"));
	buf_append(b, SLICE("\r\n"));
}

/* While stopping, the last answer owed says that it is the last. */
static void close_if_stopping(struct http_request *request)
{
	struct http_connection *connection = request->connection;
	if (!request->loop->stopping || !connection || connection->last != request ||
	    connection->start < connection->end)
		return;
	request->close_after = true;
	connection->state = READ_DISCARD;
}

/* RFC 9110, 15.3.5 and 15.4.5; a 204 must not even have a length (8.6). */
static bool has_body(unsigned status)
{
	return status != 204 && status != 304;
}

/* The head, up to the blank line, of an answer whose body has `n` bytes, with room for `more` bytes behind it. */
static struct buf write_head(struct http_request *request, unsigned status, const struct http_header *headers,
			     size_t header_count, size_t n, size_t more)
{
	struct buf b;
	size_t size = 512 + more;
	BUG_IF(status < 200 || status > 599);
	for (size_t i = 0; i < header_count; i++)
		size += headers[i].name.n + headers[i].value.n + 4;
	close_if_stopping(request);
	buf_init_fixed(&b, take_own(request, size), size);
	http_append_head(&b, request, status, headers, header_count);
	if (has_body(status)) {
		buf_append(&b, SLICE("Content-Length: "));
		buf_append_u64(&b, n);
		buf_append(&b, SLICE("\r\n"));
	}
	buf_append(&b, SLICE("\r\n"));
	return b;
}

/* The head is that of a GET, its length among it (RFC 9110, 9.3.2). */
static bool sends_body(const struct http_request *request, unsigned status)
{
	return has_body(status) && request->method != HTTP_HEAD;
}

void http_answer(struct http_request *request, unsigned status, const struct http_header *headers, size_t header_count,
		 struct slice body)
{
	struct buf b = write_head(request, status, headers, header_count, body.n, body.n);
	if (sends_body(request, status))
		buf_append(&b, body);
	BUG_IF(buf_failed(&b));
	request->answer = buf_slice(&b);
	http_request_answered(request);
}

void http_answer_shared(struct http_request *request, unsigned status, const struct http_header *headers,
			size_t header_count, struct slice body)
{
	struct buf b = write_head(request, status, headers, header_count, body.n, 0);
	BUG_IF(buf_failed(&b));
	request->answer = buf_slice(&b);
	if (sends_body(request, status))
		request->tail = body;
	http_request_answered(request);
}

void http_answer_owned(struct http_request *request, unsigned status, const struct http_header *headers,
		       size_t header_count, struct buf *body)
{
	size_t n = body->n;
	request->own_tail_room = body->room;
	request->own_tail = buf_detach(body, &n);
	byte_budget_take_anyway(budget_of(request), request->own_tail_room);
	http_answer_shared(request, status, headers, header_count, slice_of(request->own_tail, n));
}
