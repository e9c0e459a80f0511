/* SPDX-License-Identifier: Apache-2.0 */
/* Campaigns: their name, and how far their mail may be tracked. A campaign comes into being by being named, by a mail
 * or here, so there is nothing to create first and PUT never conflicts. Its limit is one of five that are asked when a
 * mail is accepted (installation, tenant, campaign, contact, request); the strictest holds. */
#include "web/api/campaigns.h"

#include "base/clock.h"
#include "codec/text/json_text.h"
#include "engine/people/consent.h"
#include "engine/request/problem.h"
#include "engine/request/send_parts.h"
#include "engine/request/send_request.h"
#include "store/house/catalog.h"
#include "store/people/consents.h"
#include "web/api/answer.h"
#include "web/api/reach.h"
#include "web/api/services.h"

/* From the store and not from the body: what is shown after a change is what holds, names that were kept included. */
static void answer_campaign(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct slice id = call->parameters[0];
	struct slice name;
	struct campaign_limit limit;
	enum status status = store_campaign_find(worker->session, call->who.tenant, id, call->arena, &name, &err);
	if (status == STATUS_OK)
		status = store_campaign_limit(worker->session, call->who.tenant, id, &limit, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "id", string, id);
	JSON_FIELD(&w, "name", string_or_null, name);
	json_key(&w, "track");
	json_open(&w, '{');
	JSON_FIELD(&w, "opens", cstring, consent_name(limit.opens));
	JSON_FIELD(&w, "clicks", cstring, consent_name(limit.clicks));
	json_close(&w, '}');
	json_close(&w, '}');
}

void campaigns_get(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	enum status status = reach_campaign(call, worker, call->parameters[0], &err);
	if (status == STATUS_OK)
		answer_campaign(call, worker);
	else
		answer_status(call, status, &err);
}

struct campaign_track {
	bool is_given;
	struct campaign_limit limit;
};
struct campaign_body {
	struct slice name;
	struct campaign_track track;
};

static void read_opens(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)send_parts_consent(r, value, place, &((struct campaign_limit *)member)->opens);
}

static void read_clicks(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)send_parts_consent(r, value, place, &((struct campaign_limit *)member)->clicks);
}

/* Both, so that nobody has to guess what the one that is left out becomes. */
static const struct json_field track_fields[] = {
    {"opens", FIELD_CUSTOM, 0, 0, true, read_opens},
    {"clicks", FIELD_CUSTOM, 0, 0, true, read_clicks},
    {0},
};

static void read_track(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct campaign_track *track = member;
	json_fields_read(r, value, place, track_fields, &track->limit);
	track->is_given = true;
}

static const struct json_field campaign_fields[] = {
    {"name", FIELD_LINE, offsetof(struct campaign_body, name), MAIL_NAME_MAX, false, NULL},
    {"track", FIELD_CUSTOM, offsetof(struct campaign_body, track), 0, false, read_track},
    {0},
};

/* Less than now may be tracked by anybody who may change the campaign; more, only as whoever set the limit could.
 * Answers what is wrong itself. */
static bool may_be_changed(struct api_call *call, struct api_worker *worker, const struct campaign_track *track)
{
	struct err err = {0};
	struct campaign_limit now = {CONSENT_FULL, CONSENT_FULL};
	struct slice id = call->parameters[0];
	enum status status = reach_campaign_to_change(call, worker, id, &err);
	if (status == STATUS_OK && track->is_given)
		status = store_campaign_limit(worker->session, call->who.tenant, id, &now, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return false;
	}
	bool is_looser = track->is_given && (track->limit.opens > now.opens || track->limit.clicks > now.clicks);
	if (!is_looser || reach_looser_limit(call))
		return true;
	answer_problem(call, 403, "Not allowed", "This role may have a campaign tracked less, and not more.");
	return false;
}

void campaigns_put(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct campaign_body body = {0};
	struct json_reading reading = {.arena = call->arena, .now_us = clock_now_us(call->services->clock)};
	struct slice id = call->parameters[0];
	json_fields_read(&reading, call->json, NULL, campaign_fields, &body);
	if (reading.problems.count) {
		answer_problem_list(call, 422, "The body has problems.", &reading.problems);
		return;
	}
	if (!id.n || id.n > SEND_ID_MAX) {
		answer_problem(call, 422, "Invalid", "A campaign's id is 1 to 200 bytes.");
		return;
	}
	if (!may_be_changed(call, worker, &body.track))
		return;
	/* Without "track" only the name changes, and nothing is noted: the audit is about what is done with people's
	 * data. */
	struct campaign_change change = {call->who.tenant, id, body.name,
					 body.track.is_given ? &body.track.limit : NULL,
					 auth_actor(&call->who, call->arena)};
	enum status status = consent_save_campaign(call->services->sending, &change, &err);
	if (status == STATUS_OK)
		answer_campaign(call, worker);
	else
		answer_status(call, status, &err);
}
