/* SPDX-License-Identifier: Apache-2.0 */
/* Three ways to answer: bytes that are shared and stay (the pixel), bytes that are ready and go (a redirect), and a
 * head that is put together here. The first copies nothing and allocates nothing; it is what hits get. All end in
 * http_request_answered, which alone decides what becomes of the request. */
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

/* `request->own` with room for n bytes. */
static char *take_own(struct http_request *request, size_t n)
{
	if (request->own_room < n) {
		mem_free(request->own);
		request->own_room = n < 1024 ? 1024 : n;
		request->own = mem_alloc(request->own_room);
	}
	return request->own;
}

void http_request_answered(struct http_request *request)
{
	struct http_connection *connection = request->connection;
	BUG_IF(request->answered || !request->live);
	request->answered = true;
	/* Answers leave in the order of the requests (RFC 9112, 9.3.2): one that is ready early waits for those in
	 * front of it. */
	if (connection) {
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

void http_answer(struct http_request *request, unsigned status, const struct http_header *headers, size_t header_count,
		 struct slice body)
{
	BUG_IF(status < 200 || status > 599);
	/* RFC 9110, 15.3.5 and 15.4.5; a 204 must not even have a length (8.6). */
	bool bodiless = status == 204 || status == 304;
	size_t size = 256 + body.n;
	for (size_t i = 0; i < header_count; i++)
		size += headers[i].name.n + headers[i].value.n + 4;
	close_if_stopping(request);
	struct buf b;
	buf_init_fixed(&b, take_own(request, size), size);
	http_append_head(&b, request, status, headers, header_count);
	if (!bodiless) {
		buf_append(&b, SLICE("Content-Length: "));
		buf_append_u64(&b, body.n);
		buf_append(&b, SLICE("\r\n"));
	}
	buf_append(&b, SLICE("\r\n"));
	/* The head is that of a GET, its length among it (RFC 9110, 9.3.2). */
	if (!bodiless && request->method != HTTP_HEAD)
		buf_append(&b, body);
	BUG_IF(buf_failed(&b));
	request->answer = buf_slice(&b);
	http_request_answered(request);
}
