/* SPDX-License-Identifier: Apache-2.0 */
/* http_connection: connections, requests and streams as the files of the HTTP server see them; private to them.
 *
 * A connection owes its answers in the order of a list (first … last). A request is in that list from before its
 * handler is called until its answer is written, or the connection closes; then an unanswered request lives on as an
 * orphan, without a connection, until its owner answers it.
 */
#ifndef PUGMARK_NET_HTTP_CONNECTION_H
#define PUGMARK_NET_HTTP_CONNECTION_H

#include "base/buf.h"
#include "net/http_chunked.h"
#include "net/http_loop.h"
#include "net/http_stream.h"

enum {
	REQUESTS_PER_SLAB = 32,    /* */
	OWN_BYTES_KEPT = 4096,     /* an answer's memory up to this size stays with the pooled request */
	DISCARD_MAX = 256 << 10,   /* what is read and thrown away of a client that goes on sending */
	HTTP_READ_MAX = 256 << 10, /* what is read of one connection at once, and at least in a turn of the loop */
	LINGER_MS = 2000,          /* how long what the client still sends is thrown away after its last answer */
};

/* A receive buffer: from a loop's pool, or bigger and on its own. */
struct http_input {
	struct http_input *next_free;
	size_t room;
	size_t filled; /* bytes that were ever received into it: what there is to wipe */
	char bytes[];
};

enum http_read_state {
	READ_FIRST,   /* nothing came yet: a PROXY header may */
	READ_HEAD,    /* at or in a head */
	READ_ASKING,  /* the head is whole, and nobody has said yet whether the body is wanted */
	READ_BODY,    /* it is */
	READ_DISCARD, /* what comes means nothing any more */
};

struct http_connection {
	uv_tcp_t tcp;
	struct http_loop *loop;
	struct list_link in_loop; /* of those that are worth as much */
	struct list_link in_wheel;
	struct list_link in_flush; /* has something to write, or to go on with */
	struct list_link in_rest;  /* was read enough in this turn of the loop */
	struct peer_address peer;
	enum http_worth worth;
	uint64_t worth_turn; /* the loop's, since when it is worth that */
	uint64_t wheel_ms;   /* when the wheel looks at it */
	/* reading */
	struct http_input *input; /* NULL when nothing is waiting in it */
	size_t start, end;        /* what is unread of input: the request under way and what follows */
	enum http_read_state state;
	size_t scanned, head_n;       /* of the head under way; see http_head_find_end */
	size_t body_n;                /* body bytes that are there */
	uint64_t content_length;      /* of the body under way */
	uint64_t body_max;            /* and what is read of it at most */
	enum byte_budget_share share; /* what it may take of the budget */
	struct http_chunked chunks;
	bool chunked, continue_owed;
	uint64_t since_ms; /* when what is waited for began: the silence, the head, the body, the lingering */
	size_t discarded;  /* bytes in READ_DISCARD */
	uint64_t rate_since_ms, rate_bytes; /* raw bytes of the body since then */
	uint64_t turn;                      /* of the loop, when it was last read from … */
	size_t turn_bytes;                  /* … and what was read of it in that turn */
	bool trusted;                       /* the peer is a trusted proxy */
	bool proxied;                       /* a PROXY header told the peer */
	bool counted;                       /* in the per-address count */
	bool paused, read_ended, served;
	bool blank_skipped; /* the one CR LF that may stand before a request line (RFC 9112 2.2) */
	/* writing */
	struct http_request *first, *last;
	struct http_request *asking; /* the one of READ_ASKING, which is the last */
	struct http_request *held;   /* see http_request_hold */
	unsigned owed;
	size_t unread;            /* bytes of answers that are ready and not written */
	struct http_write *write; /* under way */
	bool closing;
	uint64_t written_ms; /* when the write under way last made progress */
	size_t write_left;   /* and what it had left then */
};

/* Bytes that libuv still has to write. */
struct http_write {
	uv_write_t request;
	struct http_connection *connection;
	unsigned requests; /* whose answers these are */
};

struct http_request {
	struct http_request *next; /* owed after this one; or free */
	struct http_loop *loop;
	struct http_connection *connection; /* NULL: orphan */
	struct slice head;                  /* empty once released */
	struct slice path, query, body;
	struct http_input *input; /* what the slices point into, once the handler returned without an answer */
	struct arena *arena;
	struct peer_address client;
	void (*gone)(void *user, struct http_request *request);
	void *gone_user;
	struct slice answer; /* what is left to write of it … */
	struct slice tail;   /* … and of what stands elsewhere */
	size_t answer_size;  /* both, at first */
	char *own;           /* memory for an answer that was copied */
	size_t own_room;
	char *own_tail; /* and for a tail that was taken over */
	size_t own_tail_room;
	struct http_stream *stream;
	enum http_method method;
	bool live, released, answered, close_after, http_1_0, is_early, is_known;
};

