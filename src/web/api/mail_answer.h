/* SPDX-License-Identifier: Apache-2.0 */
/* mail_answer: POST /instrument answered with the mail itself (message/rfc822) instead of JSON: for mail servers'
 * filters, whose mail need not be UTF-8. What JSON would say beside it is in the headers Pugmark-Message-Id,
 * Pugmark-Links (how many are tracked) and Pugmark-Warnings. */
#ifndef PUGMARK_WEB_API_MAIL_ANSWER_H
#define PUGMARK_WEB_API_MAIL_ANSWER_H

#include "web/api/call.h"

struct accept_result;

/* A mail was sent, and Accept asks for one. */
bool mail_answer_is_wanted(const struct api_call *call);
void mail_answer(struct api_call *call, const struct accept_result *result);
/* The same from the JSON that was kept for an Idempotency-Key. */
void mail_answer_kept(struct api_call *call, struct slice json);

#endif
