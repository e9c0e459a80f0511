/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of parts, where a level that would hold one part is left out:
 *
 *     multipart/mixed
 *         multipart/alternative
 *             text/plain
 *             multipart/related (type="text/html")
 *                 text/html
 *                 inline attachments (those with a Content-ID)
 *         attachments
 *
 * Boundaries are "=_", a hash of the Message-ID and one letter per level. They cannot occur in a part, by construction:
 * "=_" is no valid quoted-printable (RFC 2045, 6.7) and not in base64, and a part goes as 7bit only when no line of it
 * begins with "--=_".
 */
#include "codec/mail/mail_compose.h"

#include "base/clock.h"
#include "codec/mail/mail_part.h"
#include "codec/text/sha256.h"

enum { BOUNDARY_HASH_BYTES = 12 };

struct composer {
	struct buf *to;
	const struct mail_draft *draft;
	char hash[2 * BOUNDARY_HASH_BYTES + 1];
};

static void hash_message_id(struct composer *c)
{
	uint8_t digest[SHA256_SIZE];
	struct buf hex;
	sha256_of(c->draft->message_id, digest);
	buf_init_fixed(&hex, c->hash, sizeof c->hash);
	buf_append_hex(&hex, slice_of(digest, BOUNDARY_HASH_BYTES));
}

/* ---- The header of the whole message. */

/* RFC 8058, 3.1: the address of a one-click unsubscription is an https: one; with another the second header would be a
 * promise that no mailbox provider takes. */
static bool is_one_click(const struct mail_draft *d)
{
	for (size_t i = 0; d->one_click && i < d->unsubscribe_url_count; i++)
		if (slice_starts_with_nocase(d->unsubscribe_urls[i], SLICE("https://")))
			return true;
	return false;
}

static void append_unsubscribe(struct composer *c)
{
	const struct mail_draft *d = c->draft;
	if (d->unsubscribe_url_count == 0)
		return;
	buf_append(c->to, SLICE("List-Unsubscribe: "));
	for (size_t i = 0; i < d->unsubscribe_url_count; i++) {
		buf_append(c->to, i ? SLICE(",\r\n <") : SLICE("<"));
		buf_append(c->to, d->unsubscribe_urls[i]);
		buf_append(c->to, SLICE(">"));
	}
	buf_append(c->to, SLICE("\r\n"));
	if (is_one_click(d))
		buf_append(c->to, SLICE("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

static void append_headers(struct composer *c)
{
	const struct mail_draft *d = c->draft;
	buf_append(c->to, SLICE("Date: "));
	time_append_rfc5322(c->to, d->date_us);
	buf_append(c->to, SLICE("\r\n"));
	mail_header_append_party(c->to, SLICE("From"), d->from.name, d->from.address);
	mail_header_append_party(c->to, SLICE("To"), d->to.name, d->to.address);
	if (d->reply_to.address.n)
		mail_header_append_party(c->to, SLICE("Reply-To"), d->reply_to.name, d->reply_to.address);
	mail_header_append_exact(c->to, SLICE("Subject"), d->subject);
	/* Not folded: some servers do not know a Message-ID again that begins on the second line. */
	buf_append(c->to, SLICE("Message-ID: <"));
	buf_append(c->to, d->message_id);
	buf_append(c->to, SLICE(">\r\n"));
	append_unsubscribe(c);
	if (d->trace_id.n)
		mail_header_append(c->to, SLICE("X-Pugmark-Id"), d->trace_id);
	for (size_t i = 0; i < d->header_count; i++)
		mail_header_append(c->to, d->headers[i].name, d->headers[i].value);
	buf_append(c->to, SLICE("MIME-Version: 1.0\r\n"));
}

/* ---- The parts. Each appends its own header, a blank line and its content, and ends with the CRLF that belongs to the
 * delimiter behind it. */

static void open_multipart(struct composer *c, const char *subtype, char level)
{
	buf_printf(c->to, "Content-Type: multipart/%s;\r\n boundary=\"=_%s_%c\"", subtype, c->hash, level);
	if (level == 'r')
		buf_append(c->to, SLICE(";\r\n type=\"text/html\"")); /* RFC 2387, 3.1 */
	buf_append(c->to, SLICE("\r\n\r\n"));
}

static void next_part(struct composer *c, char level)
{
	buf_printf(c->to, "--=_%s_%c\r\n", c->hash, level);
}

static void close_multipart(struct composer *c, char level)
{
	buf_printf(c->to, "--=_%s_%c--\r\n", c->hash, level);
}

static bool is_inline(const struct composer *c, const struct mail_attachment *a)
{
	return a->cid.n && c->draft->html.n;
}

static size_t count_attachments(const struct composer *c, bool inline_ones)
{
	size_t count = 0;
	for (size_t i = 0; i < c->draft->attachment_count; i++)
		count += is_inline(c, &c->draft->attachments[i]) == inline_ones;
	return count;
}

static void append_attachments(struct composer *c, bool inline_ones, char level)
{
	for (size_t i = 0; i < c->draft->attachment_count; i++) {
		const struct mail_attachment *a = &c->draft->attachments[i];
		if (is_inline(c, a) != inline_ones)
			continue;
		next_part(c, level);
		mail_part_append_attachment(c->to, a, inline_ones);
		buf_append(c->to, SLICE("\r\n"));
	}
}

static void append_text_part(struct composer *c, const char *type, struct slice content)
{
	mail_part_append_text(c->to, type, content);
	buf_append(c->to, SLICE("\r\n"));
}

static void append_html(struct composer *c)
{
	if (count_attachments(c, true) == 0) {
		append_text_part(c, "text/html", c->draft->html);
		return;
	}
	open_multipart(c, "related", 'r');
	next_part(c, 'r');
	append_text_part(c, "text/html", c->draft->html);
	append_attachments(c, true, 'r');
	close_multipart(c, 'r');
}

static void append_content(struct composer *c)
{
	const struct mail_draft *d = c->draft;
	if (d->html.n == 0) {
		append_text_part(c, "text/plain", d->text);
		return;
	}
	if (d->text.n == 0) {
		append_html(c);
		return;
	}
	open_multipart(c, "alternative", 'a');
	next_part(c, 'a');
	append_text_part(c, "text/plain", d->text);
	next_part(c, 'a');
	append_html(c);
	close_multipart(c, 'a');
}

static void append_body(struct composer *c)
{
	const struct mail_draft *d = c->draft;
	if (count_attachments(c, false)) {
		open_multipart(c, "mixed", 'm');
		next_part(c, 'm');
		append_content(c);
		append_attachments(c, false, 'm');
		close_multipart(c, 'm');
		return;
	}
	append_content(c);
	/* A lone part has no delimiter behind it whose line end it could give: one line end is enough. */
	bool lone = !(d->html.n && d->text.n) && count_attachments(c, true) == 0;
	if (lone && slice_ends_with(buf_slice(c->to), SLICE("\r\n\r\n")) && (d->html.n || d->text.n))
		buf_truncate(c->to, c->to->n - 2);
}

enum status mail_compose(const struct mail_draft *draft, struct buf *to, struct err *err)
{
	enum status status = mail_draft_check(draft, err);
	if (status != STATUS_OK)
		return status;
	struct composer c = {.to = to, .draft = draft};
	hash_message_id(&c);
	append_headers(&c);
	append_body(&c);
	if (buf_failed(to))
		return err_set(err, STATUS_TOO_BIG, "the message is longer than %zu bytes", to->max);
	return STATUS_OK;
}
