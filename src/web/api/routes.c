/* SPDX-License-Identifier: Apache-2.0 */
/* A table and a walk through it: some forty rows, compared segment by segment, cost less than the copy of the request
 * that follows. Literal paths stand before those with {…} that would match them too, which is all there is to
 * precedence.
 */
#include "web/api/routes.h"

#include "store/house/accounts.h"
#include "web/api/audit.h"
#include "web/api/campaigns.h"
#include "web/api/contacts.h"
#include "web/api/events.h"
#include "web/api/lint.h"
#include "web/api/messages.h"
#include "web/api/privacy.h"
#include "web/api/queue.h"
#include "web/api/send.h"
#include "web/api/session.h"
#include "web/api/sign.h"
#include "web/api/stats.h"
#include "web/api/suppressions.h"
#include "web/api/tenants.h"
#include "web/api/unsubscribes.h"

/* With fewer than all six, or a word for the rows that permission.h does not know, this does not compile: nobody adds a
 * route without having said who may use it. */
#define ROUTE(method, pattern, scopes, touches, flags, handler)                                                        \
	{                                                                                                              \
		HTTP_##method, pattern, scopes, TOUCHES_##touches, flags, handler                                      \
	}

static const struct route routes[] = {
    ROUTE(POST, "/messages", SCOPE_SEND, NEW_MAIL, ROUTE_QUICK | ROUTE_CREATES | ROUTE_TAKES_JSON, send_message),
    ROUTE(POST, "/messages/batch", SCOPE_SEND, NEW_MAIL, ROUTE_CREATES | ROUTE_TAKES_JSON, send_batch),
    ROUTE(POST, "/instrument", SCOPE_SEND, NEW_MAIL, ROUTE_CREATES | ROUTE_TAKES_JSON | ROUTE_TAKES_MAIL,
	  send_instrument),
    ROUTE(POST, "/sign", SCOPE_SEND | SCOPE_TRACK, MAIL, ROUTE_REPEATS | ROUTE_TAKES_JSON, sign_urls),
    ROUTE(POST, "/lint", SCOPE_SEND, CONTENT, ROUTE_REPEATS | ROUTE_TAKES_JSON | ROUTE_TAKES_MAIL, lint_post),
    ROUTE(GET, "/messages", SCOPE_READ, MAIL, 0, messages_list),
    ROUTE(GET, "/messages/in-doubt", SCOPE_READ, MAIL, 0, messages_list_in_doubt),
    ROUTE(GET, "/messages/{id}", SCOPE_READ, MAIL, 0, messages_get),
    ROUTE(GET, "/messages/{id}/preview", SCOPE_READ, MAIL, 0, messages_preview),
    ROUTE(POST, "/messages/{id}/cancel", SCOPE_SEND, MAIL, ROUTE_REPEATS | ROUTE_SHOWS_ROW, messages_cancel),
    ROUTE(POST, "/messages/{id}/resolve", SCOPE_SEND | SCOPE_ADMIN, MAIL,
	  ROUTE_REPEATS | ROUTE_TAKES_JSON | ROUTE_SHOWS_ROW, messages_resolve),
    ROUTE(GET, "/events", SCOPE_READ, MAIL, 0, events_list),
    ROUTE(GET, "/events/stream", SCOPE_READ, MAIL, 0, events_stream),
    ROUTE(GET, "/events/export", SCOPE_READ, MAIL, 0, events_export),
    ROUTE(GET, "/events/{id}", SCOPE_READ, MAIL, 0, events_get),
    ROUTE(GET, "/unsubscribes/held", SCOPE_READ, MAIL, 0, unsubscribes_list),
    ROUTE(POST, "/unsubscribes/held/{id}/confirm", SCOPE_SEND | SCOPE_ADMIN, MAIL, ROUTE_REPEATS | ROUTE_SHOWS_ROW,
	  unsubscribes_confirm),
    ROUTE(POST, "/unsubscribes/held/{id}/dismiss", SCOPE_SEND | SCOPE_ADMIN, MAIL, ROUTE_REPEATS | ROUTE_SHOWS_ROW,
	  unsubscribes_dismiss),
    ROUTE(GET, "/contacts/{id}", SCOPE_READ, CONTACT, 0, contacts_get),
    ROUTE(PUT, "/contacts/{id}", SCOPE_SEND | SCOPE_ADMIN, CONTACT, ROUTE_TAKES_JSON | ROUTE_SHOWS_ROW, contacts_put),
    ROUTE(DELETE, "/contacts/{id}", SCOPE_ADMIN, EVERYBODY, 0, privacy_erase),
    ROUTE(GET, "/contacts/{id}/export", SCOPE_ADMIN, EVERYBODY, 0, privacy_export),
    ROUTE(PUT, "/contacts/{id}/consent", SCOPE_SEND | SCOPE_ADMIN, CONTACT,
	  ROUTE_QUICK | ROUTE_TAKES_JSON | ROUTE_SHOWS_ROW, contacts_put_consent),
    ROUTE(GET, "/campaigns/{id}", SCOPE_READ, CAMPAIGN, 0, campaigns_get),
    ROUTE(PUT, "/campaigns/{id}", SCOPE_SEND | SCOPE_ADMIN, CAMPAIGN, ROUTE_TAKES_JSON | ROUTE_SHOWS_ROW,
	  campaigns_put),
    ROUTE(GET, "/audit", SCOPE_ADMIN, EVERYBODY, 0, audit_list),
    ROUTE(GET, "/suppressions", SCOPE_READ | SCOPE_ADMIN, EVERYBODY, 0, suppressions_list),
    ROUTE(POST, "/suppressions", SCOPE_ADMIN, EVERYBODY, ROUTE_QUICK | ROUTE_CREATES | ROUTE_TAKES_JSON,
	  suppressions_add),
    ROUTE(DELETE, "/suppressions/{id}", SCOPE_ADMIN, EVERYBODY, ROUTE_QUICK, suppressions_remove),
    ROUTE(GET, "/tenants", SCOPE_ADMIN, INSTALLATION, ROUTE_QUICK, tenants_list),
    ROUTE(POST, "/tenants", SCOPE_ADMIN, INSTALLATION, ROUTE_CREATES | ROUTE_TAKES_JSON, tenants_add),
    ROUTE(GET, "/tenants/{id}", SCOPE_READ | SCOPE_ADMIN, TENANT, ROUTE_QUICK, tenants_get),
    ROUTE(PATCH, "/tenants/{id}", SCOPE_ADMIN, TENANT, ROUTE_TAKES_JSON, tenants_change),
    ROUTE(GET, "/stats/summary", SCOPE_READ, MAIL, 0, stats_summary),
    ROUTE(GET, "/queue", SCOPE_READ, MAIL, 0, queue_get),
    ROUTE(POST, "/session", 0, SELF, ROUTE_REPEATS | ROUTE_OPEN | ROUTE_TAKES_JSON, session_start),
    ROUTE(DELETE, "/session", 0, SELF, ROUTE_QUICK, session_end),
    ROUTE(GET, "/me", 0, SELF, ROUTE_QUICK, session_me),
};

