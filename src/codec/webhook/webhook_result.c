/* SPDX-License-Identifier: Apache-2.0 */
/* The names are part of the API and of the log; the sentences say what to do, because who reads them is setting a
 * webhook up. */
#include "codec/webhook/webhook_result.h"

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
