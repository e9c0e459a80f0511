/* SPDX-License-Identifier: Apache-2.0 */
/* JSON cannot carry the bytes of a mail in Latin-1 or one that is broken, and base64 of 25 MiB would be made and taken
 * apart again on the same machine. So a filter gets the mail as it is, and what it logs gets it in headers. */
#include "web/api/mail_answer.h"

#include "codec/text/base64.h"
#include "codec/text/json_text.h"
#include "codec/text/utf8.h"
#include "engine/intake/accept.h"
#include "web/api/answer.h"

/* A header has its limits; the first ones are the most telling. */
enum { WARNINGS_MAX = 2000 };

bool mail_answer_is_wanted(const struct api_call *call)
{
	return call->is_mail && slice_contains_nocase(call->accept, SLICE("message/rfc822"));
}

/* Warnings may quote what the mail says. */
static struct slice for_header(struct arena *arena, struct slice text)
{
	text = utf8_prefix(text, WARNINGS_MAX);
	char *copy = arena_cstr(arena, text);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = ' ';
	return slice_of(copy, text.n);
}

static void answer(struct api_call *call, struct slice id, size_t links, struct slice warnings)
{
	(void)answer_json(call, 200);
	call->response_type = SLICE("message/rfc822");
	answer_header(call, SLICE("Pugmark-Message-Id"), arena_copy(call->arena, id));
	answer_header(call, SLICE("Pugmark-Links"), arena_printf(call->arena, "%zu", links));
	if (warnings.n)
		answer_header(call, SLICE("Pugmark-Warnings"), for_header(call->arena, warnings));
}

static void join(struct buf *to, struct slice warning)
{
	if (to->n)
		buf_append_cstr(to, "; ");
	buf_append(to, warning);
}

void mail_answer(struct api_call *call, const struct accept_result *result)
{
	struct buf warnings;
	char id[UUID_TEXT_SIZE];
	size_t links = 0;
	uuid_format(result->id, id);
	buf_init(&warnings, 1 << 20);
	for (size_t i = 0; i < result->link_count; i++)
		links += result->links[i].tracked_url.n > 0;
	for (size_t i = 0; i < result->warning_count; i++)
		join(&warnings, result->warnings[i]);
	answer(call, slice_from_cstr(id), links, buf_slice(&warnings));
	buf_append(&call->response, result->eml);
	buf_done(&warnings);
}

static size_t count_tracked(const json_t *links)
{
	size_t tracked = 0;
	for (size_t i = 0; i < json_array_size(links); i++)
		tracked += json_is_string(json_object_get(json_array_get(links, i), "tracked_url"));
	return tracked;
}

/* The kept answer is JSON with the mail in base64, as the same request without Accept would have been given; taking it
 * apart again is rare and saves a second kept form. */
void mail_answer_kept(struct api_call *call, struct slice text)
{
	struct buf warnings;
	json_t *json = json_loadb(text.p, text.n, 0, NULL);
	const json_t *list = json_object_get(json, "warnings");
	buf_init(&warnings, 1 << 20);
	for (size_t i = 0; i < json_array_size(list); i++)
		join(&warnings, slice_from_cstr(json_string_value(json_array_get(list, i))));
	answer(call, slice_from_cstr(json_string_value(json_object_get(json, "id"))),
	       count_tracked(json_object_get(json, "links")), buf_slice(&warnings));
	base64_decode_lenient(slice_from_cstr(json_string_value(json_object_get(json, "eml_base64"))), &call->response);
	buf_done(&warnings);
	json_decref(json);
}