struct http_slab {
	struct http_slab *next;
	struct http_request requests[REQUESTS_PER_SLAB];
};

struct http_stream {
	struct http_request *request;
	struct list_link orphaned;
	struct buf waiting;
	char *writing; /* what a uv_write is busy with */
	size_t writing_n;
	size_t charged;                 /* of the budget, for both */
	struct http_stream_owner owner; /* drained: NULL for one without end */
	bool is_long, is_chunked;       /* it has an end, which the client must see; where, the coding says */
	bool owes_drained;              /* once what is waiting is written */
	bool ended, head_only;          /* by its owner; HEAD: nothing but the headers goes out */
};

/* http_input.c */
/* At least as large; beyond the budget if need be, because what is to stand in it is there already. */
struct http_input *http_input_take(struct http_loop *loop, size_t room);
void http_input_give_back(struct http_loop *loop, struct http_input *input);
void http_input_drop(struct http_connection *connection); /* forgets what was received */
/* Room for more behind what is unread, which may move; of size 0 when there is no memory for it. */
uv_buf_t http_input_room(struct http_connection *connection);
/* n bytes stand in that room now. */
void http_input_received(struct http_connection *connection, size_t n);

/* http_connection.c */
void http_connection_start(struct http_connection *connection);
void http_connection_resume(struct http_connection *connection);
/* Begins a turn of the loop: those that were read enough in the last one are read from again. */
void http_connection_end_rests(struct http_loop *loop);
/* Answers with an error after what is owed, and reads no further. */
void http_connection_refuse(struct http_connection *connection, unsigned status);
/* Takes all requests off it; the unanswered ones live on without a connection. */
void http_connection_orphan(struct http_connection *connection);
void http_connection_will_reset(struct http_connection *connection); /* when closed; drops what is unwritten */
/* At once; what is unanswered is orphaned. */
void http_connection_close(struct http_connection *connection);
/* Takes the request of a head that was read. Its connection's input goes with it when somebody still needs it. */
struct http_request *http_connection_make_request(struct http_connection *connection);
void http_connection_keep_input(struct http_connection *connection, struct http_request *request);
void http_connection_begin_body(struct http_connection *connection);
/* Whether more requests may be handled before answers have left. */
bool http_connection_may_go_on(const struct http_connection *connection);

/* http_admit.c */
void http_admit(struct http_connection *connection);
/* The request of READ_ASKING has its answer, or will have it, without the body. */
void http_admit_end(struct http_connection *connection);
void http_connection_wind_down(struct http_connection *connection); /* before a stop */

/* http_write.c */
/* Hands `parts` to libuv, which finishes them; `requests` at the front of the list are done with then. */
void http_write_start(struct http_connection *connection, const uv_buf_t *parts, unsigned count, unsigned requests);
void http_write_finish(struct http_connection *connection); /* the last answer is written */
/* Writes what can be written now. May close the connection. */
void http_connection_flush(struct http_connection *connection);

/* http_deadline.c */
void http_deadline_set(struct http_connection *connection);
void http_deadline_tick(struct http_loop *loop);

/* http_request.c */
/* Off its connection's list, of which it is the last. */
void http_request_unqueue(struct http_request *request);
struct http_request *http_request_take(struct http_loop *loop);
void http_request_free(struct http_request *request);
void http_request_queue(struct http_connection *connection, struct http_request *request); /* behind its others */
void http_request_set_client(struct http_request *request, const struct http_head *head);

/* http_answer.c */
void http_request_free_answer(struct http_request *request);
const char *http_reason(unsigned status);
void http_request_answered(struct http_request *request);
/* Status line and headers up to the blank line; false when a header is not fit to be sent. */
void http_append_head(struct buf *b, struct http_request *request, unsigned status, const struct http_header *headers,
		      size_t header_count);

/* http_stream.c */
void http_stream_flush(struct http_connection *connection, struct http_stream *stream);
void http_stream_free(struct http_stream *stream);
bool http_stream_is_unfinished(const struct http_stream *stream); /* its client must not take it for whole */
void http_stream_wind_down(struct http_stream *stream);

#endif
