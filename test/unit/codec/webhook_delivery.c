/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "webhook_delivery.h"
#include <stdio.h>

struct delivery delivery_of(enum webhook_scheme scheme, const char *secret, struct slice raw)
{
	struct delivery d = {.arena = arena_new(), .now_us = (int64_t)NOW_S * 1000000};
	d.rule.scheme = scheme;
	d.secrets[0] = slice_from_cstr(secret);
	d.rule.secret_count = 1;
	d.request.body = raw;
	return d;
}

void delivery_done(struct delivery *d)
{
	arena_free(&d->arena);
}

void put_header(struct delivery *d, const char *name, const char *value)
{
	assert_true(d->request.header_count < HEADERS_MAX);
	struct slice copy = arena_copy(d->arena, slice_from_cstr(value));
	d->headers[d->request.header_count++] = (struct webhook_header){slice_from_cstr(name), copy};
}

enum webhook_result judge(struct delivery *d)
{
	d->rule.secrets = d->secrets;
	d->rule.topics = d->topics;
	d->request.headers = d->headers;
	return webhook_verify(&d->rule, &d->request, d->now_us, d->arena, &d->replay_key);
}

void expect(struct delivery *d, enum webhook_result wanted)
{
	assert_string_equal(webhook_result_name(judge(d)), webhook_result_name(wanted));
}

const char secret_one[] = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const char secret_two[] = "whsec_8PHy8/T19vf4+fr7/P3+/+Dh4uPk5ebn6Onq6+zt7u8=";
const struct slice body = {"{\"type\":\"email.opened\"}", 23};

struct delivery standard_delivery(const char *signed_with, int64_t timestamp_s)
{
	struct delivery d = delivery_of(WEBHOOK_STANDARD, secret_one, body);
	struct slice secret = slice_from_cstr(signed_with);
	struct buf signature;
	char digits[32];
	d.rule.tolerance_s = WEBHOOK_TOLERANCE_S;
	buf_init(&signature, 4096);
	assert_int_equal(webhook_sign_standard(&secret, 1, SLICE("msg_1"), timestamp_s, body, &signature), STATUS_OK);
	(void)snprintf(digits, sizeof digits, "%lld", (long long)timestamp_s);
	put_header(&d, "Webhook-Id", "msg_1");
	put_header(&d, "Webhook-Timestamp", digits);
	put_header(&d, "Webhook-Signature", buf_cstr(&signature));
	buf_done(&signature);
	return d;
}
