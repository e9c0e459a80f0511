/* SPDX-License-Identifier: Apache-2.0 */
/* A milter may change headers and replace the body, but only say so one by one, by name and occurrence. So the answer
 * of the server is laid beside the mail, header by header; an answer with other headers in another order is not of
 * this mail, and nothing is changed. */
#include "milter/milter_mail.h"

#include "base/map.h"
#include "base/mem.h"
#include "codec/mail/header_block.h"
#include "codec/mail/mail_attribution.h"
#include "codec/mail/mailbox_list.h"
#include "codec/text/uuid.h"

/* Envelope and headers of a mail that is too big for us are kept up to here: rules and removals need them. */
enum { HEADERS_BYTES_MAX = 8 * 1024 * 1024 };

struct kept_header {
	struct slice name, value; /* as they came */
	int occurrence;           /* among those of this name, from 1 */
};

struct name_count {
	int count;
	size_t removal; /* its index there, when it is to be removed */
};

struct milter_mail {
	size_t size_max;
	struct arena *arena;
	struct slice sender;
	struct buf recipients; /* as headers */
	struct kept_header *headers;
	size_t header_count, header_room;
	size_t header_bytes;
	struct map *names; /* in lower case -> struct name_count, in the arena */
	struct milter_removal *removals;
	size_t removal_count, removal_room;
	struct buf body;
	struct buf message;
	bool is_too_big;
	bool is_own;
};

/* One for each mail of a connection, with limits from the start: what a peer sends is never counted on to be small. */
struct milter_mail *milter_mail_new(size_t size_max)
{
	struct milter_mail *mail = MEM_NEW(struct milter_mail);
	mail->size_max = size_max;
	mail->arena = arena_new();
	mail->names = map_new();
	buf_init(&mail->recipients, HEADERS_BYTES_MAX);
	buf_init(&mail->body, size_max);
	buf_init(&mail->message, size_max + 2 * HEADERS_BYTES_MAX);
	return mail;
}

void milter_mail_free(struct milter_mail **mail)
{
	struct milter_mail *m = *mail;
	*mail = NULL;
	if (!m)
		return;
	buf_done(&m->recipients);
	buf_done(&m->body);
	buf_done(&m->message);
	map_free(&m->names);
	arena_free(&m->arena);
	mem_free(m);
}

/* A connection may stay open for hours between two mails: the memory of a large one is given back. */
void milter_mail_clear(struct milter_mail *mail)
{
	size_t size_max = mail->size_max;
	buf_done(&mail->recipients);
	buf_done(&mail->body);
	buf_done(&mail->message);
	map_clear(mail->names);
	arena_reset(mail->arena);
	*mail = (struct milter_mail){.size_max = size_max, .arena = mail->arena, .names = mail->names};
	buf_init(&mail->recipients, HEADERS_BYTES_MAX);
	buf_init(&mail->body, size_max);
	buf_init(&mail->message, size_max + 2 * HEADERS_BYTES_MAX);
}

/* ---- The envelope */

static struct slice without_brackets(struct slice address)
{
	address = slice_trim(address);
	if (slice_starts_with(address, SLICE("<")) && slice_ends_with(address, SLICE(">")))
		return slice_sub(address, 1, address.n - 1);
	return address;
}

void milter_mail_set_sender(struct milter_mail *mail, struct slice address)
{
	mail->sender = arena_copy(mail->arena, without_brackets(address));
}

void milter_mail_add_recipient(struct milter_mail *mail, struct slice address)
{
	address = without_brackets(address);
	for (size_t i = 0; i < address.n; i++)
		if ((unsigned char)address.p[i] < ' ')
			return; /* SMTP knows no such address, and it would end the header */
	buf_printf(&mail->recipients, "X-Pugmark-Recipient: <%.*s>\r\n", SLICE_FMT(address));
	mail->is_too_big = mail->is_too_big || buf_failed(&mail->recipients);
}

