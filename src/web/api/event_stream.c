/* SPDX-License-Identifier: Apache-2.0 */
/* One struct, three visitors: the loop (writes, closes), a worker (reads, or looks after the reader's right; neither at
 * the same time as another of its kind), the writer's thread (wakes). It is freed on the loop once it is closed and
 * none of them can come back.
 *
 * The right is looked after by time and not when it is changed: a key can be revoked by another server, by a command
 * where no server of this data directory runs, or in the database by hand, and a session ends by itself. One look-up by
 * index in a second is less than what one event costs. */
#include "web/api/event_stream.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/feed/event_json.h"
#include "engine/feed/live.h"
#include "net/http_stream.h"
#include "net/sse.h"
#include "net/worker_pool.h"
#include "store/events/events.h"
#include "web/api/services.h"
#include <stdatomic.h>
#include <uv.h>

enum {
	HEARTBEAT_MS = 15000,
	LOOK_AFTER_MS = 1000,
	READ_AT_ONCE = 200,
	FRAMES_MAX = 8 << 20,
	RETRY_MS = 2000,
	SHORT_FRAME_MAX = 64,
	HELLO_MAX = 1024,
};

/* Whether the reader still may. */
struct right {
	struct worker_job job; /* first: a job is a right */
	struct event_stream *stream;
	struct identity who; /* in the stream's arena */
	bool is_asking;
	bool is_over; /* the worker's result */
};

struct event_stream {
	struct worker_job job; /* first: a job is a stream */
	struct right right;
	struct live_subscriber subscriber;
	struct http_job wake_job;
	_Atomic bool is_woken; /* wake_job is on its way to the loop */
	const struct exchange_config *config;
	struct http_loop *http_loop;
	struct http_stream *stream; /* NULL once closed */
	uv_timer_t timer;
	bool has_timer;
	unsigned beats_in;   /* rounds of the timer until a comment goes out */
	struct arena *arena; /* for the filter's slices */
	struct event_filter filter;
	bool is_reading;
	bool reads_again;
	/* The worker's results. */
	struct buf frames;
	enum status status;
	bool has_more;
};

static void start_reading(struct event_stream *s);

static void free_when_done(struct event_stream *s)
{
	if (s->stream || s->is_reading || s->right.is_asking || s->has_timer || atomic_load(&s->is_woken))
		return;
	buf_done(&s->frames);
	arena_free(&s->arena);
	mem_free(s);
}

/* ---- On the worker. */

/* `json` is scratch. The id is what the browser sends back as Last-Event-ID, so it must be the event's own, the same on
 * every server. */
static enum status append_frame(struct buf *frames, const struct event *e, const struct event_json_context *context,
				struct buf *json)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(e->id, id);
	buf_clear(json);
	event_json_append(json, e, context);
	struct sse_event frame = {slice_from_cstr(id), slice_from_cstr(event_type_api_name(e->type)), buf_slice(json)};
	return buf_failed(json) ? STATUS_TOO_BIG : sse_append_event(frames, &frame);
}

static enum status append_frames(struct event_stream *s, struct link_token_sealer *sealer, const struct event *events,
				 size_t count)
{
	struct event_json_context context = {s->right.who.tenant_name, sealer};
	struct buf json;
	enum status status = STATUS_OK;
	buf_init(&json, FRAMES_MAX);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = append_frame(&s->frames, &events[i], &context, &json);
	buf_done(&json);
	return status;
}

/* No further than the horizon; whatever is below it and does not match the filter never needs another look. */
static void read_events(struct worker_job *job, void *context)
{
	struct event_stream *s = (struct event_stream *)job;
	struct api_worker *worker = context;
	struct arena *arena = arena_new();
	struct event *events = NULL;
	struct err err = {0};
	size_t count = 0;
	buf_clear(&s->frames);
	s->status = worker->session ? store_event_horizon(worker->session, &s->filter.horizon, &err) : STATUS_IO;
	if (s->status == STATUS_OK)
		s->status = store_event_list(worker->session, &s->filter, arena, &events, &count, &err);
	if (s->status == STATUS_OK)
		s->status = append_frames(s, worker->sealer, events, count);
	if (s->status == STATUS_OK) {
		s->has_more = count == s->filter.limit;
		uint64_t seen = s->has_more ? events[count - 1].position : s->filter.horizon;
		if (seen > s->filter.after_position)
			s->filter.after_position = seen;
	}
	arena_free(&arena);
}

