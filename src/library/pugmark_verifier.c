/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier is only read when it verifies, each time with an arena of its own, so that threads can share one. */
#include "codec/webhook/webhook_signature.h"
#include "library/argument.h"
#include "library/memory.h"
#include "library/openssl_errors.h"
#include "library/text_list.h"

enum {
	WEBHOOK_LEAST = ARGUMENT_LEAST(struct pugmark_webhook, now_s),
	DELIVERY_LEAST = ARGUMENT_LEAST(struct pugmark_delivery, replay_key),
};
_Static_assert(WEBHOOK_LEAST == sizeof(struct pugmark_webhook), "no padding at the end");
_Static_assert(DELIVERY_LEAST == sizeof(struct pugmark_delivery), "no padding at the end");
_Static_assert(PUGMARK_SECRETS_MAX == WEBHOOK_SECRETS_MAX, "public and internal number of secrets");

struct pugmark_verifier {
	struct memory memory;
	enum webhook_scheme scheme;
	uint32_t tolerance_s;
	struct slice url;
	struct text_list secrets;
	struct text_list topics;
};

/* A switch without a default, so that a new scheme is a compiler error here until it has a public name. */
static bool scheme_of(enum pugmark_scheme scheme, enum webhook_scheme *ret)
{
	switch (scheme) {
	case PUGMARK_SCHEME_STANDARD: *ret = WEBHOOK_STANDARD; return true;
	case PUGMARK_SCHEME_PUGMARK: *ret = WEBHOOK_PUGMARK; return true;
	case PUGMARK_SCHEME_MAILGUN: *ret = WEBHOOK_MAILGUN; return true;
	case PUGMARK_SCHEME_MAILERSEND: *ret = WEBHOOK_MAILERSEND; return true;
	case PUGMARK_SCHEME_MANDRILL: *ret = WEBHOOK_MANDRILL; return true;
	case PUGMARK_SCHEME_SENDGRID: *ret = WEBHOOK_SENDGRID; return true;
	case PUGMARK_SCHEME_SNS: *ret = WEBHOOK_SNS; return true;
	case PUGMARK_SCHEME_BASIC: *ret = WEBHOOK_BASIC; return true;
	case PUGMARK_SCHEME_BEARER: *ret = WEBHOOK_BEARER; return true;
	case PUGMARK_SCHEME_HEADER: *ret = WEBHOOK_CUSTOM_HEADER; return true;
	}
	return false;
}

/* Each reason has a status of its own, for a log; what a host tells the sender should be one and the same. */
static enum pugmark_status result_of(enum webhook_result result)
{
	switch (result) {
	case WEBHOOK_OK: return PUGMARK_OK;
	case WEBHOOK_BAD_SIGNATURE: return PUGMARK_BAD_SIGNATURE;
	case WEBHOOK_MISSING: return PUGMARK_MISSING;
	case WEBHOOK_MALFORMED: return PUGMARK_MALFORMED;
	case WEBHOOK_UNSUPPORTED: return PUGMARK_UNSUPPORTED;
	case WEBHOOK_TOO_OLD: return PUGMARK_TOO_OLD;
	case WEBHOOK_TOO_NEW: return PUGMARK_TOO_NEW;
	case WEBHOOK_BAD_SECRET: return PUGMARK_BAD_SECRET;
	case WEBHOOK_BAD_CERTIFICATE: return PUGMARK_BAD_CERTIFICATE;
	case WEBHOOK_FOREIGN_TOPIC: return PUGMARK_FOREIGN_TOPIC;
	case WEBHOOK_TOO_BIG: return PUGMARK_TOO_BIG;
	}
	return PUGMARK_BAD_SIGNATURE; /* whatever it is, it is no yes */
}

/* A scheme that this version does not know is refused here and not with the first webhook. */
enum pugmark_status pugmark_verifier_new(enum pugmark_scheme scheme, const struct pugmark_allocator *allocator,
					 struct pugmark_verifier **ret_verifier)
{
	void *object;
	enum webhook_scheme known;
	if (!ret_verifier)
		return PUGMARK_MISUSE;
	if (!scheme_of(scheme, &known))
		return PUGMARK_BAD_INPUT;
	enum pugmark_status status = memory_object_new(allocator, sizeof(struct pugmark_verifier), &object);
	if (status != PUGMARK_OK)
		return status;
	struct pugmark_verifier *v = object;
	v->scheme = known;
	v->tolerance_s = WEBHOOK_TOLERANCE_S;
	v->url = SLICE_EMPTY;
	*ret_verifier = v;
	return PUGMARK_OK;
}

/* Secrets are wiped before their memory goes back to the host. */
void pugmark_verifier_free(struct pugmark_verifier *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->secrets.count; i++)
		OPENSSL_cleanse((char *)(uintptr_t)v->secrets.items[i].p, v->secrets.items[i].n);
	memory_object_free(&v->memory);
}

/* ---- what is known beforehand ---- */

struct adding {
	struct pugmark_verifier *verifier;
	struct text_list *list; /* NULL: the URL */
	struct slice text;
};

static enum pugmark_status add(void *user)
{
	struct adding *a = user;
	const struct allocator *allocator = &a->verifier->memory.allocator;
	if (a->list)
		text_list_add(a->list, allocator, a->text);
	else
		a->verifier->url = text_copy(allocator, a->text);
	return PUGMARK_OK;
}

