/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the queue now, counted when it is asked for: the numbers are a tenant's own and the index on what is due
 * is small, so nothing has to be kept up to date for a page that is open on somebody's second screen. */
#include "web/api/queue.h"

#include "base/clock.h"
#include "codec/text/json_text.h"
#include "store/mail/queue_admin.h"
#include "web/api/answer.h"
#include "web/api/reach.h"
#include "web/api/services.h"

void queue_get(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct queue_figures f;
	struct queue_of of = {call->who.tenant, reach_sender(call)};
	enum status status = store_queue_count(worker->session, &of, clock_now_us(call->services->clock), &f, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	JSON_FIELD(&w, "due", i64, (int64_t)f.due);
	JSON_FIELD(&w, "scheduled", i64, (int64_t)f.scheduled);
	JSON_FIELD(&w, "in_flight", i64, (int64_t)f.in_flight);
	JSON_FIELD(&w, "deferred", i64, (int64_t)f.deferred);
	JSON_FIELD(&w, "in_doubt", i64, (int64_t)f.in_doubt);
	JSON_FIELD(&w, "oldest_due", time, f.oldest_due_us);
	json_close(&w, '}');
}
