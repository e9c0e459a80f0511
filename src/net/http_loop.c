/* SPDX-License-Identifier: Apache-2.0 */
/* One turn of a loop: timers; prepare (what timers answered is written); sleep and reads; check (loop_turn is called,
 * what was answered is written); closings.
 */
#include "base/mem.h"
#include "net/http_connection.h"
#include <signal.h>
#include <stdio.h>
#include <time.h>

const char *http_loop_date(struct http_loop *loop)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct timespec now;
	struct tm utc;
	/* The kernel's last tick: a Date has whole seconds, and this costs no reading of the hardware's clock. */
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != loop->date_s && gmtime_r(&now.tv_sec, &utc)) {
		loop->date_s = now.tv_sec;
		(void)snprintf(loop->date, sizeof loop->date, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
			       days + 3 * utc.tm_wday, utc.tm_mday, months + 3 * utc.tm_mon,
			       (utc.tm_year + 1900) % 10000, utc.tm_hour, utc.tm_min, utc.tm_sec);
	}
	return loop->date;
}

void http_loop_want_flush(struct http_connection *connection)
{
	if (!list_is_empty(&connection->in_flush) || connection->closing)
		return;
	list_append(&connection->loop->to_flush, &connection->in_flush);
	http_evict_place(connection);
}

static void flush(struct http_connection *connection)
{
	http_connection_flush(connection);
	if (!connection->closing && http_connection_may_go_on(connection))
		http_connection_resume(connection);
	http_deadline_set(connection);
	http_evict_place(connection);
}

static void call_turn(struct http_loop *loop)
{
	loop->handled_since_turn = 0;
	if (loop->server->config.loop_turn)
		loop->server->config.loop_turn(loop->user);
}

/* Writes until nothing is left that can be written. Room for answers lets paused connections go on, so requests may be
 * handled meanwhile; then loop_turn is called again, or what it is to hand over would wait for the next turn. */
static void settle(struct http_loop *loop)
{
	struct list_link *link;
	for (;;) {
		while ((link = list_take_first(&loop->to_flush)))
			flush(LIST_ENTRY(link, struct http_connection, in_flush));
		while ((link = list_take_first(&loop->orphaned_streams)))
			http_request_free(LIST_ENTRY(link, struct http_stream, orphaned)->request);
		if (loop->handled_since_turn == 0 && list_is_empty(&loop->to_flush))
			break;
		if (loop->handled_since_turn > 0)
			call_turn(loop);
	}
	http_loop_maybe_end(loop);
}

static void on_prepare(uv_prepare_t *handle)
{
	settle(handle->data);
	http_connection_end_rests(handle->data);
}

static void on_check(uv_check_t *handle)
{
	call_turn(handle->data);
	settle(handle->data);
}

static void on_tick(uv_timer_t *handle)
{
	http_deadline_tick(handle->data);
	http_accept_resume(handle->data);
}

static struct http_job *take_jobs(struct http_jobs *jobs, bool last)
{
	pthread_mutex_lock(&jobs->lock);
	struct http_job *first = jobs->first;
	jobs->first = NULL;
	jobs->last = &jobs->first;
	if (last)
		jobs->ended = true;
	pthread_mutex_unlock(&jobs->lock);
	return first;
}

static void run_jobs(struct http_job *job)
{
	while (job) {
		struct http_job *next = job->next; /* running it may free it */
		job->run(job);
		job = next;
	}
}

static void on_wake(uv_async_t *handle)
{
	struct http_loop *loop = handle->data;
	run_jobs(take_jobs(&loop->jobs, false));
}

bool http_loop_post(struct http_loop *loop, struct http_job *job)
{
	struct http_jobs *jobs = &loop->jobs;
	job->next = NULL;
	pthread_mutex_lock(&jobs->lock);
	bool running = !jobs->ended;
	if (running) {
		/* One wake for all that is posted before the loop comes round. */
		bool wake = !jobs->first;
		*jobs->last = job;
		jobs->last = &job->next;
		if (wake)
			(void)uv_async_send(&jobs->wake); /* fails only on a closed handle; `ended` is set before */
	}
	pthread_mutex_unlock(&jobs->lock);
	return running;
}

struct uv_loop_s *http_loop_uv(struct http_loop *loop)
{
	return &loop->uv;
}

unsigned http_loop_index(const struct http_loop *loop)
{
	return loop->index;
}

void http_loop_maybe_end(struct http_loop *loop)
{
	if (!loop->stopping || loop->ending || loop->connection_count > 0)
		return;
	if (loop->live_requests > 0 && !loop->cutting)
		return; /* somebody still works on them */
	loop->ending = true;
	uv_stop(&loop->uv);
}

/* One that becomes worth more meanwhile may be met twice. */
static void each_connection(struct http_loop *loop, void (*act)(struct http_connection *connection))
{
	struct list_link *next;
	for (unsigned worth = 0; worth < WORTH_COUNT; worth++) {
		struct list_link *head = &loop->by_worth[worth];
		for (struct list_link *link = head->next; link != head; link = next) {
			next = link->next; /* connections leave for good in their close callbacks only */
			act(LIST_ENTRY(link, struct http_connection, in_loop));
		}
	}
}

