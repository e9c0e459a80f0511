/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_delivery: a webhook request that tests put together step by step. */
#ifndef PUGMARK_TEST_WEBHOOK_DELIVERY_H
#define PUGMARK_TEST_WEBHOOK_DELIVERY_H

#include "codec/webhook/webhook_pugmark.h"
#include "codec/webhook/webhook_signature.h"
#include "codec/webhook/webhook_sns.h"
#include "codec/webhook/webhook_standard.h"

enum { NOW_S = 1700000000, HEADERS_MAX = 8 };

struct delivery {
	struct arena *arena;
	struct webhook_rule rule;
	struct slice secrets[WEBHOOK_SECRETS_MAX];
	struct slice topics[2];
	struct webhook_header headers[HEADERS_MAX];
	struct webhook_request request;
	int64_t now_us;
	struct slice replay_key;
};

/* With one secret, at NOW_S; to be ended by delivery_done. */
struct delivery delivery_of(enum webhook_scheme scheme, const char *secret, struct slice raw);
void delivery_done(struct delivery *d);
void put_header(struct delivery *d, const char *name, const char *value);
enum webhook_result judge(struct delivery *d);
/* judge, in words, so that a failure says more than two numbers. */
void expect(struct delivery *d, enum webhook_result wanted);

/* Two secrets, a body, and a message "msg_1" that was signed with one of the secrets. */
extern const char secret_one[];
extern const char secret_two[];
extern const struct slice body;
struct delivery standard_delivery(const char *signed_with, int64_t timestamp_s);

#endif
