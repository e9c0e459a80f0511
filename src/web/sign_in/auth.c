/* SPDX-License-Identifier: Apache-2.0 */
/* Two ways in, one identity out, so that no handler asks which it was. The header wins over the cookie: a page of the
 * console that sends a key wants to be that key.
 *
 * Secrets are found by their hash, in the index, and never compared byte by byte: the time a look-up takes tells
 * nothing about a secret of 192 random bits. What is wrong with one (unknown, revoked, another installation's) is not
 * told apart.
 */
#include "web/sign_in/auth.h"

#include "engine/accounts/secret.h"

/* The __Host- prefix binds a cookie to HTTPS and this host; plain HTTP (a first try on loopback) cannot have it. */
static struct slice cookie_name(bool is_https)
{
	return is_https ? SLICE("__Host-pugmark") : SLICE("pugmark");
}

struct slice auth_cookie(bool is_https, struct slice value, int64_t max_age_s, struct arena *arena)
{
	struct slice name = cookie_name(is_https);
	return arena_printf(arena, "%.*s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s", SLICE_FMT(name),
			    SLICE_FMT(value), (long long)max_age_s, is_https ? "; Secure" : "");
}

/* RFC 6265, 5.4: "a=1; b=2". The first one of the name counts. */
static struct slice cookie_value(struct slice header, struct slice name)
{
	while (header.n) {
		struct slice value = slice_trim(slice_cut(&header, ';'));
		if (slice_equal(slice_trim(slice_cut(&value, '=')), name))
			return slice_trim(value);
	}
	return SLICE_EMPTY;
}

/* One question: the request, and what is needed to answer it. */
struct asking {
	const struct auth_request *request;
	struct store_session *session;
	struct arena *arena;
};

/* Tenant name into the identity; the tenant of a valid key is there. */
static enum status fill_tenant(struct asking *a, struct identity *who, struct err *err)
{
	struct tenant tenant;
	enum status status = store_tenant_find(a->session, who->tenant, a->arena, &tenant, err);
	if (status == STATUS_OK)
		who->tenant_name = tenant.name;
	return status;
}

/* A revoked key and one that never was get one answer: the holder of a stolen one learns nothing. */
static enum status identify_key(struct asking *a, struct slice secret, struct identity *ret, struct err *err)
{
	uint8_t hash[SECRET_HASH_SIZE];
	struct api_key key;
	secret_hash(secret, hash);
	enum status status = store_api_key_find(a->session, slice_of(hash, sizeof hash), a->arena, &key, err);
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && key.revoked_us))
		return err_set(err, STATUS_DENIED, "this API key is not known, or was revoked");
	if (status != STATUS_OK)
		return status;
	*ret = (struct identity){.tenant = key.tenant,
				 .scopes = key.scopes,
				 .key_name = key.name,
				 .key = key.id,
				 .key_used_us = key.last_used_us,
				 .secret_hash = arena_copy(a->arena, slice_of(hash, sizeof hash))};
	return fill_tenant(a, ret, err);
}

/* What a role may do over the API is what the console lets it do: the console is a client like any other. */
static unsigned scopes_of(enum role role)
{
	bool runs = role == ROLE_OWNER || role == ROLE_ADMIN;
	return SCOPE_SEND | SCOPE_READ | (runs ? SCOPE_ADMIN : 0U);
}

/* Browsers send Sec-Fetch-Site; older ones at least Origin. What neither of them says was sent by no page. */
enum where_from { FROM_NO_PAGE, FROM_OUR_PAGE, FROM_ANOTHER_SITE };

static enum where_from where_from(const struct auth_request *r)
{
	struct slice origin = r->origin;
	size_t scheme = origin.p && slice_starts_with(origin, SLICE("https://")) ? 8 : 7;
	bool is_ours;
	if (r->sec_fetch_site.p && slice_equal(r->sec_fetch_site, SLICE("none")))
		return FROM_NO_PAGE; /* typed, or from a bookmark */
	if (r->sec_fetch_site.p)
		is_ours = slice_equal(r->sec_fetch_site, SLICE("same-origin"));
	else if (origin.p)
		is_ours = origin.n > scheme && r->host.n && slice_equal_nocase(slice_from(origin, scheme), r->host);
	else
		return FROM_NO_PAGE;
	return is_ours ? FROM_OUR_PAGE : FROM_ANOTHER_SITE;
}

