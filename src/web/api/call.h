/* SPDX-License-Identifier: Apache-2.0 */
/* call: one request of the API as a worker sees it, without connection and loop: what was asked, who asks, the answer.
 *
 * call_run() takes it past what every request must pass (the store is there, somebody is known and allowed, the journal
 * can record, the body is JSON) to its handler. A handler is a plain function. It reads the store with its worker's
 * session, writes through the engine, and answers (answer.h), in one of two ways:
 *
 *   at once    it answers and returns;
 *   later      it hands a command to call_commit(), or a password to call_check_password(), and returns at once. The
 *              worker is free then. When the command is committed or failed, or the password checked, the continuation
 *              runs on a worker, perhaps another one, and answers, or hands something over again.
 *
 * Errors are problem documents (RFC 9457). Everything of a call lives in its arena.
 */
#ifndef PUGMARK_WEB_API_CALL_H
#define PUGMARK_WEB_API_CALL_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/judge/ip_address.h"
#include "net/http_server.h"
#include "web/api/worker.h"
#include "web/sign_in/auth.h"
#include <jansson.h>

struct event_filter;
struct page_source;
struct password_check;
struct route;
struct writer_command;

enum { API_PATH_PARAMETERS_MAX = 2, API_HEADERS_MAX = 16 };

struct api_call;
typedef void (*api_handler)(struct api_call *call, struct api_worker *worker);

struct api_call {
	struct arena *arena;
	const struct api_services *services;
	const struct route *route; /* NULL: not known yet */
	char request_id[17];       /* names this request in its answer and in the log */
	struct slice path, query, body;
	struct slice parameters[API_PATH_PARAMETERS_MAX]; /* what {…} of the route matched, decoded */
	struct auth_request asker;                        /* method, and what the headers say of who asks */
	struct slice idempotency_key, content_type, accept, last_event_id;
	struct ip_address client;
	size_t reserved; /* bytes of the budget, given back by call_done */
	bool is_mail;    /* the body is a whole mail, see ROUTE_TAKES_MAIL */
	json_t *json;    /* the body, when the route takes one and it is no mail */
	struct identity who;
	bool has_asked;    /* which rows the caller reaches (reach.h) */
	bool keeps_answer; /* its command keeps the answer for the Idempotency-Key itself (idempotency.h) */
	bool is_silent;    /* what is answered is not for the caller to read */
	/* The answer. */
	unsigned status;
	struct buf response;
	struct slice response_type;                  /* "application/json" unless set */
	struct http_header headers[API_HEADERS_MAX]; /* further ones */
	size_t header_count;
	/* Set instead of an answer: the loop turns the connection into an event stream. */
	struct event_filter *stream_filter;
	struct slice stream_reset; /* and what the stream says first, where it cannot go on (event_stream.h); JSON */
	/* Set beside an answer that is only the first page (long_answer.h). */
	struct page_source *pages;
	/* Set instead of an answer by call_commit, and by call_check_password. */
	struct writer_command *command;
	struct password_check *check; /* under way while there is no command */
	api_handler then;             /* NULL again once it runs */
	void *state;                  /* what a handler keeps for its continuation */
	bool is_committed;            /* what was asked for is done; only the answer may still fail */
};

/* An empty call with an arena of its own. */
void call_init(struct api_call *call, const struct api_services *services);
void call_done(struct api_call *call);

/* The gates that need no body, for who wants to know whether it is worth reading: false after having answered. */
bool call_admit(struct api_call *call, const struct route *route, struct api_worker *worker);
/* Everything from the route to the answer, or to the command. Blocks for reads of the store. */
void call_run(struct api_call *call, const struct route *route, struct api_worker *worker);

/* Takes `bytes` of the budget for as long as the call lasts; false after having answered 503. */
bool call_reserve(struct api_call *call, size_t bytes);

/* For handlers, as their last act: `command` (in the call's arena, with `run` set) is to be committed, and `then` to
 * answer. It finds the outcome in call->command. */
void call_commit(struct api_call *call, struct writer_command *command, api_handler then);
/* The same for a password: `check` (in the call's arena, with password and hash set) goes to the queue of those. */
void call_check_password(struct api_call *call, struct password_check *check, api_handler then);
/* There is something to be waited for instead of an answer. */
bool call_is_waiting(const struct api_call *call);
/* For who saw to it: runs the continuation, which may have something done again. */
void call_go_on(struct api_call *call, struct api_worker *worker);

#endif
