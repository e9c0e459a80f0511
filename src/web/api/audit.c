/* SPDX-License-Identifier: Apache-2.0 */
/* Who changed what, newest first. Entries name people only by hash (store/house/audit.h), so a search by person hashes
 * what was asked for in the same way; nobody can list names out of it. An administrator of the installation may read
 * another tenant's, for that is where what they did to it is written. */
#include "web/api/audit.h"

#include "codec/text/json_text.h"
#include "engine/ledger/audit.h"
#include "store/house/accounts.h"
#include "store/house/audit.h"
#include "web/api/answer.h"
#include "web/api/parameters.h"
#include "web/api/reach.h"

enum { LIST_DEFAULT = 50, LIST_MAX = 500 };

static void put_entry(struct json_text *w, const struct audit_entry *entry, struct slice tenant)
{
	json_open(w, '{');
	JSON_FIELD(w, "id", uuid, entry->id);
	JSON_FIELD(w, "at", time, entry->created_us);
	JSON_FIELD(w, "tenant", string, tenant);
	JSON_FIELD(w, "actor", string, entry->actor);
	JSON_FIELD(w, "action", string, entry->action);
	JSON_FIELD(w, "subject", string, entry->subject);
	JSON_FIELD(w, "details", raw_or_null, entry->details);
	json_close(w, '}');
}

/* One's own, unless another is asked for by who runs the installation. Answers itself. */
static bool find_tenant(struct api_call *call, struct api_worker *worker, struct tenant *ret)
{
	struct err err = {0};
	struct slice name = {NULL, 0};
	*ret = (struct tenant){.id = call->who.tenant, .name = call->who.tenant_name};
	if (!parameters_text(call, "tenant", &name))
		return false;
	if (!name.p || slice_equal(name, ret->name))
		return true;
	if (!reach_tenant(call, worker, name))
		return false;
	enum status status = store_tenant_find_by_name(worker->session, name, call->arena, ret, &err);
	if (status != STATUS_OK)
		answer_status(call, status, &err);
	return status == STATUS_OK;
}

void audit_list(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct tenant tenant;
	struct audit_entry *entries;
	size_t count;
	struct slice person = {NULL, 0};
	struct audit_filter f = {.subject = {NULL, 0}, .action = {NULL, 0}, .limit = LIST_DEFAULT};
	if (!find_tenant(call, worker, &tenant) || !parameters_text(call, "person", &person) ||
	    !parameters_text(call, "action", &f.action) || !parameters_uuid(call, "cursor", &f.before) ||
	    !parameters_number(call, "limit", LIST_MAX, &f.limit))
		return;
	f.tenant = tenant.id;
	/* Entries of other tenants hash with another tenant's number, so a name alone leads nowhere across tenants. */
	if (person.p)
		f.subject = audit_person(call->arena, tenant.id, person);
	enum status status = store_audit_list(worker->session, &f, call->arena, &entries, &count, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_list_open(call);
	for (size_t i = 0; i < count; i++)
		put_entry(&w, &entries[i], tenant.name);
	answer_list_next_id(&w, count == f.limit ? entries[count - 1].id : (struct uuid){{0}});
	json_close(&w, '}');
}