struct slice milter_mail_sender(const struct milter_mail *mail)
{
	return mail->sender.p ? mail->sender : SLICE_EMPTY;
}

/* ---- Headers */

static void *grow(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 32;
	void *larger = arena_alloc_array(arena, *room, size);
	if (count)
		memcpy(larger, items, count * size);
	return larger;
}

/* Counts the header; the ones to be removed are noted by name. */
static int count_occurrence(struct milter_mail *mail, struct slice name)
{
	struct slice key = arena_copy_lower(mail->arena, name);
	struct name_count *counted = map_get(mail->names, key);
	if (!counted) {
		counted = ARENA_NEW(mail->arena, struct name_count);
		counted->removal = mail->removal_count;
		(void)map_put(mail->names, key, counted);
		if (mail_attribution_is_header(name)) {
			mail->removals = grow(mail->arena, mail->removals, mail->removal_count, &mail->removal_room,
					      sizeof *mail->removals);
			mail->removals[mail->removal_count++].name = arena_cstr(mail->arena, name);
		}
	}
	counted->count++;
	if (mail_attribution_is_header(name))
		mail->removals[counted->removal].count = counted->count;
	return counted->count;
}

void milter_mail_add_header(struct milter_mail *mail, struct slice name, struct slice value)
{
	mail->header_bytes += name.n + value.n + 4;
	if (mail->header_bytes > HEADERS_BYTES_MAX) {
		mail->is_too_big = true;
		value = SLICE_EMPTY; /* the name still counts, and may have to be removed */
	}
	struct uuid id;
	if (slice_equal_nocase(name, SLICE("X-Pugmark-Id")) && uuid_parse(slice_trim(value), &id))
		mail->is_own = true;
	int occurrence = count_occurrence(mail, name);
	mail->headers = grow(mail->arena, mail->headers, mail->header_count, &mail->header_room, sizeof *mail->headers);
	mail->headers[mail->header_count++] =
	    (struct kept_header){arena_copy(mail->arena, name), arena_copy(mail->arena, value), occurrence};
}

bool milter_mail_has_attribution(const struct milter_mail *mail)
{
	return mail->removal_count > 0;
}

bool milter_mail_is_own(const struct milter_mail *mail)
{
	return mail->is_own;
}

const struct milter_removal *milter_mail_removals(const struct milter_mail *mail, size_t *ret_count)
{
	*ret_count = mail->removal_count;
	return mail->removals;
}

struct slice milter_mail_from(const struct milter_mail *mail)
{
	struct letterbox box;
	for (size_t i = 0; i < mail->header_count; i++) {
		struct slice rest = mail->headers[i].value;
		if (slice_equal_nocase(mail->headers[i].name, SLICE("From")) &&
		    mailbox_list_next(&rest, mail->arena, &box))
			return box.address;
	}
	return SLICE_EMPTY;
}

/* ---- The body, and the whole */

void milter_mail_add_body(struct milter_mail *mail, struct slice bytes)
{
	if (mail->is_too_big)
		return;
	if (mail->body.n + bytes.n + mail->header_bytes > mail->size_max) {
		mail->is_too_big = true;
		buf_done(&mail->body);
		buf_init(&mail->body, mail->size_max);
		return;
	}
	buf_append(&mail->body, bytes);
}

bool milter_mail_is_too_big(const struct milter_mail *mail)
{
	return mail->is_too_big;
}

bool milter_mail_mentions_html(const struct milter_mail *mail)
{
	for (size_t i = 0; i < mail->header_count; i++)
		if (slice_contains_nocase(mail->headers[i].value, SLICE("text/html")))
			return true;
	return slice_contains_nocase(buf_slice(&mail->body), SLICE("text/html"));
}

