/* SPDX-License-Identifier: Apache-2.0 */
/* answer: what handlers answer with: JSON, lists, problem documents (RFC 9457), headers. Each begins the answer anew:
 * what was written before is gone, so a handler that fails half way only has to say so. */
#ifndef PUGMARK_WEB_API_ANSWER_H
#define PUGMARK_WEB_API_ANSWER_H

#include "codec/text/json_text.h"
#include "codec/text/uuid.h"
#include "web/api/call.h"

struct problem_list;

/* A problem document instead of an answer; the list form with every problem's place in the body. */
void answer_problem(struct api_call *call, unsigned status, const char *title, const char *detail);
void answer_problem_list(struct api_call *call, unsigned status, const char *detail,
			 const struct problem_list *problems);
/* The problem that a status of the engine or the store is: 403, 404, 409, 413, 422; 500 where the fault is ours, 503
 * where it passes. These two are logged, with route and request, once a minute for each kind. */
void answer_status(struct api_call *call, enum status status, const struct err *err);

/* The same log line for an answer that has begun and cannot go on; its client sees that the connection is cut. Not when
 * whoever asked has no right to it any more. */
void answer_cut_off(struct api_call *call, enum status status, const struct err *err);

/* The response buffer, to write JSON into, with the status set. */
struct json_text answer_json(struct api_call *call, unsigned status);
/* An answer that is a list: rows behind this, then where the next ones begin, then what else it says; the caller closes
 * the object. */
struct json_text answer_list_open(struct api_call *call);
void answer_list_next(struct json_text *w, struct slice cursor);   /* empty: there are no more */
void answer_list_next_id(struct json_text *w, struct uuid cursor); /* zero: the same */

/* A further header; name and value must live as long as the call. */
void answer_header(struct api_call *call, struct slice name, struct slice value);

#endif
