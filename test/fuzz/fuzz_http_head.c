/* SPDX-License-Identifier: Apache-2.0 */
/* A request head and a chunked body from anywhere: all slices within the bytes, and chunks decode to the same whether
 * they come at once or byte by byte. */
#include "net/http_chunked.h"
#include "net/http_head.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_head(struct slice bytes)
{
	struct http_head_field fields[16];
	struct http_head head = {.fields = fields, .field_max = 16};
	size_t scanned = 0;
	if (http_head_find_end(bytes, &scanned) != HTTP_HEAD_WHOLE ||
	    http_head_read(&head, slice_sub(bytes, 0, scanned)))
		return;
	for (size_t i = 0; i < head.field_count; i++)
		if (fields[i].name.n == 0 || fields[i].value.p + fields[i].value.n > bytes.p + scanned)
			abort();
	if (head.chunked && (head.content_length || head.minor == 0))
		abort();
}

static void check_chunks(struct slice bytes)
{
	struct http_chunked at_once = {0}, bytewise = {0};
	char *a = malloc(bytes.n + 1), *b = malloc(bytes.n + 1);
	size_t a_n = bytes.n, a_body = 0, b_n = 0, b_body = 0;
	enum http_chunked_result b_result = HTTP_CHUNKED_MORE;
	if (!a || !b)
		abort();
	memcpy(a, bytes.p, bytes.n);
	enum http_chunked_result a_result = http_chunked_decode(&at_once, a, &a_body, &a_n, 4096);
	for (size_t i = 0; i < bytes.n && b_result == HTTP_CHUNKED_MORE; i++) {
		b[b_n++] = bytes.p[i];
		b_result = http_chunked_decode(&bytewise, b, &b_body, &b_n, 4096);
	}
	if (a_result != b_result || (a_result <= HTTP_CHUNKED_END && (a_body != b_body || memcmp(a, b, a_body) != 0)))
		abort();
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of(data, size);
	check_head(bytes);
	check_chunks(bytes);
	return 0;
}
