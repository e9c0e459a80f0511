/* SPDX-License-Identifier: Apache-2.0 */
/* Where the codec asks what a link or a pixel is to be, this answers with tokens; the codec knows no keys and no
 * messages. It runs again for every attempt and every preview (decision 4), so nothing here may depend on the time, on
 * chance, or on what the store says meanwhile. Links too long for a token are kept in the store under a digest of
 * theirs, which is the same each time, too. */
#include "engine/mail/instrument.h"

#include "codec/mime/mime_rewrite.h"
#include "codec/token/tracking_url.h"

enum {
	/* A link of few bytes becomes one of 120; the codec's corpus grows by a tenth. */
	OUTPUT_MAX = 4 * SEND_HTML_MAX,
	PIXEL_MAX = 2048,                       /* of the pixel and the honeypot */
	WARNINGS_MAX = HTML_WARNING_COUNT + 32, /* those of the mail, and parts that were left alone */
};

struct rewriting {
	struct link_token_sealer *sealer;
	const struct message *message;
	const struct message_options *options;
	struct arena *arena;
	struct instrument_result *result;
	size_t stored_room;
	size_t link_room;
	uint32_t html_warnings;
	enum status status; /* of the first token that could not be made */
};

static enum link_token_consent token_consent_of(enum consent consent)
{
	switch (consent) {
	case CONSENT_FULL: return LINK_TOKEN_CONSENT_FULL;
	case CONSENT_ANONYMOUS: return LINK_TOKEN_CONSENT_ANONYMOUS;
	case CONSENT_OFF: break;
	}
	return LINK_TOKEN_CONSENT_OFF;
}

static struct tracking_origin origin_of(const struct rewriting *r)
{
	return (struct tracking_origin){r->sealer, r->message->key_id, r->options->base_url};
}

/* ---- Links */

static void remember_stored(struct rewriting *r, struct slice key, struct slice url)
{
	struct instrument_result *result = r->result;
	if (result->stored_count == r->stored_room) {
		size_t room = r->stored_room ? r->stored_room * 2 : 8;
		struct instrument_stored *larger = arena_alloc_array(r->arena, room, sizeof *larger);
		if (result->stored_count)
			memcpy(larger, result->stored, result->stored_count * sizeof *larger);
		result->stored = larger;
		r->stored_room = room;
	}
	result->stored[result->stored_count++] =
	    (struct instrument_stored){arena_copy(r->arena, key), arena_copy(r->arena, url)};
}

static bool track(void *user, const struct html_link *link, struct buf *to)
{
	struct rewriting *r = user;
	char key[LINK_TOKEN_STORED_KEY_SIZE];
	struct tracking_origin origin = origin_of(r);
	struct link_token token = {
	    .kind = LINK_TOKEN_CLICK,
	    .consent = token_consent_of(r->message->track_clicks),
	    .tenant = r->message->tenant,
	    .message = r->message->id,
	    .link_index = link->index,
	    .destination = link->destination,
	};
	if (token.destination.n > LINK_TOKEN_URL_MAX) {
		tracking_stored_key(token.destination, key);
		remember_stored(r, slice_of(key, sizeof key), token.destination);
		token.destination = slice_of(key, sizeof key);
		token.is_stored = true;
	}
	enum status status = tracking_url_append(&origin, &token, to);
	/* The codec only hears yes or no, and would leave the link as it is: the first failure is kept for the
	 * caller. */
	if (status != STATUS_OK && r->status == STATUS_OK)
		r->status = status;
	return status == STATUS_OK;
}

/* With clicks off nothing is asked for a link: every one stays as it is. */
static bool leave(void *user, const struct html_link *link, struct buf *to)
{
	(void)user, (void)link, (void)to;
	return false;
}

/* ---- The pixel */

static enum status append_pixel(const struct rewriting *r, struct buf *to)
{
	struct link_token token = {
	    .kind = LINK_TOKEN_OPEN,
	    .consent = token_consent_of(r->message->track_opens),
	    .tenant = r->message->tenant,
	    .message = r->message->id,
	};
	struct tracking_origin origin = origin_of(r);
	return tracking_pixel_append(&origin, &token, to);
}

/* ---- The honeypot: a link without anything to see, read out or reach by keyboard; mso-hide is for desktop Outlook.
 * Even where a client drops the style there is nothing to press. */

static bool has_honeypot(const struct rewriting *r)
{
	return r->options->honeypot && r->message->track_clicks != CONSENT_OFF;
}

static enum status append_honeypot(const struct rewriting *r, struct buf *to)
{
	struct link_token token = {
	    .kind = LINK_TOKEN_CLICK,
	    .consent = token_consent_of(r->message->track_clicks),
	    .tenant = r->message->tenant,
	    .message = r->message->id,
	    .link_index = LINK_TOKEN_HONEYPOT,
	};
	struct tracking_origin origin = origin_of(r);
	buf_append_cstr(to, "<a href=\"");
	enum status status = tracking_url_append(&origin, &token, to);
	buf_append_cstr(to, "\" aria-hidden=\"true\" tabindex=\"-1\" style=\"display:none;mso-hide:all\"></a>");
	return status == STATUS_OK ? buf_status(to) : status;
}

