/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON as a request to send: it is taken or every fault has a place, what is taken can be kept and read again, and
 * no header grows a line. */
#include "base/mem.h"
#include "engine/mail/message_options.h"
#include "engine/mail/outgoing.h"
#include "engine/request/send_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US INT64_C(1795240800000000)

static void check_problems(const struct problem_list *problems)
{
	BUG_IF(problems->count == 0 || problems->count > PROBLEMS_MAX);
	for (size_t i = 0; i < problems->count; i++) {
		BUG_IF(problems->items[i].detail.n == 0);
		BUG_IF(problems->items[i].pointer.n && problems->items[i].pointer.p[0] != '/');
	}
}

static bool has_line_break(struct slice s)
{
	return slice_index(s, '\n') < s.n || slice_index(s, '\r') < s.n;
}

static void check_taken(const struct send_request *request, struct arena *arena)
{
	struct message_options options, again;
	struct err err;
	struct message message = {.from_email = request->from.address,
				  .from_name = request->from.name,
				  .to_email = request->to.address,
				  .to_name = request->to.name,
				  .subject = request->subject,
				  .created_us = NOW_US};
	struct mail_body body = {request->html, request->text, request->attachments.items, request->attachments.count};
	BUG_IF(has_line_break(request->subject) || has_line_break(request->from.name) ||
	       has_line_break(request->to.address));
	BUG_IF(request->metadata.n > SEND_METADATA_MAX);
	message_options_of_request(request, SLICE("https://t.example"), &options);
	struct slice json = message_options_encode(&options, arena);
	BUG_IF(message_options_decode(json, arena, &again, &err) != STATUS_OK);
	BUG_IF(!slice_equal(message_options_encode(&again, arena), json));
	enum status status = outgoing_check(&message, &options, &body, &err);
	BUG_IF(status != STATUS_OK && status != STATUS_BAD_INPUT && status != STATUS_TOO_BIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_error_t fault;
	json_t *body = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &fault);
	if (!body)
		return 0;
	for (int kind = ACCEPT_SEND; kind <= ACCEPT_INSTRUMENT; kind++) {
		struct arena *arena = arena_new();
		struct send_request request;
		struct problem_list problems = {0};
		struct send_request_input input = {(enum accept_kind)kind, body, arena, NOW_US};
		enum status status = send_request_read(&input, &request, &problems);
		if (status != STATUS_OK)
			check_problems(&problems);
		else if (kind == ACCEPT_SEND)
			check_taken(&request, arena);
		arena_free(&arena);
	}
	json_decref(body);
	return 0;
}
