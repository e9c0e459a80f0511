/* SPDX-License-Identifier: Apache-2.0 */
/* The normal form is made piece by piece into a buffer of the largest size there may be, and copied out when all of it
 * is right. What is refused is refused with words for people, since addresses are what they type by hand. */
#include "codec/mail/mail_address.h"

#include "base/buf.h"
#include "codec/url/idn.h"

enum { IDN_DOMAIN_MAX = 1024 };

static const char local_too_long[] = "the part before the @ is longer than 64 characters";

/* RFC 5322, 3.2.3: atext. */
static bool is_atom_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && memchr("!#$%&'*+-/=?^_`{|}~", c, 19));
}

static bool is_dot_atom(struct slice s)
{
	if (s.n == 0 || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool ok = s.p[i] == '.' ? s.p[i - 1] != '.' : is_atom_character(s.p[i]);
		if (!ok)
			return false;
	}
	return true;
}

/* The bytes a quoted local part stands for; false when the quoting is broken. `s` includes the quotes. */
static bool unquote(struct slice s, struct buf *to)
{
	if (s.n < 2 || s.p[s.n - 1] != '"')
		return false;
	s = slice_sub(s, 1, s.n - 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			return false;
		if (s.p[i] == '\\' && ++i == s.n)
			return false;
		buf_append_byte(to, s.p[i]);
	}
	return true;
}

static void append_quoted(struct buf *to, struct slice s)
{
	buf_append_byte(to, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_append_byte(to, '\\');
		buf_append_byte(to, s.p[i]);
	}
	buf_append_byte(to, '"');
}

/* Allowed in quotes (RFC 5321, 4.1.2), but a server that reads the command up to the next of them takes the rest for
 * something else, and we would not say such a path (transport.c). */
static bool breaks_a_path(struct slice s)
{
	return slice_index(s, ' ') < s.n || slice_index(s, '<') < s.n || slice_index(s, '>') < s.n;
}

/* Quotes are taken off where the address is the same without them (RFC 5321, 4.1.2), so that one mailbox has one
 * spelling. */
static enum status append_local(struct slice local, struct buf *to, struct err *err)
{
	if (local.n == 0)
		return err_set(err, STATUS_BAD_INPUT, "nothing stands before the @");
	if (local.n > MAIL_ADDRESS_LOCAL_MAX)
		return err_set(err, STATUS_TOO_BIG, "%s", local_too_long);
	if (local.p[0] != '"') {
		if (!is_dot_atom(local))
			return err_set(err, STATUS_BAD_INPUT,
				       "the part before the @ has a character or a dot where none may be");
		buf_append(to, local);
		return STATUS_OK;
	}
	char room[MAIL_ADDRESS_LOCAL_MAX + 1];
	struct buf plain;
	buf_init_fixed(&plain, room, sizeof room);
	if (!unquote(local, &plain))
		return err_set(err, STATUS_BAD_INPUT, "the quotes before the @ do not match");
	if (breaks_a_path(buf_slice(&plain)))
		return err_set(err, STATUS_BAD_INPUT,
			       "the part before the @ has a space or an angle bracket, which few mail servers take");
	if (is_dot_atom(buf_slice(&plain)))
		buf_append(to, buf_slice(&plain));
	else
		append_quoted(to, buf_slice(&plain));
	return STATUS_OK;
}

