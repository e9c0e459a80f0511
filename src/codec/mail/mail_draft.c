/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a caller may have got wrong is found here, so that mail_compose, which only writes, has no way to
 * fail but for want of room. What is refused is what would end a header early or be read differently by different
 * servers. */
#include "codec/mail/mail_draft.h"

#include "codec/mail/mail_address.h"
#include <stdio.h>

enum {
	MESSAGE_ID_MAX = 250,
	TRACE_ID_MAX = 200,
	CONTENT_TYPE_MAX = 200,
	CID_MAX = 200,
};

/* Printable ASCII without spaces and angle brackets: what may stand between "<" and ">". */
static bool is_bracket_safe(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return s.n > 0;
}

static enum status check_party(const struct mail_party *party, const char *field, struct err *err)
{
	char name_field[32];
	struct err why = {0};
	(void)snprintf(name_field, sizeof name_field, "%s.name", field);
	enum status status = mail_address_check(party->address, &why);
	if (status != STATUS_OK)
		return err_set(err, status, "%s.email: %s", field, why.text);
	return mail_header_text_check(party->name, MAIL_NAME_MAX, name_field, err);
}

/* Both stand between angle brackets or in a header of their own, where a space or a bracket would end them. A Message-
 * ID has exactly one @ (RFC 5322, 3.6.4), and some servers refuse mail whose has not. */
static enum status check_ids(const struct mail_draft *d, struct err *err)
{
	struct slice id = d->message_id;
	size_t at = slice_index(id, '@');
	if (id.n > MESSAGE_ID_MAX)
		return err_set(err, STATUS_TOO_BIG, "message_id is longer than %d bytes", MESSAGE_ID_MAX);
	if (!is_bracket_safe(id) || at == 0 || at + 1 >= id.n ||
	    slice_index(slice_from(id, at + 1), '@') < id.n - at - 1)
		return err_set(err, STATUS_BAD_INPUT,
			       "message_id must look like left@right, without spaces and brackets");
	if (d->trace_id.n > TRACE_ID_MAX)
		return err_set(err, STATUS_TOO_BIG, "trace_id is longer than %d bytes", TRACE_ID_MAX);
	if (d->trace_id.n && !is_bracket_safe(d->trace_id))
		return err_set(err, STATUS_BAD_INPUT, "trace_id must be printable ASCII without spaces");
	return STATUS_OK;
}

/* RFC 8058 wants https; http is taken for what only has a page. */
static bool is_web_url(struct slice url)
{
	return slice_starts_with_nocase(url, SLICE("https://")) || slice_starts_with_nocase(url, SLICE("http://"));
}

static enum status check_unsubscribe(const struct mail_draft *d, struct err *err)
{
	size_t web_urls = 0;
	if (d->unsubscribe_url_count > 4)
		return err_set(err, STATUS_TOO_BIG, "unsubscribe.url: more than 4");
	for (size_t i = 0; i < d->unsubscribe_url_count; i++) {
		struct slice url = d->unsubscribe_urls[i];
		if (url.n > MAIL_UNSUBSCRIBE_URL_MAX)
			return err_set(err, STATUS_TOO_BIG, "unsubscribe.url is longer than %d bytes",
				       MAIL_UNSUBSCRIBE_URL_MAX);
		/* RFC 2369, section 2: URLs are separated by commas, so that a reader may well cut at one. */
		if (!is_bracket_safe(url) || slice_index(url, ',') < url.n)
			return err_set(err, STATUS_BAD_INPUT,
				       "unsubscribe.url must be printable ASCII without spaces, commas, < and >");
		if (!is_web_url(url) && !slice_starts_with_nocase(url, SLICE("mailto:")))
			return err_set(err, STATUS_BAD_INPUT,
				       "unsubscribe.url must begin with https://, http:// or mailto:");
		web_urls += is_web_url(url);
	}
	if (d->one_click && web_urls != 1)
		return err_set(err, STATUS_BAD_INPUT, "unsubscribe.one_click needs exactly one web address (RFC 8058)");
	return STATUS_OK;
}

static bool is_token_character(char c)
{
	return c > ' ' && c <= '~' && !memchr("()<>@,;:\\\"/[]?=", c, 15);
}

static size_t token_size(struct slice s)
{
	size_t n = 0;
	while (n < s.n && is_token_character(s.p[n]))
		n++;
	return n;
}

