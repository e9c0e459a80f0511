/* SPDX-License-Identifier: Apache-2.0 */
/* reach: which rows the caller of a request reaches, for handlers. The rule itself is engine/accounts/permission; this
 * reads what the rule has to know, asks it, and notes that it was asked: of a handler that touches rows and did not ask
 * no answer leaves (call.c). */
#ifndef PUGMARK_WEB_API_REACH_H
#define PUGMARK_WEB_API_REACH_H

#include "engine/people/belonging.h"
#include "web/api/call.h"

/* For filters: whose mail alone the caller reaches; p == NULL: all of the tenant's. */
struct slice reach_sender(struct api_call *call);
/* For the engine, which asks the rule itself. */
struct caller reach_caller(struct api_call *call);
bool reach_mail(struct api_call *call, struct slice sender);

/* STATUS_NOT_FOUND: not the caller's, and so not there for him. Block for the store. */
enum status reach_contact(struct api_call *call, struct api_worker *worker, const struct contact *contact,
			  struct err *err) MUST_CHECK;
enum status reach_campaign(struct api_call *call, struct api_worker *worker, struct slice id,
			   struct err *err) MUST_CHECK;
enum status reach_campaign_to_change(struct api_call *call, struct api_worker *worker, struct slice id,
				     struct err *err) MUST_CHECK;
/* A campaign may be tracked more than it is now. */
bool reach_looser_limit(struct api_call *call);

/* The tenant's settings and audit; all tenants. Answer 403 themselves. Block for the store. */
bool reach_tenant(struct api_call *call, struct api_worker *worker, struct slice name);
bool reach_all_tenants(struct api_call *call, struct api_worker *worker);

#endif
