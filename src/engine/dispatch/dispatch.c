/* SPDX-License-Identifier: Apache-2.0 */
/* The thread and its turn. Everything that happens elsewhere (a command's end, a finished journal batch, a wake, the
 * network) ends the wait in transport_run, and the turn then does whatever has become possible. It sleeps until the
 * next thing that is known to come. */
#include "base/log.h"
#include "base/mem.h"
#include "engine/dispatch/dispatch_private.h"

enum {
	CONCURRENCY = 20,
	ATTEMPTS_MAX = 12,
	RETRY_BASE_MS = 60 * 1000,
	RETRY_CAP_MS = 4 * 3600 * 1000,
	PAUSE_MS = 1000,
	SLEEP_MAX_MS = 10000,
	CATCH_UP_POLL_MS = 20, /* at the start only, until the writer has caught up */
	RECORD_ROOM = 2048,    /* bytes of the feed for each mail under way */
	RECORD_ROOM_MIN = 64 * 1024,
};

int64_t dispatch_monotonic_us(const struct dispatcher *d)
{
	return clock_monotonic_us(d->clock);
}

void dispatch_pause(struct dispatcher *d)
{
	d->paused_until_us = dispatch_monotonic_us(d) + (int64_t)PAUSE_MS * 1000;
}

/* ---- Commands */

static void command_done(struct writer_command *command)
{
	struct dispatch_command *c = (struct dispatch_command *)(void *)command;
	letterbox_post(&c->dispatcher->mailbox, &c->letter);
}

void dispatch_submit(struct dispatcher *d, struct dispatch_command *command)
{
	command->dispatcher = d;
	command->command.done = command_done;
	d->command_count++;
	writer_submit(d->sending->writer, &command->command);
}

static void finish_commands(struct dispatcher *d)
{
	struct list_link letters, *letter;
	list_init(&letters);
	(void)letterbox_take(&d->mailbox, &letters); /* none: nothing to do */
	while ((letter = list_take_first(&letters))) {
		struct dispatch_command *c = LIST_ENTRY(letter, struct dispatch_command, letter);
		d->command_count--;
		c->finished(c);
	}
}

/* Called by the mailbox, the journal thread and dispatch_wake. */
static void wake_loop(void *user)
{
	transport_wake(user);
}

/* ---- The turn */

static int64_t earlier(int64_t a, int64_t b)
{
	return b && b < a ? b : a;
}

static int wait_ms(const struct dispatcher *d)
{
	int64_t now_us = dispatch_monotonic_us(d);
	int64_t until_us = now_us + (int64_t)SLEEP_MAX_MS * 1000;
	int64_t due_in_us = d->next_due_us - clock_now_us(d->clock);
	/* What is due already and was not claimed waits for room, and room makes itself heard. */
	if (d->next_due_us && due_in_us > 0)
		until_us = earlier(until_us, now_us + due_in_us);
	if (d->open_count == 0 && d->ready_count == 0 && d->next_look_us > now_us)
		until_us = earlier(until_us, d->next_look_us);
	if (d->paused_until_us > now_us)
		until_us = earlier(until_us, d->paused_until_us);
	if (d->record_again_us > now_us)
		until_us = earlier(until_us, d->record_again_us);
	int64_t ms = (until_us - now_us + 999) / 1000;
	return ms < 0 ? 0 : (int)ms;
}

/* Waits first, so that what has happened since is seen by all that follows. */
static void turn(struct dispatcher *d, int timeout_ms)
{
	transport_run(d->loop, timeout_ms);
	finish_commands(d);
	dispatch_move_records(d);
	dispatch_settle(d);
	job_start_ready(d);
	dispatch_claim(d);
	dispatch_move_records(d);
}

/* False when it is to stop before it has begun. */
static bool begin(struct dispatcher *d)
{
	while (!atomic_load(&d->is_stopping) && !writer_caught_up(d->sending->writer))
		transport_run(d->loop, CATCH_UP_POLL_MS);
	while (!atomic_load(&d->is_stopping) && !d->is_recovered) {
		if (d->command_count == 0 && dispatch_monotonic_us(d) >= d->paused_until_us)
			dispatch_recover(d);
		transport_run(d->loop, CATCH_UP_POLL_MS);
		finish_commands(d);
	}
	return !atomic_load(&d->is_stopping);
}

/* Jobs past the dot are waited for, and every outcome is brought into the journal. */
static void end(struct dispatcher *d)
{
	int64_t until_us = dispatch_monotonic_us(d) + (int64_t)atomic_load(&d->stop_timeout_ms) * 1000;
	job_give_up_all(d);
	while (d->open_count || d->command_count || dispatch_has_records(d)) {
		/* A command points into this dispatcher, and a batch that the journal has into the feed: no limit on
		 * these; neither writer nor journal keeps anybody waiting for ever. */
		bool must_wait = d->command_count || journal_feed_busy(d->feed);
		if (!must_wait && dispatch_monotonic_us(d) >= until_us)
			break;
		turn(d, CATCH_UP_POLL_MS);
		job_give_up_all(d);
	}
}

static void *thread_main(void *user)
{
	struct dispatcher *d = user;
	if (begin(d)) {
		turn(d, 0); /* what was due before it began wakes nobody any more */
		while (!atomic_load(&d->is_stopping))
			turn(d, wait_ms(d));
	}
	end(d);
	return NULL;
}

/* ---- Start and stop */

