/* SPDX-License-Identifier: Apache-2.0 */
/* A sealer is a thread's own, because a cipher context is. Keys are shared: they change only before they are. What a
 * token says is checked on both ways, since a host that seals a javascript: address would hand it to its own redirect.
 */
#include "codec/url/url.h"
#include "library/argument.h"
#include "library/keys.h"
#include "library/openssl_errors.h"
#include "library/status.h"

enum { TOKEN_LEAST = ARGUMENT_LEAST(struct pugmark_token, key_id) };
_Static_assert(TOKEN_LEAST == sizeof(struct pugmark_token), "no padding at the end");

_Static_assert(PUGMARK_KEY_SIZE == LINK_TOKEN_KEY_SIZE, "public and internal key size");
_Static_assert(PUGMARK_TOKEN_ROOM == LINK_TOKEN_TEXT_MAX + 1, "public and internal token size");
_Static_assert(PUGMARK_DESTINATION_MAX == LINK_TOKEN_URL_MAX, "public and internal destination size");
_Static_assert(PUGMARK_DESTINATION_KEY_SIZE == LINK_TOKEN_STORED_KEY_SIZE, "public and internal destination key size");
_Static_assert((int)PUGMARK_OPEN == (int)LINK_TOKEN_OPEN && (int)PUGMARK_CLICK == (int)LINK_TOKEN_CLICK &&
		   (int)PUGMARK_UNSUBSCRIBE == (int)LINK_TOKEN_UNSUBSCRIBE &&
		   (int)PUGMARK_PREFERENCES == (int)LINK_TOKEN_PREFERENCES,
	       "public and internal kinds");
_Static_assert((int)PUGMARK_CONSENT_OFF == (int)LINK_TOKEN_CONSENT_OFF &&
		   (int)PUGMARK_CONSENT_ANONYMOUS == (int)LINK_TOKEN_CONSENT_ANONYMOUS &&
		   (int)PUGMARK_CONSENT_FULL == (int)LINK_TOKEN_CONSENT_FULL,
	       "public and internal consent");

/* ---- keys ---- */

/* Keys are 256 slots of 32 bytes, taken at once, so that setting one cannot fail for memory. */
static enum pugmark_status make_keys(void *user)
{
	struct pugmark_keys *keys = user;
	keys->keys = link_token_keys_new_with(&keys->memory.allocator);
	return PUGMARK_OK;
}

enum pugmark_status pugmark_keys_new(const struct pugmark_allocator *allocator, struct pugmark_keys **ret_keys)
{
	void *object;
	if (!ret_keys)
		return PUGMARK_MISUSE;
	enum pugmark_status status = memory_object_new(allocator, sizeof(struct pugmark_keys), &object);
	if (status != PUGMARK_OK)
		return status;
	struct pugmark_keys *keys = object;
	status = memory_try(&keys->memory, make_keys, keys);
	if (status == PUGMARK_OK)
		*ret_keys = keys;
	else
		pugmark_keys_free(keys);
	return status;
}

void pugmark_keys_free(struct pugmark_keys *keys)
{
	if (!keys)
		return;
	link_token_keys_free(&keys->keys);
	memory_object_free(&keys->memory);
}

/* Any number of bytes but one is a mistake: a key that is filled up or cut off would seal as well as a right one. */
enum pugmark_status pugmark_keys_set(struct pugmark_keys *keys, uint32_t key_id, const void *key, size_t key_size)
{
	if (!keys || !key)
		return PUGMARK_MISUSE;
	if (key_size != LINK_TOKEN_KEY_SIZE || key_id >= LINK_TOKEN_KEYS_MAX)
		return PUGMARK_BAD_INPUT;
	link_token_keys_set(keys->keys, (uint8_t)key_id, key);
	return PUGMARK_OK;
}

struct link_token_sealer *keys_sealer(const struct pugmark_keys *keys, struct memory *memory)
{
	return link_token_sealer_new_with(keys->keys, &memory->allocator);
}

/* ---- sealer ---- */

struct pugmark_sealer {
	struct memory memory;
	const struct pugmark_keys *keys;
	struct link_token_sealer *sealer;
	char room[LINK_TOKEN_TEXT_MAX]; /* of the last token that was opened; what is in a token is shorter than its
					   text */
};

static enum pugmark_status make_sealer(void *user)
{
	struct pugmark_sealer *sealer = user;
	sealer->sealer = keys_sealer(sealer->keys, &sealer->memory);
	return sealer->sealer ? PUGMARK_OK : PUGMARK_NO_MEMORY;
}

enum pugmark_status pugmark_sealer_new(const struct pugmark_keys *keys, const struct pugmark_allocator *allocator,
				       struct pugmark_sealer **ret_sealer)
{
	void *object;
	if (!keys || !ret_sealer)
		return PUGMARK_MISUSE;
	enum pugmark_status status = memory_object_new(allocator, sizeof(struct pugmark_sealer), &object);
	if (status != PUGMARK_OK)
		return status;
	struct pugmark_sealer *sealer = object;
	sealer->keys = keys;
	openssl_errors_begin();
	status = memory_try(&sealer->memory, make_sealer, sealer);
	openssl_errors_end();
	if (status == PUGMARK_OK)
		*ret_sealer = sealer;
	else
		pugmark_sealer_free(sealer);
	return status;
}

