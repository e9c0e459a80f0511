/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL 3 does SIV; what is ours is the layout and the cost. Setting a SIV key derives two CMAC keys (2 us); copying
 * a context that has them takes 0.6 us. So each thread keeps, per key id and direction, one prepared context, made on
 * first use, and one working context that the prepared one is copied into.
 *
 * Keys are added while loops open tokens. Each id has its own place, which is written once, before the flag that says
 * so; a reader that sees the flag sees the key. So there is no lock, nothing is replaced, and nothing has to be kept
 * until the last reader of an older set is gone. */
#include "codec/token/link_token.h"

#include "base/mem.h"
#include "base/wire.h"
#include "codec/text/base64url.h"
#include "codec/text/sha256.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>

enum { VERSION = 1, TAG_SIZE = 16, FLAG_STORED = 0x80 };

struct link_token_keys {
	const struct allocator *allocator;
	_Atomic uint8_t sealing;                  /* 0: none */
	atomic_bool present[LINK_TOKEN_KEYS_MAX]; /* from then on its bytes do not change */
	uint8_t bytes[LINK_TOKEN_KEYS_MAX][LINK_TOKEN_KEY_SIZE];
};

struct link_token_sealer {
	const struct allocator *allocator;
	const struct link_token_keys *keys;
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *work;
	EVP_CIPHER_CTX *seal[LINK_TOKEN_KEYS_MAX];
	EVP_CIPHER_CTX *open[LINK_TOKEN_KEYS_MAX];
};

struct link_token_keys *link_token_keys_new(void)
{
	return link_token_keys_new_with(NULL);
}

struct link_token_keys *link_token_keys_new_with(const struct allocator *allocator)
{
	struct link_token_keys *keys = allocator_alloc(allocator, sizeof *keys);
	keys->allocator = allocator;
	return keys;
}

/* Wiped, so that a core file or a later allocation does not have them. */
void link_token_keys_free(struct link_token_keys **keys)
{
	if (!*keys)
		return;
	const struct allocator *allocator = (*keys)->allocator;
	OPENSSL_cleanse(*keys, sizeof **keys);
	allocator_free(allocator, *keys);
	*keys = NULL;
}

void link_token_keys_set(struct link_token_keys *keys, uint8_t id, const uint8_t key[LINK_TOKEN_KEY_SIZE])
{
	memcpy(keys->bytes[id], key, LINK_TOKEN_KEY_SIZE);
	atomic_store_explicit(&keys->present[id], true, memory_order_release);
	if (id > link_token_keys_sealing(keys))
		link_token_keys_seal_with(keys, id);
}

void link_token_keys_add(struct link_token_keys *keys, const struct link_token_keys *from)
{
	for (size_t id = 0; id < LINK_TOKEN_KEYS_MAX; id++) {
		if (keys->present[id] || !from->present[id])
			continue;
		memcpy(keys->bytes[id], from->bytes[id], LINK_TOKEN_KEY_SIZE);
		atomic_store_explicit(&keys->present[id], true, memory_order_release);
	}
}

uint8_t link_token_keys_sealing(const struct link_token_keys *keys)
{
	return atomic_load_explicit(&keys->sealing, memory_order_acquire);
}

void link_token_keys_seal_with(struct link_token_keys *keys, uint8_t id)
{
	BUG_IF(!link_token_keys_has(keys, id));
	atomic_store_explicit(&keys->sealing, id, memory_order_release);
}

bool link_token_keys_has(const struct link_token_keys *keys, uint8_t id)
{
	return atomic_load_explicit(&keys->present[id], memory_order_acquire);
}

_Static_assert((int)LINK_TOKEN_FINGERPRINT_SIZE == (int)SHA256_SIZE, "a fingerprint is a digest");

/* The words in front keep it apart from every other digest of the same bytes. Stored: it must stay as it is. */
void link_token_keys_fingerprint(const struct link_token_keys *keys, uint8_t id,
				 uint8_t ret[LINK_TOKEN_FINGERPRINT_SIZE])
{
	const struct slice pieces[] = {SLICE("pugmark link key "), slice_of(&id, 1),
				       slice_of(keys->bytes[id], LINK_TOKEN_KEY_SIZE)};
	sha256_of_pieces(pieces, sizeof pieces / sizeof pieces[0], ret);
}

