/* SPDX-License-Identifier: Apache-2.0 */
/* Two bytes a hit are kept instead of its headers, so that a later version of the rules can judge it again after the
 * headers are gone. Each word becomes one of a few kinds, and unpacking gives the judge one word of that kind: the
 * rules need not know that it is not the one that came. */
#include "codec/judge/hit_signals.h"

#include "codec/judge/verdict_score.h"

enum {
	KEPT = 1,
	METHOD_SHIFT = 1,
	METHOD_MASK = 7,
	PURPOSE_SHIFT = 4,
	PURPOSE_MASK = 3,
	REFERER_SHIFT = 6,
	REFERER_MASK = 3,
	HEADERS_KNOWN = 1 << 8,
	ACCEPT_LANGUAGE = 1 << 9,
	SEC_FETCH = 1 << 10,
	HTTPS = 1 << 11,
	HONEYPOT = 1 << 12,
};

enum method { METHOD_USUAL, METHOD_HEAD, METHOD_OTHER };
enum purpose { PURPOSE_NONE, PURPOSE_PREFETCH, PURPOSE_PREVIEW };
enum referer { REFERER_NONE, REFERER_OTHER, REFERER_REWRITTEN_LINK, REFERER_GMAIL };

/* One of each kind, for the judge. */
static const struct slice METHODS[METHOD_MASK + 1] = {
    [METHOD_USUAL] = {"", 0}, [METHOD_HEAD] = {"HEAD", 4}, [METHOD_OTHER] = {"OTHER", 5}};
static const struct slice PURPOSES[PURPOSE_MASK + 1] = {
    [PURPOSE_NONE] = {"", 0}, [PURPOSE_PREFETCH] = {"prefetch", 8}, [PURPOSE_PREVIEW] = {"preview", 7}, {"", 0}};
static const struct slice REFERERS[REFERER_MASK + 1] = {[REFERER_NONE] = {"", 0},
							[REFERER_OTHER] = {"https://page.invalid/", 21},
							[REFERER_REWRITTEN_LINK] = {"https://urldefense.com/", 23},
							[REFERER_GMAIL] = {"http://mail.google.com", 22}};

static enum method method_of(const struct hit_signals *hit)
{
	if (slice_equal_nocase(hit->method, METHODS[METHOD_HEAD]))
		return METHOD_HEAD;
	return verdict_is_usual_method(hit) ? METHOD_USUAL : METHOD_OTHER;
}

/* "prefetch" and "prefetch;prerender" are what browsers write into Purpose and Sec-Purpose; "preview" was Safari's. */
static enum purpose purpose_of(struct slice purpose)
{
	if (slice_contains_nocase(purpose, SLICE("prefetch")))
		return PURPOSE_PREFETCH;
	return slice_contains_nocase(purpose, SLICE("preview")) ? PURPOSE_PREVIEW : PURPOSE_NONE;
}

static enum referer referer_of(struct slice referer)
{
	if (!referer.n)
		return REFERER_NONE;
	if (verdict_is_rewritten_link(referer))
		return REFERER_REWRITTEN_LINK;
	return slice_starts_with(referer, REFERERS[REFERER_GMAIL]) ? REFERER_GMAIL : REFERER_OTHER;
}

uint16_t hit_signals_pack(const struct hit_signals *hit)
{
	unsigned bits = KEPT | (unsigned)method_of(hit) << METHOD_SHIFT |
			(unsigned)purpose_of(hit->purpose) << PURPOSE_SHIFT |
			(unsigned)referer_of(hit->referer) << REFERER_SHIFT;
	if (hit->is_honeypot)
		bits |= HONEYPOT;
	if (hit->headers_are_known)
		bits |= HEADERS_KNOWN | (hit->has_accept_language ? ACCEPT_LANGUAGE : 0u) |
			(hit->has_sec_fetch ? SEC_FETCH : 0u) | (hit->is_https ? HTTPS : 0u);
	return (uint16_t)bits;
}

void hit_signals_unpack(uint16_t bits, struct hit_signals *ret)
{
	if (bits == HIT_SIGNALS_NOT_KEPT)
		bits = KEPT;
	ret->method = METHODS[bits >> METHOD_SHIFT & METHOD_MASK];
	ret->purpose = PURPOSES[bits >> PURPOSE_SHIFT & PURPOSE_MASK];
	ret->referer = REFERERS[bits >> REFERER_SHIFT & REFERER_MASK];
	ret->headers_are_known = bits & HEADERS_KNOWN;
	ret->has_accept_language = bits & ACCEPT_LANGUAGE;
	ret->has_sec_fetch = bits & SEC_FETCH;
	ret->is_https = bits & HTTPS;
	ret->is_honeypot = bits & HONEYPOT;
}

/* For hits that were kept before there were signals: what their reasons say is all that is known, and what no reason
 * speaks of was not suspicious. */
void hit_signals_from_reasons(struct slice reasons, struct hit_signals *ret)
{
	hit_signals_unpack(HIT_SIGNALS_NOT_KEPT, ret);
	ret->headers_are_known = ret->has_accept_language = ret->has_sec_fetch = true;
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		if (slice_equal(reason, SLICE("honeypot")))
			ret->is_honeypot = true;
		else if (slice_equal(reason, SLICE("method:head")))
			ret->method = METHODS[METHOD_HEAD];
		else if (slice_equal(reason, SLICE("purpose:prefetch")))
			ret->purpose = PURPOSES[PURPOSE_PREFETCH];
		else if (slice_equal(reason, SLICE("referer:rewritten_link")))
			ret->referer = REFERERS[REFERER_REWRITTEN_LINK];
		else if (slice_equal(reason, SLICE("no_accept_language")))
			ret->has_accept_language = false;
		else if (slice_equal(reason, SLICE("no_sec_fetch")))
			ret->has_sec_fetch = !(ret->is_https = true);
	}
}