void pugmark_sealer_free(struct pugmark_sealer *sealer)
{
	if (!sealer)
		return;
	link_token_sealer_free(&sealer->sealer);
	memory_object_free(&sealer->memory);
}

/* ---- tokens ---- */

/* What pugmark_token_open would refuse is not sealed in the first place. */
static enum pugmark_status check(const struct pugmark_token *t, struct slice destination)
{
	if (t->kind < PUGMARK_OPEN || t->kind > PUGMARK_PREFERENCES || t->consent < PUGMARK_CONSENT_OFF ||
	    t->consent > PUGMARK_CONSENT_FULL || (t->is_stored != 0 && t->is_stored != 1))
		return PUGMARK_BAD_INPUT;
	if (t->kind != PUGMARK_CLICK)
		return destination.n || t->is_stored ? PUGMARK_BAD_INPUT : PUGMARK_OK;
	if (t->is_stored)
		return destination.n == LINK_TOKEN_STORED_KEY_SIZE ? PUGMARK_OK : PUGMARK_BAD_INPUT;
	if (destination.n > LINK_TOKEN_URL_MAX)
		return PUGMARK_TOO_BIG;
	return url_check_redirect(destination) == URL_OK ? PUGMARK_OK : PUGMARK_BAD_INPUT;
}

/* Member by member: the public struct is the host's to grow, the other one is ours. */
static struct link_token token_of(const struct pugmark_token *t, struct slice destination)
{
	struct link_token token = {
	    .kind = (enum link_token_kind)t->kind,
	    .consent = (enum link_token_consent)t->consent,
	    .tenant = t->tenant,
	    .link_index = t->link_index,
	    .destination = destination,
	    .is_stored = t->is_stored != 0,
	};
	memcpy(token.message.bytes, t->message_id, sizeof token.message.bytes);
	return token;
}

enum pugmark_status pugmark_token_mint(struct pugmark_sealer *sealer, const struct pugmark_token *token, char *room,
				       size_t room_size, size_t *ret_size)
{
	struct pugmark_token given;
	struct slice destination;
	char text[PUGMARK_TOKEN_ROOM];
	struct buf to;
	if (!sealer || !room || !argument_read(token, TOKEN_LEAST, &given, sizeof given) ||
	    !argument_text(given.destination, &destination))
		return PUGMARK_MISUSE;
	if (given.key_id >= LINK_TOKEN_KEYS_MAX)
		return PUGMARK_NOT_FOUND;
	enum pugmark_status status = check(&given, destination);
	if (status != PUGMARK_OK)
		return status;
	struct link_token sealed = token_of(&given, destination);
	buf_init_fixed(&to, text, sizeof text);
	openssl_errors_begin();
	status = status_of(link_token_seal(sealer->sealer, (uint8_t)given.key_id, &sealed, &to));
	openssl_errors_end();
	if (status != PUGMARK_OK)
		return status;
	if (to.n >= room_size)
		return PUGMARK_TOO_BIG;
	memcpy(room, text, to.n + 1);
	if (ret_size)
		*ret_size = to.n;
	return PUGMARK_OK;
}

/* The destination gets a NUL behind it, for hosts in C; it lies in the sealer until the next token is opened. */
static void fill(const struct link_token *token, uint8_t key_id, struct pugmark_token *ret)
{
	struct pugmark_token opened = {
	    .kind = (enum pugmark_kind)token->kind,
	    .consent = (enum pugmark_consent)token->consent,
	    .tenant = token->tenant,
	    .link_index = token->link_index,
	    .destination = argument_text_of(token->destination),
	    .is_stored = token->is_stored,
	    .key_id = key_id,
	};
	memcpy(opened.message_id, token->message.bytes, sizeof opened.message_id);
	argument_write(ret, &opened, sizeof opened);
}

enum pugmark_status pugmark_token_open(struct pugmark_sealer *sealer, enum pugmark_kind kind, const char *text,
				       size_t text_size, struct pugmark_token *ret_token)
{
	struct slice sealed;
	struct link_token token;
	uint8_t key_id;
	if (!sealer || !argument_slice(text, text_size, &sealed) || !argument_is_writable(ret_token, TOKEN_LEAST))
		return PUGMARK_MISUSE;
	openssl_errors_begin();
	enum status opened = link_token_open(sealer->sealer, sealed, sealer->room, &token, &key_id);
	openssl_errors_end();
	if (opened != STATUS_OK)
		return status_of(opened);
	if (kind != PUGMARK_ANY_KIND && (int)kind != (int)token.kind)
		return PUGMARK_BAD_INPUT;
	/* Sealed by these keys, but perhaps not by this library: a redirect trusts nobody. */
	if (token.kind == LINK_TOKEN_CLICK && !token.is_stored && url_check_redirect(token.destination) != URL_OK)
		return PUGMARK_BAD_INPUT;
	/* The destination is the last of what is in a token; behind it may be what a longer one left. */
	if (token.destination.n)
		sealer->room[token.destination.p - sealer->room + (ptrdiff_t)token.destination.n] = 0;
	else
		token.destination = SLICE_EMPTY;
	fill(&token, key_id, ret_token);
	return PUGMARK_OK;
}

const char *pugmark_kind_name(enum pugmark_kind kind)
{
	return link_token_kind_name((enum link_token_kind)kind);
}
