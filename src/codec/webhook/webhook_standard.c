/* SPDX-License-Identifier: Apache-2.0 */
/* A header may carry several signatures, of several versions and keys. Each key is tried against the entries of its
 * own version only, so that a `v1` that fits by chance of format never vouches for a `v1a`. */
#include "codec/webhook/webhook_standard.h"

#include "base/mem.h"
#include "codec/text/base64.h"
#include "codec/webhook/webhook_hmac.h"
#include "codec/webhook/webhook_public_key.h"

enum { ENTRIES_MAX = 32 };

/* The key of "whsec_…" or "whpk_…"; without a prefix it is a symmetric one, as Svix' libraries take it. */
static bool standard_key(struct arena *arena, struct slice secret, bool *ret_is_public, struct slice *ret)
{
	enum { ED25519_KEY_SIZE = 32 };
	bool is_public = slice_starts_with(secret, SLICE("whpk_"));
	if (is_public)
		secret = slice_from(secret, 5);
	else if (slice_starts_with(secret, SLICE("whsec_")))
		secret = slice_from(secret, 6);
	struct slice key;
	if (!webhook_base64(arena, secret, &key) || key.n == 0 || (is_public && key.n != ED25519_KEY_SIZE))
		return false;
	*ret_is_public = is_public;
	*ret = key;
	return true;
}

struct standard_parts {
	struct slice id;
	struct slice timestamp;
	struct slice signatures;
};

/* All three of one family: a header of the other is somebody else's, who may have added it. */
static enum webhook_result find_standard_parts(const struct webhook_check *check, struct standard_parts *ret)
{
	static const struct slice names[2][3] = {
	    {{"webhook-id", 10}, {"webhook-timestamp", 17}, {"webhook-signature", 17}},
	    {{"svix-id", 7}, {"svix-timestamp", 14}, {"svix-signature", 14}},
	};
	struct slice values[3];
	enum webhook_result result = WEBHOOK_MISSING;
	for (size_t family = 0; family < 2 && result == WEBHOOK_MISSING; family++) {
		result = WEBHOOK_OK;
		for (size_t i = 0; i < 3 && result == WEBHOOK_OK; i++)
			result = webhook_header_find(check, names[family][i], &values[i]);
	}
	if (result == WEBHOOK_OK)
		*ret = (struct standard_parts){values[0], values[1], values[2]};
	return result;
}

/* What one key would have to be compared with. */
struct standard_message {
	struct slice pieces[5];
	struct slice whole; /* the same in one piece; only when a public key wants it */
	struct slice signatures;
};

/* Only for Ed25519: what OpenSSL has for it takes the message in one piece. */
static struct slice join(struct arena *arena, const struct slice *pieces, size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		n += pieces[i].n;
	char *to = arena_alloc(arena, n + 1);
	size_t at = 0;
	for (size_t i = 0; i < count; at += pieces[i++].n)
		if (pieces[i].n)
			memcpy(to + at, pieces[i].p, pieces[i].n);
	return slice_of(to, n);
}

/* Tries one key against every entry of its version. *ret_is_known: there was an entry. */
static bool standard_key_fits(struct arena *arena, struct standard_message *message, struct slice secret_key,
			      bool is_public, bool *ret_is_known)
{
	unsigned char room[SHA256_SIZE];
	struct slice wanted = SLICE_EMPTY;
	bool is_made = false;
	bool fits = false;
	if (is_public && message->whole.n == 0)
		message->whole = join(arena, message->pieces, 5);
	else if (!is_public)
		is_made =
		    webhook_hmac_make("SHA256", secret_key, (struct webhook_signed){message->pieces, 5}, room, &wanted);
	struct slice rest = message->signatures;
	for (int i = 0; i < ENTRIES_MAX && rest.n > 0; i++) {
		struct slice entry = slice_cut(&rest, ' ');
		struct slice version = slice_cut(&entry, ',');
		struct slice signature;
		if (!slice_equal(version, is_public ? SLICE("v1a") : SLICE("v1")))
			continue;
		*ret_is_known = true;
		if (!webhook_base64(arena, entry, &signature))
			continue;
		fits |= is_public ? webhook_ed25519_fits(secret_key, signature, message->whole)
				  : is_made && slice_equal_secret(wanted, signature);
	}
	return fits;
}

enum webhook_result webhook_check_standard(struct webhook_check *check)
{
	struct standard_parts parts;
	int64_t time_us;
	enum webhook_result result = find_standard_parts(check, &parts);
	if (result != WEBHOOK_OK)
		return result;
	/* A dot in the id would let two messages have the same signed text. */
	if (!webhook_time_parse(parts.timestamp, &time_us) || slice_index(parts.id, '.') < parts.id.n)
		return WEBHOOK_MALFORMED;
	struct standard_message message = {
	    .pieces = {parts.id, SLICE("."), parts.timestamp, SLICE("."), check->request->body},
	    .signatures = parts.signatures};
	bool is_known = false;
	bool fits = false;
	bool has_key = false;
	for (size_t i = 0; i < check->rule->secret_count; i++) {
		bool is_public;
		struct slice key;
		if (!standard_key(check->arena, check->rule->secrets[i], &is_public, &key))
			continue;
		has_key = true;
		fits |= standard_key_fits(check->arena, &message, key, is_public, &is_known);
	}
	if (!has_key)
		return WEBHOOK_BAD_SECRET;
	if (!is_known)
		return WEBHOOK_UNSUPPORTED;
	check->replay_key = parts.id;
	return fits ? webhook_check_age(check, time_us) : WEBHOOK_BAD_SIGNATURE;
}

/* ---- our own ---- */

/* Nothing is appended unless all secrets can be used: a header with one signature fewer looks right and fails at the
 * receiver. */
enum status webhook_sign_standard(const struct slice *secrets, size_t secret_count, struct slice id,
				  int64_t timestamp_s, struct slice body, struct buf *to)
{
	unsigned char signature[SHA256_SIZE];
	char digits[32];
	struct buf timestamp;
	struct arena *arena = arena_new();
	size_t before = to->n;
	enum status status =
	    secret_count > 0 && id.n > 0 && slice_index(id, '.') == id.n ? STATUS_OK : STATUS_BAD_INPUT;
	buf_init_fixed(&timestamp, digits, sizeof digits);
	buf_append_i64(&timestamp, timestamp_s);
	struct slice pieces[] = {id, SLICE("."), buf_slice(&timestamp), SLICE("."), body};
	for (size_t i = 0; i < secret_count && status == STATUS_OK; i++) {
		struct slice key;
		bool is_public;
		if (!standard_key(arena, secrets[i], &is_public, &key) || is_public) {
			status = STATUS_BAD_INPUT;
			break;
		}
		buf_append_cstr(to, i ? " v1," : "v1,");
		base64_append(to, webhook_hmac("SHA256", key, (struct webhook_signed){pieces, 5}, signature));
	}
	arena_free(&arena);
	if (status != STATUS_OK)
		buf_truncate(to, before);
	return status == STATUS_OK ? buf_status(to) : status;
}
