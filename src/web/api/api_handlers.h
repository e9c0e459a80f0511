/* SPDX-License-Identifier: Apache-2.0 */
/* api_handlers: what each route does; one function a route, named after it. Signature and rules: api.h. */
#ifndef PUGMARK_WEB_API_HANDLERS_H
#define PUGMARK_WEB_API_HANDLERS_H

#include "web/api/api.h"

void api_post_message(struct api_call *call, struct api_worker *worker);
void api_post_message_batch(struct api_call *call, struct api_worker *worker);
void api_post_instrument(struct api_call *call, struct api_worker *worker);
void api_post_sign(struct api_call *call, struct api_worker *worker);
void api_post_lint(struct api_call *call, struct api_worker *worker);
void api_list_messages(struct api_call *call, struct api_worker *worker);
void api_list_in_doubt(struct api_call *call, struct api_worker *worker);
void api_get_message(struct api_call *call, struct api_worker *worker);
void api_get_message_preview(struct api_call *call, struct api_worker *worker);
void api_cancel_message(struct api_call *call, struct api_worker *worker);
void api_resolve_message(struct api_call *call, struct api_worker *worker);

void api_list_events(struct api_call *call, struct api_worker *worker);
void api_get_event(struct api_call *call, struct api_worker *worker);
void api_stream_events(struct api_call *call, struct api_worker *worker);

void api_list_held_unsubscribes(struct api_call *call, struct api_worker *worker);
void api_confirm_held_unsubscribe(struct api_call *call, struct api_worker *worker);
void api_dismiss_held_unsubscribe(struct api_call *call, struct api_worker *worker);
void api_get_contact(struct api_call *call, struct api_worker *worker);
void api_put_contact(struct api_call *call, struct api_worker *worker);
void api_delete_contact(struct api_call *call, struct api_worker *worker);
void api_export_contact(struct api_call *call, struct api_worker *worker);
void api_put_consent(struct api_call *call, struct api_worker *worker);
void api_get_campaign(struct api_call *call, struct api_worker *worker);
void api_put_campaign(struct api_call *call, struct api_worker *worker);

void api_list_audit(struct api_call *call, struct api_worker *worker);
void api_list_suppressions(struct api_call *call, struct api_worker *worker);
void api_post_suppression(struct api_call *call, struct api_worker *worker);
void api_delete_suppression(struct api_call *call, struct api_worker *worker);
void api_list_tenants(struct api_call *call, struct api_worker *worker);
void api_post_tenant(struct api_call *call, struct api_worker *worker);
void api_get_tenant(struct api_call *call, struct api_worker *worker);
void api_patch_tenant(struct api_call *call, struct api_worker *worker);

void api_get_summary(struct api_call *call, struct api_worker *worker);
void api_get_queue(struct api_call *call, struct api_worker *worker);

void api_post_session(struct api_call *call, struct api_worker *worker);
void api_delete_session(struct api_call *call, struct api_worker *worker);
void api_get_me(struct api_call *call, struct api_worker *worker);

#endif
