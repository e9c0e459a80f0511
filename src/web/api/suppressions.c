/* SPDX-License-Identifier: Apache-2.0 */
/* The list of addresses that get no mail. It is the whole tenant's, so who may see only their own mail may not see it.
 *
 * Taking out an address that its owner put there (unsubscribed, complained, erased) needs words that say what makes it
 * right. They stand in the audit beside the name of who wrote them; that is all that keeps somebody from mailing people
 * again by mistake. */
#include "web/api/suppressions.h"

#include "base/clock.h"
#include "codec/mail/mail_address.h"
#include "codec/text/json_text.h"
#include "engine/ledger/writer.h"
#include "engine/people/suppress.h"
#include "engine/request/json_fields.h"
#include "engine/request/problem.h"
#include "engine/request/send_parts.h"
#include "engine/request/send_request.h"
#include "store/people/suppressions.h"
#include "web/api/answer.h"
#include "web/api/parameters.h"
#include "web/api/services.h"

enum { LIST_DEFAULT = 50, LIST_MAX = 500, WHY_MAX = 1000 };

static void put_suppression(struct json_text *w, const struct suppression_row *row)
{
	json_open(w, '{');
	/* Of one whose owner was erased there is no address to show. */
	JSON_FIELD(w, "address", string_or_null, suppression_is_erased(row) ? SLICE_EMPTY : row->key);
	JSON_FIELD(w, "reason", string, row->reason);
	json_key(w, "message_id");
	if (uuid_is_zero(row->message))
		json_put_null(w);
	else
		json_put_uuid(w, row->message);
	JSON_FIELD(w, "created_at", time, row->created_us);
	json_close(w, '}');
}

/* As it was brought into one spelling when it was put on the list; what is no address is on it as somebody wrote it. */
static struct slice normal_form(struct api_call *call, struct slice address)
{
	struct slice normal;
	return mail_address_normalise(address, call->arena, &normal, NULL) == STATUS_OK ? normal : address;
}

/* An address is looked for in any of the ways it can be on the list: as it is, and as the hash of one that was erased.
 */
void suppressions_list(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct slice address = {NULL, 0};
	struct suppression_list list;
	struct suppression_filter f = {.tenant = call->who.tenant, .limit = LIST_DEFAULT};
	if (!parameters_text(call, "address", &address) || !parameters_text(call, "reason", &f.reason) ||
	    !parameters_text(call, "cursor", &f.after_key) || !parameters_number(call, "limit", LIST_MAX, &f.limit))
		return;
	enum status status = address.p ? store_suppression_list_of(worker->session, f.tenant,
								   normal_form(call, address), call->arena, &list, &err)
				       : store_suppression_list(worker->session, &f, call->arena, &list, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_list_open(call);
	for (size_t i = 0; i < list.count; i++)
		put_suppression(&w, &list.items[i]);
	bool has_more = !address.p && list.count == f.limit;
	answer_list_next(&w, has_more ? list.items[list.count - 1].key : SLICE_EMPTY);
	json_close(&w, '}');
}

/* ---- Adding and removing */

struct suppression_body {
	struct slice address, reason, why;
};

static void check_reason(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)value;
	if (!suppress_reason_is_good(*(struct slice *)member))
		READING_PROBLEM(r, place, "must be one of unsubscribed, complaint, hard_bounce, manual");
}

static const struct json_field fields[] = {
    {"address", FIELD_CUSTOM, offsetof(struct suppression_body, address), 0, true, send_parts_address},
    {"reason", FIELD_LINE, offsetof(struct suppression_body, reason), SEND_ID_MAX, false, check_reason},
    {"why", FIELD_TEXT, offsetof(struct suppression_body, why), WHY_MAX, false, NULL},
    {0},
};

static void answer_one(struct api_call *call, struct api_worker *worker, struct slice address, unsigned code)
{
	struct err err = {0};
	struct suppression_list list;
	enum status status =
	    store_suppression_list_of(worker->session, call->who.tenant, address, call->arena, &list, &err);
	if (status == STATUS_OK && list.count == 0)
		status = err_set(&err, STATUS_NOT_FOUND, "it was removed meanwhile");
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_json(call, code);
	put_suppression(&w, &list.items[0]);
}

/* 200 when it was there already, and stays as it was: a stronger reason (a complaint) is not written over by a weaker
 * one. */
static void answer_added(struct api_call *call, struct api_worker *worker)
{
	const struct suppress_change *change = call->state;
	if (call->command->status == STATUS_OK)
		answer_one(call, worker, change->address, suppress_was_added(call->command) ? 201 : 200);
	else
		answer_status(call, call->command->status, &call->command->err);
}

void suppressions_add(struct api_call *call, struct api_worker *worker)
{
	struct suppression_body body = {.reason = SLICE("manual")};
	struct json_reading r = {.arena = call->arena, .now_us = clock_now_us(call->services->clock)};
	(void)worker;
	json_fields_read(&r, call->json, NULL, fields, &body);
	if (r.problems.count) {
		answer_problem_list(call, 422, "The body has problems.", &r.problems);
		return;
	}
	struct suppress_change *change = ARENA_NEW(call->arena, struct suppress_change);
	*change = (struct suppress_change){call->who.tenant, body.address, body.reason, body.why,
					   auth_actor(&call->who, call->arena)};
	call->state = change;
	call_commit(call, suppress_add_command(call->arena, change), answer_added);
}

static void answer_removed(struct api_call *call, struct api_worker *worker)
{
	const struct suppress_change *change = call->state;
	(void)worker;
	if (call->command->status != STATUS_OK) {
		answer_status(call, call->command->status, &call->command->err);
		return;
	}
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "address", string, change->address);
	JSON_FIELD(&w, "reason", string, suppress_reason_of(call->command));
	json_close(&w, '}');
}

void suppressions_remove(struct api_call *call, struct api_worker *worker)
{
	struct suppress_change *change = ARENA_NEW(call->arena, struct suppress_change);
	*change =
	    (struct suppress_change){.tenant = call->who.tenant, .address = normal_form(call, call->parameters[0])};
	(void)worker;
	if (!parameters_text(call, "why", &change->why))
		return;
	if (change->why.n > WHY_MAX) {
		answer_problem(call, 422, "Invalid", "The query parameter 'why' may have 1000 bytes.");
		return;
	}
	change->actor = auth_actor(&call->who, call->arena);
	call->state = change;
	call_commit(call, suppress_remove_command(call->arena, change), answer_removed);
}
