/* SPDX-License-Identifier: Apache-2.0 */
/* In this order, because each needs the one before: read the request, find the contact and what it allows, fill the
 * message, check that it can be built, look for a suppression, rewrite the html. */
#include "engine/intake/accept_prepare.h"

#include "base/clock.h"
#include "base/random.h"
#include "codec/text/utf8.h"
#include "engine/apply/apply.h"
#include "engine/intake/accept_sender.h"
#include "engine/mail/mail_body.h"
#include "engine/mail/outgoing.h"
#include "engine/people/belonging.h"
#include "engine/tenant/tenant_policy.h"
#include "engine/tenant/time_zone.h"
#include "store/people/suppressions.h"

static const int64_t DAY_US = INT64_C(86400000000);

enum { OWN_WARNINGS_MAX = 17 + MAIL_REQUEST_WARNINGS_MAX };

struct preparation {
	const struct accept_context *context;
	struct accept_item *item;
	struct accepted *accepted;
	struct send_request request;
	struct message_options options;
	struct mail_body body;
	struct mail_request mail; /* when there is a whole mail: request.eml */
	struct slice *warnings;
	size_t warning_count;
};

static struct arena *arena_of(const struct preparation *p)
{
	return p->context->request->arena;
}

static bool is_instrument(const struct preparation *p)
{
	return p->context->request->kind == ACCEPT_INSTRUMENT;
}

static void warn(struct preparation *p, struct slice text)
{
	p->warnings[p->warning_count++] = text;
}

static const struct caller *caller_of(const struct preparation *p)
{
	return &p->context->request->caller;
}

/* A mail for a provider without an account would wait and fail when nobody looks any more. All servers of an
 * installation have the same providers, whichever of them delivers. */
static bool has_outlet(struct preparation *p)
{
	struct slice rest = slice_from_cstr(p->context->sending->providers);
	while (rest.n)
		if (slice_equal(slice_cut(&rest, ' '), p->request.provider))
			return true;
	if (!p->request.provider.n)
		return true; /* the installation's own, which was asked for at the start */
	struct json_place at = {NULL, "provider", 0};
	problem_add(&p->item->problems, arena_of(p), &at, "is not set up here; there is: %s",
		    p->context->sending->providers);
	p->item->status = STATUS_BAD_INPUT;
	return false;
}

/* item->status tells. */
static enum status resolve_sender(struct preparation *p, struct err *err)
{
	struct sender_refusal refusal;
	enum status status = accept_sender_resolve(p->context, &p->request, &refusal, err);
	if (status != STATUS_DENIED)
		return status;
	struct json_place at = {NULL, refusal.field, 0};
	problem_add(&p->item->problems, arena_of(p), &at, "%s", refusal.problem);
	p->item->refusal = "This role sends in nobody else's name.";
	p->item->status = STATUS_DENIED;
	return STATUS_OK;
}

/* ---- A whole mail */

static enum status take_mail(struct preparation *p)
{
	struct send_request *request = &p->request;
	if (!request->eml.n)
		return STATUS_OK;
	enum status status = STATUS_OK;
	if (p->item->mail)
		p->mail = *p->item->mail;
	else
		status = mail_request_strip(request->eml, arena_of(p), &p->mail);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < p->mail.warning_count; i++)
		warn(p, p->mail.warnings[i]);
	mail_request_complete(&p->mail, arena_of(p), request);
	if (!request->to.address.n && !request->contact.id.n)
		warn(p, p->mail.recipient_count
			    ? SLICE("several_recipients: The mail goes to several; it is counted, but "
				    "for no contact.")
			    : SLICE("no_recipient: The mail does not say whom it is for; it is "
				    "counted, but for no contact."));
	return STATUS_OK;
}

/* ---- The contact and what it allows */

static enum consent most_restrictive(enum consent a, enum consent b)
{
	return a < b ? a : b;
}

