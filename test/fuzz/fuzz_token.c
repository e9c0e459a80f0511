/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens. Any text may be opened: what opens seals to the very same text again, so there is one text for one meaning.
 * Any token may be sealed: it opens to what it was, and no byte of its text can be another. And any payload may be
 * found in a token that was sealed by the right key. The first byte says which of the three the rest is for. */
#include "base/mem.h"
#include "codec/text/base64url.h"
#include "codec/token/link_token.h"
#include <openssl/evp.h>

enum { OLD_KEY = 1, KEY = 7, LOST_KEY = 9, TAG_SIZE = 16 };

struct keyring {
	struct link_token_keys *keys;
	struct link_token_sealer *sealer;
};

static const uint8_t old_key[LINK_TOKEN_KEY_SIZE] = {1, 2, 3}, key[LINK_TOKEN_KEY_SIZE] = {9, 2, 3};

static const struct keyring *keyring(void)
{
	static struct keyring ring;
	if (ring.sealer)
		return &ring;
	ring.keys = link_token_keys_new();
	link_token_keys_set(ring.keys, OLD_KEY, old_key);
	link_token_keys_set(ring.keys, KEY, key);
	ring.sealer = link_token_sealer_new(ring.keys);
	return &ring;
}

static bool is_same(const struct link_token *a, const struct link_token *b)
{
	return a->kind == b->kind && a->consent == b->consent && a->tenant == b->tenant &&
	       uuid_equal(a->message, b->message) && a->link_index == b->link_index &&
	       slice_equal(a->destination, b->destination) && a->is_stored == b->is_stored;
}

static void check_opening(struct slice text)
{
	char room[LINK_TOKEN_TEXT_MAX];
	char again_room[LINK_TOKEN_TEXT_MAX + 1];
	struct link_token token = {.tenant = 4711};
	uint8_t key_id = 0;
	if (link_token_open(keyring()->sealer, text, room, &token, &key_id) != STATUS_OK) {
		BUG_IF(token.tenant != 4711);
		return;
	}
	struct buf again;
	buf_init_fixed(&again, again_room, sizeof(again_room));
	BUG_IF(link_token_seal(keyring()->sealer, key_id, &token, &again) != STATUS_OK);
	BUG_IF(!slice_equal(buf_slice(&again), text));
}

static uint32_t take_number(struct slice *s)
{
	uint32_t number = 0;
	size_t n = s->n < sizeof(number) ? s->n : sizeof(number);
	if (n > 0)
		memcpy(&number, s->p, n);
	*s = slice_from(*s, n);
	return number;
}

static struct link_token token_of(struct slice data)
{
	struct link_token token = {0};
	uint32_t choice = take_number(&data);
	token.kind = (enum link_token_kind)(LINK_TOKEN_OPEN + choice % 4);
	token.consent = (enum link_token_consent)(choice / 4 % 3);
	token.is_stored = token.kind == LINK_TOKEN_CLICK && choice & 0x100;
	token.tenant = take_number(&data);
	token.link_index = take_number(&data);
	for (size_t i = 0; i < sizeof(token.message.bytes); i++)
		token.message.bytes[i] = (uint8_t)(choice >> (i % 4 * 8));
	if (token.is_stored && data.n >= LINK_TOKEN_STORED_KEY_SIZE)
		token.destination = slice_sub(data, 0, LINK_TOKEN_STORED_KEY_SIZE);
	else if (token.kind == LINK_TOKEN_CLICK && !token.is_stored)
		token.destination = data;
	token.is_stored = token.is_stored && token.destination.n > 0;
	return token;
}

static void check_sealing(struct slice data)
{
	char text_room[LINK_TOKEN_TEXT_MAX + 1];
	char room[LINK_TOKEN_TEXT_MAX];
	struct link_token token = token_of(data);
	struct link_token got;
	uint8_t key_id = 0;
	struct buf text;
	buf_init_fixed(&text, text_room, sizeof(text_room));
	BUG_IF(link_token_seal(keyring()->sealer, LOST_KEY, &token, &text) != STATUS_NOT_FOUND);
	enum status status = link_token_seal(keyring()->sealer, KEY, &token, &text);
	BUG_IF(status != (token.destination.n > LINK_TOKEN_URL_MAX ? STATUS_TOO_BIG : STATUS_OK));
	if (status != STATUS_OK)
		return;
	BUG_IF(link_token_open(keyring()->sealer, buf_slice(&text), room, &got, &key_id) != STATUS_OK);
	BUG_IF(key_id != KEY || !is_same(&token, &got));
	/* Another byte somewhere, chosen by the input. */
	size_t at = data.n > 0 ? (size_t)(unsigned char)data.p[data.n - 1] * text.n / 256 : 0;
	text.p[at] = text.p[at] == 'A' ? 'B' : 'A';
	BUG_IF(link_token_open(keyring()->sealer, buf_slice(&text), room, &got, &key_id) == STATUS_OK);
}

/* Seals what no link_token_seal would: the layout of link_token.h, written down once more. */
static void check_payload(struct slice payload)
{
	char text_room[LINK_TOKEN_TEXT_MAX + 1];
	char room[LINK_TOKEN_TEXT_MAX];
	unsigned char sealed[1 + TAG_SIZE + LINK_TOKEN_URL_MAX] = {KEY};
	struct link_token got = {0};
	struct buf text;
	uint8_t key_id = 0;
	int n = 0;
	payload = slice_sub(payload, 0, LINK_TOKEN_URL_MAX);
	if (payload.n == 0)
		return; /* OpenSSL's SIV takes an empty one for a missing one */
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-SIV", NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool is_sealed = EVP_EncryptInit_ex2(context, cipher, key, NULL, NULL) == 1 &&
			 EVP_EncryptUpdate(context, NULL, &n, sealed, 1) == 1 &&
			 EVP_EncryptUpdate(context, sealed + 1 + TAG_SIZE, &n, (const unsigned char *)payload.p,
					   (int)payload.n) == 1 &&
			 EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, sealed + 1) == 1;
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
	BUG_IF(!is_sealed);
	buf_init_fixed(&text, text_room, sizeof(text_room));
	base64url_append(&text, slice_of(sealed, 1 + TAG_SIZE + payload.n));
	if (link_token_open(keyring()->sealer, buf_slice(&text), room, &got, &key_id) != STATUS_OK)
		return;
	BUG_IF(key_id != KEY || got.kind < LINK_TOKEN_OPEN || got.kind > LINK_TOKEN_PREFERENCES);
	BUG_IF(got.is_stored && got.destination.n != LINK_TOKEN_STORED_KEY_SIZE);
	BUG_IF(got.consent > LINK_TOKEN_CONSENT_FULL || got.destination.n > payload.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct slice rest = slice_of(data + 1, size - 1);
	switch (data[0] % 3) {
	case 0: check_opening(rest); break;
	case 1: check_sealing(rest); break;
	case 2: check_payload(rest); break;
	}
	return 0;
}