static enum pugmark_status add_text(struct pugmark_verifier *v, struct text_list *list, const char *bytes, size_t size)
{
	struct adding a = {v, list, SLICE_EMPTY};
	return argument_slice(bytes, size, &a.text) ? memory_try(&v->memory, add, &a) : PUGMARK_MISUSE;
}

enum pugmark_status pugmark_verifier_add_secret(struct pugmark_verifier *v, const char *secret, size_t secret_size)
{
	if (!v)
		return PUGMARK_MISUSE;
	return v->secrets.count < PUGMARK_SECRETS_MAX ? add_text(v, &v->secrets, secret, secret_size) : PUGMARK_TOO_BIG;
}

enum pugmark_status pugmark_verifier_set_tolerance(struct pugmark_verifier *v, uint32_t tolerance_s)
{
	if (!v)
		return PUGMARK_MISUSE;
	v->tolerance_s = tolerance_s;
	return PUGMARK_OK;
}

enum pugmark_status pugmark_verifier_set_url(struct pugmark_verifier *v, const char *url, size_t url_size)
{
	return v ? add_text(v, NULL, url, url_size) : PUGMARK_MISUSE;
}

enum pugmark_status pugmark_verifier_add_topic(struct pugmark_verifier *v, const char *topic, size_t topic_size)
{
	return v ? add_text(v, &v->topics, topic, topic_size) : PUGMARK_MISUSE;
}

/* ---- a request ---- */

struct verifying {
	struct memory memory; /* first: it is an object of its own */
	const struct pugmark_verifier *verifier;
	struct pugmark_webhook webhook;
	struct webhook_request request;
	struct pugmark_delivery delivery;
};

/* The host's array is read, not kept: it may be gone when the next request comes. */
static enum pugmark_status take_headers(struct verifying *it, struct arena *arena)
{
	size_t count = it->webhook.header_count;
	if (count > SIZE_MAX / 2 / sizeof(struct webhook_header))
		return PUGMARK_MISUSE;
	struct webhook_header *headers = arena_alloc_array(arena, count, sizeof *headers);
	for (size_t i = 0; i < count; i++)
		if (!argument_text(it->webhook.headers[i].name, &headers[i].name) ||
		    !argument_text(it->webhook.headers[i].value, &headers[i].value))
			return PUGMARK_MISUSE;
	it->request.headers = headers;
	it->request.header_count = count;
	return PUGMARK_OK;
}

/* A key that does not fit is refused: cut off, two deliveries could have the same. */
static enum pugmark_status keep_replay_key(struct verifying *it, struct slice key)
{
	if (key.n >= sizeof it->delivery.replay_key)
		return PUGMARK_TOO_BIG;
	if (key.n)
		memcpy(it->delivery.replay_key, key.p, key.n);
	it->delivery.replay_key_size = key.n;
	return PUGMARK_OK;
}

/* All memory is in the arena of this one call and goes with it, whatever comes out. */
static enum pugmark_status verify(void *user)
{
	struct verifying *it = user;
	const struct pugmark_verifier *v = it->verifier;
	struct arena *arena = arena_new_with(&it->memory.allocator);
	struct slice replay_key = SLICE_EMPTY;
	struct webhook_rule rule = {
	    .scheme = v->scheme,
	    .secrets = v->secrets.items,
	    .secret_count = v->secrets.count,
	    .tolerance_s = v->tolerance_s,
	    .url = v->url,
	    .topics = v->topics.items,
	    .topic_count = v->topics.count,
	};
	enum pugmark_status status = take_headers(it, arena);
	if (status != PUGMARK_OK)
		return status;
	status = result_of(webhook_verify(&rule, &it->request, it->webhook.now_s * 1000000, arena, &replay_key));
	return status == PUGMARK_OK ? keep_replay_key(it, replay_key) : status;
}

/* Microseconds in 64 bits end in the year 294247; a clock behind that is no clock. */
static bool is_time(int64_t now_s)
{
	return now_s >= 0 && now_s < INT64_MAX / 1000000;
}

enum pugmark_status pugmark_verifier_verify(const struct pugmark_verifier *v, const struct pugmark_webhook *webhook,
					    struct pugmark_delivery *ret_delivery)
{
	struct pugmark_webhook given;
	struct slice body;
	void *object;
	if (!v || !argument_read(webhook, WEBHOOK_LEAST, &given, sizeof given) || !argument_text(given.body, &body) ||
	    (!given.headers && given.header_count) || !is_time(given.now_s) ||
	    (ret_delivery && !argument_is_writable(ret_delivery, DELIVERY_LEAST)))
		return PUGMARK_MISUSE;
	enum pugmark_status status = memory_object_new(&v->memory.source, sizeof(struct verifying), &object);
	if (status != PUGMARK_OK)
		return status;
	struct verifying *it = object;
	it->verifier = v;
	it->webhook = given;
	it->request.body = body;
	openssl_errors_begin();
	status = memory_try(&it->memory, verify, it);
	openssl_errors_end();
	if (status == PUGMARK_OK && ret_delivery)
		argument_write(ret_delivery, &it->delivery, sizeof it->delivery);
	memory_object_free(&it->memory);
	return status;
}
