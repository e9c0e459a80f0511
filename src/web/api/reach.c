/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers get slices, statuses and answers here and never see a role, so none of them can decide for itself. */
#include "web/api/reach.h"

#include "store/house/accounts.h"
#include "web/api/answer.h"

static enum status there_if(bool is_reached, struct err *err)
{
	return is_reached ? STATUS_OK : err_set(err, STATUS_NOT_FOUND, "it is not the caller's");
}

struct caller reach_caller(struct api_call *call)
{
	call->has_asked = true;
	return auth_caller(&call->who);
}

struct slice reach_sender(struct api_call *call)
{
	struct caller caller = reach_caller(call);
	return permission_sender(&caller);
}

bool reach_mail(struct api_call *call, struct slice sender)
{
	struct caller caller = reach_caller(call);
	return permission_of_mail(&caller, sender);
}

enum status reach_contact(struct api_call *call, struct api_worker *worker, const struct contact *contact,
			  struct err *err)
{
	struct caller caller = reach_caller(call);
	bool is_own = false;
	enum status status = belonging_contact(worker->session, &caller, contact, &is_own, err);
	return status == STATUS_OK ? there_if(is_own, err) : status;
}

enum status reach_campaign(struct api_call *call, struct api_worker *worker, struct slice id, struct err *err)
{
	struct caller caller = reach_caller(call);
	struct campaign_belonging belonging = {0};
	enum status status = belonging_campaign(worker->session, &caller, id, &belonging, err);
	return status == STATUS_OK ? there_if(belonging.is_seen, err) : status;
}

enum status reach_campaign_to_change(struct api_call *call, struct api_worker *worker, struct slice id, struct err *err)
{
	struct caller caller = reach_caller(call);
	struct campaign_belonging belonging = {0};
	enum status status = belonging_campaign(worker->session, &caller, id, &belonging, err);
	return status == STATUS_OK ? there_if(belonging.is_changed, err) : status;
}

bool reach_looser_limit(struct api_call *call)
{
	struct caller caller = reach_caller(call);
	return permission_to_loosen(&caller);
}

static bool may_reach_tenant(struct api_call *call, struct api_worker *worker, bool is_own)
{
	struct caller caller = reach_caller(call);
	struct err err = {0};
	bool is_first = false;
	enum status status =
	    is_own ? STATUS_OK : store_tenant_is_first(worker->session, caller.tenant, &is_first, &err);
	bool is_reached = status == STATUS_OK && permission_of_tenant(&caller, is_own, is_first);
	if (status != STATUS_OK)
		answer_status(call, status, &err);
	else if (!is_reached)
		answer_problem(
		    call, 403, "Not allowed",
		    "Only who administers the installation's first tenant may do that; your own tenant is at "
		    "/tenants/{its name}.");
	return is_reached;
}

bool reach_tenant(struct api_call *call, struct api_worker *worker, struct slice name)
{
	return may_reach_tenant(call, worker, slice_equal(name, call->who.tenant_name));
}

bool reach_all_tenants(struct api_call *call, struct api_worker *worker)
{
	return may_reach_tenant(call, worker, false);
}
