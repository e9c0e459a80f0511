/* SPDX-License-Identifier: Apache-2.0 */
/* auth: who asks. An API key in `Authorization: Bearer pmk_…`, or the console's cookie.
 *
 * Keys and cookies are 192 random bits and only their SHA-256 is kept. A cookie acts only for requests that come from
 * the console's own pages: SameSite=Strict, and for anything but GET Sec-Fetch-Site or Origin must say so (CSRF).
 */
#ifndef PUGMARK_WEB_AUTH_H
#define PUGMARK_WEB_AUTH_H

#include "web/api/api.h"

/* Fills call->who. STATUS_DENIED: nobody, or somebody unknown (401). STATUS_CONFLICT: a cookie from a foreign page
 * (403). STATUS_IO: the store is away. */
enum status auth_identify(struct api_call *call, struct api_worker *worker, struct err *err) MUST_CHECK;

/* Whose mail the caller may see: his own address when he is signed in and neither owner nor admin; p == NULL when he
 * may see all of the tenant's. */
struct slice auth_own_sender(const struct api_call *call);
/* Whether that takes in what `sender` sent. */
bool auth_may_see(const struct api_call *call, struct slice sender);

enum { SECRET_HASH_SIZE = 32 };
/* A new secret with `prefix` in front, and its hash. */
struct slice auth_new_secret(struct slice prefix, struct arena *arena, uint8_t hash[SECRET_HASH_SIZE]);
void auth_hash(struct slice secret, uint8_t hash[SECRET_HASH_SIZE]);

/* Set-Cookie for a new session, or (empty value) one that ends it. */
struct slice auth_cookie(const struct api_call *call, struct slice value, int64_t max_age_s);

#define API_KEY_PREFIX SLICE("pmk_")
enum { API_KEY_SHOWN = 10, SESSION_DAYS = 14 };

/* Who asks, for proofs and the audit: "user:E-MAIL" or "key:NAME". In the call's arena. */
struct slice auth_actor(const struct api_call *call);

#endif
