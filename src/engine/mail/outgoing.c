/* SPDX-License-Identifier: Apache-2.0 */
/* The draft is filled by one function for the mail that leaves and for the check at acceptance, so what was accepted
 * can be built. The check has one byte for each content: what can be wrong is in heads and names, and a batch of large
 * mails must not be composed twice. */
#include "engine/mail/outgoing.h"

#include "codec/mail/mail_address.h"
#include "codec/url/url.h"
#include "engine/mail/instrument.h"

/* RFC 5322, 3.6.4: a name of our own on the left, a domain on the right that nobody else makes ids in. */
static struct slice message_id(const struct message *message, const struct message_options *options,
			       struct arena *arena)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(message->id, id);
	struct slice host = mail_address_domain(message->from_email);
	if (!host.n)
		host = url_host(options->base_url);
	return arena_printf(arena, "%s@%.*s", id, SLICE_FMT(host));
}

static struct slice trace_id(const struct message *message, struct arena *arena)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(message->id, id);
	return arena_copy(arena, slice_from_cstr(id));
}

/* Everything but html, text and unsubscription. */
static void fill_draft(const struct message *m, const struct message_options *options, struct arena *arena,
		       struct mail_draft *draft)
{
	draft->from = (struct mail_party){m->from_name, m->from_email};
	draft->to = (struct mail_party){m->to_name, m->to_email};
	draft->reply_to = options->reply_to;
	draft->subject = m->subject;
	draft->headers = options->headers.items;
	draft->header_count = options->headers.count;
	draft->message_id = message_id(m, options, arena);
	draft->trace_id = trace_id(m, arena);
	/* Before it leaves for the first time only its form counts. */
	draft->date_us = m->dated_us ? m->dated_us : m->created_us;
	draft->one_click = options->one_click;
}

struct prepared {
	struct message_options options;
	struct mail_body body;
	struct slice html; /* instrumented */
	const struct mail_link *links;
	size_t link_count;
};

static enum status prepare(const struct outgoing *outgoing, struct prepared *p, struct err *err)
{
	enum status status = message_options_decode(outgoing->message->options, outgoing->arena, &p->options, err);
	if (status == STATUS_OK)
		status = mail_body_decode(outgoing->body, outgoing->arena, &p->body, err);
	if (status != STATUS_OK || !p->body.html.n)
		return status;
	struct instrument_result result;
	status =
	    instrument_html(outgoing->sealer, outgoing->message, &p->options, p->body.html, outgoing->arena, &result);
	if (status != STATUS_OK)
		return err_set(err, status, "its links cannot be made: %s",
			       status == STATUS_NOT_FOUND ? "the token key is not there" : "it is too big");
	p->html = result.html;
	p->links = result.links;
	p->link_count = result.link_count;
	return STATUS_OK;
}

static enum status unsubscribe_url(const struct outgoing *outgoing, const struct message_options *options,
				   struct slice *ret, struct err *err)
{
	if (options->unsubscribe_url.n) {
		*ret = options->unsubscribe_url;
		return STATUS_OK;
	}
	enum status status =
	    instrument_unsubscribe_url(outgoing->sealer, outgoing->message, options, outgoing->arena, ret);
	return status == STATUS_OK ? STATUS_OK : err_set(err, status, "its unsubscribe link cannot be made");
}

enum status outgoing_build(const struct outgoing *outgoing, struct buf *to, struct err *err)
{
	struct prepared p = {0};
	struct slice url;
	struct mail_draft draft = {0};
	enum status status = prepare(outgoing, &p, err);
	if (status != STATUS_OK)
		return status;
	fill_draft(outgoing->message, &p.options, outgoing->arena, &draft);
	draft.html = p.html;
	draft.text = p.body.text;
	draft.attachments = p.body.attachments;
	draft.attachment_count = p.body.attachment_count;
	if (p.options.has_unsubscribe) {
		status = unsubscribe_url(outgoing, &p.options, &url, err);
		if (status != STATUS_OK)
			return status;
		draft.unsubscribe_urls = &url;
		draft.unsubscribe_url_count = 1;
	}
	return mail_compose(&draft, to, err);
}

enum status outgoing_html(const struct outgoing *outgoing, struct slice *ret, struct err *err)
{
	struct prepared p = {.html = SLICE_EMPTY};
	enum status status = prepare(outgoing, &p, err);
	if (status == STATUS_OK)
		*ret = p.html;
	return status;
}

enum status outgoing_links(const struct outgoing *outgoing, const struct mail_link **ret, size_t *ret_count,
			   struct err *err)
{
	struct prepared p = {.html = SLICE_EMPTY};
	enum status status = prepare(outgoing, &p, err);
	if (status != STATUS_OK)
		return status;
	*ret = p.links;
	*ret_count = p.link_count;
	return STATUS_OK;
}

/* The attachments without their bytes: what can be wrong with them is in their names. */
static const struct mail_attachment *hollow(const struct mail_body *body, struct arena *arena)
{
	struct mail_attachment *copies = arena_alloc_array(arena, body->attachment_count, sizeof *copies);
	for (size_t i = 0; i < body->attachment_count; i++) {
		copies[i] = body->attachments[i];
		copies[i].bytes = SLICE("x");
	}
	return copies;
}

enum status outgoing_check(const struct message *message, const struct message_options *options,
			   const struct mail_body *body, struct err *err)
{
	struct arena *arena = arena_new();
	struct mail_draft draft = {0};
	struct slice url = options->unsubscribe_url;
	struct buf bytes;
	buf_init(&bytes, OUTGOING_MAX);
	fill_draft(message, options, arena, &draft);
	draft.html = body->html.n ? SLICE("x") : SLICE_EMPTY;
	draft.text = body->text.n ? SLICE("x") : SLICE_EMPTY;
	draft.attachments = hollow(body, arena);
	draft.attachment_count = body->attachment_count;
	if (options->has_unsubscribe) {
		if (!url.n)
			url = arena_printf(arena, "%.*s/u/x", SLICE_FMT(options->base_url));
		draft.unsubscribe_urls = &url;
		draft.unsubscribe_url_count = 1;
	}
	enum status status = mail_compose(&draft, &bytes, err);
	buf_done(&bytes);
	arena_free(&arena);
	return status;
}
