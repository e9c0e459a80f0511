/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_signature on real deliveries of the providers. They are in the corpus, which is found by
 * harness/corpus.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/text/base64.h"
#include "codec/text/json_find.h"
#include "harness/corpus.h"
#include "webhook_delivery.h"
#include <jansson.h>
#include <stdio.h>

static struct slice read_in_folder(const char *folder, const char *name, struct arena *arena)
{
	char path[2 * CORPUS_PATH_ROOM];
	struct buf content;
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	buf_init(&content, CORPUS_FILE_MAX);
	file_read(path, &content);
	struct slice copy = arena_copy(arena, buf_slice(&content));
	buf_done(&content);
	return copy;
}

static const char *text_of(const json_t *vector, const char *key)
{
	return json_string_value(json_object_get(vector, key));
}

static enum webhook_scheme scheme_of(const char *id)
{
	static const struct {
		const char *prefix;
		enum webhook_scheme scheme;
	} schemes[] = {{"standard", WEBHOOK_STANDARD},
		       {"resend", WEBHOOK_STANDARD},
		       {"mailgun", WEBHOOK_MAILGUN},
		       {"mailersend", WEBHOOK_MAILERSEND},
		       {"sendgrid", WEBHOOK_SENDGRID},
		       {"mandrill", WEBHOOK_MANDRILL},
		       {"sns", WEBHOOK_SNS}};
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strncmp(id, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
			return schemes[i].scheme;
	fail_msg("no scheme for %s", id);
	return WEBHOOK_STANDARD;
}

static struct slice body_of(const json_t *vector, const char *folder, struct arena *arena)
{
	const json_t *plain = json_object_get(vector, text_of(vector, "form_body") ? "form_body" : "body");
	if (json_is_string(plain))
		return slice_of(json_string_value(plain), json_string_length(plain));
	if (text_of(vector, "body_file"))
		return read_in_folder(folder, text_of(vector, "body_file"), arena);
	struct slice encoded = slice_from_cstr(text_of(vector, "body_b64"));
	struct buf decoded;
	buf_init(&decoded, 1 << 20);
	assert_int_equal(base64_decode(encoded, &decoded), STATUS_OK);
	struct slice copy = arena_copy(arena, buf_slice(&decoded));
	buf_done(&decoded);
	return copy;
}

static void put_vector_headers(struct delivery *d, const json_t *vector)
{
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(vector, "headers"), name, value)
	    put_header(d, name, json_string_value(value));
	if (!text_of(vector, "webhook_id"))
		return;
	const char *signature = text_of(vector, "expected_signature");
	const char *timestamp = text_of(vector, "webhook_timestamp");
	put_header(d, "webhook-id", text_of(vector, "webhook_id"));
	put_header(d, "webhook-timestamp", timestamp ? timestamp : "1649367553");
	put_header(d, "webhook-signature", signature ? signature : text_of(vector, "signature_header"));
}

static void put_vector_secret(struct delivery *d, const json_t *vector, const char *folder)
{
	static const char *const keys[] = {"secret", "public_key", "signing_key", "webhook_key",
					   "public_key_b64_der_spki"};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (text_of(vector, keys[i]))
			d->secrets[0] = slice_from_cstr(text_of(vector, keys[i]));
	if (text_of(vector, "cert_file"))
		d->secrets[0] = read_in_folder(folder, text_of(vector, "cert_file"), d->arena);
	d->rule.url = slice_from_cstr(text_of(vector, "url"));
}

/* The certificates of the SNS vectors are out of date; these are times at which they were not. */
static void put_sns(struct delivery *d, const char *id)
{
	struct slice topic;
	assert_int_equal(json_find_string(d->request.body, SLICE("TopicArn"), d->arena, &topic), STATUS_OK);
	d->topics[0] = topic;
	d->rule.topic_count = 1;
	int64_t now_s = strncmp(id, "sns_ruby", 8) == 0 ? 1659043438 : 1772827000;
	d->now_us = now_s * 1000000;
	d->rule.tolerance_s = 3600;
}

static void judge_vector(const json_t *vector, const char *folder)
{
	const char *id = text_of(vector, "id");
	const char *expected = text_of(vector, "expected");
	struct delivery d = delivery_of(scheme_of(id), "", SLICE_EMPTY);
	print_message("%s\n", id);
	d.request.body = body_of(vector, folder, d.arena);
	put_vector_headers(&d, vector);
	put_vector_secret(&d, vector, folder);
	if (d.rule.scheme == WEBHOOK_SNS)
		put_sns(&d, id);
	if (expected && strcmp(expected, "reject") == 0) {
		expect(&d, WEBHOOK_BAD_SIGNATURE);
	} else {
		expect(&d, WEBHOOK_OK);
		/* And with one byte of what is signed changed, not. Mailgun signs no byte of the event. */
		if (d.rule.scheme != WEBHOOK_MAILGUN) {
			char *changed = arena_cstr(d.arena, d.request.body);
			char *at = strstr(changed, d.rule.scheme == WEBHOOK_SNS ? "essage\" : \"" : "e");
			at = d.rule.scheme == WEBHOOK_SNS ? at + 11 : at;
			at[0] = at[0] == 'f' ? 'g' : 'f';
			d.request.body.p = changed;
			assert_int_not_equal(judge(&d), WEBHOOK_OK);
		}
	}
	delivery_done(&d);
}

static void test_vectors_of_the_providers(void **state)
{
	(void)state;
	char folder[CORPUS_PATH_ROOM];
	corpus_need("webhooks", folder);
	struct arena *arena = arena_new();
	struct slice text = read_in_folder(folder, "vectors.json", arena);
	json_t *root = json_loadb(text.p, text.n, 0, NULL);
	json_t *vector;
	size_t i;
	size_t judged = 0;
	assert_non_null(root);
	json_array_foreach(json_object_get(root, "vectors"), i, vector)
	{
		if (strncmp(text_of(vector, "id"), "xoauth2", 7) == 0)
			continue; /* a login, not a webhook */
		judge_vector(vector, folder);
		judged++;
	}
	assert_int_equal(judged, 27);
	json_decref(root);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors_of_the_providers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