bool auth_is_cross_site(const struct auth_request *request)
{
	return where_from(request) == FROM_ANOTHER_SITE;
}

/* A browser brings the cookie along with whatever any page asks for; reading is for pages that see the answer. */
static bool may_use_cookie(const struct auth_request *r)
{
	return r->method == HTTP_GET || r->method == HTTP_HEAD || where_from(r) == FROM_OUR_PAGE;
}

static enum status identify_cookie(struct asking *a, struct slice value, struct identity *ret, struct err *err)
{
	uint8_t hash[SECRET_HASH_SIZE];
	struct console_session session;
	struct user user;
	secret_hash(value, hash);
	enum status status = store_console_session_find(a->session, slice_of(hash, sizeof hash), a->request->time_us,
							a->arena, &session, err);
	if (status == STATUS_OK)
		status = store_user_find(a->session, session.user, a->arena, &user, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, STATUS_DENIED, "this session has ended; sign in again");
	if (status != STATUS_OK)
		return status;
	if (!may_use_cookie(a->request))
		return err_set(err, STATUS_CONFLICT, "this request comes from another page than the console");
	*ret = (struct identity){.tenant = user.tenant,
				 .scopes = scopes_of(user.role),
				 .is_console = true,
				 .user = user,
				 .secret_hash = arena_copy(a->arena, slice_of(hash, sizeof hash))};
	return fill_tenant(a, ret, err);
}

enum status auth_identify(const struct auth_request *request, struct store_session *session, struct arena *arena,
			  struct identity *ret, struct err *err)
{
	struct asking a = {request, session, arena};
	struct slice header = request->authorization;
	if (header.n) {
		struct slice scheme = slice_cut(&header, ' ');
		header = slice_trim(header);
		if (!slice_equal_nocase(scheme, SLICE("Bearer")) || !slice_starts_with(header, API_KEY_PREFIX))
			return err_set(err, STATUS_DENIED, "Authorization must be 'Bearer pmk_…'");
		return identify_key(&a, header, ret, err);
	}
	struct slice value = cookie_value(request->cookie, cookie_name(request->is_https));
	if (!value.n)
		return err_set(err, STATUS_DENIED, "send an API key as 'Authorization: Bearer pmk_…', or sign in");
	return identify_cookie(&a, value, ret, err);
}

/* By what was asked for then: a role that was raised has other rows now, too. */
static enum status key_still_holds(struct asking *a, const struct identity *who, bool *ret, struct err *err)
{
	struct api_key key;
	enum status status = store_api_key_find(a->session, who->secret_hash, a->arena, &key, err);
	if (status == STATUS_OK)
		*ret = !key.revoked_us && key.tenant == who->tenant && key.scopes == who->scopes;
	return status;
}

static enum status session_still_holds(struct asking *a, const struct identity *who, bool *ret, struct err *err)
{
	struct console_session session;
	struct user user;
	enum status status =
	    store_console_session_find(a->session, who->secret_hash, a->request->time_us, a->arena, &session, err);
	if (status == STATUS_OK)
		status = store_user_find(a->session, session.user, a->arena, &user, err);
	if (status == STATUS_OK)
		*ret = user.tenant == who->tenant && user.role == who->user.role &&
		       slice_equal(user.email, who->user.email);
	return status;
}

enum status auth_still_holds(const struct identity *who, struct store_session *session, int64_t now_us, struct err *err)
{
	struct auth_request at = {.time_us = now_us};
	struct asking a = {&at, session, arena_new()};
	bool holds = false;
	enum status status =
	    who->is_console ? session_still_holds(&a, who, &holds, err) : key_still_holds(&a, who, &holds, err);
	arena_free(&a.arena);
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !holds))
		return err_set(err, STATUS_DENIED, "the key or session does not hold any more");
	return status;
}

struct caller auth_caller(const struct identity *who)
{
	return (struct caller){
	    .tenant = who->tenant, .scopes = who->scopes, .user = who->is_console ? &who->user : NULL};
}

struct slice auth_actor(const struct identity *who, struct arena *arena)
{
	return who->is_console ? arena_printf(arena, "user:%.*s", SLICE_FMT(who->user.email))
			       : arena_printf(arena, "key:%.*s", SLICE_FMT(who->key_name));
}
