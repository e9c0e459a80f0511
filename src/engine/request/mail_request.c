/* SPDX-License-Identifier: Apache-2.0 */
/* The headers are made into a JSON body and read by the tables that read every body, so that both forms always mean the
 * same. What these tables find wrong is taken out of the body, with a warning, and the rest is read again. */
#include "engine/request/mail_request.h"

#include "codec/mail/header_block.h"
#include "codec/mail/mail_address.h"
#include "codec/mail/mail_attribution.h"
#include "codec/mail/mailbox_list.h"
#include "codec/mime/mime_view.h"
#include "codec/text/encoded_word.h"
#include "codec/text/utf8.h"

enum header_type { HEADER_TEXT, HEADER_NUMBER, HEADER_SWITCH, HEADER_JSON };

struct binding {
	const char *header; /* behind X-Pugmark- */
	const char *object; /* field of the body that holds `key`; NULL: the body itself */
	const char *key;
	enum header_type type;
};

static const struct binding bindings[] = {
    {"Contact", "contact", "id", HEADER_TEXT},
    {"Category", "contact", "category", HEADER_TEXT},
    {"Agent", "contact", "agent", HEADER_TEXT},
    {"Campaign", "campaign", "id", HEADER_TEXT},
    {"Campaign-Name", "campaign", "name", HEADER_TEXT},
    {"Template", "template", "id", HEADER_TEXT},
    {"Template-Name", "template", "name", HEADER_TEXT},
    {"Sequence", "sequence", "id", HEADER_TEXT},
    {"Sequence-Enrollment", "sequence", "enrollment", HEADER_TEXT},
    {"Sequence-Position", "sequence", "position", HEADER_NUMBER},
    {"Sender", NULL, "sender", HEADER_TEXT},
    {"Stream", NULL, "stream", HEADER_TEXT},
    {"Metadata", NULL, "metadata", HEADER_JSON},
    {"Track-Opens", "track", "opens", HEADER_TEXT},
    {"Track-Clicks", "track", "clicks", HEADER_TEXT},
    {"Pixel", "track", "pixel", HEADER_TEXT},
    {"Vml", "track", "vml", HEADER_SWITCH},
    {"Visible-Urls", "track", "visible_urls", HEADER_SWITCH},
    {"Unsubscribe-One-Click", "unsubscribe", "one_click", HEADER_SWITCH},
    {"Unsubscribe-Url", "unsubscribe", "url", HEADER_TEXT},
};
enum { BINDING_COUNT = sizeof bindings / sizeof bindings[0], ROUNDS_MAX = 8 };

struct reading {
	struct arena *arena;
	struct mail_request *mail;
	json_t *body;
};

static void warn(struct reading *r, struct slice text)
{
	struct mail_request *mail = r->mail;
	if (mail->warning_count < MAIL_REQUEST_WARNINGS_MAX)
		mail->warnings[mail->warning_count++] = text;
}

/* ---- From headers to a body */

static const struct binding *find_binding(struct slice name)
{
	for (size_t i = 0; i < BINDING_COUNT; i++)
		if (slice_equal_nocase(slice_from_cstr(bindings[i].header), name))
			return &bindings[i];
	return NULL;
}

/* NULL: not of that type. */
static json_t *value_of(enum header_type type, struct slice text)
{
	uint64_t number;
	switch (type) {
	case HEADER_TEXT: return json_stringn(text.p, text.n);
	case HEADER_NUMBER: return slice_to_u64(text, INT32_MAX, &number) ? json_integer((json_int_t)number) : NULL;
	case HEADER_SWITCH:
		if (slice_equal_nocase(text, SLICE("true")) || slice_equal_nocase(text, SLICE("yes")))
			return json_true();
		return slice_equal_nocase(text, SLICE("false")) || slice_equal_nocase(text, SLICE("no")) ? json_false()
													 : NULL;
	case HEADER_JSON: return json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	}
	return NULL;
}

