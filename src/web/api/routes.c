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

static const struct route routes[] = {
    {HTTP_POST, "/messages", SCOPE_SEND, ROUTE_TAKES_JSON, send_message},
    {HTTP_POST, "/messages/batch", SCOPE_SEND, ROUTE_TAKES_JSON, send_batch},
    {HTTP_POST, "/instrument", SCOPE_SEND, ROUTE_TAKES_JSON | ROUTE_TAKES_MAIL, send_instrument},
    {HTTP_POST, "/sign", SCOPE_SEND | SCOPE_TRACK, ROUTE_TAKES_JSON, sign_urls},
    {HTTP_POST, "/lint", SCOPE_SEND, ROUTE_TAKES_JSON | ROUTE_TAKES_MAIL, lint_post},
    {HTTP_GET, "/messages", SCOPE_READ, 0, messages_list},
    {HTTP_GET, "/messages/in-doubt", SCOPE_READ, 0, messages_list_in_doubt},
    {HTTP_GET, "/messages/{id}", SCOPE_READ, 0, messages_get},
    {HTTP_GET, "/messages/{id}/preview", SCOPE_READ, 0, messages_preview},
    {HTTP_POST, "/messages/{id}/cancel", SCOPE_SEND, 0, messages_cancel},
    {HTTP_POST, "/messages/{id}/resolve", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, messages_resolve},
    {HTTP_GET, "/events", SCOPE_READ, 0, events_list},
    {HTTP_GET, "/events/stream", SCOPE_READ, 0, events_stream},
    {HTTP_GET, "/events/{id}", SCOPE_READ, 0, events_get},
    {HTTP_GET, "/unsubscribes/held", SCOPE_READ, 0, unsubscribes_list},
    {HTTP_POST, "/unsubscribes/held/{id}/confirm", SCOPE_SEND | SCOPE_ADMIN, 0, unsubscribes_confirm},
    {HTTP_POST, "/unsubscribes/held/{id}/dismiss", SCOPE_SEND | SCOPE_ADMIN, 0, unsubscribes_dismiss},
    {HTTP_GET, "/contacts/{id}", SCOPE_READ, 0, contacts_get},
    {HTTP_PUT, "/contacts/{id}", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, contacts_put},
    {HTTP_DELETE, "/contacts/{id}", SCOPE_ADMIN, 0, privacy_erase},
    {HTTP_GET, "/contacts/{id}/export", SCOPE_ADMIN, 0, privacy_export},
    {HTTP_PUT, "/contacts/{id}/consent", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, contacts_put_consent},
    {HTTP_GET, "/campaigns/{id}", SCOPE_READ, 0, campaigns_get},
    {HTTP_PUT, "/campaigns/{id}", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, campaigns_put},
    {HTTP_GET, "/audit", SCOPE_ADMIN, 0, audit_list},
    {HTTP_GET, "/suppressions", SCOPE_READ | SCOPE_ADMIN, 0, suppressions_list},
    {HTTP_POST, "/suppressions", SCOPE_ADMIN, ROUTE_TAKES_JSON, suppressions_add},
    {HTTP_DELETE, "/suppressions/{id}", SCOPE_ADMIN, 0, suppressions_remove},
    {HTTP_GET, "/tenants", SCOPE_ADMIN, 0, tenants_list},
    {HTTP_POST, "/tenants", SCOPE_ADMIN, ROUTE_TAKES_JSON, tenants_add},
    {HTTP_GET, "/tenants/{id}", SCOPE_READ | SCOPE_ADMIN, 0, tenants_get},
    {HTTP_PATCH, "/tenants/{id}", SCOPE_ADMIN, ROUTE_TAKES_JSON, tenants_change},
    {HTTP_GET, "/stats/summary", SCOPE_READ, 0, stats_summary},
    {HTTP_GET, "/queue", SCOPE_READ, 0, queue_get},
    {HTTP_POST, "/session", 0, ROUTE_OPEN | ROUTE_TAKES_JSON, session_start},
    {HTTP_DELETE, "/session", 0, 0, session_end},
    {HTTP_GET, "/me", 0, 0, session_me},
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