/* For the program, which has no use for a sealer that is not there. */
struct link_token_sealer *link_token_sealer_new(const struct link_token_keys *keys)
{
	struct link_token_sealer *s = link_token_sealer_new_with(keys, NULL);
	BUG_IF(!s); /* no memory; or OpenSSL without its default provider, which is not an installation of it */
	return s;
}

struct link_token_sealer *link_token_sealer_new_with(const struct link_token_keys *keys,
						     const struct allocator *allocator)
{
	struct link_token_sealer *s = allocator_alloc(allocator, sizeof *s);
	s->allocator = allocator;
	s->keys = keys;
	s->cipher = EVP_CIPHER_fetch(NULL, "AES-128-SIV", NULL);
	s->work = EVP_CIPHER_CTX_new();
	if (!s->cipher || !s->work)
		link_token_sealer_free(&s);
	return s;
}

void link_token_sealer_free(struct link_token_sealer **sealer)
{
	struct link_token_sealer *s = *sealer;
	if (!s)
		return;
	for (size_t i = 0; i < LINK_TOKEN_KEYS_MAX; i++) {
		EVP_CIPHER_CTX_free(s->seal[i]);
		EVP_CIPHER_CTX_free(s->open[i]);
	}
	EVP_CIPHER_CTX_free(s->work);
	EVP_CIPHER_free(s->cipher);
	allocator_free(s->allocator, s);
	*sealer = NULL;
}

/* With the cipher that was fetched once: by name OpenSSL 3 would search its providers for each key. */
static EVP_CIPHER_CTX *prepare(const struct link_token_sealer *s, uint8_t key_id, bool sealing)
{
	EVP_CIPHER_CTX *prepared = EVP_CIPHER_CTX_new();
	if (prepared && EVP_CipherInit_ex2(prepared, s->cipher, s->keys->bytes[key_id], NULL, sealing, NULL) == 1)
		return prepared;
	EVP_CIPHER_CTX_free(prepared);
	return NULL;
}

/* The working context, keyed and with the key id as associated data; NULL when OpenSSL has no memory. */
static EVP_CIPHER_CTX *keyed(struct link_token_sealer *s, uint8_t key_id, bool sealing)
{
	EVP_CIPHER_CTX **prepared = sealing ? &s->seal[key_id] : &s->open[key_id];
	if (!*prepared)
		*prepared = prepare(s, key_id, sealing);
	int n;
	if (!*prepared || EVP_CIPHER_CTX_copy(s->work, *prepared) != 1 ||
	    EVP_CipherUpdate(s->work, NULL, &n, &key_id, 1) != 1)
		return NULL;
	return s->work;
}

/* What the layout is: link_token.h. Another one needs another VERSION, and this one stays readable: people open mails
 * that are years old. */
static void put_payload(struct buf *b, const struct link_token *t)
{
	wire_put_u8(b, VERSION);
	wire_put_u8(b, (uint8_t)(t->kind | (t->is_stored ? FLAG_STORED : 0)));
	wire_put_u8(b, (uint8_t)t->consent);
	wire_put_varint(b, t->tenant);
	buf_append(b, uuid_slice(&t->message));
	wire_put_varint(b, t->link_index);
	buf_append(b, t->destination);
}

/* Everything is checked although it was authenticated: keys are long-lived, and an older or newer program may have
 * sealed it. */
static bool get_payload(struct slice payload, struct link_token *ret)
{
	struct wire w = wire_read(payload);
	struct link_token t = {0};
	bool known = wire_get_u8(&w) == VERSION;
	uint8_t kind = wire_get_u8(&w);
	t.is_stored = (kind & FLAG_STORED) != 0;
	t.kind = (enum link_token_kind)(kind & ~FLAG_STORED);
	t.consent = (enum link_token_consent)wire_get_u8(&w);
	uint64_t tenant = wire_get_varint(&w);
	struct slice id = wire_get_fixed(&w, sizeof t.message.bytes);
	uint64_t link_index = wire_get_varint(&w);
	t.destination = w.rest;
	if (!known || !wire_ok(&w) || t.kind < LINK_TOKEN_OPEN || t.kind > LINK_TOKEN_PREFERENCES ||
	    t.consent > LINK_TOKEN_CONSENT_FULL)
		return false;
	if (tenant > UINT32_MAX || link_index > UINT32_MAX ||
	    (t.is_stored && t.destination.n != LINK_TOKEN_STORED_KEY_SIZE))
		return false;
	t.tenant = (uint32_t)tenant;
	t.link_index = (uint32_t)link_index;
	memcpy(t.message.bytes, id.p, sizeof t.message.bytes);
	*ret = t;
	return true;
}