/* One mail to several gets what the one who allows least allows. */
static enum status find_readers(struct preparation *p, struct contact *known, struct err *err)
{
	const struct mail_request *mail = &p->mail;
	if (mail->recipient_count == MAIL_REQUEST_RECIPIENTS_MAX) {
		known->opens = known->clicks = CONSENT_OFF;
		warn(p, SLICE("too_many_recipients: The mail goes to too many to ask each contact's consent; it is not "
			      "tracked."));
	}
	for (size_t i = 0; i < mail->recipient_count && known->opens + known->clicks != 0; i++) {
		struct contact one = {.opens = CONSENT_FULL, .clicks = CONSENT_FULL};
		enum status status =
		    store_contact_find(p->context->session, p->context->request->tenant,
				       arena_copy_lower(arena_of(p), mail->recipients[i]), arena_of(p), &one, err);
		if (status != STATUS_OK && status != STATUS_NOT_FOUND)
			return status;
		known->opens = most_restrictive(known->opens, one.opens);
		known->clicks = most_restrictive(known->clicks, one.clicks);
	}
	return STATUS_OK;
}

/* A contact that is not the caller's is asked what it allows, and that is all: its fields stay as they are and nothing
 * of it is used. Whether there is one makes no difference that shows. Whose it is to be, who may not change it does not
 * say. */
static enum status limit_to_own(struct preparation *p, bool is_there, struct contact *known, struct err *err)
{
	struct contact *contact = &p->accepted->contact;
	bool is_own = !permission_is_scoped(caller_of(p));
	enum status status = STATUS_OK;
	if (!is_own && is_there)
		status = belonging_contact(p->context->session, caller_of(p), known, &is_own, err);
	if (status != STATUS_OK || is_own)
		return status;
	if (contact->category.n || contact->agent.n)
		warn(p,
		     SLICE("contact_not_yours: What is known of the contact stays as it is, and no agent is set, until "
			   "mail of yours has reached it."));
	contact->agent = SLICE_EMPTY;
	known->email = SLICE_EMPTY;
	p->accepted->contact_is_kept = true;
	return STATUS_OK;
}

/* Who the mail is for: the caller's id, else the address in lower case. */
static enum status find_contact(struct preparation *p, struct contact *known, struct err *err)
{
	const struct send_request *request = &p->request;
	struct contact *contact = &p->accepted->contact;
	contact->id = request->contact.id.n ? request->contact.id : arena_copy_lower(arena_of(p), request->to.address);
	contact->email = request->to.address;
	contact->name = request->to.name;
	contact->category = request->contact.category;
	contact->agent = request->contact.agent;
	*known = (struct contact){.opens = CONSENT_FULL, .clicks = CONSENT_FULL};
	if (!contact->id.n)
		return find_readers(p, known, err);
	enum status status =
	    store_contact_find(p->context->session, p->context->request->tenant, contact->id, arena_of(p), known, err);
	bool is_there = status == STATUS_OK;
	return is_there || status == STATUS_NOT_FOUND ? limit_to_own(p, is_there, known, err) : status;
}

/* How far something may be tracked, and whose word that is. */
struct allowance {
	enum consent level;
	const char *by;
};

static void restrict_to(struct allowance *allowance, enum consent level, const char *by)
{
	if (level < allowance->level)
		*allowance = (struct allowance){level, by};
}

/* The most restrictive of installation, tenant, campaign and contact. */
static enum status find_allowances(struct preparation *p, const struct contact *known, struct allowance *opens,
				   struct allowance *clicks, struct err *err)
{
	const struct campaign_limit *all = &p->context->sending->limit;
	struct tenant_policy tenant = tenant_policies_of(p->context->sending->policies, p->context->request->tenant);
	struct campaign_limit campaign = {CONSENT_FULL, CONSENT_FULL};
	enum status status = STATUS_OK;
	if (p->request.campaign.id.n)
		status = store_campaign_limit(p->context->session, p->context->request->tenant, p->request.campaign.id,
					      &campaign, err);
	*opens = (struct allowance){known->opens, "contact"};
	*clicks = (struct allowance){known->clicks, "contact"};
	restrict_to(opens, campaign.opens, "campaign");
	restrict_to(clicks, campaign.clicks, "campaign");
	restrict_to(opens, all->opens, "installation");
	restrict_to(clicks, all->clicks, "installation");
	restrict_to(opens, tenant.opens, "tenant");
	restrict_to(clicks, tenant.clicks, "tenant");
	return status;
}

