/* SPDX-License-Identifier: Apache-2.0 */
/* The schemes with a shared secret. Each collects what is signed as a list of pieces, so that no body is copied to put
 * two words in front of it. */
#include "codec/webhook/webhook_signature_private.h"

#include "base/mem.h"
#include "codec/text/base64.h"
#include "codec/text/hex.h"
#include "codec/text/json_find.h"
#include "codec/url/query.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { SHA1_SIZE = 20, SHA256_SIZE = 32, ENTRIES_MAX = 32, FORM_FIELDS_MAX = 64 };

/* Bytes that are signed: pieces one behind the other. */
struct signed_text {
	const struct slice *pieces;
	size_t count;
};

/* Keyed with bytes of any length; the digest's own size comes out. False, and *ret empty, when OpenSSL has no memory.
 */
static bool make_hmac(const char *digest, struct slice key, struct signed_text text, unsigned char room[SHA256_SIZE],
		      struct slice *ret)
{
	OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
				   OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t n = 0;
	bool is_made = ctx && EVP_MAC_init(ctx, (const unsigned char *)key.p, key.n, parameters) == 1;
	for (size_t i = 0; is_made && i < text.count; i++)
		is_made = EVP_MAC_update(ctx, (const unsigned char *)text.pieces[i].p, text.pieces[i].n) == 1;
	is_made = is_made && EVP_MAC_final(ctx, room, &n, SHA256_SIZE) == 1;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	*ret = slice_of(room, is_made ? n : 0);
	return is_made;
}

/* For what we sign ourselves. */
static struct slice hmac(const char *digest, struct slice key, struct signed_text text, unsigned char room[SHA256_SIZE])
{
	struct slice made;
	BUG_IF(!make_hmac(digest, key, text, room, &made)); /* no memory, or OpenSSL without its default provider */
	return made;
}

/* Whether `key` made the signature; one that cannot be made fits nothing. */
static bool hmac_fits(const char *digest, struct slice key, struct signed_text text, struct slice signature)
{
	unsigned char room[SHA256_SIZE];
	struct slice made;
	return make_hmac(digest, key, text, room, &made) && slice_equal_secret(made, signature);
}

static bool from_hex(struct slice text, unsigned char to[SHA256_SIZE])
{
	if (text.n != (size_t)2 * SHA256_SIZE)
		return false;
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		int byte = hex_byte(text.p[2 * i], text.p[2 * i + 1]);
		if (byte < 0)
			return false;
		to[i] = (unsigned char)byte;
	}
	return true;
}

/* Whether one of the secrets, as it is, made this SHA-256 signature. */
static enum webhook_result check_plain_secrets(const struct webhook_check *check, struct signed_text text,
					       struct slice signature)
{
	enum webhook_result result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count && result != WEBHOOK_OK; i++) {
		struct slice secret = check->rule->secrets[i];
		if (secret.n == 0)
			continue; /* an empty secret is one that everybody knows */
		bool fits = hmac_fits("SHA256", secret, text, signature);
		result = fits ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
	}
	return result;
}

/* ---- Standard Webhooks ---- */

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
		is_made = make_hmac("SHA256", secret_key, (struct signed_text){message->pieces, 5}, room, &wanted);
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

/* ---- X-Pugmark-Signature ---- */

enum webhook_result webhook_check_pugmark(struct webhook_check *check)
{
	struct slice value;
	struct slice timestamp = SLICE_EMPTY;
	unsigned char signatures[ENTRIES_MAX][SHA256_SIZE];
	size_t count = 0;
	int64_t time_us;
	enum webhook_result result = webhook_header_find(check, SLICE("x-pugmark-signature"), &value);
	if (result != WEBHOOK_OK)
		return result;
	for (int i = 0; i < ENTRIES_MAX && value.n > 0; i++) {
		struct slice entry = slice_trim(slice_cut(&value, ','));
		struct slice key = slice_cut(&entry, '=');
		if (slice_equal(key, SLICE("t"))) {
			if (timestamp.n > 0)
				return WEBHOOK_MALFORMED;
			timestamp = entry;
		} else if (slice_equal(key, SLICE("v1"))) {
			if (!from_hex(entry, signatures[count]))
				return WEBHOOK_MALFORMED;
			count++;
		}
	}
	if (!webhook_time_parse(timestamp, &time_us))
		return WEBHOOK_MALFORMED;
	result = WEBHOOK_UNSUPPORTED;
	struct slice pieces[] = {timestamp, SLICE("."), check->request->body};
	for (size_t i = 0; i < count && result != WEBHOOK_OK; i++)
		result =
		    check_plain_secrets(check, (struct signed_text){pieces, 3}, slice_of(signatures[i], SHA256_SIZE));
	return result == WEBHOOK_OK ? webhook_check_age(check, time_us) : result;
}

/* ---- Mailgun ---- */

static enum webhook_result of_json(enum status status)
{
	return status == STATUS_OK ? WEBHOOK_OK : status == STATUS_NOT_FOUND ? WEBHOOK_MISSING : WEBHOOK_MALFORMED;
}

/* The time is a string of digits; a number is taken by its digits, which are then what was signed. */
static enum status find_digits(struct slice object, struct arena *arena, struct slice *ret)
{
	struct slice raw;
	enum status status = json_find(object, SLICE("timestamp"), &raw);
	if (status != STATUS_OK || raw.p[0] == '"')
		return status == STATUS_OK ? json_find_string(object, SLICE("timestamp"), arena, ret) : status;
	*ret = raw;
	return STATUS_OK;
}