static enum html_pixel_place pixel_place(const struct rewriting *r)
{
	if (r->message->track_opens == CONSENT_OFF)
		return HTML_PIXEL_OFF;
	switch (r->options->pixel) {
	case SEND_PIXEL_TOP: return HTML_PIXEL_TOP;
	case SEND_PIXEL_BOTTOM: return HTML_PIXEL_BOTTOM;
	case SEND_PIXEL_OFF: break;
	}
	return HTML_PIXEL_OFF;
}

/* What is put into the html, in one place: the pixel, and the honeypot behind it. */
static enum status choose_insertion(const struct rewriting *r, char room[PIXEL_MAX],
				    struct html_rewrite_options *options)
{
	struct buf b;
	enum status status = STATUS_OK;
	buf_init_fixed(&b, room, PIXEL_MAX);
	options->pixel_place = pixel_place(r);
	if (options->pixel_place != HTML_PIXEL_OFF)
		status = append_pixel(r, &b);
	if (status == STATUS_OK && has_honeypot(r)) {
		status = append_honeypot(r, &b);
		if (options->pixel_place == HTML_PIXEL_OFF)
			options->pixel_place = HTML_PIXEL_BOTTOM;
	}
	options->pixel = buf_slice(&b);
	return status;
}

/* ---- What came of it */

static struct mail_link *add_links(struct rewriting *r, size_t count)
{
	struct instrument_result *result = r->result;
	if (result->link_count + count > r->link_room) {
		r->link_room = 2 * r->link_room + count;
		struct mail_link *larger = arena_alloc_array(r->arena, r->link_room, sizeof *larger);
		if (result->link_count)
			memcpy(larger, result->links, result->link_count * sizeof *larger);
		result->links = larger;
	}
	result->link_count += count;
	return result->links + result->link_count - count;
}

/* `rewritten` is the html that came out; it stays as long as the result. */
static void take_links(struct rewriting *r, const struct html_report *report, struct slice rewritten)
{
	bool is_off = r->message->track_clicks == CONSENT_OFF;
	struct mail_link *to = add_links(r, report->link_count);
	for (size_t i = 0; i < report->link_count; i++, to++) {
		const struct html_link *link = &report->links[i];
		to->index = link->index;
		to->url = link->url;
		to->tracked_url = SLICE_EMPTY;
		to->skipped = NULL;
		if (link->skip == HTML_NOT_SKIPPED)
			to->tracked_url = slice_sub(rewritten, link->out_start, link->out_end);
		else if (link->skip == HTML_SKIP_REFUSED && is_off)
			to->skipped = "clicks_off";
		else
			to->skipped = html_skip_name(link->skip);
	}
}

static void warn(struct rewriting *r, struct slice text)
{
	struct instrument_result *result = r->result;
	if (result->warning_count < WARNINGS_MAX)
		result->warnings[result->warning_count++] = text;
}

static void take_html_warnings(struct rewriting *r)
{
	uint32_t bits = r->html_warnings;
	if (r->message->track_clicks == CONSENT_OFF)
		bits &= ~(uint32_t)HTML_WARN_REFUSED; /* it was us, and on purpose */
	for (unsigned i = 0; i < HTML_WARNING_COUNT; i++) {
		enum html_warning warning = (enum html_warning)(1u << i);
		if (bits & warning)
			warn(r,
			     arena_printf(r->arena, "%s: %s", html_warning_name(warning), html_warning_text(warning)));
	}
}

/* Html that looks like the mail's and was not touched; attachments are nobody's surprise. It is told and not refused:
 * the mail can be read, and it is the sender's. */
static void warn_of_part(struct rewriting *r, const struct mime_html *html)
{
	if (html->skip != MIME_NOT_SKIPPED && html->skip != MIME_SKIP_ATTACHED && html->skip != MIME_SKIP_EMBEDDED)
		warn(r, arena_printf(r->arena, "part_%s: Part %zu was left alone.", mime_skip_name(html->skip),
				     html->part));
}

static void take_mime(struct rewriting *r, const struct mime_report *report)
{
	for (size_t i = 0; i < report->html_count; i++) {
		const struct mime_html *html = &report->htmls[i];
		warn_of_part(r, html);
		if (html->skip == MIME_NOT_SKIPPED)
			take_links(r, &html->report, html->rewritten);
	}
	bool is_changed = report->tracked_count > 0 || report->has_pixel;
	r->html_warnings |= report->warnings;
	if (!report->html_count)
		warn(r, SLICE("no_html: The mail has no html part; nothing in it is tracked."));
	if (report->has_signature && is_changed)
		warn(r, SLICE("dkim_broken: The mail was signed before it was changed; sign it again."));
}

