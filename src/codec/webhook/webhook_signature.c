/* SPDX-License-Identifier: Apache-2.0 */
/* The table of schemes, and what is done around each of them. */
#include "codec/webhook/webhook_signature.h"

#include "codec/webhook/webhook_mailersend.h"
#include "codec/webhook/webhook_mailgun.h"
#include "codec/webhook/webhook_mandrill.h"
#include "codec/webhook/webhook_password.h"
#include "codec/webhook/webhook_pugmark.h"
#include "codec/webhook/webhook_sendgrid.h"
#include "codec/webhook/webhook_sns.h"
#include "codec/webhook/webhook_standard.h"
#include <openssl/err.h>

typedef enum webhook_result check_fn(struct webhook_check *check);

static enum webhook_result check_unknown(struct webhook_check *check)
{
	(void)check;
	return WEBHOOK_UNSUPPORTED;
}

static check_fn *check_of(enum webhook_scheme scheme)
{
	switch (scheme) {
	case WEBHOOK_STANDARD: return webhook_check_standard;
	case WEBHOOK_PUGMARK: return webhook_check_pugmark;
	case WEBHOOK_MAILGUN: return webhook_check_mailgun;
	case WEBHOOK_MAILERSEND: return webhook_check_mailersend;
	case WEBHOOK_MANDRILL: return webhook_check_mandrill;
	case WEBHOOK_SENDGRID: return webhook_check_sendgrid;
	case WEBHOOK_SNS: return webhook_check_sns;
	case WEBHOOK_BASIC: return webhook_check_basic;
	case WEBHOOK_BEARER: return webhook_check_bearer;
	case WEBHOOK_CUSTOM_HEADER: return webhook_check_custom_header;
	}
	return check_unknown;
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

enum webhook_result webhook_verify(const struct webhook_rule *rule, const struct webhook_request *request,
				   int64_t now_us, struct arena *arena, struct slice *ret_replay_key)
{
	if (request->body.n > WEBHOOK_BODY_MAX)
		return WEBHOOK_TOO_BIG;
	/* Each secret costs a digest over up to 32 MB. */
	struct webhook_rule bounded = *rule;
	if (bounded.secret_count > WEBHOOK_SECRETS_MAX)
		bounded.secret_count = WEBHOOK_SECRETS_MAX;
	struct webhook_check check = {
	    .rule = &bounded, .request = request, .now_us = now_us, .arena = arena, .replay_key = SLICE_EMPTY};
	/* OpenSSL's list of errors belongs to the thread; what others find there must not be ours. */
	(void)ERR_set_mark();
	enum webhook_result result = check_of(rule->scheme)(&check);
	(void)ERR_pop_to_mark();
	if (result == WEBHOOK_OK)
		*ret_replay_key = check.replay_key;
	return result;
}