static bool allows(struct preparation *p, const char *what, enum consent asked, const struct allowance *allowed)
{
	const char *level = send_consent_name(allowed->level);
	if (asked <= allowed->level)
		return true;
	if (p->item->mail || p->request.track.clamp) {
		warn(p, arena_printf(arena_of(p), "consent: The %s allows %s to be tracked only \"%s\".", allowed->by,
				     what, level));
		return true;
	}
	struct json_place parent = {NULL, "track", 0}, at = {&parent, what, 0};
	problem_add(&p->item->problems, arena_of(p), &at, "is \"%s\", but the %s allows only \"%s\"",
		    send_consent_name(asked), allowed->by, level);
	return false;
}

/* Asking for more than is allowed is refused, so that nobody believes it to be tracked; not asking gives what is
 * allowed. Tracking that is switched off for the installation is no fault of the caller. item->status tells. */
static enum status resolve_consent(struct preparation *p, const struct contact *known, struct err *err)
{
	const struct send_track *track = &p->request.track;
	struct message *message = &p->accepted->message;
	struct allowance opens, clicks;
	enum status status = find_allowances(p, known, &opens, &clicks, err);
	if (status != STATUS_OK)
		return status;
	bool opens_allowed = !track->has_opens || allows(p, "opens", track->opens, &opens);
	bool clicks_allowed = !track->has_clicks || allows(p, "clicks", track->clicks, &clicks);
	message->track_opens = most_restrictive(track->opens, opens.level);
	message->track_clicks = most_restrictive(track->clicks, clicks.level);
	if (!p->context->sending->tracking_enabled) {
		message->track_opens = CONSENT_OFF;
		message->track_clicks = CONSENT_OFF;
		warn(p, SLICE("tracking_off: Tracking is switched off for this installation."));
	}
	if (!opens_allowed || !clicks_allowed) {
		p->item->refusal = "This contact has not agreed to that much tracking.";
		p->item->status = STATUS_DENIED;
	}
	return STATUS_OK;
}

/* ---- The message */

static struct uuid new_id(int64_t now_us)
{
	uint8_t random[10];
	random_bytes(random, sizeof random);
	return uuid_v7(now_us, random);
}

static void fill_attribution(struct preparation *p)
{
	const struct send_request *request = &p->request;
	struct message *m = &p->accepted->message;
	m->contact_id = p->accepted->contact.id;
	m->contact_category = request->contact.category;
	m->campaign_id = request->campaign.id;
	m->template_id = request->template.id;
	m->sender = request->sender;
	m->sequence_id = request->sequence.id;
	m->enrollment = request->sequence.enrollment;
	m->position = request->sequence.position;
	m->metadata = request->metadata;
	p->accepted->campaign = request->campaign;
	p->accepted->template = request->template;
	p->accepted->nouns_are_kept = permission_is_scoped(caller_of(p));
}

/* Our own address is what server.base_url says; one-click unsubscribing takes https (RFC 8058, 3.1). */
static void check_one_click(struct preparation *p)
{
	struct message_options *o = &p->options;
	if (!o->one_click || o->unsubscribe_url.n || slice_starts_with_nocase(o->base_url, SLICE("https://")))
		return;
	o->one_click = false;
	if (!p->mail.has_unsubscribe)
		warn(p,
		     SLICE("one_click_not_https: List-Unsubscribe-Post was left out: server.base_url is not https."));
}

