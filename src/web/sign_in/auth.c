/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sign_in/auth.h"

#include "base/mem.h"
#include "base/random.h"
#include "codec/text/base64url.h"
#include "codec/text/sha256.h"

enum { SECRET_BYTES = 24 };

/* The __Host- prefix binds a cookie to HTTPS and this host; plain HTTP (a first try on loopback) cannot have it. */
static struct slice cookie_name(const struct api_call *call)
{
	return call->is_https ? SLICE("__Host-pugmark") : SLICE("pugmark");
}

void auth_hash(struct slice secret, uint8_t hash[SECRET_HASH_SIZE])
{
	_Static_assert((int)SECRET_HASH_SIZE == (int)SHA256_SIZE, "a secret is kept as its digest");
	sha256_of(secret, hash);
}

struct slice auth_new_secret(struct slice prefix, struct arena *arena, uint8_t hash[SECRET_HASH_SIZE])
{
	uint8_t random[SECRET_BYTES];
	char text[96];
	struct buf b;
	random_bytes(random, sizeof random);
	buf_init_fixed(&b, text, sizeof text);
	buf_append(&b, prefix);
	base64url_append(&b, slice_of(random, sizeof random));
	auth_hash(buf_slice(&b), hash);
	return arena_copy(arena, buf_slice(&b));
}

struct slice auth_cookie(const struct api_call *call, struct slice value, int64_t max_age_s)
{
	struct slice name = cookie_name(call);
	return arena_printf(call->arena, "%.*s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
			    SLICE_FMT(name), SLICE_FMT(value), (long long)max_age_s, call->is_https ? "; Secure" : "");
}

static struct slice cookie_value(struct slice header, struct slice name)
{
	while (header.n) {
		struct slice value = slice_trim(slice_cut(&header, ';'));
		if (slice_equal(slice_trim(slice_cut(&value, '=')), name))
			return slice_trim(value);
	}
	return SLICE_EMPTY;
}

/* Tenant name into the identity; the tenant of a valid key is there. */
static enum status fill_tenant(struct api_call *call, struct api_worker *worker, struct err *err)
{
	struct tenant tenant;
	enum status status = store_tenant_find(worker->session, call->who.tenant, call->arena, &tenant, err);
	if (status == STATUS_OK)
		call->who.tenant_name = tenant.name;
	return status;
}

static enum status identify_key(struct api_call *call, struct api_worker *worker, struct slice secret, struct err *err)
{
	uint8_t hash[SECRET_HASH_SIZE];
	struct api_key key;
	auth_hash(secret, hash);
	enum status status = store_api_key_find(worker->session, slice_of(hash, sizeof hash), call->arena, &key, err);
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && key.revoked_us))
		return err_set(err, STATUS_DENIED, "this API key is not known, or was revoked");
	if (status != STATUS_OK)
		return status;
	call->who = (struct identity){.tenant = key.tenant, .scopes = key.scopes, .key_name = key.name};
	return fill_tenant(call, worker, err);
}

static unsigned scopes_of(enum role role)
{
	bool runs = role == ROLE_OWNER || role == ROLE_ADMIN;
	return SCOPE_SEND | SCOPE_READ | (runs ? SCOPE_ADMIN : 0U);
}

/* Browsers send Sec-Fetch-Site; older ones at least Origin. A cookie without either comes from no page at all. */
static bool comes_from_our_page(const struct api_call *call)
{
	if (call->method == HTTP_GET || call->method == HTTP_HEAD)
		return true;
	if (call->sec_fetch_site.p)
		return slice_equal(call->sec_fetch_site, SLICE("same-origin"));
	struct slice origin = call->origin;
	size_t scheme = origin.p && slice_starts_with(origin, SLICE("https://")) ? 8 : 7;
	return origin.n > scheme && call->host.n && slice_equal_nocase(slice_from(origin, scheme), call->host);
}

static enum status identify_cookie(struct api_call *call, struct api_worker *worker, struct slice value,
				   struct err *err)
{
	uint8_t hash[SECRET_HASH_SIZE];
	struct console_session session;
	struct user user;
	int64_t now_us = clock_now_us(call->services->clock);
	auth_hash(value, hash);
	enum status status = store_console_session_find(worker->session, slice_of(hash, sizeof hash), now_us,
							call->arena, &session, err);
	if (status == STATUS_OK)
		status = store_user_find(worker->session, session.user, call->arena, &user, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, STATUS_DENIED, "this session has ended; sign in again");
	if (status != STATUS_OK)
		return status;
	if (!comes_from_our_page(call))
		return err_set(err, STATUS_CONFLICT, "this request comes from another page than the console");
	call->who = (struct identity){.tenant = user.tenant,
				      .scopes = scopes_of(user.role),
				      .is_console = true,
				      .user = user,
				      .session_hash = arena_copy(call->arena, slice_of(hash, sizeof hash))};
	return fill_tenant(call, worker, err);
}

enum status auth_identify(struct api_call *call, struct api_worker *worker, struct err *err)
{
	struct slice header = call->authorization;
	if (header.n) {
		struct slice scheme = slice_cut(&header, ' ');
		header = slice_trim(header);
		if (!slice_equal_nocase(scheme, SLICE("Bearer")) || !slice_starts_with(header, API_KEY_PREFIX))
			return err_set(err, STATUS_DENIED, "Authorization must be 'Bearer pmk_…'");
		return identify_key(call, worker, header, err);
	}
	struct slice value = cookie_value(call->cookie, cookie_name(call));
	if (!value.n)
		return err_set(err, STATUS_DENIED, "send an API key as 'Authorization: Bearer pmk_…', or sign in");
	return identify_cookie(call, worker, value, err);
}

struct slice auth_own_sender(const struct api_call *call)
{
	bool sees_all = !call->who.is_console || call->who.user.role == ROLE_OWNER || call->who.user.role == ROLE_ADMIN;
	return sees_all ? (struct slice){NULL, 0} : call->who.user.email;
}

bool auth_may_see(const struct api_call *call, struct slice sender)
{
	struct slice own = auth_own_sender(call);
	return !own.p || slice_equal(own, sender);
}

struct slice auth_actor(const struct api_call *call)
{
	return call->who.is_console ? arena_printf(call->arena, "user:%.*s", SLICE_FMT(call->who.user.email))
				    : arena_printf(call->arena, "key:%.*s", SLICE_FMT(call->who.key_name));
}
