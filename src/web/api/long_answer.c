/* SPDX-License-Identifier: Apache-2.0 */
/* One struct, two visitors, never at once: the loop, which writes and waits, and a worker, which makes a page. It is
 * freed on the loop once the stream is closed and no worker has it.
 *
 * There is no transaction around the pages: of a snapshot that is held for as long as somebody reads, SQLite could
 * write nothing back, and PostgreSQL clean nothing up. A source knows where it ends before it begins instead. */
#include "web/api/long_answer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/http_stream.h"
#include "net/worker_pool.h"
#include "web/api/answer.h"
#include "web/api/services.h"
#include <uv.h>

enum {
	PAGE_BYTES = 128 << 10,     /* a page has as many, unless making it takes too long */
	PART_BYTES = 256 << 10,     /* of a larger page are handed to the connection at once */
	RESERVED_BYTES = 512 << 10, /* a page, and a part of it that is on its way */
	PAGE_KEPT = 1 << 20,        /* one row was larger: its memory does not stay */
	RETRY_MS = 100,
};
/* What other requests wait for a worker at most, beside the last look into the store. */
static const int64_t PAGE_US = 100000;

struct long_answer {
	struct worker_job job; /* first: a job is a long answer */
	const struct exchange_config *config;
	struct http_loop *loop;
	struct http_stream *stream; /* NULL once closed */
	struct api_call call;       /* the page is its response */
	size_t sent;                /* of the page */
	enum status status;         /* what making the last page said */
	bool is_filling;
	uv_timer_t timer; /* tries again when there were too many jobs */
	bool has_timer;
};

/* ---- On a worker */

static enum status fill(struct page_source *source, struct api_call *call, struct api_worker *worker, struct err *err)
{
	int64_t until_us = clock_monotonic_us(clock_system()) + PAGE_US;
	struct page page = {call, worker, arena_new()};
	enum status status;
	do {
		arena_reset(page.arena);
		status = source->next(source, &page, err);
	} while (status == STATUS_OK && call->response.n < PAGE_BYTES && clock_monotonic_us(clock_system()) < until_us);
	arena_free(&page.arena);
	/* A buffer that was full stays so; its half would be taken for a whole page. */
	if ((status == STATUS_OK || status == STATUS_END) && buf_failed(&call->response))
		return err_set(err, STATUS_FAULT, "there is no memory for a page of the answer");
	return status;
}

void long_answer_begin(struct api_call *call, struct api_worker *worker, struct page_source *source)
{
	struct err err = {0};
	enum status status = fill(source, call, worker, &err);
	if (status == STATUS_OK && call_reserve(call, RESERVED_BYTES))
		call->pages = source;
	else if (status != STATUS_OK && status != STATUS_END)
		answer_status(call, status, &err);
}

/* The key may have been revoked since the page before: one look-up by index beside some hundred rows. */
static enum status next_page(struct api_call *call, struct api_worker *worker, struct err *err)
{
	int64_t now_us = clock_now_us(call->services->clock);
	enum status status = worker_recover(worker, err);
	if (status == STATUS_OK)
		status = auth_still_holds(&call->who, worker->session, now_us, err);
	return status == STATUS_OK ? fill(call->pages, call, worker, err) : status;
}

static void run(struct worker_job *job, void *context)
{
	struct long_answer *a = (struct long_answer *)job;
	struct err err = {0};
	a->status = next_page(&a->call, context, &err);
	if (a->status != STATUS_OK && a->status != STATUS_END)
		answer_cut_off(&a->call, a->status, &err);
}

/* ---- On the loop */

static void free_when_done(struct long_answer *a)
{
	if (a->stream || a->is_filling || a->has_timer)
		return;
	call_done(&a->call);
	mem_free(a);
}

static void empty_page(struct long_answer *a)
{
	struct buf *page = &a->call.response;
	size_t max = page->max;
	a->sent = 0;
	buf_clear(page);
	if (page->room <= PAGE_KEPT)
		return;
	buf_done(page);
	buf_init(page, max);
}

static void on_timer(uv_timer_t *timer);

/* Too many jobs are a matter of a moment, and an export of minutes need not end for it. */
static void start_filling(struct long_answer *a)
{
	empty_page(a);
	a->is_filling = worker_pool_post(a->config->pool, a->loop, &a->job);
	if (!a->is_filling)
		(void)uv_timer_start(&a->timer, on_timer, RETRY_MS, 0); /* fails only once it is closing */
}

static void on_timer(uv_timer_t *timer)
{
	struct long_answer *a = timer->data;
	if (a->stream)
		start_filling(a);
}

static void write_part(struct long_answer *a, struct slice rest)
{
	struct slice part = slice_sub(rest, 0, PART_BYTES);
	a->sent += part.n;
	if (http_stream_write(a->stream, part) != STATUS_OK)
		http_stream_close(a->stream); /* the client has gone; does nothing then */
}

static void go_on(struct long_answer *a)
{
	struct slice rest = slice_from(buf_slice(&a->call.response), a->sent);
	if (a->status != STATUS_OK && a->status != STATUS_END)
		http_stream_close(a->stream);
	else if (rest.n)
		write_part(a, rest);
	else if (a->status == STATUS_END)
		http_stream_end(a->stream);
	else
		start_filling(a);
}

static void on_drained(void *user, struct http_stream *stream)
{
	(void)stream;
	go_on(user);
}

static void on_filled(struct worker_job *job)
{
	struct long_answer *a = (struct long_answer *)job;
	a->is_filling = false;
	if (a->stream)
		go_on(a);
	else
		free_when_done(a);
}

/* Only after the loop has ended (web_stop): the stream is closed by then, and nobody else holds it. */
static void on_dropped(struct worker_job *job)
{
	struct long_answer *a = (struct long_answer *)job;
	a->is_filling = false;
	free_when_done(a);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct long_answer *a = handle->data;
	a->has_timer = false;
	free_when_done(a);
}

static void on_closed(void *user, struct http_stream *stream)
{
	struct long_answer *a = user;
	(void)stream;
	a->stream = NULL;
	uv_close((uv_handle_t *)&a->timer, on_timer_closed);
}

/* The key has been looked up and its hash is kept; it need not stay in memory for as long as somebody reads. The bytes
 * are the call's own copy. */
static void forget(struct slice *secret)
{
	if (secret->n)
		explicit_bzero((char *)(uintptr_t)secret->p, secret->n);
	*secret = SLICE_EMPTY;
}

void long_answer_start(const struct exchange_config *config, struct http_request *request, const struct api_call *call)
{
	struct long_answer *a = MEM_NEW(struct long_answer);
	struct http_stream_owner owner = {on_closed, on_drained, a};
	a->config = config;
	a->loop = http_request_loop(request);
	a->call = *call;
	forget(&a->call.asker.authorization);
	forget(&a->call.asker.cookie);
	a->job.run = run;
	a->job.done = on_filled;
	a->job.drop = on_dropped;
	BUG_IF(uv_timer_init(http_loop_uv(a->loop), &a->timer) != 0);
	a->timer.data = a;
	a->has_timer = true;
	a->stream = http_answer_long(request, call->status, call->headers, call->header_count, &owner);
}
