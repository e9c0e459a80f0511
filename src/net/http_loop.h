/* SPDX-License-Identifier: Apache-2.0 */
/* http_loop: the server and its loops as the files of the HTTP server see them; private to them.
 *
 *   http_server.c      starts and stops: sockets, threads
 *   http_loop.c        a loop's handles, jobs, its turn, its end
 *   http_accept.c      new connections and their limits
 *   http_evict.c       which connection makes room for a new one
 *   http_input.c       receive buffers
 *   http_connection.c  reading: heads, bodies
 *   http_admit.c       heads whose body is still to come
 *   http_request.c     the handler's view of a request
 *   http_answer.c      answers
 *   http_stream.c      answers without end
 *   http_write.c       answers onto the wire, in order
 *   http_deadline.c    the timer wheel
 *
 * Everything but struct http_server's constants, its atomic counts and the loops' job queues belongs to one loop's
 * thread.
 */
#ifndef PUGMARK_NET_HTTP_LOOP_H
#define PUGMARK_NET_HTTP_LOOP_H

#include "base/list.h"
#include "net/address_count.h"
#include "net/http_head.h"
#include "net/http_server.h"
#include "net/peer_address.h"
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

struct http_connection;
struct http_input;
struct http_slab;

enum {
	TICK_MS = 100,      /* how coarse the timeouts are */
	WHEEL_SLOTS = 1024, /* TICK_MS apart: a turn of the wheel is 102 s */
};

/* What a connection is worth when there is no room for a new one, least first; see http_evict.c. */
enum http_worth {
	WORTH_ENDED,   /* its last answer has left, and what still comes is thrown away */
	WORTH_IDLE,    /* has its answers, and asks for nothing at present */
	WORTH_PENDING, /* nothing asked yet, or not all of it, by somebody unknown; or his answers wait to be read */
	WORTH_BUSY,    /* about to be answered, or of somebody known, or closed already: makes no room */
	WORTH_COUNT,
};

struct http_server {
	struct http_server_config config; /* limits filled in */
	struct ip_address_range *ranges;  /* a copy of the trusted ones */
	struct trusted_proxies trusted;
	struct http_loop *loops;
	unsigned loop_count;
	uint16_t port;
	_Atomic uint32_t open_now; /* connections of all loops */
	struct address_count *by_address;
	pthread_mutex_t lock; /* for loops_running */
	pthread_cond_t loop_ended;
	unsigned loops_running;
};

/* What other threads hand to a loop. */
struct http_jobs {
	pthread_mutex_t lock;
	struct http_job *first;
	struct http_job **last;
	bool ended;
	uv_async_t wake;
};

/* Written by the loop's thread alone, read by any. */
struct http_loop_counters {
	_Atomic uint64_t accepted, refused, evicted, requests, bad_requests, timeouts;
};

struct http_loop {
	struct http_server *server;
	unsigned index;
	int socket; /* listening; -1: none */
	void *user; /* what loop_start gave */
	uv_loop_t uv;
	uv_poll_t listener;
	uv_check_t check;
	uv_prepare_t prepare;
	uv_timer_t tick;
	pthread_t thread;
	struct http_jobs jobs;
	struct http_loop_counters counters;
	bool accept_paused;                     /* no descriptor was left; tried again with the next tick */
	struct list_link by_worth[WORTH_COUNT]; /* all connections; those that became so last at the end */
	size_t connection_count;
	struct list_link *wheel;  /* WHEEL_SLOTS of connections to look at */
	uint64_t wheel_at;        /* the next tick to look at */
	uint64_t turn;            /* how often it slept */
	struct list_link resting; /* connections that send faster than one of many may */
	struct list_link to_flush;
	struct list_link orphaned_streams; /* to be told that they are closed */
	struct http_input *inputs;         /* free ones */
	unsigned input_count;
	struct http_slab *slabs;
	struct http_request *free_requests;
	size_t live_requests;
	struct http_head head;       /* the head read last … */
	const void *head_owner;      /* … and the connection or request it is of */
	unsigned handled_since_turn; /* requests since loop_turn() was called */
	char date[32];               /* "Sat, 21 Nov 2026 06:00:00 GMT" */
	int64_t date_s;              /* of this second */
	struct http_job stop, cut_off;
	bool running; /* has a thread; the starter's business */
	bool stopping, cutting, ending;
};

static inline void http_count(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_relaxed);
}

/* http_loop.c */
enum status http_loop_init(struct http_loop *loop, struct err *err) MUST_CHECK;
void http_loop_done(struct http_loop *loop);
void *http_loop_run(void *loop);
/* Asks for http_connection_flush before the loop sleeps. */
void http_loop_want_flush(struct http_connection *connection);
/* After the last connection or request of a stopping loop went. */
void http_loop_maybe_end(struct http_loop *loop);
const char *http_loop_date(struct http_loop *loop);

/* http_accept.c */
enum status http_accept_start(struct http_loop *loop, struct err *err) MUST_CHECK;
/* Goes on after a pause. */
void http_accept_resume(struct http_loop *loop);
void http_accept_stop(struct http_loop *loop);

/* http_evict.c */
/* Among those that are worth as much as it is now; to be called after whatever may have changed that. */
void http_evict_place(struct http_connection *connection);
/* Closes the one that is worth least, and of those the one that has been so for longest; false: all are worth more than
 * one that has just come. */
bool http_evict_one(struct http_loop *loop);
/* There is none now, but those that have just come, or are about to be answered, may be worth less in a turn or two. */
bool http_evict_is_soon(const struct http_loop *loop);

#endif