/* The object `key` of the body, made when it is missing. */
static json_t *object_of(json_t *in, const char *key)
{
	if (!key)
		return in;
	json_t *object = json_object_get(in, key);
	if (!object) {
		object = json_object();
		(void)json_object_set_new(in, key, object);
	}
	return object;
}

/* X-Pugmark-Utm-Source: the parameter utm_source. */
static void take_utm(struct reading *r, const struct mail_attribution_item *item)
{
	char *name = arena_cstr(r->arena, item->name);
	for (char *at = name; *at; at++)
		*at = *at == '-' ? '_' : *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
	json_t *utm = object_of(object_of(r->body, "track"), "utm");
	(void)json_object_set_new(utm, name, json_stringn(item->value.p, item->value.n));
}

static void take_item(struct reading *r, const struct mail_attribution_item *item)
{
	const struct binding *binding = find_binding(item->name);
	if (slice_starts_with_nocase(item->name, SLICE("Utm-"))) {
		take_utm(r, item);
		return;
	}
	if (!binding) {
		warn(r, arena_printf(r->arena, "unknown_header: There is no header X-Pugmark-%.*s.",
				     SLICE_FMT(slice_sub(item->name, 0, 60))));
		return;
	}
	json_t *object = object_of(r->body, binding->object);
	json_t *value = value_of(binding->type, item->value);
	if (!value)
		warn(r, arena_printf(r->arena, "bad_header: X-Pugmark-%s cannot be read.", binding->header));
	else if (json_object_get(object, binding->key))
		warn(r, arena_printf(r->arena, "bad_header: X-Pugmark-%s stands there twice; the first one counts.",
				     binding->header));
	else
		(void)json_object_set(object, binding->key, value);
	json_decref(value);
}

/* ---- What the body's tables do not take */

static json_t *parent_at(json_t *body, struct slice pointer, char **ret_key, struct arena *arena)
{
	json_t *at = body;
	(void)slice_cut(&pointer, '/');
	for (;;) {
		char *key = arena_cstr(arena, slice_cut(&pointer, '/'));
		if (!pointer.n) {
			*ret_key = key;
			return at;
		}
		at = json_object_get(at, key);
	}
}

/* Takes out what stands at a pointer, or, when it is missing there, what holds it. */
static void take_out(struct reading *r, struct slice pointer)
{
	char *key;
	json_t *parent = parent_at(r->body, pointer, &key, r->arena);
	if (json_object_del(parent, key) == 0)
		return;
	size_t last = pointer.n;
	while (last && pointer.p[last - 1] != '/')
		last--;
	if (last > 1)
		take_out(r, slice_sub(pointer, 0, last - 1));
}

/* The header that a pointer into the body was made of. */
static struct slice header_of(struct reading *r, struct slice pointer)
{
	for (size_t i = 0; i < BINDING_COUNT; i++) {
		const struct binding *b = &bindings[i];
		struct slice own = b->object ? arena_printf(r->arena, "/%s/%s", b->object, b->key)
					     : arena_printf(r->arena, "/%s", b->key);
		if (slice_equal(own, pointer))
			return slice_from_cstr(b->header);
	}
	return slice_starts_with(pointer, SLICE("/track/utm")) ? SLICE("Utm-*") : pointer;
}

static void take_out_all(struct reading *r, const struct problem_list *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem_item *item = &problems->items[i];
		warn(r, arena_printf(r->arena, "bad_header: X-Pugmark-%.*s %.*s.",
				     SLICE_FMT(header_of(r, item->pointer)), SLICE_FMT(item->detail)));
		take_out(r, item->pointer);
	}
}

