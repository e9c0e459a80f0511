/* SPDX-License-Identifier: Apache-2.0 */
/* api: /api/v1: who asks, what for, and the answer.
 *
 * A request is matched to a route on its loop, copied, and run on a worker thread that has a read session and a token
 * sealer of its own; the answer goes back to the loop. Handlers are plain blocking functions: they read the store
 * themselves and write through the engine. Errors are RFC 9457 problem documents.
 */
#ifndef PUGMARK_WEB_API_H
#define PUGMARK_WEB_API_H

#include "engine/feed/live.h"
#include "engine/intake/accept.h"
#include "engine/tenant/time_zone.h"
#include "net/http_server.h"
#include "net/worker_pool.h"
#include "store/house/accounts.h"
#include <jansson.h>

struct dispatcher;
struct retention;
struct apply;
struct json_text;
struct network_watch;
struct sign_in_guard;

/* What handlers may use; immutable while serving, everything in it outlives the requests. */
struct api_services {
	const struct sending *sending;
	struct tenant_policies *policies;
	struct store *store;
	struct journal *journal;
	struct writer *writer;
	const struct apply *apply; /* NULL when this process does not apply */
	struct live *live;
	struct live *applied;                  /* told the sequence number up to which the journal is in the store */
	const struct store_watch *store_watch; /* NULL when nobody else has the store */
	struct dispatcher *dispatcher;         /* NULL when this process does not deliver */
	struct retention *retention;           /* NULL when this process does not apply */
	struct network_watch
	    *networks; /* NULL when no lists of networks are configured, or this process does not apply */
	struct sign_in_guard *guard;
	const struct clock *clock;
	const char *base_url;
	int64_t hold_us; /* how long an unsubscribe that is held waits for a decision */
	struct slice openapi_json;
};

/* One worker thread's own things. */
struct api_worker {
	const struct api_services *services;
	struct store_session *session; /* reads; NULL while the store is away */
	struct link_token_sealer *sealer;
	bool store_is_away; /* and it was said */
};

struct identity {
	uint32_t tenant;
	struct slice tenant_name;
	unsigned scopes;           /* enum api_scope */
	struct slice key_name;     /* of the API key; empty: console */
	bool is_console;           /* signed in with a cookie */
	struct user user;          /* console only */
	struct slice session_hash; /* console only */
};

enum { API_PATH_PARAMETERS_MAX = 2 };

/* One request on its way. Everything in it lives in its arena. */
struct api_call {
	struct arena *arena;
	const struct api_services *services;
	enum http_method method;
	struct slice path, query, body;
	struct slice parameters[API_PATH_PARAMETERS_MAX]; /* what {…} of the route matched, decoded */
	struct slice authorization, cookie, idempotency_key, content_type, origin, sec_fetch_site, host, last_event_id;
	struct ip_address client;
	bool is_https;
	struct slice accept;
	bool is_mail; /* the body is a whole mail, see ROUTE_TAKES_MAIL */
	json_t *json; /* the body, when the route takes one and it is no mail */
	struct identity who;
	/* The answer. */
	unsigned status;
	struct buf response;
	struct slice response_type;    /* "application/json" unless set */
	struct http_header headers[8]; /* further ones */
	size_t header_count;
	/* Set instead of an answer: the loop turns the connection into an event stream. */
	struct event_filter *stream_filter;
};

typedef void (*api_handler)(struct api_call *call, struct api_worker *worker);

enum route_flag {
	ROUTE_OPEN = 1,       /* nobody has to be signed in */
	ROUTE_TAKES_JSON = 2, /* the body must be a JSON object */
	ROUTE_TAKES_MAIL = 4, /* or, with Content-Type: message/rfc822, a mail */
};

struct route {
	enum http_method method;
	const char *pattern; /* below /api/v1, "/messages/{id}/cancel" */
	unsigned scopes;     /* one of these is needed; 0: any identity */
	unsigned flags;
	api_handler handler;
};

/* The whole table; openapi.yaml is held to it by a test. */
const struct route *api_routes(size_t *ret_count);

/* ---- For handlers. */

/* A problem document instead of an answer; the list form with every problem's place in the body. */
void api_problem(struct api_call *call, unsigned status, const char *title, const char *detail);
void api_problem_list(struct api_call *call, unsigned status, const char *detail, const struct problem_list *problems);
/* The problem that a status of the engine or the store is: 404, 409, 413, 422, 503. */
void api_problem_status(struct api_call *call, enum status status, const struct err *err);
/* The response buffer, to write JSON into, with the status set. */
struct json_text api_answer(struct api_call *call, unsigned status);
/* An answer that is a list: rows behind this, then where the next ones begin, then what else it says; the caller closes
 * the object. */
struct json_text api_list_open(struct api_call *call);
void api_list_next(struct json_text *w, struct slice cursor);   /* empty: there are no more */
void api_list_next_id(struct json_text *w, struct uuid cursor); /* zero: the same */
void api_header(struct api_call *call, struct slice name, struct slice value);
/* The field "links": what became of each link of a mail. */
void api_put_links(struct json_text *w, const struct mail_link *links, size_t count);

/* Whose days the caller's tenant counts in; lives as long as the services. */
const struct time_zone *api_zone(const struct api_call *call);
/* Query parameters. Each returns false after having answered 422 itself. Absent: *ret is left as it is. Where a time is
 * wanted a day stands for its first moment, and where a day is wanted a time for the day it is in, in api_zone. */
bool api_query_text(struct api_call *call, const char *name, struct slice *ret);
bool api_query_number(struct api_call *call, const char *name, uint32_t max, uint32_t *ret);
bool api_query_time(struct api_call *call, const char *name, int64_t *ret_us);
bool api_query_day(struct api_call *call, const char *name, int32_t *ret_day);
bool api_query_uuid(struct api_call *call, const char *name, struct uuid *ret);
/* The {id} of the route as a UUID; answers 404 itself. */
bool api_parameter_uuid(struct api_call *call, struct uuid *ret);

/* ---- For web.c: the life of a request. */
struct api_loop {
	const struct api_services *services;
	struct worker_pool *pool;
};
/* True when the path is the API's; it is answered, now or later. */
bool api_handle(const struct api_loop *loop, struct http_request *request);

#endif
