/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts: who they are, and what they agree to, with the proof of it. The caller's own id names a contact; the
 * address stands in where there is none, folded to lower case as the engine folds it, so that Ann@ and ann@ are one
 * person here too.
 *
 * Consent is appended and never overwritten: what somebody agreed to in May must still be readable after they took it
 * back in June (GDPR, article 7(1): the controller shall be able to demonstrate it). */
#include "web/api/contacts.h"

#include "base/clock.h"
#include "codec/mail/mail_address.h"
#include "codec/text/json_text.h"
#include "codec/text/utf8.h"
#include "engine/ledger/writer.h"
#include "engine/people/consent.h"
#include "engine/request/problem.h"
#include "engine/request/send_parts.h"
#include "engine/request/send_request.h"
#include "store/people/consents.h"
#include "web/api/answer.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum { ID_MAX = 320, TEXT_MAX = 4000 };

/* ---- The contact of the path */

/* The address stands for a contact without an id, in lower case; who writes it otherwise means the same. */
static struct slice folded_id(struct api_call *call)
{
	struct slice id = call->parameters[0];
	if (slice_index(id, '@') == id.n)
		return id;
	/* An id may look like an address and be none. */
	if (mail_address_normalise(id, call->arena, &id, NULL) != STATUS_OK)
		id = call->parameters[0];
	char *copy = arena_cstr(call->arena, id);
	for (size_t i = 0; i < id.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return slice_of(copy, id.n);
}

enum status contacts_find(struct api_call *call, struct api_worker *worker, struct contact *ret, struct err *err)
{
	struct slice ids[] = {call->parameters[0], folded_id(call)};
	enum status status = STATUS_NOT_FOUND;
	for (size_t i = 0; i < 2 && status == STATUS_NOT_FOUND; i++)
		status = store_contact_find(worker->session, call->who.tenant, ids[i], call->arena, ret, err);
	if (status == STATUS_NOT_FOUND)
		*ret = (struct contact){.id = ids[1], .opens = CONSENT_FULL, .clicks = CONSENT_FULL};
	return status;
}

/* Ids travel in paths, logs and headers of mail; a control character in one would end a line somewhere. What is not
 * UTF-8 the store would clean, and the id would be another contact's. */
static bool is_good_id(struct slice id)
{
	if (!utf8_is_valid(id))
		return false;
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] < ' ' || id.p[i] == 0x7f)
			return false;
	return id.n > 0 && id.n <= ID_MAX;
}

/* The contact that is to be changed; it need not be there. Answers what is wrong itself. */
static bool open_contact(struct api_call *call, struct api_worker *worker, struct contact *ret)
{
	struct err err = {0};
	if (!is_good_id(call->parameters[0])) {
		answer_problem(call, 422, "Invalid",
			       "A contact's id is 1 to 320 bytes of UTF-8 without control characters.");
		return false;
	}
	enum status status = contacts_find(call, worker, ret, &err);
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = reach_contact(call, worker, ret, &err);
	if (status != STATUS_OK)
		answer_status(call, status, &err);
	return status == STATUS_OK;
}

/* ---- The answer */

/* One proof: what was asked, how the answer came, who wrote it down, when. */
static void put_consent(struct json_text *w, const struct consent_record *record)
{
	json_open(w, '{');
	JSON_FIELD(w, "at", time, record->created_us);
	JSON_FIELD(w, "opens", cstring, consent_name(record->what.opens));
	JSON_FIELD(w, "clicks", cstring, consent_name(record->what.clicks));
	JSON_FIELD(w, "method", string, record->method);
	JSON_FIELD(w, "text", string_or_null, record->text);
	JSON_FIELD(w, "by", string, record->decided_by);
	json_close(w, '}');
}

enum status contacts_write(struct api_call *call, struct api_worker *worker, struct json_text *w,
			   const struct contact *c, struct err *err)
{
	struct contact_key key = {call->who.tenant, c->id};
	struct consent_record *history;
	size_t count;
	enum status status = store_consent_list(worker->session, &key, call->arena, &history, &count, err);
	if (status != STATUS_OK)
		return status;
	json_open(w, '{');
	JSON_FIELD(w, "id", string, c->id);
	JSON_FIELD(w, "email", string_or_null, c->email);
	JSON_FIELD(w, "name", string_or_null, c->name);
	JSON_FIELD(w, "category", string_or_null, c->category);
	JSON_FIELD(w, "agent", string_or_null, c->agent);
	JSON_FIELD(w, "created_at", time, c->created_us);
	json_key(w, "consent");
	json_open(w, '{');
	JSON_FIELD(w, "opens", cstring, consent_name(c->opens));
	JSON_FIELD(w, "clicks", cstring, consent_name(c->clicks));
	json_close(w, '}');
	json_key(w, "consent_history");
	json_open(w, '[');
	for (size_t i = 0; i < count; i++)
		put_consent(w, &history[i]);
	json_close(w, ']');
	json_close(w, '}');
	return STATUS_OK;
}