/* Folds come as LF; CRLF, which a mail server may hand over, stays what it is. */
static void append_with_crlf(struct buf *to, struct slice value)
{
	while (value.n) {
		size_t end = slice_index(value, '\n');
		struct slice line = slice_sub(value, 0, end);
		bool is_fold = end < value.n;
		buf_append(to, is_fold && slice_ends_with(line, SLICE("\r")) ? slice_sub(line, 0, line.n - 1) : line);
		if (is_fold)
			buf_append_cstr(to, "\r\n");
		value = slice_from(value, end + 1);
	}
}

struct slice milter_mail_message(struct milter_mail *mail)
{
	struct buf *to = &mail->message;
	buf_clear(to);
	buf_append(to, buf_slice(&mail->recipients));
	for (size_t i = 0; i < mail->header_count; i++) {
		const struct kept_header *header = &mail->headers[i];
		/* Only the envelope says it; a header of that name came from outside. */
		if (slice_equal_nocase(header->name, SLICE("X-Pugmark-Recipient")))
			continue;
		buf_append(to, header->name);
		buf_append_byte(to, ':');
		append_with_crlf(to, header->value);
		buf_append_cstr(to, "\r\n");
	}
	buf_append_cstr(to, "\r\n");
	buf_append(to, buf_slice(&mail->body));
	return buf_slice(to);
}

/* ---- What the server made of it */

/* As milter_mail.h wants folds; the server answers with CRLF, and a mail server may hand them over so. */
static struct slice with_lf(struct arena *arena, struct slice value)
{
	char *copy = arena_cstr(arena, value);
	size_t n = 0;
	for (size_t i = 0; i < value.n; i++)
		if (!(value.p[i] == '\r' && i + 1 < value.n && value.p[i + 1] == '\n'))
			copy[n++] = value.p[i];
	copy[n] = '\0';
	return slice_of(copy, n);
}

static void add_change(struct milter_mail *mail, struct milter_edits *edits, size_t *room,
		       const struct milter_header_change *change)
{
	edits->headers = grow(mail->arena, edits->headers, edits->header_count, room, sizeof *edits->headers);
	edits->headers[edits->header_count++] = *change;
}

/* The next header that stays in the mail, or NULL behind the last. */
static const struct kept_header *next_staying(const struct milter_mail *mail, size_t *at)
{
	while (*at < mail->header_count && mail_attribution_is_header(mail->headers[*at].name))
		(*at)++;
	return *at < mail->header_count ? &mail->headers[(*at)++] : NULL;
}

/* False: this header has no business here. */
static bool compare_header(struct milter_mail *mail, const struct kept_header *was, const struct header_line *is,
			   struct milter_header_change *ret)
{
	struct slice value = with_lf(mail->arena, is->value);
	*ret = (struct milter_header_change){arena_cstr(mail->arena, is->name), value.p, 0};
	if (!was)
		return is->name.n > 0;
	if (!slice_equal_nocase(was->name, is->name))
		return false;
	if (slice_equal(with_lf(mail->arena, was->value), value))
		ret->name = NULL; /* as it was */
	ret->occurrence = was->occurrence;
	return true;
}

enum status milter_mail_compare(struct milter_mail *mail, struct slice answer, struct milter_edits *ret,
				struct err *err)
{
	struct milter_edits edits = {0};
	struct milter_header_change change;
	struct header_line header;
	size_t room = 0, at = 0, kept_at = 0;
	while (header_block_next(answer, HEADER_END_EMPTY_LINE, &at, &header)) {
		if (!compare_header(mail, next_staying(mail, &kept_at), &header, &change))
			return err_set(err, STATUS_CORRUPT, "the server answered with another mail: header '%.*s'",
				       SLICE_FMT(slice_sub(header.name, 0, 60)));
		if (change.name)
			add_change(mail, &edits, &room, &change);
	}
	if (next_staying(mail, &kept_at))
		return err_set(err, STATUS_CORRUPT, "the server answered with fewer headers than the mail has");
	edits.body = slice_from(answer, header_block_body(answer));
	edits.has_body = !slice_equal(edits.body, buf_slice(&mail->body));
	*ret = edits;
	return STATUS_OK;
}
