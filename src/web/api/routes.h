/* SPDX-License-Identifier: Apache-2.0 */
/* routes: the table of what the API does, and which row of it a request means. doc/openapi.yaml says the same; a test
 * holds the two together. */
#ifndef PUGMARK_WEB_API_ROUTES_H
#define PUGMARK_WEB_API_ROUTES_H

#include "web/api/call.h"

enum route_flag {
	ROUTE_OPEN = 1,       /* nobody has to be signed in */
	ROUTE_TAKES_JSON = 2, /* the body must be a JSON object */
	ROUTE_TAKES_MAIL = 4, /* or, with Content-Type: message/rfc822, a mail */
	/* A POST is one of these two. What creates is done once for an Idempotency-Key (idempotency.h); doing the other
	 * again does nothing new. */
	ROUTE_CREATES = 16,
	ROUTE_REPEATS = 32,
	/* Reads a few rows that do not grow with mail, and waits for nobody: goes past those that ask for more. Not
	 * what takes a password: a flood of that must find its end. */
	ROUTE_QUICK = 64,
	ROUTE_SHOWS_ROW = 8, /* what it changes is shown as it is then: to a key that may not read, nothing (204) */
};

struct route {
	enum http_method method;
	const char *pattern; /* below /api/v1, "/messages/{id}/cancel" */
	unsigned scopes;     /* one of these (enum api_scope) is needed; 0: any identity */
	enum touch touches;  /* what rows it is about, which says who may do it (permission.h) */
	unsigned flags;
	api_handler handler;
};

/* Bytes of a request's body that the route reads, beside the server's own limit. */
uint64_t route_body_max(const struct route *route);

/* The whole table. */
const struct route *routes_all(size_t *ret_count);
/* The query parameters that it has, parted by spaces; "": none. */
const char *routes_query(const struct route *route);
/* "GET"; for what the API knows. */
const char *routes_method_name(enum http_method method);

/* The row for a path below /api/v1/ (without its slash); NULL: none. What its {…} stand for is in `parameters`, still
 * encoded, the others untouched; *ret_path_known says whether the path takes another method. */
const struct route *routes_find(enum http_method method, struct slice path,
				struct slice parameters[API_PATH_PARAMETERS_MAX], bool *ret_path_known);
/* "GET, POST": what the path takes, for the header Allow. In the arena. */
struct slice routes_methods_of(struct slice path, struct arena *arena);

#endif