/* A part that was taken out may have been required by another, so it takes a few rounds. */
static void make_good(struct reading *r)
{
	struct send_request request;
	struct problem_list problems;
	struct send_request_input input = {ACCEPT_INSTRUMENT, r->body, r->arena, 0, r->mail->eml};
	for (int round = 0; round < ROUNDS_MAX; round++) {
		if (send_request_read(&input, &request, &problems) == STATUS_OK)
			return;
		take_out_all(r, &problems);
	}
	json_object_clear(r->body);
	warn(r, SLICE("bad_header: The X-Pugmark-* headers cannot be understood; none was used."));
}

/* ---- Whom it is for */

/* ASCII letters only, as find_contact does it. False when there is no room. */
static bool add_recipient(struct mail_request *mail, struct slice address)
{
	for (size_t i = 0; i < mail->recipient_count; i++)
		if (slice_equal_nocase(mail->recipients[i], address))
			return true;
	if (mail->recipient_count == MAIL_REQUEST_RECIPIENTS_MAX)
		return false;
	mail->recipients[mail->recipient_count++] = address;
	return true;
}

static void add_recipients(struct reading *r, struct slice list)
{
	struct letterbox box;
	while (mailbox_list_next(&list, r->arena, &box))
		if (!add_recipient(r->mail, box.address))
			return;
}

static void read_recipient_headers(struct reading *r)
{
	struct header_line header;
	size_t at = 0;
	while (header_block_next(r->mail->eml, HEADER_END_EMPTY_LINE, &at, &header))
		if (slice_equal_nocase(header.name, SLICE("To")) || slice_equal_nocase(header.name, SLICE("Cc")) ||
		    slice_equal_nocase(header.name, SLICE("Bcc")))
			add_recipients(r, header.value);
}

/* ---- The whole */

/* Room for the lists, and the mail without its X-Pugmark-* headers, which are *ret. */
static enum status begin(struct slice message, struct reading *r, struct mail_attribution *ret)
{
	struct buf out;
	struct mail_request *mail = r->mail;
	if (message.n > SEND_EML_MAX)
		return STATUS_TOO_BIG;
	if (!message.n)
		return STATUS_BAD_INPUT;
	mail->warnings = arena_alloc_array(r->arena, MAIL_REQUEST_WARNINGS_MAX, sizeof *mail->warnings);
	mail->recipients = arena_alloc_array(r->arena, MAIL_REQUEST_RECIPIENTS_MAX, sizeof *mail->recipients);
	buf_init_fixed(&out, arena_alloc(r->arena, message.n + 1), message.n + 1);
	enum status status = mail_attribution_take(message, r->arena, &out, ret);
	mail->eml = buf_slice(&out);
	return status;
}

static void read_mail(struct reading *r)
{
	struct mime_view view;
	struct mail_request *mail = r->mail;
	mime_view_read(mail->eml, r->arena, &view);
	mail->html = view.html;
	mail->text = view.text;
	mail->has_unsubscribe = header_block_find(mail->eml, SLICE("List-Unsubscribe")).p != NULL;
	struct slice id = slice_trim(header_block_find(mail->eml, SLICE("Message-ID")));
	if (slice_starts_with(id, SLICE("<")) && slice_ends_with(id, SLICE(">")))
		id = slice_sub(id, 1, id.n - 1);
	mail->message_id = utf8_prefix(id, SEND_ID_MAX);
	/* The envelope says who gets it, and the milter wrote that down in X-Pugmark-Recipient; To and Cc are only what
	 * is shown. */
	if (!mail->recipient_count)
		read_recipient_headers(r);
}

enum status mail_request_read(struct slice message, struct arena *arena, struct mail_request *ret, json_t **ret_body)
{
	struct mail_request mail = {.eml = SLICE_EMPTY};
	struct reading r = {.arena = arena, .mail = &mail};
	struct mail_attribution attribution;
	enum status status = begin(message, &r, &attribution);
	if (status != STATUS_OK)
		return status;
	r.body = json_object();
	for (size_t i = 0; i < attribution.count; i++) {
		const struct mail_attribution_item *item = &attribution.items[i];
		if (slice_equal_nocase(item->name, SLICE("Recipient")))
			add_recipients(&r, item->value);
		else
			take_item(&r, item);
	}
	make_good(&r);
	read_mail(&r);
	*ret = mail;
	*ret_body = r.body;
	return STATUS_OK;
}