/* A quoted string at the front of `s`: its length, or 0. */
static size_t quoted_size(struct slice s)
{
	if (s.n == 0 || s.p[0] != '"')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
		if (i < s.n && (s.p[i] < ' ' || s.p[i] > '~'))
			return 0;
	}
	return 0;
}

static struct slice skip_spaces(struct slice s)
{
	while (s.n && s.p[0] == ' ')
		s = slice_from(s, 1);
	return s;
}

/* RFC 2045, 5.1: type "/" subtype *(";" attribute "=" value). */
static bool is_content_type(struct slice s)
{
	size_t n = token_size(s);
	if (n == 0 || n >= s.n || s.p[n] != '/')
		return false;
	s = slice_from(s, n + 1);
	n = token_size(s);
	if (n == 0)
		return false;
	for (s = skip_spaces(slice_from(s, n)); s.n; s = skip_spaces(slice_from(s, n))) {
		if (s.p[0] != ';')
			return false;
		s = skip_spaces(slice_from(s, 1));
		n = token_size(s);
		if (n == 0 || n >= s.n || s.p[n] != '=')
			return false;
		s = slice_from(s, n + 1);
		n = token_size(s) ? token_size(s) : quoted_size(s);
		if (n == 0)
			return false;
	}
	return true;
}

/* Types that are parts of a tree (multipart) would make the reader look for boundaries that are not there. */
static enum status check_attachment(const struct mail_attachment *a, size_t index, struct err *err)
{
	char field[64];
	if (a->content_type.n > CONTENT_TYPE_MAX || (a->content_type.n && !is_content_type(a->content_type)))
		return err_set(err, STATUS_BAD_INPUT, "attachments[%zu].content_type must look like type/subtype",
			       index);
	if (slice_starts_with_nocase(a->content_type, SLICE("multipart/")))
		return err_set(err, STATUS_BAD_INPUT, "attachments[%zu].content_type must not be multipart", index);
	if (a->cid.n > CID_MAX || (a->cid.n && !is_bracket_safe(a->cid)))
		return err_set(
		    err, STATUS_BAD_INPUT,
		    "attachments[%zu].cid must be at most %d printable ASCII characters without spaces, < and >", index,
		    CID_MAX);
	if (slice_index(a->filename, '\t') < a->filename.n)
		return err_set(err, STATUS_BAD_INPUT, "attachments[%zu].filename has a control character in it", index);
	(void)snprintf(field, sizeof field, "attachments[%zu].filename", index);
	return mail_header_text_check(a->filename, MAIL_NAME_MAX, field, err);
}

/* Counted before anything is looked at, so that a list of a million costs nothing. */
static enum status check_lists(const struct mail_draft *d, struct err *err)
{
	if (d->header_count > MAIL_HEADERS_MAX)
		return err_set(err, STATUS_TOO_BIG, "headers: more than %d", MAIL_HEADERS_MAX);
	if (d->attachment_count > MAIL_ATTACHMENTS_MAX)
		return err_set(err, STATUS_TOO_BIG, "attachments: more than %d", MAIL_ATTACHMENTS_MAX);
	for (size_t i = 0; i < d->header_count; i++) {
		struct err why = {0};
		enum status status = mail_header_check(&d->headers[i], &why);
		if (status != STATUS_OK)
			return err_set(err, status, "headers: %s", why.text);
	}
	for (size_t i = 0; i < d->attachment_count; i++) {
		enum status status = check_attachment(&d->attachments[i], i, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* In the order in which a form has the fields, so that the first fault that is named is the first that is seen. */
enum status mail_draft_check(const struct mail_draft *d, struct err *err)
{
	enum status status = check_party(&d->from, "from", err);
	if (status == STATUS_OK)
		status = check_party(&d->to, "to", err);
	if (status == STATUS_OK && d->reply_to.address.n)
		status = check_party(&d->reply_to, "reply_to", err);
	if (status == STATUS_OK)
		status = mail_header_text_check(d->subject, MAIL_SUBJECT_MAX, "subject", err);
	if (status == STATUS_OK)
		status = check_ids(d, err);
	if (status == STATUS_OK)
		status = check_unsubscribe(d, err);
	return status == STATUS_OK ? check_lists(d, err) : status;
}