/* A body that nobody needs, as some clients send with every POST; and what somebody may send before he has said who he
 * is. */
enum { SMALL_BODY_MAX = 4096 };

uint64_t route_body_max(const struct route *route)
{
	bool is_small = !(route->flags & (ROUTE_TAKES_JSON | ROUTE_TAKES_MAIL)) || (route->flags & ROUTE_OPEN);
	return is_small ? SMALL_BODY_MAX : UINT64_MAX;
}

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

const struct route *routes_all(size_t *ret_count)
{
	*ret_count = ROUTE_COUNT;
	return routes;
}

/* A route that is not here has none: whoever adds a parameter and forgets it finds it refused. */
const char *routes_query(const struct route *route)
{
#define EVENTS "message contact campaign template sender type actor from to"
	static const struct {
		const char *pattern, *names;
		enum http_method method;
	} queries[] = {
	    {"/messages", "campaign template contact sender provider q status from to cursor limit", HTTP_GET},
	    {"/messages/in-doubt", "cursor limit", HTTP_GET},
	    {"/messages/{id}/preview", "frame", HTTP_GET},
	    {"/events", EVENTS " cursor limit", HTTP_GET},
	    {"/events/stream", EVENTS " limit", HTTP_GET},
	    {"/events/export", EVENTS " format", HTTP_GET},
	    {"/unsubscribes/held", "state cursor limit", HTTP_GET},
	    {"/audit", "tenant person action cursor limit", HTTP_GET},
	    {"/suppressions", "address reason cursor limit", HTTP_GET},
	    {"/suppressions/{id}", "why", HTTP_DELETE},
	    {"/tenants", "limit cursor", HTTP_GET},
	    {"/stats/summary", "from to campaign template sender compare", HTTP_GET},
	};
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		if (route->method == queries[i].method && strcmp(route->pattern, queries[i].pattern) == 0)
			return queries[i].names;
	return "";
}

/* ---- Finding one */

/* An empty segment matches no {…}: /messages//cancel is not a message with an empty id. */
static bool match_pattern(struct slice pattern, struct slice path, struct slice parameters[API_PATH_PARAMETERS_MAX])
{
	size_t found = 0;
	while (pattern.n || path.n) {
		struct slice want = slice_cut(&pattern, '/');
		struct slice have = slice_cut(&path, '/');
		if (slice_starts_with(want, SLICE("{")) && have.n && found < API_PATH_PARAMETERS_MAX)
			parameters[found++] = have;
		else if (!slice_equal(want, have))
			return false;
	}
	return true;
}

const struct route *routes_find(enum http_method method, struct slice path,
				struct slice parameters[API_PATH_PARAMETERS_MAX], bool *ret_path_known)
{
	*ret_path_known = false;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!match_pattern(slice_from(slice_from_cstr(routes[i].pattern), 1), path, parameters))
			continue;
		*ret_path_known = true;
		if (routes[i].method == method || (method == HTTP_HEAD && routes[i].method == HTTP_GET))
			return &routes[i];
	}
	return NULL;
}

/* The API has no OPTIONS: it allows no other origin, so no browser has to ask. */
const char *routes_method_name(enum http_method method)
{
	static const char *const names[] = {[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
					    [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE"};
	return (size_t)method < sizeof names / sizeof names[0] ? names[method] : "?";
}

/* RFC 9110, 15.5.6: a 405 says which methods there are. */
struct slice routes_methods_of(struct slice path, struct arena *arena)
{
	struct slice unused[API_PATH_PARAMETERS_MAX];
	struct slice list = SLICE_EMPTY;
	for (unsigned m = HTTP_GET; m <= HTTP_DELETE; m++) {
		bool known;
		if (routes_find((enum http_method)m, path, unused, &known))
			list = arena_printf(arena, "%.*s%s%s", SLICE_FMT(list), list.n ? ", " : "",
					    routes_method_name((enum http_method)m));
	}
	return list;
}
