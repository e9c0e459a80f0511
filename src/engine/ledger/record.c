/* SPDX-License-Identifier: Apache-2.0 */
/* Every payload: version (1 byte), then the fields below in their order. A field is added by raising the version and
 * keeping the reader of the old one, because journals outlive programs.
 *
 *   hit      flags (u8), kind (u8), key id (u8), consent (u8), tenant (varint), message (16), link index (varint),
 *            destination, client (16), user agent, purpose, referer, accept-language;
 *            in version 2, behind all that: summed (varint, at least 1)
 *   intent   message (16), lease (varint), attempt (varint); from version 2 on: date (u64), which is not 0
 *   outcome  message (16), lease (varint), attempt (varint), outcome (u8), reply code (varint), reply, remote id,
 *            next due (u64)
 *   provider hit
 *            kind (u8), tenant (varint), message (16), occurred (u64), sign (u8), client known (u8), client (16),
 *            provider, remote id, event id, user agent, url
 *
 * Byte strings carry a varint length. A reader takes exactly what a writer makes: unknown flag bits, values out of
 * range, over-long strings and bytes left over are all bad input. */
#include "engine/ledger/record.h"

#include "base/wire.h"

enum {
	VERSION = 1,
	VERSION_SUMMED = 2, /* of a hit, and only where there is something to sum: older programs read the rest */
	VERSION_DATED = 2,  /* of intents */
	HEADER_TEXT_MAX = 64,
	REPLY_MAX = 500,
	REMOTE_ID_MAX = 200,
	EVENT_ID_MAX = 200,
	PROVIDER_MAX = 32,
	REPORTED_URL_MAX = 4096, /* holds any tracking URL of ours */

	FLAG_HEAD = 1,
	FLAG_ONE_CLICK = 2,
	FLAG_STOP_TRACKING = 4,
	FLAG_DESTINATION_IS_STORED = 8,
	FLAG_SEC_FETCH = 16,
	FLAG_HTTPS = 32,
	FLAG_OPTS_OUT = 64,
	FLAGS_ALL = 127,
};

/* Cut rather than refused: a header that is too long must not lose the hit, and what is left of it is enough to judge
 * by. */
static void put_cut(struct buf *b, struct slice s, size_t max)
{
	wire_put_bytes(b, slice_sub(s, 0, max));
}

/* Takes bytes of at most `max`; more fails the reader. */
static struct slice get_cut(struct wire *w, size_t max)
{
	struct slice s = wire_get_bytes(w);
	if (s.n > max)
		w->failed = true;
	return s;
}

static uint32_t get_u32(struct wire *w)
{
	uint64_t value = wire_get_varint(w);
	if (value > UINT32_MAX)
		w->failed = true;
	return (uint32_t)value;
}

static struct uuid get_uuid(struct wire *w)
{
	struct uuid id = {{0}};
	struct slice bytes = wire_get_fixed(w, sizeof id.bytes);
	if (bytes.n == sizeof id.bytes)
		memcpy(id.bytes, bytes.p, sizeof id.bytes);
	return id;
}

static uint8_t hit_flags(const struct hit_record *hit)
{
	return (uint8_t)((hit->is_head ? FLAG_HEAD : 0) | (hit->one_click ? FLAG_ONE_CLICK : 0) |
			 (hit->stop_tracking ? FLAG_STOP_TRACKING : 0) |
			 (hit->destination_is_stored ? FLAG_DESTINATION_IS_STORED : 0) |
			 (hit->has_sec_fetch ? FLAG_SEC_FETCH : 0) | (hit->is_https ? FLAG_HTTPS : 0) |
			 (hit->opts_out ? FLAG_OPTS_OUT : 0));
}

static void put_hit(struct buf *b, uint8_t version, const struct hit_record *hit)
{
	wire_put_u8(b, version);
	wire_put_u8(b, hit_flags(hit));
	wire_put_u8(b, (uint8_t)hit->kind);
	wire_put_u8(b, hit->key_id);
	wire_put_u8(b, (uint8_t)hit->consent);
	wire_put_varint(b, hit->tenant);
	buf_append(b, uuid_slice(&hit->message));
	wire_put_varint(b, hit->link_index);
	put_cut(b, hit->destination, LINK_TOKEN_URL_MAX);
	buf_append_bytes(b, hit->client.bytes, sizeof hit->client.bytes);
	put_cut(b, hit->user_agent, USER_AGENT_MAX);
	put_cut(b, hit->purpose, HEADER_TEXT_MAX);
	put_cut(b, hit->referer, HEADER_TEXT_MAX);
	put_cut(b, hit->accept_language, HEADER_TEXT_MAX);
}

