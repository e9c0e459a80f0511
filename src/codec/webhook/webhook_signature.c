/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a request: what all schemes share, and the schemes without a signature. */
#include "codec/webhook/webhook_signature_private.h"

#include "codec/text/base64.h"
#include <openssl/err.h>

struct result_words {
	const char *name;
	const char *text;
};

static const struct result_words result_words[WEBHOOK_RESULT_COUNT] = {
    [WEBHOOK_OK] = {"ok", "The signature is right."},
    [WEBHOOK_BAD_SIGNATURE] = {"bad_signature",
			       "The signature or password does not fit; check the secret, and that nothing changes the "
			       "body on the way."},
    [WEBHOOK_MISSING] = {"missing", "What the signature is made of is not there; check that signing is switched on at "
				    "the provider and that no proxy drops headers."},
    [WEBHOOK_MALFORMED] = {"malformed", "The signature, its time or the body cannot be read."},
    [WEBHOOK_UNSUPPORTED] = {"unsupported", "The signature is of a version that is not known here."},
    [WEBHOOK_TOO_OLD] = {"too_old", "Rightly signed, but too long ago; check this machine's clock."},
    [WEBHOOK_TOO_NEW] = {"too_new", "Rightly signed, but in the future; check this machine's clock."},
    [WEBHOOK_BAD_SECRET] = {"bad_secret", "There is no secret that can be used with this scheme; set one."},
    [WEBHOOK_BAD_CERTIFICATE] = {"bad_certificate",
				 "The signing certificate is out of date, for another name, or kept at an address that "
				 "is not Amazon's."},
    [WEBHOOK_FOREIGN_TOPIC] = {"foreign_topic", "Rightly signed, but by a topic that is not configured here."},
    [WEBHOOK_TOO_BIG] = {"too_big", "The body is too large."},
};

const char *webhook_result_name(enum webhook_result result)
{
	return (unsigned)result < WEBHOOK_RESULT_COUNT ? result_words[result].name : "unknown";
}

const char *webhook_result_text(enum webhook_result result)
{
	return (unsigned)result < WEBHOOK_RESULT_COUNT ? result_words[result].text : "Unknown.";
}

bool webhook_scheme_parse(struct slice name, enum webhook_scheme *ret)
{
	static const struct {
		const char *name;
		enum webhook_scheme scheme;
	} names[] = {
	    {"standard", WEBHOOK_STANDARD}, {"resend", WEBHOOK_STANDARD},   {"svix", WEBHOOK_STANDARD},
	    {"pugmark", WEBHOOK_PUGMARK},   {"mailgun", WEBHOOK_MAILGUN},   {"mailersend", WEBHOOK_MAILERSEND},
	    {"mandrill", WEBHOOK_MANDRILL}, {"sendgrid", WEBHOOK_SENDGRID}, {"ses", WEBHOOK_SNS},
	    {"sns", WEBHOOK_SNS},           {"basic", WEBHOOK_BASIC},       {"postmark", WEBHOOK_BASIC},
	    {"sparkpost", WEBHOOK_BASIC},   {"brevo", WEBHOOK_BASIC},       {"mailjet", WEBHOOK_BASIC},
	    {"smtp2go", WEBHOOK_BASIC},     {"bearer", WEBHOOK_BEARER},     {"header", WEBHOOK_CUSTOM_HEADER},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_equal(name, slice_from_cstr(names[i].name))) {
			*ret = names[i].scheme;
			return true;
		}
	return false;
}

/* ---- what schemes share ---- */

enum webhook_result webhook_header_find(const struct webhook_check *check, struct slice name, struct slice *ret)
{
	const struct webhook_header *found = NULL;
	for (size_t i = 0; i < check->request->header_count; i++) {
		const struct webhook_header *header = &check->request->headers[i];
		if (!slice_equal_nocase(header->name, name))
			continue;
		if (found)
			return WEBHOOK_MALFORMED; /* two readers would each take another one */
		found = header;
	}
	struct slice value = found ? slice_trim(found->value) : SLICE_EMPTY;
	if (value.n == 0)
		return WEBHOOK_MISSING;
	*ret = value;
	return WEBHOOK_OK;
}

bool webhook_time_parse(struct slice text, int64_t *ret_us)
{
	enum { SECOND_US = 1000000 };
	const uint64_t year_9999_s = UINT64_C(253402300799);
	uint64_t seconds;
	if (!slice_to_u64(text, year_9999_s, &seconds))
		return false;
	*ret_us = (int64_t)seconds * SECOND_US;
	return true;
}

enum webhook_result webhook_check_age(const struct webhook_check *check, int64_t time_us)
{
	int64_t tolerance_us = (int64_t)check->rule->tolerance_s * 1000000;
	if (tolerance_us == 0)
		return WEBHOOK_OK;
	if (time_us < check->now_us - tolerance_us)
		return WEBHOOK_TOO_OLD;
	return time_us > check->now_us + tolerance_us ? WEBHOOK_TOO_NEW : WEBHOOK_OK;
}