static void set_defaults(struct dispatch_config *c)
{
	c->concurrency = c->concurrency ? c->concurrency : CONCURRENCY;
	c->attempts_max = c->attempts_max ? c->attempts_max : ATTEMPTS_MAX;
	c->retry_base_ms = c->retry_base_ms ? c->retry_base_ms : RETRY_BASE_MS;
	c->retry_cap_ms = c->retry_cap_ms ? c->retry_cap_ms : RETRY_CAP_MS;
}

static enum status open_providers(struct dispatcher *d, const struct dispatch_provider *providers, struct err *err)
{
	size_t count = d->config.provider_count;
	d->transports = mem_alloc_array(count + 1, sizeof *d->transports);
	d->provider_names = mem_alloc_array(count + 1, sizeof *d->provider_names);
	for (size_t i = 0; i < count; i++) {
		struct provider_request request = {slice_from_cstr(providers[i].name), providers[i].settings,
						   providers[i].setting_count};
		d->provider_names[i] = mem_copy(request.name);
		enum status status = provider_open(d->loop, &request, &d->transports[i], err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static size_t active_count(const struct dispatcher *d)
{
	size_t count = 0;
	for (size_t i = 0; i < d->config.provider_count; i++)
		count += d->transports && d->transports[i] ? transport_active(d->transports[i]) : 0;
	return count;
}

static void free_transports(struct dispatcher *d)
{
	for (size_t i = 0; d->transports && i < d->config.provider_count; i++) {
		transport_free(&d->transports[i]);
		mem_free(d->provider_names[i]);
	}
	mem_free(d->transports);
	mem_free(d->provider_names);
}

static void free_jobs(struct dispatcher *d)
{
	while (!list_is_empty(&d->jobs)) {
		struct job *job = LIST_ENTRY(d->jobs.next, struct job, link);
		job_free(&job);
	}
}

static void dispatcher_free(struct dispatcher *d)
{
	free_jobs(d);
	journal_feed_free(&d->feed);
	store_session_close(&d->session);
	link_token_sealer_free(&d->sealer);
	free_transports(d);
	letterbox_done(&d->mailbox);
	transport_loop_free(&d->loop);
	mem_free(d);
}

static struct dispatcher *dispatcher_new(const struct dispatch_config *config)
{
	struct dispatcher *d = MEM_NEW(struct dispatcher);
	uint64_t seed;
	d->config = *config;
	set_defaults(&d->config);
	d->config.providers = NULL; /* the caller's; not looked at again */
	d->sending = config->sending;
	d->clock = config->sending->clock;
	d->loop = transport_loop_new();
	d->sealer = link_token_sealer_new(config->sending->keys);
	letterbox_init(&d->mailbox, wake_loop, d->loop);
	random_bytes(&seed, sizeof seed);
	prng_init(&d->prng, seed);
	list_init(&d->jobs);
	list_init(&d->ready);
	list_init(&d->to_append);
	list_init(&d->filling);
	list_init(&d->writing);
	atomic_store(&d->is_woken, true); /* what waits from before */
	size_t feed_bytes = (size_t)d->config.concurrency * RECORD_ROOM;
	d->feed = journal_feed_new(config->journal, feed_bytes < RECORD_ROOM_MIN ? RECORD_ROOM_MIN : feed_bytes,
				   wake_loop, d->loop);
	return d;
}

enum status dispatch_start(const struct dispatch_config *config, struct dispatcher **ret, struct err *err)
{
	struct dispatcher *d = dispatcher_new(config);
	enum status status = open_providers(d, config->providers, err);
	if (status == STATUS_OK)
		status = store_session_open(config->sending->store, STORE_READ, &d->session, err);
	if (status == STATUS_OK) {
		int fault = pthread_create(&d->thread, NULL, thread_main, d);
		if (fault)
			status = err_set_errno(err, fault, "cannot start the thread that sends mail");
	}
	if (status != STATUS_OK) {
		dispatcher_free(d);
		return status;
	}
	*ret = d;
	return STATUS_OK;
}

void dispatch_wake(struct dispatcher *dispatcher)
{
	atomic_store(&dispatcher->is_woken, true);
	transport_wake(dispatcher->loop);
}

void dispatch_stop(struct dispatcher **dispatcher, int timeout_ms)
{
	struct dispatcher *d = *dispatcher;
	*dispatcher = NULL;
	if (!d)
		return;
	atomic_store(&d->stop_timeout_ms, timeout_ms);
	atomic_store(&d->is_stopping, true);
	transport_wake(d->loop);
	(void)pthread_join(d->thread, NULL); /* fails only for a thread that is not there */
	size_t left = active_count(d);
	if (left) {
		/* Their dot is out and no answer has come. Hanging up could not take it back; they stay as they are,
		 * until the process ends, and are in doubt at the next start. */
		log_warn("dispatch.stopped_in_doubt", LOG_INT("mails", left));
		journal_feed_free(&d->feed);
		store_session_close(&d->session);
		return;
	}
	dispatcher_free(d);
}

void dispatch_figures(const struct dispatcher *d, struct dispatch_figures *ret)
{
	*ret = (struct dispatch_figures){
	    .sent = atomic_load(&d->sent),
	    .failed = atomic_load(&d->failed),
	    .deferred = atomic_load(&d->deferred),
	    .uncertain = atomic_load(&d->uncertain),
	    .in_flight = atomic_load(&d->in_flight),
	};
}
