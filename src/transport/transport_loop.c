/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of one deliverer thread: libcurl's multi handle, which also polls the sockets that transports watch by
 * themselves, and a list of deliveries that can be moved on at once.
 *
 * Anything may be removed while callbacks run: the polled table points back to watches, and a removed watch takes
 * itself out of it.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "transport/transport_priv.h"
#include <pthread.h>
#include <signal.h>

struct transport_loop {
	CURLM *multi;
	struct list_link queue;   /* struct delivery, by .queued */
	struct list_link watches; /* struct loop_watch, by .link */
	size_t watch_count;
	struct curl_waitfd *polled; /* one entry a watch that has a socket */
	struct loop_watch **owners; /* of each entry; NULL once removed */
	size_t polled_count;
	size_t polled_room;
	bool pipe_signal_blocked;
};

struct transport_loop *transport_loop_new(void)
{
	struct transport_loop *loop = MEM_NEW(struct transport_loop);
	BUG_IF(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
	loop->multi = curl_multi_init();
	BUG_IF(!loop->multi);
	list_init(&loop->queue);
	list_init(&loop->watches);
	return loop;
}

void transport_loop_free(struct transport_loop **loop)
{
	struct transport_loop *l = *loop;
	*loop = NULL;
	if (!l)
		return;
	BUG_IF(!list_is_empty(&l->queue) || !list_is_empty(&l->watches));
	(void)curl_multi_cleanup(l->multi); /* nothing is left in it that could refuse */
	mem_free(l->polled);
	mem_free(l->owners);
	mem_free(l);
	curl_global_cleanup();
}

CURLM *loop_multi(struct transport_loop *loop)
{
	return loop->multi;
}

struct list_link *loop_queue(struct transport_loop *loop)
{
	return &loop->queue;
}

void loop_add_watch(struct transport_loop *loop, struct loop_watch *watch)
{
	watch->loop = loop;
	watch->index = SIZE_MAX;
	list_append(&loop->watches, &watch->link);
	loop->watch_count++;
}

void loop_remove_watch(struct loop_watch *watch)
{
	if (!watch->loop)
		return;
	if (watch->index < watch->loop->polled_count)
		watch->loop->owners[watch->index] = NULL;
	list_remove(&watch->link);
	watch->loop->watch_count--;
	watch->loop = NULL;
}

/* Moves on what was queued when it began, and says whether there was any; what is queued meanwhile waits for the next
 * turn, so that the network is never starved. */
static bool run_queue(struct transport_loop *loop)
{
	struct list_link now;
	struct list_link *link;
	list_init(&now);
	while ((link = list_take_first(&loop->queue)))
		list_append(&now, link);
	bool any = !list_is_empty(&now);
	while ((link = list_take_first(&now)))
		delivery_advance(LIST_ENTRY(link, struct delivery, queued));
	return any;
}

static bool run_transfers(struct transport_loop *loop)
{
	bool any = false;
	int running = 0;
	int waiting = 0;
	CURLMsg *message;
	(void)curl_multi_perform(loop->multi, &running); /* fails only for a handle that is none */
	while ((message = curl_multi_info_read(loop->multi, &waiting))) {
		struct loop_transfer *transfer = NULL;
		CURLcode result = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer); /* was set */
		transfer->finished(transfer, result);
		any = true;
	}
	return any;
}

static void grow_table(struct transport_loop *loop)
{
	if (loop->watch_count <= loop->polled_room)
		return;
	loop->polled_room = loop->watch_count * 2;
	loop->polled = mem_resize(loop->polled, loop->polled_room * sizeof *loop->polled);
	loop->owners = mem_resize(loop->owners, loop->polled_room * sizeof(struct loop_watch *));
}

static void fill_table(struct transport_loop *loop)
{
	loop->polled_count = 0;
	grow_table(loop);
	for (struct list_link *link = loop->watches.next; link != &loop->watches; link = link->next) {
		struct loop_watch *watch = LIST_ENTRY(link, struct loop_watch, link);
		int events = (watch->want_read ? CURL_WAIT_POLLIN : 0) | (watch->want_write ? CURL_WAIT_POLLOUT : 0);
		watch->index = SIZE_MAX;
		if (watch->socket < 0 || !events)
			continue;
		watch->index = loop->polled_count++;
		loop->polled[watch->index] = (struct curl_waitfd){.fd = watch->socket, .events = (short)events};
		loop->owners[watch->index] = watch;
	}
}

/* How long may be waited: until the nearest deadline, not at all when a delivery is queued. */
static int wait_ms(const struct transport_loop *loop, int timeout_ms)
{
	int64_t now_us = clock_monotonic_us(clock_system());
	int64_t wait = timeout_ms;
	if (!list_is_empty(&loop->queue))
		return 0;
	for (struct list_link *link = loop->watches.next; link != &loop->watches; link = link->next) {
		const struct loop_watch *watch = LIST_ENTRY(link, struct loop_watch, link);
		int64_t left = (watch->deadline_us - now_us + 999) / 1000;
		if (watch->deadline_us && left < wait)
			wait = left;
	}
	return wait < 0 ? 0 : (int)wait;
}

static void run_sockets(struct transport_loop *loop)
{
	for (size_t i = 0; i < loop->polled_count; i++) {
		struct loop_watch *watch = loop->owners[i];
		if (watch && loop->polled[i].revents)
			watch->wake(watch, false);
	}
	loop->polled_count = 0;
}

static struct loop_watch *find_overdue(struct transport_loop *loop, int64_t now_us)
{
	for (struct list_link *link = loop->watches.next; link != &loop->watches; link = link->next) {
		struct loop_watch *watch = LIST_ENTRY(link, struct loop_watch, link);
		if (watch->deadline_us && watch->deadline_us <= now_us)
			return watch;
	}
	return NULL;
}

static void run_deadlines(struct transport_loop *loop)
{
	int64_t now_us = clock_monotonic_us(clock_system());
	struct loop_watch *watch;
	/* Found anew each time, because a callback may remove any of them. */
	while ((watch = find_overdue(loop, now_us))) {
		watch->deadline_us = 0;
		watch->wake(watch, true);
	}
}

/* TLS writes to a broken line raise SIGPIPE, and CURLOPT_NOSIGNAL leaves that to us. On this thread only. */
static void block_pipe_signal(struct transport_loop *loop)
{
	sigset_t set;
	if (loop->pipe_signal_blocked)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	loop->pipe_signal_blocked = pthread_sigmask(SIG_BLOCK, &set, NULL) == 0;
}

void transport_run(struct transport_loop *loop, int timeout_ms)
{
	block_pipe_signal(loop);
	bool moved = run_queue(loop);
	moved = run_transfers(loop) || moved;
	if (moved)
		timeout_ms = 0; /* callbacks ran: what they want done is the caller's turn, not to be slept over */
	fill_table(loop);
	(void)curl_multi_poll(loop->multi, loop->polled, (unsigned)loop->polled_count, wait_ms(loop, timeout_ms), NULL);
	run_sockets(loop);
	run_deadlines(loop);
	(void)run_transfers(loop);
}

void transport_wake(struct transport_loop *loop)
{
	(void)curl_multi_wakeup(loop->multi); /* a wake-up that is lost was one too many */
}
