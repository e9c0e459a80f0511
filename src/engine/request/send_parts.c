/* SPDX-License-Identifier: Apache-2.0 */
/* One reader a part, each with a table of its own, so that a fault has the place at which it stands (json_fields.h).
 * Addresses and headers are checked here by the codec's rules, which are those the mail will be composed by: what
 * passes fits into a header as it is and cannot begin another one. */
#include "engine/request/send_parts.h"

#include "codec/mail/mail_address.h"
#include "codec/text/base64.h"
#include "engine/request/send_request.h"

/* Characters of so many bytes, in lines of 76 with two more at the end of each. */
#define BASE64_TEXT_MAX(bytes) ((bytes) / 3 * 4 / 76 * 78 + 88)

/* ---- from, to, reply_to */

static void normalise_address(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)value;
	struct slice *address = member;
	if (!address->n)
		return; /* "must not be empty" is said by the table */
	struct err err;
	if (mail_address_normalise(*address, r->arena, address, &err) != STATUS_OK)
		READING_PROBLEM(r, place, "%s", err.text);
}

static const struct json_field party_fields[] = {
    {"email", FIELD_LINE, offsetof(struct mail_party, address), MAIL_ADDRESS_MAX + 64, true, normalise_address},
    {"name", FIELD_LINE, offsetof(struct mail_party, name), MAIL_NAME_MAX, false, NULL},
    {0},
};

void send_parts_party(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	json_fields_read(r, value, place, party_fields, member);
}

void send_parts_address(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	if (json_fields_text(r, value, place, MAIL_ADDRESS_MAX + 64, true, member))
		normalise_address(r, value, place, member);
}

/* ---- headers */

static void read_header(struct json_reading *r, const json_t *value, const struct json_place *place,
			struct mail_header *header)
{
	struct err err;
	header->name = slice_from_cstr(place->key);
	if (!json_fields_text(r, value, place, MAIL_HEADER_VALUE_MAX, true, &header->value))
		return;
	if (mail_header_check(header, &err) != STATUS_OK)
		READING_PROBLEM(r, place, "%s", err.text);
}

void send_parts_headers(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct send_headers *headers = member;
	if (!json_is_object(value)) {
		READING_PROBLEM(r, place, "must be an object of strings");
		return;
	}
	size_t count = json_object_size(value);
	if (count > MAIL_HEADERS_MAX) {
		READING_PROBLEM(r, place, "has %zu headers; at most %d are allowed", count, MAIL_HEADERS_MAX);
		return;
	}
	headers->items = arena_alloc_array(r->arena, count, sizeof *headers->items);
	const char *key;
	json_t *item;
	json_object_foreach((json_t *)value, key, item)
	{
		struct json_place at = {place, key, 0};
		read_header(r, item, &at, &headers->items[headers->count++]);
	}
}

/* ---- attachments */

static void check_type(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)value;
	const struct slice *type = member;
	size_t slash = slice_index(*type, '/');
	if (type->n && (slash == 0 || slash + 1 >= type->n))
		READING_PROBLEM(r, place, "must be type/subtype, such as application/pdf");
}

static const struct json_field attachment_fields[] = {
    {"filename", FIELD_LINE, offsetof(struct mail_attachment, filename), MAIL_NAME_MAX, false, NULL},
    {"content_type", FIELD_LINE, offsetof(struct mail_attachment, content_type), 200, false, check_type},
    {"content", FIELD_TEXT, offsetof(struct mail_attachment, bytes), BASE64_TEXT_MAX(SEND_ATTACHMENTS_BYTES_MAX), false,
     NULL},
    {"cid", FIELD_LINE, offsetof(struct mail_attachment, cid), SEND_ID_MAX, false, NULL},
    {0},
};

/* Many encoders break lines, as mail wants it (RFC 2045, 6.8); nothing else between the characters is passed over. */
static struct slice without_line_ends(struct slice text, struct arena *arena)
{
	if (slice_index(text, '\n') == text.n && slice_index(text, '\r') == text.n)
		return text;
	char *to = arena_alloc(arena, text.n);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\n' && text.p[i] != '\r')
			to[n++] = text.p[i];
	return slice_of(to, n);
}

/* Straight into the arena: the request lives there, and the bytes are bounded by the body's limit. */
static bool decode(struct json_reading *r, const struct json_place *place, struct slice text, struct slice *ret)
{
	struct buf b;
	size_t max = text.n / 4 * 3 + 3;
	buf_init_fixed(&b, arena_alloc(r->arena, max + 1), max + 1);
	if (base64_decode(without_line_ends(text, r->arena), &b) != STATUS_OK) {
		READING_PROBLEM(r, place, "is not base64 (RFC 4648, padded)");
		return false;
	}
	*ret = buf_slice(&b);
	return true;
}