/* A day begins when the tenant's clocks say so. */
static int64_t send_at_of(struct preparation *p)
{
	const struct send_request *request = &p->request;
	if (!request->send_at_is_day)
		return request->send_at_us;
	char room[64];
	struct buf text;
	const struct time_zone *zone =
	    tenant_policies_of(p->context->sending->policies, p->context->request->tenant).zone;
	int64_t begin_us = time_zone_day_begin(zone, (int32_t)(request->send_at_us / DAY_US));
	buf_init_fixed(&text, room, sizeof room);
	time_append_rfc3339(&text, begin_us);
	warn(p, arena_printf(arena_of(p), "send_at_day: The day begins at %.*s, by the clocks of %s.",
			     SLICE_FMT(buf_slice(&text)), time_zone_name(zone)));
	return begin_us;
}

/* What turns the direction of text around makes a name or a subject read as another one. */
static void warn_of_bidi(struct preparation *p, const char *what, struct slice text)
{
	if (utf8_has_bidi_control(text))
		warn(p, arena_printf(arena_of(p),
				     "bidi_control: The %s has a character that turns the direction of text around (as "
				     "U+202E does), so that it reads as something else; filters take that for deceit.",
				     what));
}

static void check_texts(struct preparation *p)
{
	warn_of_bidi(p, "subject", p->request.subject);
	warn_of_bidi(p, "sender's name", p->request.from.name);
	warn_of_bidi(p, "recipient's name", p->request.to.name);
	warn_of_bidi(p, "name of reply_to", p->request.reply_to.name);
}

static void fill_message(struct preparation *p, const struct contact *known)
{
	const struct send_request *request = &p->request;
	const struct sending *sending = p->context->sending;
	struct message *m = &p->accepted->message;
	m->id = new_id(p->context->now_us);
	m->tenant = p->context->request->tenant;
	m->created_us = p->context->now_us;
	int64_t send_at_us = send_at_of(p);
	m->send_at_us = send_at_us > m->created_us ? send_at_us : m->created_us;
	m->stream = request->stream;
	m->provider = is_instrument(p)      ? SLICE("external")
		      : request->provider.n ? request->provider
					    : slice_from_cstr(sending->default_provider);
	m->from_email = request->from.address;
	m->from_name = request->from.name;
	/* Where only an id was given, to the address that is known of it. */
	m->to_email = request->to.address.n ? request->to.address : known->email;
	m->to_name = request->to.name;
	m->subject = request->subject;
	m->key_id = link_token_keys_sealing(sending->keys);
	m->remote_id = p->mail.message_id;
	fill_attribution(p);
	message_options_of_request(request, slice_from_cstr(sending->base_url), &p->options);
	p->options.honeypot = tenant_policies_of(sending->policies, m->tenant).honeypot == HONEYPOT_ON;
	check_one_click(p);
	check_texts(p);
	m->options = message_options_encode(&p->options, arena_of(p));
}

static void fill_body(struct preparation *p)
{
	const struct send_request *request = &p->request;
	p->body =
	    (struct mail_body){request->html, request->text, request->attachments.items, request->attachments.count};
	/* Of a whole mail what a reader sees is kept; attachments are the sender's business. */
	if (!p->body.html.n && p->mail.html.n <= SEND_HTML_MAX)
		p->body.html = p->mail.html;
	if (!p->body.text.n && p->mail.text.n <= SEND_TEXT_MAX)
		p->body.text = p->mail.text;
	mail_body_encode(&p->body, arena_of(p), &p->accepted->body, &p->accepted->message.body_id);
}

/* What the mail itself would be refused for later. */
static bool can_be_built(struct preparation *p)
{
	struct err err;
	if (is_instrument(p) || outgoing_check(&p->accepted->message, &p->options, &p->body, &err) == STATUS_OK)
		return true;
	problem_add(&p->item->problems, arena_of(p), NULL, "cannot be made into a mail: %s", err.text);
	p->item->status = STATUS_BAD_INPUT;
	return false;
}

/* ---- What becomes of it */

static enum status find_suppression(struct preparation *p, struct err *err)
{
	const struct message *m = &p->accepted->message;
	struct slice *reason = &p->accepted->suppressed_reason;
	if (!m->to_email.n)
		return STATUS_OK;
	enum status status =
	    store_suppression_find(p->context->session, m->tenant, m->to_email, arena_of(p), reason, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK && !reason->n)
		*reason = SLICE("manual");
	return status;
}

