/* SPDX-License-Identifier: Apache-2.0 */
/* link_token: what a tracking link carries, sealed.
 *
 *   token   = base64url( key id (1 byte) || AES-128-SIV( payload ) )
 *   payload = version (1), kind (1), consent (1), tenant (varint), message id (16), link index (varint),
 *             destination (the rest; click only)
 *
 * SIV (RFC 5297) is deterministic, so building a mail again gives the same bytes, and nothing about the recipient can
 * be read from a token or changed in it. The key id is authenticated as associated data. Characters are A-Z a-z 0-9 - _
 * only.
 */
#ifndef PUGMARK_CODEC_LINK_TOKEN_H
#define PUGMARK_CODEC_LINK_TOKEN_H

#include "base/buf.h"
#include "codec/text/uuid.h"

enum link_token_kind { LINK_TOKEN_OPEN = 1, LINK_TOKEN_CLICK, LINK_TOKEN_UNSUBSCRIBE, LINK_TOKEN_PREFERENCES };
enum link_token_consent { LINK_TOKEN_CONSENT_OFF, LINK_TOKEN_CONSENT_ANONYMOUS, LINK_TOKEN_CONSENT_FULL };

enum {
	LINK_TOKEN_KEY_SIZE = 32, /* AES-128-SIV takes two 128-bit keys */
	LINK_TOKEN_KEYS_MAX = 256,
	LINK_TOKEN_URL_MAX = 2048,       /* longer destinations are kept in the store */
	LINK_TOKEN_STORED_KEY_SIZE = 16, /* … and named by this many bytes */
	LINK_TOKEN_TEXT_MAX = 2880,      /* of any token's text */
};

/* The index of the link that no person sees (tracking.honeypot). It has no destination and leads where a broken click
 * does; no mail has that many links. */
#define LINK_TOKEN_HONEYPOT UINT32_MAX

struct link_token {
	enum link_token_kind kind;
	enum link_token_consent consent;
	uint32_t tenant;
	struct uuid message;
	uint32_t link_index;
	struct slice destination; /* click: the URL; or, when `is_stored`, the 16-byte key of it in the store */
	bool is_stored;
};

/* The keys of an installation: id -> 32 bytes. They only ever become more: an id that is there stays, with its key, so
 * threads may use them while one of them adds another. */
struct link_token_keys;
struct link_token_keys *link_token_keys_new(void);
struct link_token_keys *link_token_keys_new_with(const struct allocator *allocator); /* `allocator` must outlive them */
void link_token_keys_free(struct link_token_keys **keys);                            /* wipes them */
/* Before they are shared between threads. The largest id seals. */
void link_token_keys_set(struct link_token_keys *keys, uint8_t id, const uint8_t key[LINK_TOKEN_KEY_SIZE]);
/* Adds what `from` has and `keys` lacks, for opening; on one thread at a time, whoever reads meanwhile. */
void link_token_keys_add(struct link_token_keys *keys, const struct link_token_keys *from);
/* Which key new tokens are to be sealed with; 0: there is none. Any thread. */
uint8_t link_token_keys_sealing(const struct link_token_keys *keys);
/* Another one from now on, on the thread that adds keys. `id` must be there. */
void link_token_keys_seal_with(struct link_token_keys *keys, uint8_t id);
/* Any thread. */
bool link_token_keys_has(const struct link_token_keys *keys, uint8_t id);
/* What tells one key from another without telling the key: keys are random, so a digest of one cannot be turned back.
 * The id is part of it. `id` must be there. The process ends when OpenSSL has no memory. */
enum { LINK_TOKEN_FINGERPRINT_SIZE = 32 };
void link_token_keys_fingerprint(const struct link_token_keys *keys, uint8_t id,
				 uint8_t ret[LINK_TOKEN_FINGERPRINT_SIZE]);

/* Prepared cipher contexts of one thread: preparing costs microseconds, copying one 0.6. */
struct link_token_sealer;
/* `keys` must outlive it. */
struct link_token_sealer *link_token_sealer_new(const struct link_token_keys *keys);
/* The same with the memory of `allocator`, which must outlive it; NULL when OpenSSL has no memory, or no AES-SIV. */
struct link_token_sealer *link_token_sealer_new_with(const struct link_token_keys *keys,
						     const struct allocator *allocator);
void link_token_sealer_free(struct link_token_sealer **sealer);

/* Appends the token's text. STATUS_NOT_FOUND: no key of that id. STATUS_TOO_BIG: the destination is longer than
 * LINK_TOKEN_URL_MAX, or the buffer is full. STATUS_AGAIN: OpenSSL has no memory. */
enum status link_token_seal(struct link_token_sealer *sealer, uint8_t key_id, const struct link_token *token,
			    struct buf *to) MUST_CHECK;

/* Opens a token. `room` (LINK_TOKEN_TEXT_MAX bytes) holds what *ret points into. STATUS_BAD_INPUT for anything that
 * this installation's keys did not seal, whatever is wrong with it; STATUS_AGAIN: OpenSSL has no memory. *ret is
 * untouched then. No memory but what OpenSSL takes for one context and gives back. */
enum status link_token_open(struct link_token_sealer *sealer, struct slice text, char *room, struct link_token *ret,
			    uint8_t *ret_key_id) MUST_CHECK;

/* A text that does not open may be a token all the same, sealed with a key that is not here (yet): true, and with
 * which. Whether it is one cannot be known without the key. */
bool link_token_lacks_key(const struct link_token_sealer *sealer, struct slice text, uint8_t *ret_key_id);

const char *link_token_kind_name(enum link_token_kind kind);

#endif
