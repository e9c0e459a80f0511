/* SPDX-License-Identifier: Apache-2.0 */
/* What a mail says about itself by its headers. Whatever it says, the body made of it is a good one, none of our
 * headers is left in the mail, and every other byte is. */
#include "codec/mail/header_block.h"
#include "codec/mail/mail_attribution.h"
#include "engine/request/mail_request.h"
#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The mail without our headers, found the slow way. */
static void check_rest(struct slice message, struct slice eml)
{
	struct header_line header;
	size_t at = 0, seen = 0;
	while (header_block_next(message, HEADER_END_EMPTY_LINE, &at, &header)) {
		if (mail_attribution_is_header(header.name))
			continue;
		check(slice_starts_with(slice_from(eml, seen), header.line));
		seen += header.line.n;
	}
	check(slice_equal(slice_from(eml, seen), slice_from(message, at)));
}

static void check_addresses(const struct mail_request *mail, const struct send_request *request)
{
	check(mail->recipient_count <= MAIL_REQUEST_RECIPIENTS_MAX);
	for (size_t i = 0; i < mail->recipient_count; i++)
		check(slice_index(mail->recipients[i], '@') < mail->recipients[i].n);
	check(!request->from.address.n || slice_index(request->from.address, '@') < request->from.address.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct slice message = slice_of(data, size);
	struct mail_request mail, again;
	struct send_request request;
	struct problem_list problems;
	json_t *body;
	if (mail_request_read(message, arena, &mail, &body) == STATUS_OK) {
		struct send_request_input input = {ACCEPT_INSTRUMENT, body, arena, 0, message};
		check_rest(message, mail.eml);
		check(send_request_read(&input, &request, &problems) == STATUS_OK);
		mail_request_complete(&mail, arena, &request);
		check_addresses(&mail, &request);
		check(!mail.eml.n || (mail_request_strip(mail.eml, arena, &again) == STATUS_OK &&
				      again.warning_count == 0 && slice_equal(again.eml, mail.eml)));
		json_decref(body);
	}
	arena_free(&arena);
	return 0;
}