static void decide_send(struct preparation *p)
{
	struct message *m = &p->accepted->message;
	if (p->accepted->suppressed_reason.n) {
		m->state = MESSAGE_SUPPRESSED;
		m->error = p->accepted->suppressed_reason;
	} else {
		m->state = m->send_at_us > m->created_us ? MESSAGE_SCHEDULED : MESSAGE_QUEUED;
		p->accepted->is_queued = true;
	}
	p->item->result.status = message_state_name(m->state);
}

/* The caller sends it now: it is on its way as far as anybody here can know. */
static void decide_instrument(struct preparation *p)
{
	struct message *m = &p->accepted->message;
	m->state = MESSAGE_SENT;
	m->sent_us = m->created_us;
	m->cohort_day =
	    time_zone_day_of(tenant_policies_of(p->context->sending->policies, m->tenant).zone, m->created_us);
	p->item->result.status = "instrumented";
	if (p->accepted->suppressed_reason.n)
		warn(p, arena_printf(arena_of(p), "suppressed: The address gets no mail (%.*s).",
				     SLICE_FMT(p->accepted->suppressed_reason)));
}

/* List-Unsubscribe, where it was asked for; *ret is empty where the mail does not get it. */
static enum status unsubscribe_url(struct preparation *p, struct slice *ret)
{
	const struct message *m = &p->accepted->message;
	*ret = SLICE_EMPTY;
	if (!p->options.has_unsubscribe)
		return STATUS_OK;
	if (p->mail.has_unsubscribe) {
		warn(p, SLICE("unsubscribe_present: The mail has a List-Unsubscribe header; it stays as it is."));
		return STATUS_OK;
	}
	if (!m->contact_id.n) {
		warn(p, SLICE("unsubscribe_several: A mail to several has no address that unsubscribes one."));
		return STATUS_OK;
	}
	*ret = p->options.unsubscribe_url;
	if (ret->n)
		return STATUS_OK;
	return instrument_unsubscribe_url(p->context->sealer, m, &p->options, arena_of(p), ret);
}

static enum status rewrite_mail(struct preparation *p, struct instrument_result *ret)
{
	struct slice url;
	struct instrument_mail_input input = {p->request.html, p->mail.eml};
	enum status status = unsubscribe_url(p, &url);
	if (status == STATUS_OK)
		status =
		    instrument_mail(p->context->sealer, &p->accepted->message, &p->options, &input, arena_of(p), ret);
	if (status == STATUS_OK && url.n)
		ret->eml = mail_request_add_unsubscribe(ret->eml, url, p->options.one_click, arena_of(p));
	return status;
}

static enum status rewrite(struct preparation *p, struct instrument_result *ret)
{
	const struct message *m = &p->accepted->message;
	*ret = (struct instrument_result){.html = SLICE_EMPTY};
	if (p->mail.eml.n)
		return rewrite_mail(p, ret);
	if (!p->body.html.n)
		return STATUS_OK;
	return instrument_html(p->context->sealer, m, &p->options, p->body.html, arena_of(p), ret);
}

static void join_warnings(struct preparation *p, const struct instrument_result *rewritten)
{
	struct accept_result *result = &p->item->result;
	if (p->body.html.n && !p->body.text.n && !is_instrument(p))
		warn(p, SLICE("no_text: There is no plain text part; some filters hold that against a mail."));
	size_t count = p->warning_count + rewritten->warning_count;
	result->warnings = arena_alloc_array(arena_of(p), count, sizeof *result->warnings);
	for (size_t i = 0; i < p->warning_count; i++)
		result->warnings[result->warning_count++] = p->warnings[i];
	for (size_t i = 0; i < rewritten->warning_count; i++)
		result->warnings[result->warning_count++] = rewritten->warnings[i];
}

/* What is not in the mail nobody can be seen to open or follow. Of mail that the caller sends he may have signed pixel
 * and links himself. */