enum status link_token_seal(struct link_token_sealer *sealer, uint8_t key_id, const struct link_token *token,
			    struct buf *to)
{
	char plain[LINK_TOKEN_URL_MAX + 64];
	char sealed[1 + TAG_SIZE + sizeof plain];
	struct buf payload;
	int n;
	if (!link_token_keys_has(sealer->keys, key_id))
		return STATUS_NOT_FOUND;
	if (token->destination.n > LINK_TOKEN_URL_MAX)
		return STATUS_TOO_BIG;
	buf_init_fixed(&payload, plain, sizeof plain);
	put_payload(&payload, token);
	EVP_CIPHER_CTX *ctx = keyed(sealer, key_id, true);
	sealed[0] = (char)key_id;
	unsigned char *tag = (unsigned char *)sealed + 1;
	if (!ctx || EVP_CipherUpdate(ctx, tag + TAG_SIZE, &n, (unsigned char *)plain, (int)payload.n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) != 1)
		return STATUS_AGAIN; /* memory is all that sealing can lack */
	base64url_append(to, slice_of(sealed, 1 + TAG_SIZE + payload.n));
	return buf_status(to);
}

/* Everything about a token that is not ours is one answer: which byte was wrong is nobody's business. */
enum status link_token_open(struct link_token_sealer *sealer, struct slice text, char *room, struct link_token *ret,
			    uint8_t *ret_key_id)
{
	unsigned char sealed[LINK_TOKEN_TEXT_MAX];
	size_t sealed_n;
	int n;
	if (text.n > LINK_TOKEN_TEXT_MAX || base64url_decode(text, sealed, sizeof sealed, &sealed_n) != STATUS_OK ||
	    sealed_n <= 1 + TAG_SIZE || !link_token_keys_has(sealer->keys, sealed[0]))
		return STATUS_BAD_INPUT;
	/* SIV wants the tag before the text, because decryption is keyed with it (RFC 5297, 2.7). */
	size_t payload_n = sealed_n - 1 - TAG_SIZE;
	EVP_CIPHER_CTX *ctx = keyed(sealer, sealed[0], false);
	if (!ctx)
		return STATUS_AGAIN;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, sealed + 1) != 1 ||
	    EVP_CipherUpdate(ctx, (unsigned char *)room, &n, sealed + 1 + TAG_SIZE, (int)payload_n) <= 0)
		return STATUS_BAD_INPUT;
	if (!get_payload(slice_of(room, payload_n), ret))
		return STATUS_BAD_INPUT;
	*ret_key_id = sealed[0];
	return STATUS_OK;
}

/* The shortest payload has version, kind, consent, tenant, message and index. What is shorter, or no base64url, is no
 * token of any key. */
bool link_token_lacks_key(const struct link_token_sealer *sealer, struct slice text, uint8_t *ret_key_id)
{
	unsigned char sealed[LINK_TOKEN_TEXT_MAX];
	size_t n;
	const size_t least = 1 + TAG_SIZE + 5 + sizeof(struct uuid);
	if (text.n > LINK_TOKEN_TEXT_MAX || base64url_decode(text, sealed, sizeof sealed, &n) != STATUS_OK ||
	    n < least || sealed[0] == 0 || link_token_keys_has(sealer->keys, sealed[0]))
		return false;
	*ret_key_id = sealed[0];
	return true;
}

const char *link_token_kind_name(enum link_token_kind kind)
{
	static const char *const names[] = {"unknown", "open", "click", "unsubscribe", "preferences"};
	return kind >= LINK_TOKEN_OPEN && kind <= LINK_TOKEN_PREFERENCES ? names[kind] : names[0];
}
