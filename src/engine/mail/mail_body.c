/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes with their lengths and in one order only, so that the same content has the same digest, whoever sends it. JSON
 * would have several forms of one text, and attachments are bytes. */
#include "engine/mail/mail_body.h"

#include "base/mem.h"
#include "base/wire.h"
#include "codec/text/sha256.h"

enum { LAYOUT_VERSION = 1, LENGTHS_MAX = 64 };

/* An upper bound, so that the arena's memory is written in place. */
static size_t size_bound(const struct mail_body *body)
{
	size_t size = LENGTHS_MAX + body->html.n + body->text.n;
	for (size_t i = 0; i < body->attachment_count; i++) {
		const struct mail_attachment *a = &body->attachments[i];
		size += LENGTHS_MAX + a->filename.n + a->content_type.n + a->cid.n + a->bytes.n;
	}
	return size;
}

static void put_attachment(struct buf *b, const struct mail_attachment *a)
{
	wire_put_bytes(b, a->filename);
	wire_put_bytes(b, a->content_type);
	wire_put_bytes(b, a->cid);
	wire_put_bytes(b, a->bytes);
}

void mail_body_encode(const struct mail_body *body, struct arena *arena, struct slice *ret_content,
		      struct slice *ret_id)
{
	size_t size = size_bound(body);
	struct buf b;
	buf_init_fixed(&b, arena_alloc(arena, size), size);
	wire_put_u8(&b, LAYOUT_VERSION);
	wire_put_bytes(&b, body->html);
	wire_put_bytes(&b, body->text);
	wire_put_varint(&b, body->attachment_count);
	for (size_t i = 0; i < body->attachment_count; i++)
		put_attachment(&b, &body->attachments[i]);
	BUG_IF(buf_failed(&b));
	uint8_t *id = arena_alloc(arena, MAIL_BODY_ID_SIZE);
	_Static_assert((int)MAIL_BODY_ID_SIZE == (int)SHA256_SIZE, "an id is a digest");
	sha256_of(buf_slice(&b), id);
	*ret_content = buf_slice(&b);
	*ret_id = slice_of(id, MAIL_BODY_ID_SIZE);
}

static struct mail_attachment *get_attachments(struct wire *w, size_t count, struct arena *arena)
{
	struct mail_attachment *attachments = arena_alloc_array(arena, count, sizeof *attachments);
	for (size_t i = 0; i < count; i++) {
		attachments[i].filename = wire_get_bytes(w);
		attachments[i].content_type = wire_get_bytes(w);
		attachments[i].cid = wire_get_bytes(w);
		attachments[i].bytes = wire_get_bytes(w);
	}
	return attachments;
}

enum status mail_body_decode(struct slice content, struct arena *arena, struct mail_body *ret, struct err *err)
{
	struct wire w = wire_read(content);
	uint8_t version = wire_get_u8(&w);
	struct mail_body body = {0};
	body.html = wire_get_bytes(&w); /* in this order */
	body.text = wire_get_bytes(&w);
	uint64_t count = wire_get_varint(&w);
	/* Counts are checked before anything is allocated for them, although the bytes are our own: a disk can change
	 * them. */
	if (!wire_ok(&w) || version != LAYOUT_VERSION || count > MAIL_ATTACHMENTS_MAX)
		return err_set(err, STATUS_CORRUPT, "the kept body is not one that this program wrote");
	body.attachments = get_attachments(&w, (size_t)count, arena);
	body.attachment_count = (size_t)count;
	if (!wire_at_end(&w))
		return err_set(err, STATUS_CORRUPT, "the kept body is cut short");
	*ret = body;
	return STATUS_OK;
}