enum status mail_request_strip(struct slice message, struct arena *arena, struct mail_request *ret)
{
	struct mail_request mail = {.eml = SLICE_EMPTY};
	struct reading r = {.arena = arena, .mail = &mail};
	struct mail_attribution attribution;
	enum status status = begin(message, &r, &attribution);
	if (status != STATUS_OK)
		return status;
	if (attribution.count)
		warn(&r, SLICE("headers_removed: X-Pugmark-* headers were removed; here the attribution is in the JSON "
			       "fields."));
	read_mail(&r);
	*ret = mail;
	return STATUS_OK;
}

/* ---- What the request leaves to the mail */

static void take_sender(struct slice eml, struct arena *arena, struct mail_party *from)
{
	struct letterbox box;
	struct slice list = header_block_find(eml, SLICE("From"));
	if (!list.p || !mailbox_list_next(&list, arena, &box))
		return;
	*from = (struct mail_party){utf8_prefix(box.name, MAIL_NAME_MAX), box.address};
}

static struct slice read_subject(struct slice eml, struct arena *arena)
{
	struct buf b;
	struct slice raw = header_block_find(eml, SLICE("Subject"));
	if (!raw.p)
		return SLICE_EMPTY;
	buf_init(&b, 4 * raw.n + 4);
	encoded_word_decode(raw, &b);
	struct slice subject = utf8_prefix(slice_trim(buf_slice(&b)), MAIL_SUBJECT_MAX);
	subject = arena_copy(arena, subject);
	buf_done(&b);
	return subject;
}

/* The name that To gives an address. */
static struct slice name_of(struct slice eml, struct arena *arena, struct slice address)
{
	struct letterbox box;
	struct slice list = header_block_find(eml, SLICE("To"));
	while (list.p && mailbox_list_next(&list, arena, &box))
		if (slice_equal_nocase(box.address, address))
			return utf8_prefix(box.name, MAIL_NAME_MAX);
	return SLICE_EMPTY;
}

void mail_request_complete(const struct mail_request *mail, struct arena *arena, struct send_request *request)
{
	if (!request->from.address.n)
		take_sender(mail->eml, arena, &request->from);
	if (!request->subject.n)
		request->subject = read_subject(mail->eml, arena);
	if (!request->to.address.n && mail->recipient_count == 1)
		request->to = (struct mail_party){name_of(mail->eml, arena, mail->recipients[0]), mail->recipients[0]};
}

struct slice mail_request_add_unsubscribe(struct slice eml, struct slice url, bool one_click, struct arena *arena)
{
	struct buf b;
	struct header_line header = {.line = SLICE_EMPTY};
	struct slice line_end = header_block_line_end(eml);
	size_t at = 0, max = eml.n + url.n + 128;
	while (header_block_next(eml, HEADER_END_EMPTY_LINE, &at, &header))
		continue;
	buf_init_fixed(&b, arena_alloc(arena, max), max);
	buf_append(&b, slice_sub(eml, 0, at));
	if (header.line.n && !slice_ends_with(header.line, SLICE("\n")))
		buf_append(&b, line_end);
	/* Behind the last header, so that every byte of the mail's own stays in its order. */
	buf_append_cstr(&b, "List-Unsubscribe: <");
	buf_append(&b, url);
	buf_append_cstr(&b, ">");
	buf_append(&b, line_end);
	if (one_click) {
		buf_append_cstr(&b, "List-Unsubscribe-Post: List-Unsubscribe=One-Click");
		buf_append(&b, line_end);
	}
	buf_append(&b, slice_from(eml, at));
	return buf_slice(&b);
}