void record_begin_summed_hit(struct buf *b, const struct hit_record *hit)
{
	put_hit(b, VERSION_SUMMED, hit);
}

void record_end_summed_hit(struct buf *b, uint32_t summed)
{
	wire_put_varint(b, summed);
}

void record_put_hit(struct buf *b, const struct hit_record *hit)
{
	put_hit(b, hit->summed ? VERSION_SUMMED : VERSION, hit);
	if (hit->summed)
		record_end_summed_hit(b, hit->summed);
}

static void get_hit_flags(struct hit_record *hit, uint8_t flags)
{
	hit->is_head = flags & FLAG_HEAD;
	hit->one_click = flags & FLAG_ONE_CLICK;
	hit->stop_tracking = flags & FLAG_STOP_TRACKING;
	hit->destination_is_stored = flags & FLAG_DESTINATION_IS_STORED;
	hit->has_sec_fetch = flags & FLAG_SEC_FETCH;
	hit->is_https = flags & FLAG_HTTPS;
	hit->opts_out = flags & FLAG_OPTS_OUT;
}

enum status record_get_hit(struct slice payload, struct hit_record *ret)
{
	struct wire w = wire_read(payload);
	struct hit_record hit = {0};
	uint8_t version = wire_get_u8(&w);
	uint8_t flags = wire_get_u8(&w);
	uint8_t kind = wire_get_u8(&w);
	hit.key_id = wire_get_u8(&w);
	uint8_t consent = wire_get_u8(&w);
	hit.tenant = get_u32(&w);
	hit.message = get_uuid(&w);
	hit.link_index = get_u32(&w);
	hit.destination = get_cut(&w, LINK_TOKEN_URL_MAX);
	struct slice client = wire_get_fixed(&w, sizeof hit.client.bytes);
	hit.user_agent = get_cut(&w, USER_AGENT_MAX);
	hit.purpose = get_cut(&w, HEADER_TEXT_MAX);
	hit.referer = get_cut(&w, HEADER_TEXT_MAX);
	hit.accept_language = get_cut(&w, HEADER_TEXT_MAX);
	hit.summed = version == VERSION_SUMMED ? get_u32(&w) : 0;
	if (!wire_at_end(&w) || (version != VERSION && (version != VERSION_SUMMED || !hit.summed)) ||
	    flags > FLAGS_ALL || kind > HIT_UNSUBSCRIBE || consent > LINK_TOKEN_CONSENT_FULL)
		return STATUS_BAD_INPUT;
	memcpy(hit.client.bytes, client.p, sizeof hit.client.bytes);
	hit.kind = (enum hit_kind)kind;
	hit.consent = (enum link_token_consent)consent;
	get_hit_flags(&hit, flags);
	/* Then it is no URL but the key of one. */
	if (hit.destination_is_stored && hit.destination.n != LINK_TOKEN_STORED_KEY_SIZE)
		return STATUS_BAD_INPUT;
	*ret = hit;
	return STATUS_OK;
}

void record_put_intent(struct buf *b, const struct intent_record *intent)
{
	wire_put_u8(b, intent->date_us ? VERSION_DATED : VERSION);
	buf_append(b, uuid_slice(&intent->message));
	wire_put_varint(b, intent->lease);
	wire_put_varint(b, intent->attempt);
	if (intent->date_us)
		wire_put_u64(b, (uint64_t)intent->date_us);
}

enum status record_get_intent(struct slice payload, struct intent_record *ret)
{
	struct wire w = wire_read(payload);
	uint8_t version = wire_get_u8(&w);
	struct intent_record intent = {.message = get_uuid(&w)};
	intent.lease = wire_get_varint(&w);
	intent.attempt = get_u32(&w);
	if (version == VERSION_DATED)
		intent.date_us = (int64_t)wire_get_u64(&w);
	if (!wire_at_end(&w) || (version != VERSION && version != VERSION_DATED) ||
	    (version == VERSION_DATED && intent.date_us == 0))
		return STATUS_BAD_INPUT;
	*ret = intent;
	return STATUS_OK;
}