/* RFC 1035, 2.3.1, with digits in front as RFC 1123, 2.1 allows. No underscore: no mail exchanger has one. */
static bool is_label(struct slice s)
{
	if (s.n == 0 || s.n > 63 || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

static bool is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static enum status append_domain(struct slice domain, struct buf *to, struct err *err)
{
	if (domain.n == 0)
		return err_set(err, STATUS_BAD_INPUT, "nothing stands behind the @");
	if (domain.p[0] == '[')
		return err_set(err, STATUS_BAD_INPUT, "a domain name must stand behind the @, not an IP address");
	if (domain.n > MAIL_ADDRESS_DOMAIN_MAX)
		return err_set(err, STATUS_TOO_BIG, "the domain is longer than 253 characters");
	struct slice rest = domain;
	struct slice label = SLICE_EMPTY;
	for (bool more = true; more;) {
		more = slice_index(rest, '.') < rest.n;
		label = slice_cut(&rest, '.');
		if (!is_label(label))
			return err_set(err, STATUS_BAD_INPUT,
				       "the domain is not valid: labels of letters, digits and hyphens");
	}
	/* An address like a@127.0.0.1, or a top-level domain that nobody can register (RFC 3696, 2). */
	if (is_number(label))
		return err_set(err, STATUS_BAD_INPUT, "the domain ends in a number");
	for (size_t i = 0; i < domain.n; i++) {
		char c = domain.p[i];
		buf_append_byte(to, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	return STATUS_OK;
}

/* Behind the @ a letter outside of ASCII has a form that can be sent; in front of it, it cannot be helped. */
static enum status check_bytes(struct slice text, size_t at, struct err *err)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c < ' ' || c == 0x7f)
			return err_set(err, STATUS_BAD_INPUT, "an address has no control characters or line breaks");
		if (c >= 0x80 && i < at)
			return err_set(
			    err, STATUS_BAD_INPUT,
			    "the part before the @ has a letter outside of ASCII, which few mail servers take");
	}
	return STATUS_OK;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* As for hosts of links (decision 11): mail to münchen.example goes to where a browser would go. */
static enum status append_any_domain(struct slice domain, struct buf *to, struct err *err)
{
	char room[IDN_DOMAIN_MAX + 1];
	struct buf ascii;
	if (is_ascii(domain))
		return append_domain(domain, to, err);
	buf_init_fixed(&ascii, room, sizeof room);
	switch (idn_to_ascii(domain, &ascii)) {
	case IDN_OK: break;
	case IDN_UNKNOWN: return err_set(err, STATUS_BAD_INPUT, "the domain has a character that no domain has");
	case IDN_REFUSED: return err_set(err, STATUS_BAD_INPUT, "the domain is not valid as an international one");
	}
	if (buf_failed(&ascii))
		return err_set(err, STATUS_TOO_BIG, "the domain is longer than 253 characters");
	return append_domain(buf_slice(&ascii), to, err);
}

/* Appends the normal form to `to`, which has room for MAIL_ADDRESS_MAX bytes. */
static enum status normalise(struct slice text, struct buf *to, struct err *err)
{
	text = slice_trim(text);
	if (text.n == 0)
		return err_set(err, STATUS_BAD_INPUT, "the address is empty");
	if (text.n > MAIL_ADDRESS_MAX && is_ascii(text))
		return err_set(err, STATUS_TOO_BIG, "the address is longer than 254 characters");
	size_t at = text.n; /* the last "@": a quoted local part may hold others */
	while (at > 0 && text.p[at - 1] != '@')
		at--;
	enum status status = check_bytes(text, at, err);
	if (status != STATUS_OK)
		return status;
	if (at == 0)
		return err_set(err, STATUS_BAD_INPUT, "there is no @ in it");
	status = append_local(slice_sub(text, 0, at - 1), to, err);
	if (status != STATUS_OK)
		return status;
	buf_append_byte(to, '@');
	status = append_any_domain(slice_from(text, at), to, err);
	if (status != STATUS_OK)
		return status;
	return buf_failed(to) ? err_set(err, STATUS_TOO_BIG, "%s", local_too_long) : STATUS_OK;
}

enum status mail_address_normalise(struct slice text, struct arena *arena, struct slice *ret, struct err *err)
{
	char room[MAIL_ADDRESS_MAX + 1];
	struct buf normal;
	buf_init_fixed(&normal, room, sizeof room);
	enum status status = normalise(text, &normal, err);
	if (status == STATUS_OK)
		*ret = arena_copy(arena, buf_slice(&normal));
	return status;
}

enum status mail_address_check(struct slice text, struct err *err)
{
	char room[MAIL_ADDRESS_MAX + 1];
	struct buf normal;
	buf_init_fixed(&normal, room, sizeof room);
	if (slice_trim(text).n != text.n)
		return err_set(err, STATUS_BAD_INPUT, "there are spaces or line breaks around the address");
	if (!is_ascii(text))
		return err_set(err, STATUS_BAD_INPUT,
			       "it has a letter outside of ASCII; write an international domain in its xn-- form");
	return normalise(text, &normal, err);
}

struct slice mail_address_domain(struct slice address)
{
	for (size_t at = address.n; at > 0; at--)
		if (address.p[at - 1] == '@')
			return slice_from(address, at);
	return SLICE_EMPTY;
}