static struct url_parameter *parameters_of(const struct message_options *options, struct arena *arena)
{
	struct url_parameter *parameters = arena_alloc_array(arena, options->utm_count, sizeof *parameters);
	for (size_t i = 0; i < options->utm_count; i++)
		parameters[i] = (struct url_parameter){options->utm[i].name, options->utm[i].value};
	return parameters;
}

static enum status rewrite_html(struct rewriting *r, const struct html_rewrite_options *options, struct slice html)
{
	struct html_report report;
	struct buf out;
	buf_init(&out, OUTPUT_MAX);
	enum status status = html_rewrite(options, html, r->arena, &out, &report);
	if (status == STATUS_OK)
		status = r->status;
	if (status == STATUS_OK) {
		r->result->html = arena_copy(r->arena, buf_slice(&out));
		take_links(r, &report, r->result->html);
		r->html_warnings |= report.warnings;
	}
	buf_done(&out);
	return status;
}

static enum status rewrite_mail(struct rewriting *r, struct html_rewrite_options *options, struct slice eml)
{
	struct mime_report report;
	struct buf out;
	buf_init(&out, eml.n + OUTPUT_MAX);
	/* Numbers go on: a link of the html and one of the mail must not be taken for the same. */
	options->first_link_index = (uint32_t)r->result->link_count;
	enum status status = mime_rewrite(options, eml, r->arena, &out, &report);
	if (status == STATUS_OK)
		status = r->status;
	if (status == STATUS_OK) {
		r->result->eml = arena_copy(r->arena, buf_slice(&out));
		take_mime(r, &report);
	}
	buf_done(&out);
	return status;
}

static enum status run(struct rewriting *r, const struct instrument_mail_input *input, bool has_html)
{
	const struct message_options *options = r->options;
	struct slice own_host = url_authority(options->base_url);
	char pixel_room[PIXEL_MAX];
	struct html_rewrite_options rewrite = {
	    .policy = {.own_hosts = &own_host,
		       .own_host_count = own_host.n ? 1 : 0,
		       .unsubscribe_urls = &options->unsubscribe_url,
		       .unsubscribe_url_count = options->unsubscribe_url.n ? 1 : 0,
		       .parameters = parameters_of(options, r->arena),
		       .parameter_count = options->utm_count},
	    .track = r->message->track_clicks == CONSENT_OFF ? leave : track,
	    .user = r,
	    .vml = options->vml,
	    .skip_visible_urls = !options->visible_urls,
	    .links_max = INSTRUMENT_LINKS_MAX,
	};
	r->result->warnings = arena_alloc_array(r->arena, WARNINGS_MAX, sizeof *r->result->warnings);
	enum status status = choose_insertion(r, pixel_room, &rewrite);
	if (status == STATUS_OK && has_html)
		status = rewrite_html(r, &rewrite, input->html);
	if (status == STATUS_OK && input->eml.n)
		status = rewrite_mail(r, &rewrite, input->eml);
	if (status == STATUS_OK)
		take_html_warnings(r);
	return status;
}

enum status instrument_html(struct link_token_sealer *sealer, const struct message *message,
			    const struct message_options *options, struct slice html, struct arena *arena,
			    struct instrument_result *ret)
{
	struct instrument_result result = {.html = SLICE_EMPTY, .eml = SLICE_EMPTY};
	struct rewriting r = {sealer, message, options, arena, &result};
	struct instrument_mail_input input = {html, SLICE_EMPTY};
	enum status status = run(&r, &input, true);
	if (status == STATUS_OK)
		*ret = result;
	return status;
}

enum status instrument_mail(struct link_token_sealer *sealer, const struct message *message,
			    const struct message_options *options, const struct instrument_mail_input *input,
			    struct arena *arena, struct instrument_result *ret)
{
	struct instrument_result result = {.html = SLICE_EMPTY, .eml = SLICE_EMPTY};
	struct rewriting r = {sealer, message, options, arena, &result};
	enum status status = run(&r, input, input->html.n > 0);
	if (status == STATUS_OK)
		*ret = result;
	return status;
}

enum status instrument_unsubscribe_url(struct link_token_sealer *sealer, const struct message *message,
				       const struct message_options *options, struct arena *arena, struct slice *ret)
{
	/* A person who asked not to be tracked must still be able to leave. */
	enum consent consent = message->track_clicks == CONSENT_OFF ? CONSENT_ANONYMOUS : message->track_clicks;
	struct link_token token = {
	    .kind = LINK_TOKEN_UNSUBSCRIBE,
	    .consent = token_consent_of(consent),
	    .tenant = message->tenant,
	    .message = message->id,
	};
	struct tracking_origin origin = {sealer, message->key_id, options->base_url};
	struct buf b;
	buf_init(&b, LINK_TOKEN_TEXT_MAX + 1024);
	enum status status = tracking_url_append(&origin, &token, &b);
	if (status == STATUS_OK)
		*ret = arena_copy(arena, buf_slice(&b));
	buf_done(&b);
	return status;
}