static void fill_measured(struct preparation *p)
{
	struct message *m = &p->accepted->message;
	bool has_pixel = is_instrument(p) || (p->body.html.n && p->options.pixel != SEND_PIXEL_OFF);
	bool has_links = is_instrument(p) || m->link_count > 0;
	m->measures_opens = m->track_opens == CONSENT_FULL && has_pixel;
	m->measures_clicks = m->track_clicks == CONSENT_FULL && has_links;
}

static void fill_result(struct preparation *p, const struct instrument_result *rewritten)
{
	struct accept_result *result = &p->item->result;
	result->id = p->accepted->message.id;
	result->send_at_us = p->accepted->message.send_at_us;
	result->links = rewritten->links;
	result->link_count = rewritten->link_count;
	if (is_instrument(p))
		result->html = rewritten->html;
	result->eml = rewritten->eml;
	result->eml_is_base64 = p->request.eml_is_base64 || p->item->mail;
	p->accepted->stored = rewritten->stored;
	p->accepted->stored_count = rewritten->stored_count;
	for (size_t i = 0; i < rewritten->link_count; i++)
		/* Those that are tracked: whether all of them were followed is a sign (second_look.c). */
		p->accepted->message.link_count += rewritten->links[i].tracked_url.n > 0;
	fill_measured(p);
	join_warnings(p, rewritten);
}

static enum status finish(struct preparation *p, struct err *err)
{
	struct instrument_result rewritten;
	enum status status = find_suppression(p, err);
	if (status == STATUS_OK)
		status = rewrite(p, &rewritten);
	if (status == STATUS_TOO_BIG || status == STATUS_BAD_INPUT) {
		struct json_place at = {NULL, p->mail.eml.n ? "eml" : "html", 0};
		problem_add(&p->item->problems, arena_of(p), &at,
			    "is too big once its links are tracked, or has more than %d links", INSTRUMENT_LINKS_MAX);
		p->item->status = STATUS_BAD_INPUT;
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND
			   ? err_set(err, STATUS_CORRUPT, "the token key %u is not there", p->accepted->message.key_id)
			   : status;
	if (is_instrument(p))
		decide_instrument(p);
	else
		decide_send(p);
	/* Made here and not by the command, which may run twice (decision 28): the event stays the
	 * same one. */
	p->accepted->event_id = uuid_derived(p->accepted->message.id, 1);
	fill_result(p, &rewritten);
	p->item->status = STATUS_OK;
	return STATUS_OK;
}

enum status accept_prepare(const struct accept_context *context, struct accept_item *item, struct accepted *ret,
			   struct err *err)
{
	struct preparation p = {.context = context, .item = item, .accepted = ret};
	struct send_request_input input = {context->request->kind, item->body, context->request->arena, context->now_us,
					   item->mail ? item->mail->eml : SLICE_EMPTY};
	struct contact known;
	*ret = (struct accepted){0};
	item->result = (struct accept_result){0};
	item->status = send_request_read(&input, &p.request, &item->problems);
	if (item->status != STATUS_OK || !has_outlet(&p))
		return STATUS_OK;
	p.warnings = arena_alloc_array(arena_of(&p), OWN_WARNINGS_MAX, sizeof *p.warnings);
	if (take_mail(&p) != STATUS_OK) {
		struct json_place at = {NULL, "eml", 0};
		problem_add(&item->problems, arena_of(&p), &at, "is too big; %d bytes are allowed", SEND_EML_MAX);
		item->status = STATUS_BAD_INPUT;
		return STATUS_OK;
	}
	enum status status = resolve_sender(&p, err);
	if (status == STATUS_OK && item->status == STATUS_OK)
		status = find_contact(&p, &known, err);
	if (status == STATUS_OK && item->status == STATUS_OK)
		status = resolve_consent(&p, &known, err);
	if (status != STATUS_OK || item->status != STATUS_OK)
		return status;
	fill_message(&p, &known);
	fill_body(&p);
	if (!can_be_built(&p))
		return STATUS_OK;
	return finish(&p, err);
}