static void answer_found(struct api_call *call, struct api_worker *worker, enum status status, const struct contact *c,
			 struct err *err)
{
	struct json_text w = answer_json(call, 200);
	if (status == STATUS_OK)
		status = contacts_write(call, worker, &w, c, err);
	if (status != STATUS_OK)
		answer_status(call, status, err);
}

void contacts_get(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct contact c;
	enum status status = contacts_find(call, worker, &c, &err);
	if (status == STATUS_OK)
		status = reach_contact(call, worker, &c, &err);
	answer_found(call, worker, status, &c, &err);
}

/* As it is in the store now. Whose it was is not asked again: an address that was changed has had nobody's mail yet,
 * and who changed it may see what became of it. */
static void answer_saved(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct contact c;
	enum status status = contacts_find(call, worker, &c, &err);
	answer_found(call, worker, status, &c, &err);
}

/* ---- Changing it */

/* All that is wrong at once: a form with three mistakes is sent twice and not four times. */
static bool read_body(struct api_call *call, const struct json_field *table, void *into)
{
	struct json_reading reading = {.arena = call->arena, .now_us = clock_now_us(call->services->clock)};
	json_fields_read(&reading, call->json, NULL, table, into);
	if (reading.problems.count)
		answer_problem_list(call, 422, "The body has problems.", &reading.problems);
	return reading.problems.count == 0;
}

static const struct json_field contact_fields[] = {
    {"email", FIELD_CUSTOM, offsetof(struct contact, email), 0, false, send_parts_address},
    {"name", FIELD_LINE, offsetof(struct contact, name), MAIL_NAME_MAX, false, NULL},
    {"category", FIELD_LINE, offsetof(struct contact, category), SEND_ID_MAX, false, NULL},
    {"agent", FIELD_LINE, offsetof(struct contact, agent), SEND_ID_MAX, false, NULL},
    {0},
};

/* Only what is given changes; there is no way to empty a field here, because absent and empty could not be told apart
 * by callers that leave out what they do not know. */
void contacts_put(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct contact known;
	struct contact given = {0};
	if (!read_body(call, contact_fields, &given) || !open_contact(call, worker, &known))
		return;
	given.id = known.id;
	enum status status = consent_save_contact(call->services->sending, call->who.tenant, &given, &err);
	if (status == STATUS_OK)
		answer_saved(call, worker);
	else
		answer_status(call, status, &err);
}

struct consent_body {
	enum consent opens, clicks;
	struct slice method, text;
};

static void read_consent(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)send_parts_consent(r, value, place, member); /* it says what is wrong */
}

static const struct json_field consent_fields[] = {
    {"opens", FIELD_CUSTOM, offsetof(struct consent_body, opens), 0, true, read_consent},
    {"clicks", FIELD_CUSTOM, offsetof(struct consent_body, clicks), 0, true, read_consent},
    {"method", FIELD_LINE, offsetof(struct consent_body, method), SEND_ID_MAX, true, NULL},
    {"text", FIELD_TEXT, offsetof(struct consent_body, text), TEXT_MAX, false, NULL},
    {0},
};

/* To say yes is worth something only together with what was asked; to take it back needs no words. */
static bool has_proof(struct api_call *call, const struct consent_body *body, const struct contact *known)
{
	bool is_raised = body->opens > known->opens || body->clicks > known->clicks;
	bool is_less = !is_raised && (body->opens < known->opens || body->clicks < known->clicks);
	bool is_none = body->opens == CONSENT_OFF && body->clicks == CONSENT_OFF;
	if (body->text.n || is_less || is_none)
		return true;
	answer_problem(call, 422, "Invalid",
		       "The field 'text' must say what the person agreed to, word for word: it is the proof.");
	return false;
}

static void answer_changed(struct api_call *call, struct api_worker *worker)
{
	if (call->command->status == STATUS_OK)
		answer_saved(call, worker);
	else
		answer_status(call, call->command->status, &call->command->err);
}

void contacts_put_consent(struct api_call *call, struct api_worker *worker)
{
	struct contact known;
	struct consent_body body = {0};
	if (!read_body(call, consent_fields, &body) || !open_contact(call, worker, &known) ||
	    !has_proof(call, &body, &known))
		return;
	struct consent_change *change = ARENA_NEW(call->arena, struct consent_change);
	*change = (struct consent_change){
	    .tenant = call->who.tenant,
	    .what = {.id = known.id, .opens = body.opens, .clicks = body.clicks},
	    .method = body.method,
	    .text = body.text,
	    .decided_by = auth_actor(&call->who, call->arena),
	};
	call_commit(call, consent_command(call->services->sending, call->arena, change), answer_changed);
}
