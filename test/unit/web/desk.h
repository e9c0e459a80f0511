/* SPDX-License-Identifier: Apache-2.0 */
/* desk: handlers of the API over a store in a directory of their own, without connection, loop and threads of a pool: a
 * request goes in, an answer comes out, and what is handed to the writer is waited for. There are two tenants,
 * "default" (the first) and "other", and a key for whatever scopes are wanted. Everything fails the running test when
 * it does not work. */
#ifndef PUGMARK_TEST_WEB_DESK_H
#define PUGMARK_TEST_WEB_DESK_H

#include "engine/mail/sending.h"
#include "unit/engine/world.h"
#include "web/api/routes.h"
#include "web/api/services.h"

struct desk {
	struct world world;
	uint32_t other_tenant;
	struct writer *writer;
	struct tenant_policies *policies;
	struct sending sending;
	struct api_services services;
	struct api_worker *worker;
	struct arena *arena; /* of keys, requests and answers */
};

void desk_open(struct desk *d);
void desk_close(struct desk *d);

enum { SCOPE_ALL = SCOPE_SEND | SCOPE_READ | SCOPE_ADMIN | SCOPE_TRACK };
/* A new key, as it stands in the header. */
struct slice desk_key(struct desk *d, uint32_t tenant, unsigned scopes);
/* A new user who is signed in: the value of the cookie's header. */
struct slice desk_user(struct desk *d, uint32_t tenant, enum role role, const char *email);
/* The same of one who is there. */
struct slice desk_sign_in(struct desk *d, const char *email);

struct desk_request {
	enum http_method method;
	const char *path;         /* below /api/v1, with its query */
	struct slice body;        /* empty: none */
	const char *content_type; /* NULL: not said */
	struct slice key;         /* empty: nobody */
	struct slice cookie;      /* of the console's own page */
	const char *site;         /* what Sec-Fetch-Site says instead; NULL: nothing */
	struct slice idempotency_key, last_event_id;
};
struct desk_answer {
	unsigned status;
	struct slice type, body; /* live until desk_close */
	bool is_stream;          /* the connection would become one, */
	struct slice reset;      /* that says this first; empty: nothing */
	struct slice only_of;    /* of events of this sender's mail; p == NULL: of all */
};
/* 404 for a path that is no route, as the exchange says. */
struct desk_answer desk_ask(struct desk *d, const struct desk_request *request);
/* The route a request goes to; NULL: none. */
const struct route *desk_route(const struct desk_request *request);
/* A field of an answer that is a JSON object: its text. "data/0/id" goes into objects and lists. */
struct slice desk_field(struct desk *d, const struct desk_answer *answer, const char *path);

#endif
