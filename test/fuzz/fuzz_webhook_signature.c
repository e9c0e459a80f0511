/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks from strangers: whatever the body and the headers say, nothing is accepted that no secret signed, and what
 * json_find finds is inside the body. The first byte chooses the scheme; headers come up to the first NUL, then the
 * body. */
#include "base/mem.h"
#include "codec/text/json_find.h"
#include "codec/webhook/webhook_pugmark.h"
#include "codec/webhook/webhook_signature.h"
#include "codec/webhook/webhook_sns.h"
#include "codec/webhook/webhook_standard.h"

enum { HEADERS_MAX = 8 };

static size_t read_headers(struct slice *input, struct webhook_header headers[HEADERS_MAX])
{
	size_t count = 0;
	struct slice head = slice_cut(input, '\0');
	while (head.n > 0 && count < HEADERS_MAX) {
		struct slice value = slice_cut(&head, '\n');
		struct slice name = slice_cut(&value, ':');
		headers[count++] = (struct webhook_header){name, value};
	}
	return count;
}

static void check_json(struct slice body, struct arena *arena)
{
	struct slice raw;
	struct slice text;
	if (json_find(body, SLICE("signature"), &raw) == STATUS_OK)
		BUG_IF(raw.n == 0 || raw.p < body.p || raw.p + raw.n > body.p + body.n);
	if (json_find_string(body, SLICE("Message"), arena, &text) == STATUS_OK)
		BUG_IF(text.n > body.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct slice secret = {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 50};
	if (size == 0)
		return 0;
	struct slice input = slice_of(data + 1, size - 1);
	struct webhook_header headers[HEADERS_MAX];
	struct webhook_request request = {.headers = headers, .header_count = read_headers(&input, headers)};
	struct webhook_rule rule = {.scheme = (enum webhook_scheme)(data[0] % (WEBHOOK_SNS + 1)),
				    .secrets = &secret,
				    .secret_count = 1,
				    .tolerance_s = WEBHOOK_TOLERANCE_S,
				    .url = SLICE("https://e.example/hook")};
	struct arena *arena = arena_new();
	struct slice key;
	request.body = input;
	enum webhook_result result = webhook_verify(&rule, &request, INT64_C(1700000000000000), arena, &key);
	BUG_IF(result == WEBHOOK_OK || strcmp(webhook_result_name(result), "unknown") == 0);
	check_json(input, arena);
	arena_free(&arena);
	return 0;
}
