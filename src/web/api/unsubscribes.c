/* SPDX-License-Identifier: Apache-2.0 */
/* Unsubscribes that are held because a machine seems to have pressed the button: the list, and what a person says. Only
 * the press of a page's button is ever held; one-click posts of mailbox providers (RFC 8058) count at once and are
 * never seen here. */
#include "web/api/unsubscribes.h"

#include "base/log.h"
#include "codec/text/json_text.h"
#include "engine/apply/unsubscription.h"
#include "engine/feed/event_json.h"
#include "store/people/held_unsubscribes.h"
#include "web/api/answer.h"
#include "web/api/parameters.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 500 };

/* Whom it is about, by name: somebody decides who may know the person. */
static void put_recipient(struct json_text *w, const struct held_unsubscribe *h)
{
	json_key(w, "to");
	json_open(w, '{');
	JSON_FIELD(w, "email", string, h->to_email);
	JSON_FIELD(w, "name", string_or_null, h->to_name);
	json_close(w, '}');
}

/* The most telling number of all: sandboxes press within seconds of delivery, people do not. */
static void put_seconds_after(struct json_text *w, const struct held_unsubscribe *h)
{
	int64_t arrival_us = h->delivered_us ? h->delivered_us : h->sent_us;
	json_key(w, "seconds_after_delivery");
	if (arrival_us && h->held_us >= arrival_us)
		json_put_i64(w, (h->held_us - arrival_us) / 1000000);
	else
		json_put_null(w);
}

/* With the reasons of the verdict in words: without them nobody could decide better than the machine. */
static void put_held(struct json_text *w, const struct held_unsubscribe *h, int64_t hold_us)
{
	json_open(w, '{');
	JSON_FIELD(w, "id", uuid, h->message);
	JSON_FIELD(w, "event_id", uuid, h->event);
	JSON_FIELD(w, "state", cstring, held_state_name(h->state));
	JSON_FIELD(w, "held_at", time, h->held_us);
	JSON_FIELD(w, "confirms_at", time, h->state == HELD_WAITING ? h->held_us + hold_us : 0);
	JSON_FIELD(w, "decided_at", time, h->decided_us);
	JSON_FIELD(w, "decided_by", string_or_null, h->decided_by);
	put_recipient(w, h);
	JSON_FIELD(w, "subject", string, h->subject);
	JSON_FIELD(w, "campaign_id", string_or_null, h->campaign_id);
	JSON_FIELD(w, "contact_id", string_or_null, h->contact_id);
	JSON_FIELD(w, "sender", string_or_null, h->sender);
	put_seconds_after(w, h);
	JSON_FIELD(w, "actor", cstring, actor_name(h->actor));
	json_key(w, "confidence");
	json_put_double(w, h->confidence_percent / 100.0);
	event_json_put_reasons(w, h->reasons);
	JSON_FIELD(w, "ip", string_or_null, h->ip);
	JSON_FIELD(w, "user_agent", string_or_null, h->user_agent);
	json_close(w, '}');
}

/* What waits is what is asked for when nothing is said; the rest is history. */
static bool query_state(struct api_call *call, enum held_state *ret)
{
	struct slice name = {NULL, 0};
	if (!parameters_text(call, "state", &name))
		return false;
	if (!name.p || held_state_parse(name, ret))
		return true;
	answer_problem(call, 422, "Invalid", "The query parameter 'state' must be waiting, confirmed or dismissed.");
	return false;
}

/* "waiting" is how many there are in all, for the badge in the console's menu. */
void unsubscribes_list(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct held_unsubscribe *list = NULL;
	size_t count = 0;
	uint64_t waiting = 0;
	struct held_filter f = {.tenant = call->who.tenant, .state = HELD_WAITING, .limit = LIMIT_DEFAULT};
	if (!query_state(call, &f.state) || !parameters_uuid(call, "cursor", &f.before) ||
	    !parameters_number(call, "limit", LIMIT_MAX, &f.limit))
		return;
	f.sender = reach_sender(call);
	enum status status = store_held_unsubscribe_list(worker->session, &f, call->arena, &list, &count, &err);
	if (status == STATUS_OK)
		status = store_held_unsubscribe_count(worker->session, f.tenant, f.sender, &waiting, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_list_open(call);
	for (size_t i = 0; i < count; i++)
		put_held(&w, &list[i], call->services->hold_us);
	answer_list_next_id(&w, count == f.limit ? list[count - 1].message : (struct uuid){{0}});
	JSON_FIELD(&w, "waiting", i64, (int64_t)waiting);
	json_close(&w, '}');
}

/* Answers 404 itself, also for what others sent. */
static bool find_held(struct api_call *call, struct api_worker *worker, struct uuid id, struct held_unsubscribe *ret)
{
	struct err err = {0};
	struct held_unsubscribe *list = NULL;
	size_t count = 0;
	struct held_filter f = {.tenant = call->who.tenant, .message = id, .sender = reach_sender(call), .limit = 1};
	enum status status = store_held_unsubscribe_list(worker->session, &f, call->arena, &list, &count, &err);
	if (status == STATUS_OK && count == 0)
		status = err_set(&err, STATUS_NOT_FOUND, "no unsubscribe of this message was held");
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return false;
	}
	*ret = list[0];
	return true;
}

/* Two people may decide at once, or one and the clock; the writer takes the first and the other hears 409. */
static void decide(struct api_call *call, struct api_worker *worker, bool is_confirmed)
{
	struct err err = {0};
	struct uuid id;
	struct held_unsubscribe held;
	if (!parameters_id(call, &id) || !find_held(call, worker, id, &held))
		return;
	struct unsubscription_decision decision = {
	    .tenant = call->who.tenant,
	    .message = id,
	    .is_confirmed = is_confirmed,
	    .by = call->who.is_console ? call->who.user.email : SLICE("api_key"),
	    .actor = auth_actor(&call->who, call->arena),
	};
	enum status status = unsubscription_decide(call->services->sending, &decision, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	log_info(is_confirmed ? "unsubscribe.confirmed" : "unsubscribe.dismissed",
		 LOG_STR("message", call->parameters[0]), LOG_CSTR("by", call->who.is_console ? "console" : "api_key"));
	if (!find_held(call, worker, id, &held))
		return;
	struct json_text w = answer_json(call, 200);
	put_held(&w, &held, call->services->hold_us);
}

void unsubscribes_confirm(struct api_call *call, struct api_worker *worker)
{
	decide(call, worker, true);
}

void unsubscribes_dismiss(struct api_call *call, struct api_worker *worker)
{
	decide(call, worker, false);
}