/* A store that is away has no events to show either, so nothing is lost by asking again when it is back. */
static void ask_right(struct worker_job *job, void *context)
{
	struct right *right = (struct right *)job;
	struct api_worker *worker = context;
	struct err err = {0};
	int64_t now_us = clock_now_us(right->stream->config->services->clock);
	right->is_over = worker_recover(worker, &err) == STATUS_OK &&
			 auth_still_holds(&right->who, worker->session, now_us, &err) == STATUS_DENIED;
}

/* ---- On the loop. */

static void on_read(struct worker_job *job)
{
	struct event_stream *s = (struct event_stream *)job;
	s->is_reading = false;
	if (!s->stream) {
		free_when_done(s);
		return;
	}
	bool failed = s->status != STATUS_OK;
	if (!failed && s->frames.n && http_stream_write(s->stream, buf_slice(&s->frames)) != STATUS_OK)
		failed = true;
	if (failed) {
		http_stream_close(s->stream); /* the client comes back with Last-Event-ID and misses nothing */
		return;
	}
	if (s->has_more || s->reads_again)
		start_reading(s);
}

/* Only after the loop has ended (web_stop): the stream is closed by then, and nobody else holds it. */
static void on_dropped(struct worker_job *job)
{
	struct event_stream *s = (struct event_stream *)job;
	s->is_reading = false;
	free_when_done(s);
}

/* Armed before it reads: what is committed between the read and the next wake would otherwise wake nobody. */
static void start_reading(struct event_stream *s)
{
	if (s->is_reading) {
		s->reads_again = true;
		return;
	}
	s->is_reading = true;
	s->reads_again = false;
	live_rearm(s->config->services->live, &s->subscriber);
	if (worker_pool_post(s->config->pool, s->http_loop, &s->job))
		return;
	s->is_reading = false;
	http_stream_close(s->stream);
}

static void on_wake_job(struct http_job *job)
{
	struct event_stream *s = (struct event_stream *)((char *)job - offsetof(struct event_stream, wake_job));
	atomic_store(&s->is_woken, false);
	if (s->stream)
		start_reading(s);
	else
		free_when_done(s);
}

/* On the writer's thread. */
static void on_wake(struct live_subscriber *subscriber)
{
	struct event_stream *s =
	    (struct event_stream *)((char *)subscriber - offsetof(struct event_stream, subscriber));
	if (atomic_exchange(&s->is_woken, true))
		return;
	if (!http_loop_post(s->http_loop, &s->wake_job))
		atomic_store(&s->is_woken, false);
}

static void on_right_asked(struct worker_job *job)
{
	struct right *right = (struct right *)job;
	struct event_stream *s = right->stream;
	right->is_asking = false;
	if (!s->stream)
		free_when_done(s);
	else if (right->is_over)
		http_stream_close(s->stream);
}

/* As on_dropped. */
static void on_right_dropped(struct worker_job *job)
{
	struct right *right = (struct right *)job;
	right->is_asking = false;
	free_when_done(right->stream);
}

/* Where the workers are too busy, the next second will do. */
static void look_after_right(struct event_stream *s)
{
	if (s->right.is_asking)
		return;
	s->right.is_asking = true;
	if (!worker_pool_post(s->config->pool, s->http_loop, &s->right.job))
		s->right.is_asking = false;
}