enum webhook_result webhook_check_mailgun(struct webhook_check *check)
{
	struct slice object;
	struct slice pieces[2]; /* timestamp, token */
	struct slice text;
	unsigned char signature[SHA256_SIZE];
	int64_t time_us;
	enum { TIME_DIGITS = 10 };
	enum status status = json_find(check->request->body, SLICE("signature"), &object);
	if (status == STATUS_OK)
		status = find_digits(object, check->arena, &pieces[0]);
	if (status == STATUS_OK)
		status = json_find_string(object, SLICE("token"), check->arena, &pieces[1]);
	if (status == STATUS_OK)
		status = json_find_string(object, SLICE("signature"), check->arena, &text);
	if (status != STATUS_OK)
		return of_json(status);
	/* Time and token are signed without anything between them: were times of other lengths allowed, a digit moved
	 * from one to the other would make a new token of an old delivery. Ten digits last until 2286. */
	if (pieces[0].n != TIME_DIGITS || pieces[1].n == 0 || !webhook_time_parse(pieces[0], &time_us) ||
	    !from_hex(text, signature))
		return WEBHOOK_MALFORMED;
	check->replay_key = pieces[1];
	enum webhook_result result =
	    check_plain_secrets(check, (struct signed_text){pieces, 2}, slice_of(signature, sizeof signature));
	return result == WEBHOOK_OK ? webhook_check_age(check, time_us) : result;
}

/* ---- MailerSend ---- */

enum webhook_result webhook_check_mailersend(struct webhook_check *check)
{
	struct slice text;
	unsigned char signature[SHA256_SIZE];
	enum webhook_result result = webhook_header_find(check, SLICE("signature"), &text);
	if (result != WEBHOOK_OK)
		return result;
	if (!from_hex(text, signature))
		return WEBHOOK_MALFORMED;
	return check_plain_secrets(check, (struct signed_text){&check->request->body, 1},
				   slice_of(signature, sizeof signature));
}

/* ---- Mandrill ---- */

static int by_name(const void *left, const void *right)
{
	const struct query_parameter *a = left;
	const struct query_parameter *b = right;
	size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
	int order = n ? memcmp(a->name.p, b->name.p, n) : 0;
	return order ? order : (a->name.n > b->name.n) - (a->name.n < b->name.n);
}

/* The URL, then name and value of every field by name. */
static enum webhook_result mandrill_text(const struct webhook_check *check,
					 struct slice pieces[1 + 2 * FORM_FIELDS_MAX], size_t *ret_count)
{
	struct query_parameter fields[FORM_FIELDS_MAX];
	struct query query = query_read(check->request->body);
	size_t count = 0;
	for (;;) {
		struct query_parameter field;
		enum status status = query_next(&query, check->arena, &field);
		if (status == STATUS_END)
			break;
		if (status != STATUS_OK || count == FORM_FIELDS_MAX)
			return WEBHOOK_MALFORMED;
		fields[count++] = field;
	}
	if (count == 0)
		return WEBHOOK_MISSING;
	qsort(fields, count, sizeof fields[0], by_name);
	for (size_t i = 1; i < count; i++)
		if (slice_equal(fields[i - 1].name, fields[i].name))
			return WEBHOOK_MALFORMED; /* which one counts is for each reader to choose */
	pieces[0] = check->rule->url;
	for (size_t i = 0; i < count; i++) {
		pieces[1 + 2 * i] = fields[i].name;
		pieces[2 + 2 * i] = fields[i].value;
	}
	*ret_count = 1 + 2 * count;
	return WEBHOOK_OK;
}

enum webhook_result webhook_check_mandrill(struct webhook_check *check)
{
	struct slice text;
	struct slice signature;
	struct slice pieces[1 + 2 * FORM_FIELDS_MAX];
	size_t count;
	enum webhook_result result = webhook_header_find(check, SLICE("x-mandrill-signature"), &text);
	if (result == WEBHOOK_OK)
		result = mandrill_text(check, pieces, &count);
	if (result != WEBHOOK_OK)
		return result;
	if (!webhook_base64(check->arena, text, &signature) || signature.n != SHA1_SIZE)
		return WEBHOOK_MALFORMED;
	result = WEBHOOK_BAD_SECRET;
	for (size_t i = 0; i < check->rule->secret_count && result != WEBHOOK_OK; i++) {
		struct slice secret = check->rule->secrets[i];
		if (secret.n == 0 || check->rule->url.n == 0)
			continue;
		bool fits = hmac_fits("SHA1", secret, (struct signed_text){pieces, count}, signature);
		result = fits ? WEBHOOK_OK : WEBHOOK_BAD_SIGNATURE;
	}
	return result;
}

/* ---- our own ---- */

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
		base64_append(to, hmac("SHA256", key, (struct signed_text){pieces, 5}, signature));
	}
	arena_free(&arena);
	if (status != STATUS_OK)
		buf_truncate(to, before);
	return status == STATUS_OK ? buf_status(to) : status;
}

enum status webhook_sign_pugmark(const struct slice *secrets, size_t secret_count, int64_t timestamp_s,
				 struct slice body, struct buf *to)
{
	unsigned char signature[SHA256_SIZE];
	char digits[32];
	struct buf timestamp;
	bool is_usable = secret_count > 0;
	for (size_t i = 0; i < secret_count; i++)
		is_usable = is_usable && secrets[i].n > 0;
	if (!is_usable)
		return STATUS_BAD_INPUT;
	buf_init_fixed(&timestamp, digits, sizeof digits);
	buf_append_i64(&timestamp, timestamp_s);
	struct slice pieces[] = {buf_slice(&timestamp), SLICE("."), body};
	buf_append_cstr(to, "t=");
	buf_append(to, pieces[0]);
	for (size_t i = 0; i < secret_count; i++) {
		buf_append_cstr(to, ",v1=");
		buf_append_hex(to, hmac("SHA256", secrets[i], (struct signed_text){pieces, 3}, signature));
	}
	return buf_status(to);
}