void record_put_outcome(struct buf *b, const struct outcome_record *outcome)
{
	wire_put_u8(b, VERSION);
	buf_append(b, uuid_slice(&outcome->message));
	wire_put_varint(b, outcome->lease);
	wire_put_varint(b, outcome->attempt);
	wire_put_u8(b, (uint8_t)outcome->outcome);
	wire_put_varint(b, outcome->reply_code);
	put_cut(b, outcome->reply, REPLY_MAX);
	put_cut(b, outcome->remote_id, REMOTE_ID_MAX);
	wire_put_u64(b, (uint64_t)outcome->next_due_us);
}

enum status record_get_outcome(struct slice payload, struct outcome_record *ret)
{
	struct wire w = wire_read(payload);
	uint8_t version = wire_get_u8(&w);
	struct outcome_record outcome = {.message = get_uuid(&w)};
	outcome.lease = wire_get_varint(&w);
	outcome.attempt = get_u32(&w);
	uint8_t kind = wire_get_u8(&w);
	outcome.reply_code = get_u32(&w);
	outcome.reply = get_cut(&w, REPLY_MAX);
	outcome.remote_id = get_cut(&w, REMOTE_ID_MAX);
	outcome.next_due_us = (int64_t)wire_get_u64(&w);
	if (!wire_at_end(&w) || version != VERSION || kind > OUTCOME_UNCERTAIN || outcome.next_due_us < 0)
		return STATUS_BAD_INPUT;
	outcome.outcome = (enum outcome)kind;
	*ret = outcome;
	return STATUS_OK;
}

void record_put_provider_hit(struct buf *b, const struct provider_hit_record *hit)
{
	wire_put_u8(b, VERSION);
	wire_put_u8(b, (uint8_t)hit->kind);
	wire_put_varint(b, hit->tenant);
	buf_append(b, uuid_slice(&hit->message));
	wire_put_u64(b, (uint64_t)hit->occurred_us);
	wire_put_u8(b, (uint8_t)hit->sign);
	wire_put_u8(b, hit->has_client);
	buf_append_bytes(b, hit->client.bytes, sizeof hit->client.bytes);
	put_cut(b, hit->provider, PROVIDER_MAX);
	put_cut(b, hit->remote_id, REMOTE_ID_MAX);
	put_cut(b, hit->event_id, EVENT_ID_MAX);
	put_cut(b, hit->user_agent, USER_AGENT_MAX);
	/* A part of a URL leads elsewhere. */
	wire_put_bytes(b, hit->url.n <= REPORTED_URL_MAX ? hit->url : SLICE_EMPTY);
}

/* It becomes a part of reason codes. */
static bool is_provider_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return name.n > 0;
}

enum status record_get_provider_hit(struct slice payload, struct provider_hit_record *ret)
{
	struct wire w = wire_read(payload);
	uint8_t version = wire_get_u8(&w);
	uint8_t kind = wire_get_u8(&w);
	struct provider_hit_record hit = {.tenant = get_u32(&w)};
	hit.message = get_uuid(&w);
	hit.occurred_us = (int64_t)wire_get_u64(&w);
	uint8_t sign = wire_get_u8(&w);
	uint8_t has_client = wire_get_u8(&w);
	struct slice client = wire_get_fixed(&w, sizeof hit.client.bytes);
	hit.provider = get_cut(&w, PROVIDER_MAX);
	hit.remote_id = get_cut(&w, REMOTE_ID_MAX);
	hit.event_id = get_cut(&w, EVENT_ID_MAX);
	hit.user_agent = get_cut(&w, USER_AGENT_MAX);
	hit.url = get_cut(&w, REPORTED_URL_MAX);
	if (!wire_at_end(&w) || version != VERSION || kind > HIT_CLICK || hit.occurred_us < 0 ||
	    sign > PROVIDER_SIGN_MPP || has_client > 1 || !is_provider_name(hit.provider))
		return STATUS_BAD_INPUT;
	memcpy(hit.client.bytes, client.p, sizeof hit.client.bytes);
	hit.kind = (enum hit_kind)kind;
	hit.sign = (enum provider_sign)sign;
	hit.has_client = has_client;
	*ret = hit;
	return STATUS_OK;
}
