/* SPDX-License-Identifier: Apache-2.0 */
/* token: what a tracking link carries, sealed.
 *
 *   token   = base64url( key id (1 byte) || AES-128-SIV( payload ) )
 *   payload = version (1), kind (1), consent (1), tenant (varint), message id (16), link index (varint),
 *             destination (the rest; click only)
 *
 * SIV (RFC 5297) is deterministic, so building a mail again gives the same bytes, and nothing about the recipient can
 * be read from a token or changed in it. The key id is authenticated as associated data. Characters are A-Z a-z 0-9 - _
 * only.
 */
#ifndef PUGMARK_CODEC_TOKEN_H
#define PUGMARK_CODEC_TOKEN_H

#include "base/buf.h"
#include "codec/uuid.h"

enum token_kind { TOKEN_OPEN = 1, TOKEN_CLICK, TOKEN_UNSUBSCRIBE, TOKEN_PREFERENCES };
enum token_consent { TOKEN_CONSENT_OFF, TOKEN_CONSENT_ANONYMOUS, TOKEN_CONSENT_FULL };

enum {
	TOKEN_KEY_SIZE = 32, /* AES-128-SIV takes two 128-bit keys */
	TOKEN_KEYS_MAX = 256,
	TOKEN_URL_MAX = 2048,     /* longer destinations are kept in the store */
	TOKEN_LINK_KEY_SIZE = 16, /* … and named by this many bytes */
	TOKEN_TEXT_MAX = 2880,    /* of any token's text */
};

/* The index of the link that no person sees (tracking.honeypot). It has no destination and leads where a broken click
 * does; no mail has that many links. */
#define TOKEN_LINK_HONEYPOT UINT32_MAX

struct token {
	enum token_kind kind;
	enum token_consent consent;
	uint32_t tenant;
	struct uuid message;
	uint32_t link_index;
	struct slice destination; /* click: the URL; or, when `is_stored`, the 16-byte key of it in the store */
	bool is_stored;
};

/* The keys of an installation: id -> 32 bytes. Old ids stay for ever. Immutable once shared between threads. */
struct token_keys;
struct token_keys *token_keys_new(void);
struct token_keys *token_keys_new_with(const struct allocator *allocator); /* `allocator` must outlive them */
void token_keys_free(struct token_keys **keys);                            /* wipes them */
void token_keys_set(struct token_keys *keys, uint8_t id, const uint8_t key[TOKEN_KEY_SIZE]);
bool token_keys_has(const struct token_keys *keys, uint8_t id);

/* Prepared cipher contexts of one thread: preparing costs microseconds, copying one 0.6. */
struct token_sealer;
/* `keys` must outlive it. */
struct token_sealer *token_sealer_new(const struct token_keys *keys);
/* The same with the memory of `allocator`, which must outlive it; NULL when OpenSSL has no memory, or no AES-SIV. */
struct token_sealer *token_sealer_new_with(const struct token_keys *keys, const struct allocator *allocator);
void token_sealer_free(struct token_sealer **sealer);

/* Appends the token's text. STATUS_NOT_FOUND: no key of that id. STATUS_TOO_BIG: the destination is longer than
 * TOKEN_URL_MAX, or the buffer is full. STATUS_AGAIN: OpenSSL has no memory. */
enum status token_seal(struct token_sealer *sealer, uint8_t key_id, const struct token *token,
		       struct buf *to) MUST_CHECK;

/* Opens a token. `room` (TOKEN_TEXT_MAX bytes) holds what *ret points into. STATUS_BAD_INPUT for anything that this
 * installation's keys did not seal, whatever is wrong with it; STATUS_AGAIN: OpenSSL has no memory. *ret is untouched
 * then. No memory but what OpenSSL takes for one context and gives back. */
enum status token_open(struct token_sealer *sealer, struct slice text, char *room, struct token *ret,
		       uint8_t *ret_key_id) MUST_CHECK;

const char *token_kind_name(enum token_kind kind);

#endif
