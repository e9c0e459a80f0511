/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what the API does. doc/openapi.yaml says the same, and a test holds the two together. Literal paths
 * stand before those with {…} that would match them too. */
#include "web/api/api_handlers.h"

static const struct route routes[] = {
    {HTTP_POST, "/messages", SCOPE_SEND, ROUTE_TAKES_JSON, api_post_message},
    {HTTP_POST, "/messages/batch", SCOPE_SEND, ROUTE_TAKES_JSON, api_post_message_batch},
    {HTTP_POST, "/instrument", SCOPE_SEND, ROUTE_TAKES_JSON | ROUTE_TAKES_MAIL, api_post_instrument},
    {HTTP_POST, "/sign", SCOPE_SEND | SCOPE_TRACK, ROUTE_TAKES_JSON, api_post_sign},
    {HTTP_POST, "/lint", SCOPE_SEND, ROUTE_TAKES_JSON | ROUTE_TAKES_MAIL, api_post_lint},
    {HTTP_GET, "/messages", SCOPE_READ, 0, api_list_messages},
    {HTTP_GET, "/messages/in-doubt", SCOPE_READ, 0, api_list_in_doubt},
    {HTTP_GET, "/messages/{id}", SCOPE_READ, 0, api_get_message},
    {HTTP_GET, "/messages/{id}/preview", SCOPE_READ, 0, api_get_message_preview},
    {HTTP_POST, "/messages/{id}/cancel", SCOPE_SEND, 0, api_cancel_message},
    {HTTP_POST, "/messages/{id}/resolve", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, api_resolve_message},
    {HTTP_GET, "/events", SCOPE_READ, 0, api_list_events},
    {HTTP_GET, "/events/stream", SCOPE_READ, 0, api_stream_events},
    {HTTP_GET, "/events/{id}", SCOPE_READ, 0, api_get_event},
    {HTTP_GET, "/unsubscribes/held", SCOPE_READ, 0, api_list_held_unsubscribes},
    {HTTP_POST, "/unsubscribes/held/{id}/confirm", SCOPE_SEND | SCOPE_ADMIN, 0, api_confirm_held_unsubscribe},
    {HTTP_POST, "/unsubscribes/held/{id}/dismiss", SCOPE_SEND | SCOPE_ADMIN, 0, api_dismiss_held_unsubscribe},
    {HTTP_GET, "/contacts/{id}", SCOPE_READ, 0, api_get_contact},
    {HTTP_PUT, "/contacts/{id}", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, api_put_contact},
    {HTTP_DELETE, "/contacts/{id}", SCOPE_ADMIN, 0, api_delete_contact},
    {HTTP_GET, "/contacts/{id}/export", SCOPE_ADMIN, 0, api_export_contact},
    {HTTP_PUT, "/contacts/{id}/consent", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, api_put_consent},
    {HTTP_GET, "/campaigns/{id}", SCOPE_READ, 0, api_get_campaign},
    {HTTP_PUT, "/campaigns/{id}", SCOPE_SEND | SCOPE_ADMIN, ROUTE_TAKES_JSON, api_put_campaign},
    {HTTP_GET, "/audit", SCOPE_ADMIN, 0, api_list_audit},
    {HTTP_GET, "/suppressions", SCOPE_READ | SCOPE_ADMIN, 0, api_list_suppressions},
    {HTTP_POST, "/suppressions", SCOPE_ADMIN, ROUTE_TAKES_JSON, api_post_suppression},
    {HTTP_DELETE, "/suppressions/{id}", SCOPE_ADMIN, 0, api_delete_suppression},
    {HTTP_GET, "/tenants", SCOPE_ADMIN, 0, api_list_tenants},
    {HTTP_POST, "/tenants", SCOPE_ADMIN, ROUTE_TAKES_JSON, api_post_tenant},
    {HTTP_GET, "/tenants/{id}", SCOPE_READ | SCOPE_ADMIN, 0, api_get_tenant},
    {HTTP_PATCH, "/tenants/{id}", SCOPE_ADMIN, ROUTE_TAKES_JSON, api_patch_tenant},
    {HTTP_GET, "/stats/summary", SCOPE_READ, 0, api_get_summary},
    {HTTP_GET, "/queue", SCOPE_READ, 0, api_get_queue},
    {HTTP_POST, "/session", 0, ROUTE_OPEN | ROUTE_TAKES_JSON, api_post_session},
    {HTTP_DELETE, "/session", 0, 0, api_delete_session},
    {HTTP_GET, "/me", 0, 0, api_get_me},
};

const struct route *api_routes(size_t *ret_count)
{
	*ret_count = sizeof routes / sizeof routes[0];
	return routes;
}