/* Proxies cut what is silent, many after 60 seconds; and writing is the only way to learn that a reader is gone. */
static void beat(struct event_stream *s)
{
	struct buf comment;
	char room[SHORT_FRAME_MAX];
	buf_init_fixed(&comment, room, sizeof room);
	sse_append_comment(&comment, SLICE("still here"));
	s->beats_in = HEARTBEAT_MS / LOOK_AFTER_MS;
	if (http_stream_write(s->stream, buf_slice(&comment)) != STATUS_OK)
		http_stream_close(s->stream);
}

static void on_timer(uv_timer_t *timer)
{
	struct event_stream *s = timer->data;
	if (s->stream)
		look_after_right(s);
	if (s->stream && --s->beats_in == 0)
		beat(s);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct event_stream *s = handle->data;
	s->has_timer = false;
	free_when_done(s);
}

static void on_closed(void *user, struct http_stream *stream)
{
	struct event_stream *s = user;
	(void)stream;
	s->stream = NULL;
	live_unsubscribe(s->config->services->live, &s->subscriber);
	uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

/* The call and its arena end with this answer; the stream stays. */
static void copy_filter(struct event_stream *s, const struct event_filter *from)
{
	s->filter = *from;
	s->filter.limit = READ_AT_ONCE;
	s->filter.has_horizon = true;
	struct slice *texts[] = {&s->filter.contact_id, &s->filter.campaign_id, &s->filter.template_id,
				 &s->filter.sender};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i]->p)
			*texts[i] = arena_copy(s->arena, *texts[i]);
}

/* Secrets stay out of it: the hash is enough to ask again. */
static void keep_identity(struct event_stream *s, const struct identity *from)
{
	struct right *right = &s->right;
	right->stream = s;
	right->who = *from;
	struct slice *texts[] = {&right->who.tenant_name, &right->who.key_name, &right->who.secret_hash,
				 &right->who.user.email};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = arena_copy(s->arena, *texts[i]);
	right->who.user.name = right->who.user.password_hash = SLICE_EMPTY;
	right->job.run = ask_right;
	right->job.done = on_right_asked;
	right->job.drop = on_right_dropped;
}

static void start_timer(struct event_stream *s)
{
	BUG_IF(uv_timer_init(http_loop_uv(s->http_loop), &s->timer) != 0);
	s->timer.data = s;
	s->has_timer = true;
	s->beats_in = HEARTBEAT_MS / LOOK_AFTER_MS;
	uv_timer_start(&s->timer, on_timer, LOOK_AFTER_MS, LOOK_AFTER_MS);
}

void event_stream_start(const struct exchange_config *config, struct http_request *request, const struct api_call *call)
{
	static const struct http_header headers[] = {
	    {{"Content-Type", 12}, {"text/event-stream", 17}},
	    {{"Cache-Control", 13}, {"no-store", 8}},
	    {{"X-Accel-Buffering", 17}, {"no", 2}}, /* nginx would hold events back */
	};
	struct event_stream *s = MEM_NEW(struct event_stream);
	s->config = config;
	s->http_loop = http_request_loop(request);
	s->arena = arena_new();
	keep_identity(s, &call->who);
	copy_filter(s, call->stream_filter);
	buf_init(&s->frames, FRAMES_MAX);
	s->job.run = read_events;
	s->job.done = on_read;
	s->job.drop = on_dropped;
	s->wake_job.run = on_wake_job;
	s->subscriber.wake = on_wake;
	s->stream = http_answer_stream(request, 200, headers, sizeof headers / sizeof headers[0], on_closed, s);
	live_subscribe(config->services->live, &s->subscriber);
	start_timer(s);
	/* The first bytes tell the browser that the line is open, and how soon to try again. */
	struct buf hello;
	struct sse_event reset = {.name = SLICE("reset"), .data = call->stream_reset};
	char room[HELLO_MAX];
	buf_init_fixed(&hello, room, sizeof room);
	sse_append_retry(&hello, RETRY_MS);
	if (reset.data.n && sse_append_event(&hello, &reset) != STATUS_OK)
		BUG_IF(true); /* two short fields */
	if (http_stream_write(s->stream, buf_slice(&hello)) == STATUS_OK)
		start_reading(s);
	else
		http_stream_close(s->stream);
}
