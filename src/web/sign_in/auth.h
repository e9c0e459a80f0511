/* SPDX-License-Identifier: Apache-2.0 */
/* auth: who asks. An API key in `Authorization: Bearer pmk_…`, or the console's cookie.
 *
 * Keys and cookies are 192 random bits and only their SHA-256 is kept. A cookie acts only for requests that come from
 * the console's own pages: SameSite=Strict, and for anything but GET Sec-Fetch-Site or Origin must say so (CSRF).
 */
#ifndef PUGMARK_WEB_AUTH_H
#define PUGMARK_WEB_AUTH_H

#include "engine/accounts/permission.h"
#include "net/http_server.h"

/* What of a request says who sent it. A header that is not there has p == NULL. */
struct auth_request {
	enum http_method method;
	bool is_https;
	struct slice authorization, cookie, origin, sec_fetch_site, host;
	int64_t time_us; /* when it came: sessions end */
};

struct identity {
	uint32_t tenant;
	struct slice tenant_name;
	unsigned scopes;          /* enum api_scope */
	struct slice key_name;    /* of the API key; empty: console */
	struct uuid key;          /* the same; zero: console */
	int64_t key_used_us;      /* when it was used last; 0: never */
	bool is_console;          /* signed in with a cookie */
	struct user user;         /* console only */
	struct slice secret_hash; /* by which the key or the console's session is found */
};

/* Reads with `session`; *ret lives in the arena. STATUS_DENIED: nobody, or somebody unknown (401). STATUS_CONFLICT: a
 * cookie from a foreign page (403). STATUS_IO: the store is away. */
enum status auth_identify(const struct auth_request *request, struct store_session *session, struct arena *arena,
			  struct identity *ret, struct err *err) MUST_CHECK;

/* The same question later, for an answer that goes on: STATUS_OK when the key is still there and has these scopes, or
 * the session goes on and its user has this role. STATUS_DENIED: not any more. STATUS_IO: the store is away, and nobody
 * knows. */
enum status auth_still_holds(const struct identity *who, struct store_session *session, int64_t now_us,
			     struct err *err) MUST_CHECK;
/* Its headers say that a page of another site sent it. Programs that are no browser say nothing of the kind. */
bool auth_is_cross_site(const struct auth_request *request);

/* For the rule who may do what (permission.h); lives as long as `who`. */
struct caller auth_caller(const struct identity *who);
/* For proofs and the audit: "user:E-MAIL" or "key:NAME". In the arena. */
struct slice auth_actor(const struct identity *who, struct arena *arena);

/* Set-Cookie for a new session, or (empty value) one that ends it. */
struct slice auth_cookie(bool is_https, struct slice value, int64_t max_age_s, struct arena *arena);

#endif