static void on_stop(struct http_job *job)
{
	struct http_loop *loop = LIST_ENTRY(job, struct http_loop, stop);
	loop->stopping = true;
	/* First of all: nobody new while the others come to their end. */
	http_accept_stop(loop);
	each_connection(loop, http_connection_wind_down);
	http_loop_maybe_end(loop);
}

static void on_cut_off(struct http_job *job)
{
	struct http_loop *loop = LIST_ENTRY(job, struct http_loop, cut_off);
	loop->cutting = true;
	each_connection(loop, http_connection_close);
	http_loop_maybe_end(loop);
}

static void close_handle(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* loop_stop has closed what its owner made on the loop; the loop's own handles are all that is left. */
static void close_all(struct http_loop *loop)
{
	uv_check_stop(&loop->check); /* loop_turn is not to be called any more */
	uv_prepare_stop(&loop->prepare);
	uv_timer_stop(&loop->tick);
	(void)uv_run(&loop->uv, UV_RUN_NOWAIT);
	uv_walk(&loop->uv, close_handle, NULL);
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void *http_loop_run(void *self)
{
	struct http_loop *loop = self;
	struct http_server *server = loop->server;
	const struct http_server_config *config = &server->config;
	sigset_t all;
	sigfillset(&all); /* signals are the main thread's; SIGPIPE is nobody's: writes say EPIPE */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	if (config->loop_start)
		loop->user = config->loop_start(config->user, loop);
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
	run_jobs(take_jobs(&loop->jobs, true)); /* what was accepted is run */
	if (config->loop_stop)
		config->loop_stop(config->user, loop, loop->user);
	close_all(loop);
	pthread_mutex_lock(&server->lock);
	server->loops_running--;
	pthread_cond_signal(&server->loop_ended);
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

static enum status start_handles(struct http_loop *loop, struct err *err)
{
	loop->jobs.wake.data = loop->check.data = loop->prepare.data = loop->tick.data = loop;
	(void)uv_check_init(&loop->uv, &loop->check); /* these three cannot fail */
	(void)uv_check_start(&loop->check, on_check);
	(void)uv_prepare_init(&loop->uv, &loop->prepare);
	(void)uv_prepare_start(&loop->prepare, on_prepare);
	(void)uv_timer_init(&loop->uv, &loop->tick);
	(void)uv_timer_start(&loop->tick, on_tick, TICK_MS, TICK_MS);
	return http_accept_start(loop, err);
}

enum status http_loop_init(struct http_loop *loop, struct err *err)
{
	pthread_mutex_init(&loop->jobs.lock, NULL);
	loop->jobs.last = &loop->jobs.first;
	loop->stop.run = on_stop;
	loop->cut_off.run = on_cut_off;
	for (size_t i = 0; i < WORTH_COUNT; i++)
		list_init(&loop->by_worth[i]);
	list_init(&loop->to_flush);
	list_init(&loop->resting);
	list_init(&loop->orphaned_streams);
	loop->wheel = mem_alloc_array(WHEEL_SLOTS, sizeof *loop->wheel);
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		list_init(&loop->wheel[i]);
	loop->head.field_max = loop->server->config.limits.header_count;
	loop->head.fields = mem_alloc_array(loop->head.field_max, sizeof *loop->head.fields);
	int failed = uv_loop_init(&loop->uv);
	if (failed) {
		loop->uv.data = loop; /* marks it as not there; see http_loop_done */
		return err_set_errno(err, -failed, "cannot make an event loop");
	}
	loop->wheel_at = uv_now(&loop->uv) / TICK_MS;
	failed = uv_async_init(&loop->uv, &loop->jobs.wake, on_wake);
	if (failed)
		return err_set_errno(err, -failed, "cannot make an event loop");
	return start_handles(loop, err);
}

static void free_slabs(struct http_loop *loop)
{
	struct http_slab *next;
	for (struct http_slab *slab = loop->slabs; slab; slab = next) {
		next = slab->next;
		for (size_t i = 0; i < REQUESTS_PER_SLAB; i++) {
			struct http_request *request = &slab->requests[i];
			if (request->live)
				http_request_free(request); /* cut off: nobody will answer it any more */
			arena_free(&request->arena);
			mem_free(request->own);
		}
		mem_free(slab);
	}
}

void http_loop_done(struct http_loop *loop)
{
	free_slabs(loop);
	while (loop->inputs) {
		struct http_input *input = loop->inputs;
		loop->inputs = input->next_free;
		mem_free(input);
	}
	http_accept_stop(loop);
	if (loop->uv.data != loop) {
		close_all(loop); /* has work to do only when the thread never ran */
		BUG_IF(uv_loop_close(&loop->uv) != 0);
	}
	mem_free(loop->wheel);
	mem_free(loop->head.fields);
	pthread_mutex_destroy(&loop->jobs.lock);
}
