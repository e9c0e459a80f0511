/* SPDX-License-Identifier: Apache-2.0 */
/* POST /lint: what `pugmark lint --json` says, for mail that is about to be sent. Nothing is kept, nothing is fetched:
 * a link checker that visits links would press buttons, and would be a way to have this server ask addresses in its own
 * network. */
#include "web/api/lint.h"

#include "codec/lint/lint.h"
#include "codec/lint/lint_json.h"
#include "codec/lint/lint_mail.h"
#include "codec/text/base64.h"
#include "codec/text/json_text.h"
#include "engine/request/json_fields.h"
#include "engine/request/problem.h"
#include "web/api/answer.h"
#include "web/api/services.h"

enum { CHARSET_MAX = 64, LINKS_MAX = 10000 };

struct lint_request {
	struct slice html, eml, eml_base64;
	struct slice charset;
	enum lint_kind kind;
	bool is_template;
};

static void read_kind(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	enum lint_kind *kind = member;
	const char *text = json_string_value(value);
	if (text && strcmp(text, "bulk") == 0)
		*kind = LINT_BULK;
	else if (text && strcmp(text, "transactional") == 0)
		*kind = LINT_TRANSACTIONAL;
	else
		READING_PROBLEM(r, place, "must be \"bulk\" or \"transactional\"");
}

/* For mail that is not UTF-8, which JSON cannot hold. Strict base64: a lenient reader would judge another mail than the
 * one that is sent. */
static void read_eml_base64(struct json_reading *r, const json_t *value, const struct json_place *place, void *member)
{
	struct slice text;
	struct slice *bytes = member;
	if (!json_fields_text(r, value, place, base64_size(LINT_SIZE_MAX), false, &text))
		return;
	struct buf decoded;
	buf_init(&decoded, LINT_SIZE_MAX);
	if (base64_decode(text, &decoded) == STATUS_OK)
		*bytes = arena_copy(r->arena, buf_slice(&decoded));
	else
		READING_PROBLEM(r, place, "is not base64 (RFC 4648, padded, without line breaks)");
	buf_done(&decoded);
}

static const struct json_field fields[] = {
    {"html", FIELD_TEXT, offsetof(struct lint_request, html), LINT_SIZE_MAX, false, NULL},
    {"eml", FIELD_TEXT, offsetof(struct lint_request, eml), LINT_SIZE_MAX, false, NULL},
    {"eml_base64", FIELD_CUSTOM, offsetof(struct lint_request, eml_base64), 0, false, read_eml_base64},
    {"charset", FIELD_LINE, offsetof(struct lint_request, charset), CHARSET_MAX, false, NULL},
    {"kind", FIELD_CUSTOM, offsetof(struct lint_request, kind), 0, false, read_kind},
    {"template", FIELD_BOOL, offsetof(struct lint_request, is_template), 0, false, NULL},
    {NULL},
};

/* False after having answered. */
static bool read_request(struct api_call *call, struct lint_request *ret)
{
	struct json_reading r = {.arena = call->arena};
	if (call->is_mail) {
		ret->eml = call->body;
		return true;
	}
	json_fields_read(&r, call->json, NULL, fields, ret);
	/* One of the three: with two, nobody could say which one was judged. */
	if (r.problems.count == 0 && (ret->html.n > 0) + (ret->eml.n > 0) + (ret->eml_base64.n > 0) != 1)
		problem_add(&r.problems, r.arena, NULL,
			    "must have one of html, eml and eml_base64, and not an empty one");
	if (r.problems.count > 0)
		answer_problem_list(call, 422, "This mail was not judged.", &r.problems);
	return r.problems.count == 0;
}

void lint_post(struct api_call *call, struct api_worker *worker)
{
	struct lint_request request = {0};
	struct lint_report report;
	struct err err = {0};
	(void)worker;
	if (!read_request(call, &request))
		return;
	struct lint_options options = {.base_url = slice_from_cstr(call->services->base_url),
				       .charset = request.charset,
				       .kind = request.kind,
				       .pixel_place = HTML_PIXEL_BOTTOM,
				       .is_template = request.is_template,
				       .links_max = LINKS_MAX};
	struct slice mail = request.eml.n ? request.eml : request.eml_base64;
	enum status status = request.html.n ? lint_html(&options, request.html, call->arena, &report)
					    : lint_mail(&options, mail, call->arena, &report);
	if (status != STATUS_OK) {
		answer_status(
		    call, err_set(&err, status, "The mail is too large, or has more than %d links.", LINKS_MAX), &err);
		return;
	}
	struct json_text w = answer_json(call, 200);
	lint_put_json(&w, &report);
}
