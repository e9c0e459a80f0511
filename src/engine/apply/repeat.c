/* SPDX-License-Identifier: Apache-2.0 */
/* The secret of a link key is a hash of a token that is sealed with it and belongs to no message: sealing is
 * deterministic (RFC 5297), so it is always the same, and nobody without the key can make it. Each key's secret is made
 * once, on first use. A message is always hit with the key it was instrumented with, so a new key changes nothing for
 * mail that is out already. */
#include "engine/apply/repeat.h"

#include "base/mem.h"
#include "base/siphash.h"
#include "codec/text/sha256.h"

enum { KEY_IDS = 256, HIT_BYTES = 40 };

#define KEY_OF_SUM (UINT64_C(1) << 63)
static const int64_t SUM_US = INT64_C(3600) * 1000000;

struct secret {
	bool is_made;
	uint64_t key[2];
};

struct repeat_secrets {
	struct secret of[KEY_IDS];
};

struct repeat_secrets *repeat_secrets_new(void)
{
	return MEM_NEW(struct repeat_secrets);
}

void repeat_secrets_free(struct repeat_secrets **secrets)
{
	mem_free(*secrets);
	*secrets = NULL;
}

/* A key that is gone gives nothing to hash with; hits with it cannot come, because their tokens do not open. */
static void make_secret(struct secret *secret, struct link_token_sealer *sealer, uint8_t key_id)
{
	char room[LINK_TOKEN_TEXT_MAX + 1];
	uint8_t hash[SHA256_SIZE];
	struct buf text;
	struct link_token nobodys = {.kind = LINK_TOKEN_OPEN};
	buf_init_fixed(&text, room, sizeof room);
	secret->is_made = true;
	if (link_token_seal(sealer, key_id, &nobodys, &text) != STATUS_OK)
		return;
	sha256_of(buf_slice(&text), hash);
	memcpy(secret->key, hash, sizeof secret->key);
}

uint64_t repeat_key(struct repeat_secrets *secrets, struct link_token_sealer *sealer, const struct repeat_hit *hit)
{
	char bytes[HIT_BYTES] = {0};
	struct secret *secret = &secrets->of[hit->key_id];
	if (!secret->is_made)
		make_secret(secret, sealer, hit->key_id);
	memcpy(bytes, hit->message.bytes, sizeof hit->message.bytes);
	memcpy(bytes + 16, hit->client.bytes, sizeof hit->client.bytes);
	for (int i = 0; i < 4; i++) /* the same on every machine */
		bytes[32 + i] = (char)(uint8_t)(hit->link_index >> (8 * i));
	bytes[36] = (char)hit->kind;
	bytes[37] = hit->is_person;
	return siphash(secret->key, slice_of(bytes, sizeof bytes)) & ~KEY_OF_SUM;
}

uint64_t repeat_sum_key(struct repeat_secrets *secrets, struct link_token_sealer *sealer, const struct repeat_hit *hit,
			int64_t time_us)
{
	struct repeat_hit of = {.message = hit->message,
				.kind = hit->kind,
				.link_index = (uint32_t)(time_us / SUM_US),
				.key_id = hit->key_id};
	return repeat_key(secrets, sealer, &of) | KEY_OF_SUM;
}

/* Loops hand over at slightly different moments, so a hit may be older than the one read before it. */
static bool is_near(const struct recent_hit *hit, int64_t time_us, uint32_t seconds)
{
	int64_t apart_us = time_us > hit->time_us ? time_us - hit->time_us : hit->time_us - time_us;
	return apart_us <= (int64_t)seconds * 1000000;
}

struct recent_hit *repeat_find(struct message_counters *counters, uint64_t key, int64_t time_us, uint32_t seconds)
{
	for (size_t i = counters->recent_count; seconds && i > 0; i--) {
		struct recent_hit *hit = &counters->recent[i - 1];
		if (hit->key == key && is_near(hit, time_us, seconds))
			return hit;
	}
	return NULL;
}

struct recent_hit *repeat_find_sum(struct message_counters *counters, uint64_t key)
{
	for (size_t i = 0; i < counters->recent_count; i++)
		if (counters->recent[i].key == key)
			return &counters->recent[i];
	return NULL;
}

static void take_out(struct message_counters *counters, size_t at)
{
	counters->recent_count--;
	memmove(&counters->recent[at], &counters->recent[at + 1],
		(counters->recent_count - at) * sizeof counters->recent[0]);
	counters->recent[counters->recent_count] = (struct recent_hit){0};
}

void repeat_make_room(struct message_counters *counters, int64_t time_us, uint32_t seconds)
{
	for (size_t i = counters->recent_count; i > 0; i--) {
		const struct recent_hit *hit = &counters->recent[i - 1];
		uint32_t of_it = hit->key & KEY_OF_SUM ? (uint32_t)(SUM_US / 1000000) : seconds;
		if (hit->time_us < time_us && !is_near(hit, time_us, of_it))
			take_out(counters, i - 1);
	}
	if (counters->recent_count < RECENT_HITS_MAX)
		return;
	/* Not a sum as long as there is anything else: nine links in turn would make a row of each hit again. */
	size_t oldest = 0;
	while (oldest < RECENT_HITS_MAX && counters->recent[oldest].key & KEY_OF_SUM)
		oldest++;
	take_out(counters, oldest < RECENT_HITS_MAX ? oldest : 0);
}
