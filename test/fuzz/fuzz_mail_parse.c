/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a mail: nothing may crash, hang or leak, and everything shown must be valid UTF-8. */
#include "base/mem.h"
#include "codec/mail_parse.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct mail_view view;
	mail_parse(slice_of(data, size), arena, &view);
	BUG_IF(!utf8_is_valid(view.subject) || !utf8_is_valid(view.from) || !utf8_is_valid(view.to));
	BUG_IF(!utf8_is_valid(view.html) || !utf8_is_valid(view.text));
	BUG_IF(view.part_count > MAIL_PARSE_PARTS_MAX || view.header_count > MAIL_PARSE_HEADERS_MAX);
	for (size_t i = 0; i < view.header_count; i++)
		BUG_IF(!utf8_is_valid(view.headers[i].value));
	for (size_t i = 0; i < view.part_count; i++)
		BUG_IF(!utf8_is_valid(view.parts[i].filename) || view.parts[i].bytes.n > size + 4);
	arena_free(&arena);
	return 0;
}
