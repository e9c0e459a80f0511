/* SPDX-License-Identifier: Apache-2.0 */
/* A command around the handler's own. What it writes last is the answer, so that both are there or neither: one that
 * was written behind the commit would be missing after a crash, and the repeat would do it all again. */
#include "web/api/idempotency.h"

#include "base/clock.h"
#include "codec/text/sha256.h"
#include "engine/ledger/writer.h"
#include "store/core/store.h"
#include "web/api/answer.h"
#include "web/api/mail_answer.h"
#include "web/api/reach.h"
#include "web/api/services.h"

enum { IDEMPOTENCY_KEY_MAX = 256 };

static const int64_t KEPT_US = 24 * INT64_C(3600000000);

/* Whether the handler asks which rows are the caller's is still to be seen (check_asked in call.c). */
struct slice idempotency_hash(struct api_call *call)
{
	bool has_asked = call->has_asked;
	struct slice sender = reach_sender(call);
	const struct slice pieces[] = {call->path, SLICE("\n"), call->body, sender.p ? sender : SLICE_EMPTY};
	uint8_t *digest = arena_alloc(call->arena, SHA256_SIZE);
	sha256_of_pieces(pieces, sizeof pieces / sizeof pieces[0], digest);
	call->has_asked = has_asked;
	return slice_of(digest, SHA256_SIZE);
}

static struct idempotency_key key_of(const struct api_call *call, int64_t now_us)
{
	return (struct idempotency_key){
	    .tenant = call->who.tenant, .key = call->idempotency_key, .not_before_us = now_us - KEPT_US};
}

static void replay(struct api_call *call, const struct idempotency_record *kept)
{
	if (mail_answer_is_wanted(call)) {
		mail_answer_kept(call, kept->response);
	} else {
		(void)answer_json(call, kept->status);
		buf_append(&call->response, kept->response);
	}
	answer_header(call, SLICE("Idempotency-Replayed"), SLICE("true"));
}

/* Asked before the request is worked on, which costs most, and again when the commit says that another request with the
 * key was faster: both can be under way on two workers, or on two servers. */
bool idempotency_answered(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct idempotency_record kept;
	struct idempotency_key key = key_of(call, clock_now_us(call->services->clock));
	if (call->idempotency_key.n > IDEMPOTENCY_KEY_MAX) {
		answer_problem(call, 422, "Invalid", "Idempotency-Key must not be longer than 256 bytes.");
		return true;
	}
	enum status status = store_idempotency_find(worker->session, &key, call->arena, &kept, &err);
	if (status == STATUS_NOT_FOUND)
		return false;
	if (status != STATUS_OK)
		answer_status(call, status, &err);
	else if (slice_equal(kept.request_hash, idempotency_hash(call)))
		replay(call, &kept);
	else
		answer_problem(call, 409, "Conflict", "This Idempotency-Key was used with another body.");
	return true;
}

void idempotency_answer_taken(struct api_call *call, struct api_worker *worker)
{
	if (!call->idempotency_key.n || !idempotency_answered(call, worker))
		answer_problem(call, 409, "Conflict", "Another request with this key is under way. Try again.");
}

/* ---- A command that keeps the answer */

struct keeping {
	struct writer_command command;
	struct api_call *call; /* the writer's while the command is */
	struct writer_command *inner;
	api_handler then; /* the handler's continuation */
	struct slice hash;
	size_t header_count; /* before an answer was made */
	bool is_taken;       /* another request with the key was faster */
};

/* As the handler's continuation makes it, out of what the transaction has written. Each run begins it anew. */
static enum status make_answer(struct keeping *k, struct batch *batch, struct err *err)
{
	struct api_call *call = k->call;
	struct api_worker here = {.services = call->services, .session = batch_session(batch)};
	k->inner->status = STATUS_OK;
	call->header_count = k->header_count;
	call->command = k->inner;
	k->then(call, &here);
	call->command = &k->command;
	return call->status < 300 && !buf_failed(&call->response)
		   ? STATUS_OK
		   : err_set(err, STATUS_IO, "the answer could not be made");
}

static enum status keep_answer(struct keeping *k, struct batch *batch, struct err *err)
{
	struct idempotency_key key = key_of(k->call, batch_now_us(batch));
	struct idempotency_record record = {k->hash, k->call->status, buf_slice(&k->call->response)};
	enum status status = store_idempotency_put(batch_session(batch), &key, batch_now_us(batch), &record, err);
	k->is_taken = status == STATUS_CONFLICT;
	return status;
}

static enum status run(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct keeping *k = (struct keeping *)(void *)command;
	k->is_taken = false;
	enum status status = k->inner->run(k->inner, batch, err);
	if (status == STATUS_OK)
		status = make_answer(k, batch, err);
	return status == STATUS_OK ? keep_answer(k, batch, err) : status;
}

/* On a worker again: the answer is there, or the handler says why there is none. */
static void go_on(struct api_call *call, struct api_worker *worker)
{
	struct keeping *k = (struct keeping *)(void *)call->command;
	if (k->command.status == STATUS_OK)
		return;
	call->header_count = k->header_count;
	call->command = k->inner;
	k->inner->status = k->command.status;
	k->inner->err = k->command.err;
	if (k->is_taken)
		idempotency_answer_taken(call, worker);
	else
		k->then(call, worker);
}

void idempotency_keep(struct api_call *call)
{
	struct keeping *k = ARENA_NEW(call->arena, struct keeping);
	*k = (struct keeping){.command = {.run = run},
			      .call = call,
			      .inner = call->command,
			      .then = call->then,
			      .hash = idempotency_hash(call),
			      .header_count = call->header_count};
	call_commit(call, &k->command, go_on);
}
