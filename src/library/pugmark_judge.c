/* SPDX-License-Identifier: Apache-2.0 */
/* No object and no memory: a hit is judged from what is given. Strings that the public struct has and the rules do not
 * ask for by text are turned into whether they are there. */
#include "codec/judge/verdict.h"
#include "library/argument.h"

enum {
	HIT_LEAST = ARGUMENT_LEAST(struct pugmark_hit, referer),
	VERDICT_LEAST = ARGUMENT_LEAST(struct pugmark_verdict, reasons),
};
_Static_assert(ARGUMENT_LEAST(struct pugmark_hit, delivery_age_s) == sizeof(struct pugmark_hit),
	       "no padding at the end");
_Static_assert(VERDICT_LEAST == sizeof(struct pugmark_verdict), "no padding at the end");

/* Preferences are opened by people, and "any kind" is a question and no hit. */
static bool kind_of(enum pugmark_kind kind, enum hit_kind *ret)
{
	switch (kind) {
	case PUGMARK_OPEN: *ret = HIT_OPEN; return true;
	case PUGMARK_CLICK: *ret = HIT_CLICK; return true;
	case PUGMARK_UNSUBSCRIBE: *ret = HIT_UNSUBSCRIBE; return true;
	case PUGMARK_ANY_KIND:
	case PUGMARK_PREFERENCES: break;
	}
	return false;
}

/* A kind that has no public name yet is "unknown", which every host must treat anyway. */
static enum pugmark_actor actor_of(enum actor actor)
{
	switch (actor) {
	case ACTOR_HUMAN: return PUGMARK_ACTOR_HUMAN;
	case ACTOR_PROXY_HUMAN: return PUGMARK_ACTOR_PROXY_HUMAN;
	case ACTOR_PREFETCH: return PUGMARK_ACTOR_PREFETCH;
	case ACTOR_SCANNER: return PUGMARK_ACTOR_SCANNER;
	case ACTOR_LINK_PREVIEW: return PUGMARK_ACTOR_LINK_PREVIEW;
	case ACTOR_CRAWLER: return PUGMARK_ACTOR_CRAWLER;
	case ACTOR_UNKNOWN:
	case ACTOR_COUNT: break;
	}
	return PUGMARK_ACTOR_UNKNOWN;
}

/* By going through the codec layer's, so that a name exists once. */
const char *pugmark_actor_name(enum pugmark_actor actor)
{
	for (enum actor a = ACTOR_UNKNOWN; a < ACTOR_COUNT; a++)
		if (actor_of(a) == actor)
			return actor_name(a);
	return actor_name(ACTOR_UNKNOWN);
}

/* is_head is what there was before `method`; a host that fills in both is believed about the latter. */
static bool texts_of(const struct pugmark_hit *given, struct hit_signals *ret)
{
	struct slice language, fetch_mode;
	if (!argument_text(given->user_agent, &ret->user_agent) || !argument_text(given->purpose, &ret->purpose) ||
	    !argument_text(given->referer, &ret->referer) || !argument_text(given->method, &ret->method) ||
	    !argument_text(given->accept_language, &language) || !argument_text(given->sec_fetch_mode, &fetch_mode))
		return false;
	if (!ret->method.n && given->is_head)
		ret->method = SLICE("HEAD");
	ret->has_accept_language = language.n > 0;
	ret->has_sec_fetch = fetch_mode.n > 0;
	return true;
}

/* An address that cannot be read is refused rather than ignored: without one a hit is judged more kindly. */
static enum pugmark_status signals_of(const struct pugmark_hit *given, struct hit_signals *ret)
{
	struct slice address;
	*ret = (struct hit_signals){.headers_are_known = given->headers_are_known != 0,
				    .is_https = given->is_https != 0,
				    .has_delivery_age = given->has_delivery_age != 0,
				    .delivery_age_ms = given->delivery_age_s * INT64_C(1000)};
	if (!texts_of(given, ret) || !argument_text(given->address, &address))
		return PUGMARK_MISUSE;
	ret->has_client = address.n > 0;
	if (!kind_of(given->kind, &ret->kind) || (address.n && !ip_address_parse(address, &ret->client)))
		return PUGMARK_BAD_INPUT;
	return PUGMARK_OK;
}

/* The verdict is made in a struct of ours and copied as far as the host's goes. */
enum pugmark_status pugmark_judge(const struct pugmark_hit *hit, struct pugmark_verdict *ret_verdict)
{
	struct pugmark_hit given;
	struct hit_signals signals;
	struct verdict verdict = {0}; /* what is behind the NUL goes out, too */
	_Static_assert(sizeof ret_verdict->reasons == sizeof verdict.reasons, "public and internal reasons");
	if (!argument_read(hit, HIT_LEAST, &given, sizeof given) || !argument_is_writable(ret_verdict, VERDICT_LEAST))
		return PUGMARK_MISUSE;
	enum pugmark_status status = signals_of(&given, &signals);
	if (status != PUGMARK_OK)
		return status;
	verdict_judge(&signals, &verdict);
	struct pugmark_verdict judged = {
	    .actor = actor_of(verdict.actor),
	    .is_counted = actor_is_counted(verdict.actor),
	    .is_mpp = verdict.mpp,
	    .confidence_percent = verdict.confidence_percent,
	    .rules = VERDICT_RULES,
	};
	memcpy(judged.reasons, verdict.reasons, sizeof judged.reasons);
	argument_write(ret_verdict, &judged, sizeof judged);
	return PUGMARK_OK;
}
