/* SPDX-License-Identifier: Apache-2.0 */
/* http_server: HTTP/1.1 on libuv loops, one SO_REUSEPORT listener each.
 *
 * It parses (llhttp, strict), enforces limits, keeps pipelined answers in order, and hands each whole request to one
 * handler. It knows no routes. A request lives from the handler's call until its answer was given and written; answers
 * are given on the request's own loop thread, at once or later.
 *
 * The fast path: http_answer_static() with a prepared, complete response; nothing is allocated per request on a
 * kept-alive connection for it, neither in parsing (headers are slices into the connection's receive buffer) nor in
 * answering.
 */
#ifndef PUGMARK_NET_HTTP_SERVER_H
#define PUGMARK_NET_HTTP_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/byte_budget.h"
#include "base/slice.h"
#include "base/status.h"
#include "codec/judge/ip_address.h"
#include <stdbool.h>
#include <stdint.h>

struct http_server;
struct http_loop; /* one thread's share of a server */
struct http_request;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER_METHOD };

struct http_limits {                      /* 0 takes the default in brackets */
	uint32_t header_bytes;            /* request line and headers together (16 KiB): 431 */
	uint32_t header_count;            /* (100): 431 */
	uint32_t target_bytes;            /* (8 KiB): 414 */
	uint64_t body_bytes;              /* (32 MiB): 413 */
	uint32_t connections;             /* in all, of this server (20,000): see http_evict.c for who makes room */
	uint32_t connections_per_address; /* (1,000; loopback and trusted proxies are exempt) */
	uint32_t header_timeout_ms;       /* from the first byte of a request to the end of its headers (10,000): 408 */
	uint32_t body_min_bytes_per_s;    /* slower bodies are cut off (1,000): 408 */
	uint32_t body_rate_ms;            /* the time over which that is measured, again and again (5,000) */
	uint32_t idle_timeout_ms;         /* kept-alive and silent (60,000) */
	uint32_t write_timeout_ms;        /* a client that does not read its answer (20,000) */
	uint32_t pipelined;               /* answers owed on one connection before reading stops (32) */
	uint32_t unread_answer_bytes;     /* or bytes of answers that the client has not taken yet (64 KiB) */
};

struct http_server_config {
	const char *address; /* "127.0.0.1", "::", … */
	uint16_t port;       /* 0: any free one, the same for all loops */
	unsigned loops;      /* 0: one per core */
	struct http_limits limits;
	const struct ip_address_range *trusted_proxies; /* whose X-Forwarded-For, Forwarded and PROXY v2 are believed */
	size_t trusted_proxy_count;
	/* What buffers beyond 4 KiB a connection are taken from: long heads, bodies (503 when it is empty) and answers.
	 * Outlives the server. NULL: there is no limit for all together. */
	struct byte_budget *budget;
	/* On each loop's thread, before it serves and after it stopped; `loop_user` is handed to the handler. May be
	 * NULL. */
	void *(*loop_start)(void *user, struct http_loop *loop);
	void (*loop_stop)(void *user, struct http_loop *loop, void *loop_user);
	/* Once per loop turn, after all reads of the turn were handled, and again if room for answers let more requests
	 * in; the journal batch is handed over here. May be NULL. */
	void (*loop_turn)(void *loop_user);
	/* A head is whole and a body follows it, of which nothing is read yet: see "Before the body" below. NULL: every
	 * body is read, up to limits.body_bytes. */
	void (*admit)(void *loop_user, struct http_request *request);
	/* A whole request. It must be answered (http_answer…) or taken over as a stream now or later, on this thread.
	 */
	void (*handle)(void *loop_user, struct http_request *request);
	void *user;
};

/* Binds and starts the threads. STATUS_CONFLICT: the port is in use; STATUS_BAD_INPUT: the address; STATUS_IO. */
enum status http_server_start(const struct http_server_config *config, struct http_server **ret,
			      struct err *err) MUST_CHECK;
uint16_t http_server_port(const struct http_server *server);
/* Stops accepting, lets requests under way be answered, ends streams without end, closes idle connections; returns when
 * all loops are done or `timeout_ms` has passed (then the rest is cut off). Blocks. Sets *server to NULL. */
void http_server_stop(struct http_server **server, int timeout_ms);
/* The two halves of it, for an owner whose other threads still hold requests or post to loops (a worker pool): end the
 * serving; stop those threads, to whom http_loop_post now says false; free. After a cut-off, requests that were never
 * answered live until the free. *server may be NULL. */
void http_server_shut_down(struct http_server *server, int timeout_ms);
void http_server_free(struct http_server **server);

struct http_counters { /* sums over all loops; approximate while running */
	uint64_t accepted, refused, evicted, requests, bad_requests, timeouts, open_now;
};
void http_server_counters(const struct http_server *server, struct http_counters *ret);

