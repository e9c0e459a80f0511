/* SPDX-License-Identifier: Apache-2.0 */
/* A hit by anybody: the judge gives a verdict whose reasons are codes that can be put into words, and the same one
 * again by what a row keeps of it. The input: a byte of kind, 16 of the address, two of flags, eight of the time since
 * delivery, then agent, purpose, referer and method, each up to a NUL but the agent, whose length comes first. */
#include "base/mem.h"
#include "codec/judge/hit_signals.h"
#include "codec/judge/reason_words.h"
#include "codec/judge/user_agent.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct slice *rest, void *to, size_t n)
{
	memset(to, 0, n);
	size_t taken = n < rest->n ? n : rest->n;
	if (taken)
		memcpy(to, rest->p, taken);
	*rest = slice_from(*rest, taken);
}

static struct slice take_text(struct slice *rest, size_t n)
{
	struct slice text = slice_sub(*rest, 0, n);
	*rest = slice_from(*rest, text.n);
	return text;
}

static struct hit_signals read_hit(struct slice rest)
{
	uint8_t kind;
	uint8_t flags;
	uint16_t agent_bytes;
	struct hit_signals hit = {0};
	take(&rest, &kind, 1);
	take(&rest, &flags, 1);
	take(&rest, hit.client.bytes, sizeof hit.client.bytes);
	take(&rest, &hit.delivery_age_ms, sizeof hit.delivery_age_ms);
	take(&rest, &agent_bytes, sizeof agent_bytes);
	hit.kind = (enum hit_kind)(kind % (HIT_UNSUBSCRIBE + 1));
	hit.is_honeypot = flags & 1 && hit.kind == HIT_CLICK;
	hit.has_client = flags & 2;
	hit.has_delivery_age = flags & 4;
	hit.headers_are_known = flags & 8;
	hit.has_accept_language = flags & 16;
	hit.has_sec_fetch = flags & 32;
	hit.is_https = flags & 64;
	hit.user_agent = take_text(&rest, agent_bytes % 2048);
	hit.purpose = slice_cut(&rest, '\0');
	hit.referer = slice_cut(&rest, '\0');
	hit.method = slice_cut(&rest, '\0');
	return hit;
}

static void check_verdict(const struct verdict *v)
{
	if ((unsigned)v->actor >= ACTOR_COUNT || v->confidence_percent > 100 ||
	    strnlen(v->reasons, REASONS_MAX) == REASONS_MAX)
		abort();
	if (strlen(v->reasons) + sizeof " duplicate:seconds=3600 consent:anonymous" > REASONS_MAX)
		abort(); /* apply adds these */
	for (const char *p = v->reasons; *p; p++)
		if (*p < ' ' || *p > '~' || (*p == ' ' && (p[1] == ' ' || !p[1])))
			abort();
}

static void check_words(struct slice reasons)
{
	struct buf b;
	buf_init(&b, REASON_WORDS_MAX);
	reason_words_append_line(&b, reasons);
	if (buf_failed(&b) && reasons.n <= REASONS_MAX)
		abort();
	while (reasons.n) {
		struct slice reason = slice_cut(&reasons, ' ');
		buf_clear(&b);
		(void)reason_words_append(&b, reason);
		(void)reason_words_append_sentence(&b, reason);
	}
	buf_done(&b);
}

/* Of a method that is neither usual nor HEAD the name is not kept. */
static bool keeps_reasons(const struct hit_signals *hit)
{
	return verdict_is_usual_method(hit) || slice_equal(hit->method, SLICE("HEAD"));
}

static void check_kept(const struct hit_signals *hit, const struct verdict *v)
{
	struct verdict again;
	struct hit_signals kept = *hit;
	uint16_t bits = hit_signals_pack(hit);
	kept.method = kept.purpose = kept.referer = SLICE_EMPTY;
	kept.headers_are_known = kept.has_accept_language = kept.has_sec_fetch = kept.is_https = false;
	kept.is_honeypot = false;
	hit_signals_unpack(bits, &kept);
	verdict_judge(&kept, &again);
	if (bits == HIT_SIGNALS_NOT_KEPT || bits > INT16_MAX || hit_signals_pack(&kept) != bits ||
	    v->actor != again.actor || v->mpp != again.mpp || v->confidence_percent != again.confidence_percent ||
	    (keeps_reasons(hit) && strcmp(v->reasons, again.reasons) != 0))
		abort();
	hit_signals_from_reasons(slice_from_cstr(v->reasons), &kept);
	verdict_judge(&kept, &again);
	check_verdict(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict v;
	struct hit_signals hit = read_hit(slice_of(data, size));
	verdict_judge(&hit, &v);
	check_verdict(&v);
	check_words(slice_from_cstr(v.reasons));
	check_words(slice_sub(slice_of(data, size), 0, REASONS_MAX));
	check_kept(&hit, &v);
	return 0;
}