/* Turns the base64 text in attachment->bytes into what it says. A file may be empty; that it was forgotten is another
 * thing. */
static void decode_content(struct json_reading *r, const json_t *value, const struct json_place *place,
			   struct mail_attachment *attachment)
{
	struct json_place at = {place, "content", 0};
	const json_t *content = json_object_get(value, "content");
	if (json_is_object(value) && (!content || json_is_null(content)))
		READING_PROBLEM(r, &at, "is required");
	else if (attachment->bytes.n)
		(void)decode(r, &at, attachment->bytes, &attachment->bytes); /* it says what is wrong */
}

static void check_total(struct json_reading *r, const struct json_place *place,
			const struct send_attachments *attachments)
{
	size_t total = 0;
	for (size_t i = 0; i < attachments->count; i++)
		total += attachments->items[i].bytes.n;
	if (total > SEND_ATTACHMENTS_BYTES_MAX)
		READING_PROBLEM(r, place, "are %zu bytes in all; at most %d are allowed", total,
				SEND_ATTACHMENTS_BYTES_MAX);
}

void send_parts_attachments(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct send_attachments *attachments = member;
	if (!json_is_array(value)) {
		READING_PROBLEM(r, place, "must be an array");
		return;
	}
	size_t count = json_array_size(value);
	if (count > MAIL_ATTACHMENTS_MAX) {
		READING_PROBLEM(r, place, "has %zu items; at most %d are allowed", count, MAIL_ATTACHMENTS_MAX);
		return;
	}
	attachments->items = arena_alloc_array(r->arena, count, sizeof *attachments->items);
	for (size_t i = 0; i < count; i++) {
		struct json_place at = {place, NULL, i};
		struct mail_attachment *item = &attachments->items[attachments->count++];
		json_fields_read(r, json_array_get(value, i), &at, attachment_fields, item);
		decode_content(r, json_array_get(value, i), &at, item);
	}
	check_total(r, place, attachments);
}

/* ---- eml_base64 */

void send_parts_eml(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct slice text;
	if (json_fields_text(r, value, place, BASE64_TEXT_MAX(SEND_EML_MAX), false, &text))
		(void)decode(r, place, text, member); /* it says what is wrong */
}

/* ---- contact, campaign, template, sequence */

static const struct json_field contact_fields[] = {
    {"id", FIELD_LINE, offsetof(struct send_contact, id), SEND_ID_MAX, false, NULL},
    {"category", FIELD_LINE, offsetof(struct send_contact, category), SEND_ID_MAX, false, NULL},
    {"agent", FIELD_LINE, offsetof(struct send_contact, agent), SEND_ID_MAX, false, NULL},
    {0},
};
static const struct json_field noun_fields[] = {
    {"id", FIELD_LINE, offsetof(struct send_noun, id), SEND_ID_MAX, true, NULL},
    {"name", FIELD_LINE, offsetof(struct send_noun, name), MAIL_NAME_MAX, false, NULL},
    {0},
};
static const struct json_field sequence_fields[] = {
    {"id", FIELD_LINE, offsetof(struct send_sequence, id), SEND_ID_MAX, true, NULL},
    {"enrollment", FIELD_LINE, offsetof(struct send_sequence, enrollment), SEND_ID_MAX, false, NULL},
    {"position", FIELD_INT, offsetof(struct send_sequence, position), 1000000, false, NULL},
    {0},
};

void send_parts_contact(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	json_fields_read(r, value, place, contact_fields, member);
}

void send_parts_noun(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	json_fields_read(r, value, place, noun_fields, member);
}

void send_parts_sequence(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	json_fields_read(r, value, place, sequence_fields, member);
}

/* ---- track */

bool send_parts_consent(struct json_reading *r, const json_t *value, const struct json_place *place, enum consent *ret)
{
	const char *text = json_string_value(value);
	for (int i = CONSENT_OFF; text && i <= CONSENT_FULL; i++) {
		if (strcmp(text, send_consent_name((enum consent)i)) == 0) {
			*ret = (enum consent)i;
			return true;
		}
	}
	READING_PROBLEM(r, place, "must be \"full\", \"anonymous\" or \"off\"");
	return false;
}

static void read_opens(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct send_track *track = member;
	track->has_opens = send_parts_consent(r, value, place, &track->opens);
}

static void read_clicks(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct send_track *track = member;
	track->has_clicks = send_parts_consent(r, value, place, &track->clicks);
}