/* The loop's libuv loop (struct uv_loop_s), for timers and asyncs of the owner. */
struct uv_loop_s *http_loop_uv(struct http_loop *loop);
unsigned http_loop_index(const struct http_loop *loop);
/* Runs `job` on the loop's own thread soon. Any thread; false when the loop has ended and the job will never run. */
struct http_job {
	struct http_job *next;
	void (*run)(struct http_job *job);
};
bool http_loop_post(struct http_loop *loop, struct http_job *job);

/* ---- A request. All slices are valid until it is answered or its input is released. */
/* The handler is done with path, query, body and headers, and will answer later: afterwards they are all empty. A
 * request that returns from its handler unanswered and has not said so keeps its receive buffer (4 KiB at least), and
 * its connection needs a new one: nothing is copied but what was pipelined behind it. Method and client stay. */
void http_request_release_input(struct http_request *request);
enum http_method http_request_method(const struct http_request *request);
struct slice http_request_path(const struct http_request *request);  /* still percent-encoded, without the query */
struct slice http_request_query(const struct http_request *request); /* without '?' */
struct slice http_request_body(const struct http_request *request);
/* The value of the first header of that name (any case), or the empty slice with p == NULL when there is none. */
struct slice http_request_header(const struct http_request *request, struct slice name);
/* Who really asked: the peer, or what trusted proxies say. */
const struct ip_address *http_request_client(const struct http_request *request);
bool http_request_is_https(const struct http_request *request); /* as a trusted proxy says; else false */
/* This machine asks, for itself: the connection comes from a loopback address, and neither a PROXY header nor one that
 * proxies add (X-Forwarded-…, Forwarded, X-Real-IP, Via) says that there is somebody behind it, trusted or not. */
bool http_request_is_from_here(const struct http_request *request);
struct http_loop *http_request_loop(const struct http_request *request);
/* Lives as long as the request; made on first use. */
struct arena *http_request_arena(struct http_request *request);
/* Called on the loop's thread, once, if the client goes away before the answer, or ends its sending side, which looks
 * the same; the request must still be answered (to nobody, unless it only stopped sending). NULL clears it. */
void http_request_on_gone(struct http_request *request, void (*gone)(void *user, struct http_request *request),
			  void *user);

/* Who asks is known (has a key, is signed in): the connection makes no room for new ones before the answer has left. */
void http_request_set_known(struct http_request *request);

/* Nothing that came behind this request on its connection is handled before this one's answer has left: for requests
 * that take work or memory, so that one connection has one of them at a time. */
void http_request_hold(struct http_request *request);

/* ---- Before the body: what admit() may do with a request. Nobody can tell yet whether the body is worth its memory;
 * path, query, headers and client are there as in handle(), and the body is empty. It does one of these:
 *
 *   answers          or keeps the request to answer it later, as in handle(): the body is not read, and the connection
 *                    ends after the answer
 *   lets it come     http_request_read_body, at once or later
 *   asks first       http_request_release_input, and then one of the two later: nothing is read meanwhile
 */

/* As Content-Length says; UINT64_MAX for a chunked body. */
uint64_t http_request_body_bytes(const struct http_request *request);
/* Reads the body, as the share of the budget allows, and calls handle() with another request; this one is gone. A body
 * longer than `max_bytes` is answered 413. Nothing happens when the client has gone away. */
void http_request_read_body(struct http_request *request, uint64_t max_bytes, enum byte_budget_share share);

/* ---- Answers. Each request takes exactly one; the request is gone afterwards. */

/* The fast path: `response` is a complete HTTP/1.1 response (status line, headers with Content-Length, body) that
 * outlives the server. A HEAD request gets only its first `head_bytes` bytes. */
void http_answer_static(struct http_request *request, struct slice response, size_t head_bytes);
/* The same for a complete response that lives only until the call returns (a redirect): what cannot be written at once
 * is copied; nothing is allocated as long as the client keeps up. */
void http_answer_whole(struct http_request *request, struct slice response, size_t head_bytes);

struct http_header {
	struct slice name;
	struct slice value; /* a byte below 0x20 or 0x7f in it is a bug of the caller and aborts; clean it first */
};
/* Of an answer that is no page: a browser that is led to look at it runs nothing in it, and puts it into no frame. */
#define HTTP_NO_PAGE "default-src 'none'; frame-ancestors 'none'"
/* The same as header lines, for responses that are put together elsewhere. */
#define HTTP_SAFE_LINES "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: " HTTP_NO_PAGE "\r\n"

/* Date, Content-Length and Connection are added, and X-Content-Type-Options: nosniff and HTTP_NO_PAGE as
 * Content-Security-Policy where the caller gives none. Everything is copied. */
void http_answer(struct http_request *request, unsigned status, const struct http_header *headers, size_t header_count,
		 struct slice body);
/* The same for a body that outlives the server and is not copied: the console's files. */
void http_answer_shared(struct http_request *request, unsigned status, const struct http_header *headers,
			size_t header_count, struct slice body);
/* The same for a body that is taken over: *body, which has not failed and is on the heap, is empty afterwards. */
void http_answer_owned(struct http_request *request, unsigned status, const struct http_header *headers,
		       size_t header_count, struct buf *body);

/* Answers that are not there as a whole: http_stream.h. */

#endif