bool webhook_base64(struct arena *arena, struct slice text, struct slice *ret)
{
	size_t room = text.n / 4 * 3 + 4;
	struct buf to;
	buf_init_fixed(&to, arena_alloc(arena, room), room);
	if (base64_decode(text, &to) != STATUS_OK)
		return false;
	*ret = buf_slice(&to);
	return true;
}

/* ---- passwords ---- */

static enum webhook_result compare(const struct webhook_check *check, struct slice given)
{
	bool fits = false;
	bool is_set = false;
	for (size_t i = 0; i < check->rule->secret_count; i++) {
		struct slice secret = check->rule->secrets[i];
		is_set |= secret.n > 0;
		fits |= secret.n > 0 && slice_equal_secret(secret, given);
	}
	if (!is_set)
		return WEBHOOK_BAD_SECRET;
	return fits ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
}

/* What follows the scheme's name in Authorization (RFC 9110, 11.4). */
static enum webhook_result credentials(const struct webhook_check *check, struct slice scheme, struct slice *ret)
{
	struct slice value;
	enum webhook_result result = webhook_header_find(check, SLICE("authorization"), &value);
	if (result != WEBHOOK_OK)
		return result;
	if (!slice_equal_nocase(slice_cut(&value, ' '), scheme))
		return WEBHOOK_MISSING;
	*ret = slice_trim(value);
	return WEBHOOK_OK;
}

static enum webhook_result check_basic(struct webhook_check *check)
{
	struct slice encoded;
	struct slice pair;
	enum webhook_result result = credentials(check, SLICE("basic"), &encoded);
	if (result != WEBHOOK_OK)
		return result;
	if (!webhook_base64(check->arena, encoded, &pair))
		return WEBHOOK_MALFORMED;
	return compare(check, pair);
}

static enum webhook_result check_bearer(struct webhook_check *check)
{
	struct slice token;
	enum webhook_result result = credentials(check, SLICE("bearer"), &token);
	return result == WEBHOOK_OK ? compare(check, token) : result;
}

static enum webhook_result check_custom_header(struct webhook_check *check)
{
	enum webhook_result result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count; i++) {
		struct slice value = check->rule->secrets[i];
		struct slice name = slice_trim(slice_cut(&value, ':'));
		struct slice given;
		value = slice_trim(value);
		if (name.n == 0 || value.n == 0)
			continue;
		enum webhook_result found = webhook_header_find(check, name, &given);
		if (found == WEBHOOK_OK)
			found = slice_equal_secret(value, given) ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
		if (found == WEBHOOK_OK)
			return WEBHOOK_OK;
		/* A header that is there and wrong says more than one that is not there. */
		if (result != WEBHOOK_BAD_SIGNATURE)
			result = found;
	}
	return result;
}

/* ---- all ---- */

static enum webhook_result check_by_scheme(struct webhook_check *check)
{
	switch (check->rule->scheme) {
	case WEBHOOK_STANDARD: return webhook_check_standard(check);
	case WEBHOOK_PUGMARK: return webhook_check_pugmark(check);
	case WEBHOOK_MAILGUN: return webhook_check_mailgun(check);
	case WEBHOOK_MAILERSEND: return webhook_check_mailersend(check);
	case WEBHOOK_MANDRILL: return webhook_check_mandrill(check);
	case WEBHOOK_SENDGRID: return webhook_check_sendgrid(check);
	case WEBHOOK_SNS: return webhook_check_sns(check);
	case WEBHOOK_BASIC: return check_basic(check);
	case WEBHOOK_BEARER: return check_bearer(check);
	case WEBHOOK_CUSTOM_HEADER: return check_custom_header(check);
	}
	return WEBHOOK_UNSUPPORTED;
}

enum webhook_result webhook_verify(const struct webhook_rule *rule, const struct webhook_request *request,
				   int64_t now_us, struct arena *arena, struct slice *ret_replay_key)
{
	if (request->body.n > WEBHOOK_BODY_MAX)
		return WEBHOOK_TOO_BIG;
	struct webhook_rule bounded = *rule;
	if (bounded.secret_count > WEBHOOK_SECRETS_MAX)
		bounded.secret_count = WEBHOOK_SECRETS_MAX;
	struct webhook_check check = {
	    .rule = &bounded, .request = request, .now_us = now_us, .arena = arena, .replay_key = SLICE_EMPTY};
	/* OpenSSL's list of errors belongs to the thread; what others find there must not be ours. */
	(void)ERR_set_mark();
	enum webhook_result result = check_by_scheme(&check);
	(void)ERR_pop_to_mark();
	if (result == WEBHOOK_OK)
		*ret_replay_key = check.replay_key;
	return result;
}