static void read_pixel(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct send_track *track = member;
	const char *text = json_string_value(value);
	for (int i = SEND_PIXEL_BOTTOM; text && i <= SEND_PIXEL_OFF; i++) {
		if (strcmp(text, send_pixel_name((enum send_pixel)i)) == 0) {
			track->pixel = (enum send_pixel)i;
			return;
		}
	}
	READING_PROBLEM(r, place, "must be \"bottom\", \"top\" or \"off\"");
}

/* A name goes into every URL as it is. */
static bool is_parameter_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		      c == '-'))
			return false;
	}
	return name.n > 0 && name.n <= 64;
}

static void read_utm(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct send_track *track = member;
	size_t count = json_is_object(value) ? json_object_size(value) : SEND_UTM_MAX + 1;
	if (count > SEND_UTM_MAX) {
		READING_PROBLEM(r, place, "must be an object of at most %d strings", SEND_UTM_MAX);
		return;
	}
	track->utm = arena_alloc_array(r->arena, count, sizeof *track->utm);
	const char *key;
	json_t *item;
	json_object_foreach((json_t *)value, key, item)
	{
		struct json_place at = {place, key, 0};
		struct send_pair *pair = &track->utm[track->utm_count++];
		pair->name = slice_from_cstr(key);
		/* The value may be anything: it is percent-encoded. */
		if (!is_parameter_name(pair->name))
			READING_PROBLEM(r, &at, "must have a name of letters, digits, _ and -, at most 64 of them");
		(void)json_fields_text(r, item, &at, 256, true, &pair->value); /* it says what is wrong */
	}
}

static const struct json_field track_fields[] = {
    {"opens", FIELD_CUSTOM, 0, 0, false, read_opens},
    {"clicks", FIELD_CUSTOM, 0, 0, false, read_clicks},
    {"clamp", FIELD_BOOL, offsetof(struct send_track, clamp), 0, false, NULL},
    {"pixel", FIELD_CUSTOM, 0, 0, false, read_pixel},
    {"vml", FIELD_BOOL, offsetof(struct send_track, vml), 0, false, NULL},
    {"visible_urls", FIELD_BOOL, offsetof(struct send_track, visible_urls), 0, false, NULL},
    {"utm", FIELD_CUSTOM, 0, 0, false, read_utm},
    {0},
};

void send_parts_track(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	json_fields_read(r, value, place, track_fields, member);
}

/* ---- unsubscribe */

/* It stands between angle brackets in a header (RFC 2369), so nothing may end it early. */
static void check_unsubscribe_url(struct json_reading *r, const json_t *value, const struct json_place *place,
				  void *member)
{
	(void)value;
	struct slice url = *(struct slice *)member;
	bool is_web =
	    slice_starts_with_nocase(url, SLICE("https://")) || slice_starts_with_nocase(url, SLICE("http://"));
	bool is_good = url.n == 0 || is_web || slice_starts_with_nocase(url, SLICE("mailto:"));
	for (size_t i = 0; i < url.n; i++)
		is_good = is_good && url.p[i] > ' ' && url.p[i] < 0x7f && !strchr("<>\",", url.p[i]);
	if (!is_good)
		READING_PROBLEM(r, place,
				"must be an http:, https: or mailto: address in ASCII without spaces, commas, "
				"quotes and angle brackets");
}

static void read_one_click(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	(void)r, (void)value, (void)place;
	struct send_unsubscribe *unsubscribe =
	    (struct send_unsubscribe *)((char *)member - offsetof(struct send_unsubscribe, one_click));
	unsubscribe->has_one_click = true;
}

static const struct json_field unsubscribe_fields[] = {
    {"one_click", FIELD_BOOL, offsetof(struct send_unsubscribe, one_click), 0, false, read_one_click},
    {"url", FIELD_LINE, offsetof(struct send_unsubscribe, url), MAIL_UNSUBSCRIBE_URL_MAX, false, check_unsubscribe_url},
    {0},
};

void send_parts_unsubscribe(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	json_fields_read(r, value, place, unsubscribe_fields, member);
}

/* ---- metadata */

void send_parts_metadata(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	if (!json_is_object(value)) {
		READING_PROBLEM(r, place, "must be an object");
		return;
	}
	size_t size = json_dumpb(value, NULL, 0, JSON_COMPACT);
	if (size > SEND_METADATA_MAX) {
		READING_PROBLEM(r, place, "is %zu bytes of JSON; at most %d are allowed", size, SEND_METADATA_MAX);
		return;
	}
	char *text = arena_alloc(r->arena, size + 1);
	size_t n = json_dumpb(value, text, size, JSON_COMPACT);
	if (n == size && size > 2) /* {} says nothing */
		*(struct slice *)member = slice_of(text, n);
}
