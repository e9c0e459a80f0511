/* SPDX-License-Identifier: Apache-2.0 */
/* One thread a loop and one listening socket a thread: the kernel spreads connections, and what belongs to a connection
 * never meets another thread. Only counters of limits are shared. A limit of 0 means the default, so that whoever
 * configures says only what differs. */
#include "net/http_server.h"
#include "base/mem.h"
#include "net/http_connection.h"
#include "net/listen_socket.h"
#include <errno.h>
#include <time.h>
#include <unistd.h>

static void fill_limits(struct http_limits *limits)
{
	static const struct http_limits defaults = {
	    .header_bytes = 16 << 10,
	    .header_count = 100,
	    .target_bytes = 8 << 10,
	    .body_bytes = 32 << 20,
	    .connections = 20000,
	    .connections_per_address = 1000,
	    .header_timeout_ms = 10000,
	    .body_min_bytes_per_s = 1000,
	    .body_rate_ms = 5000,
	    .idle_timeout_ms = 60000,
	    .write_timeout_ms = 20000,
	    .pipelined = 32,
	    .unread_answer_bytes = 64 << 10,
	};
#define FILL(field) limits->field = limits->field ? limits->field : defaults.field
	FILL(header_bytes);
	FILL(header_count);
	FILL(target_bytes);
	FILL(body_bytes);
	FILL(connections);
	FILL(connections_per_address);
	FILL(header_timeout_ms);
	FILL(body_min_bytes_per_s);
	FILL(body_rate_ms);
	FILL(idle_timeout_ms);
	FILL(write_timeout_ms);
	FILL(pipelined);
	FILL(unread_answer_bytes);
#undef FILL
}

static struct http_server *server_new(const struct http_server_config *config)
{
	struct http_server *server = MEM_NEW(struct http_server);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_condattr_t attributes;
	server->config = *config;
	fill_limits(&server->config.limits);
	server->ranges = mem_alloc_array(config->trusted_proxy_count + 1, sizeof *server->ranges);
	if (config->trusted_proxy_count > 0)
		memcpy(server->ranges, config->trusted_proxies, config->trusted_proxy_count * sizeof *server->ranges);
	server->trusted = (struct trusted_proxies){server->ranges, config->trusted_proxy_count};
	server->by_address = address_count_new();
	server->loop_count = config->loops ? config->loops : cores > 0 ? (unsigned)cores : 1;
	server->loops = mem_alloc_array(server->loop_count, sizeof *server->loops);
	pthread_mutex_init(&server->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&server->loop_ended, &attributes);
	pthread_condattr_destroy(&attributes);
	return server;
}

static enum status open_loops(struct http_server *server, struct err *err)
{
	struct listen_address at;
	enum status status = listen_address_read(&at, server->config.address, server->config.port, err);
	for (unsigned i = 0; status == STATUS_OK && i < server->loop_count; i++) {
		struct http_loop *loop = &server->loops[i];
		loop->socket = -1;
		loop->server = server;
		loop->index = i;
		status = listen_socket_open(&at, i == 0, server->loop_count > 1, &loop->socket, err);
		if (status == STATUS_OK)
			status = http_loop_init(loop, err);
	}
	server->port = listen_address_port(&at);
	return status;
}

static enum status run_loops(struct http_server *server, struct err *err)
{
	for (unsigned i = 0; i < server->loop_count; i++) {
		/* Counted before it runs, because it may end at once. */
		pthread_mutex_lock(&server->lock);
		server->loops_running++;
		pthread_mutex_unlock(&server->lock);
		server->loops[i].running = true;
		int failed = pthread_create(&server->loops[i].thread, NULL, http_loop_run, &server->loops[i]);
		if (failed) {
			server->loops[i].running = false;
			pthread_mutex_lock(&server->lock);
			server->loops_running--;
			pthread_mutex_unlock(&server->lock);
			return err_set_errno(err, failed, "cannot start a thread");
		}
	}
	return STATUS_OK;
}

enum status http_server_start(const struct http_server_config *config, struct http_server **ret, struct err *err)
{
	struct http_server *server = server_new(config);
	enum status status = open_loops(server, err);
	if (status == STATUS_OK)
		status = run_loops(server, err);
	if (status == STATUS_OK)
		*ret = server;
	else
		http_server_stop(&server, 0);
	return status;
}

uint16_t http_server_port(const struct http_server *server)
{
	return server->port;
}

static struct timespec deadline_in(int timeout_ms)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += timeout_ms / 1000;
	at.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (at.tv_nsec >= 1000000000L) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000L;
	}
	return at;
}

/* By the monotonic clock, and not by pthread_join, which has no time limit. */
static bool wait_for_loops(struct http_server *server, int timeout_ms)
{
	struct timespec at = deadline_in(timeout_ms > 0 ? timeout_ms : 0);
	int failed = 0;
	pthread_mutex_lock(&server->lock);
	while (server->loops_running > 0 && failed != ETIMEDOUT)
		failed = pthread_cond_timedwait(&server->loop_ended, &server->lock, &at);
	bool ended = server->loops_running == 0;
	pthread_mutex_unlock(&server->lock);
	return ended;
}

void http_server_shut_down(struct http_server *server, int timeout_ms)
{
	for (unsigned i = 0; i < server->loop_count; i++)
		if (server->loops[i].running)
			(void)http_loop_post(&server->loops[i], &server->loops[i].stop);
	/* Two steps: what is under way may end in its time, and then nobody waits any longer for whoever reads
	 * slowly. */
	if (!wait_for_loops(server, timeout_ms))
		for (unsigned i = 0; i < server->loop_count; i++)
			if (server->loops[i].running)
				(void)http_loop_post(&server->loops[i], &server->loops[i].cut_off);
	for (unsigned i = 0; i < server->loop_count; i++) {
		if (server->loops[i].running)
			pthread_join(server->loops[i].thread, NULL);
		server->loops[i].running = false;
	}
}

void http_server_free(struct http_server **server)
{
	struct http_server *s = *server;
	if (!s)
		return;
	for (unsigned i = 0; i < s->loop_count; i++)
		if (s->loops[i].wheel)
			http_loop_done(&s->loops[i]);
	address_count_free(&s->by_address);
	pthread_cond_destroy(&s->loop_ended);
	pthread_mutex_destroy(&s->lock);
	mem_free(s->loops);
	mem_free(s->ranges);
	mem_free(s);
	*server = NULL;
}

void http_server_stop(struct http_server **server, int timeout_ms)
{
	if (*server)
		http_server_shut_down(*server, timeout_ms);
	http_server_free(server);
}

void http_server_counters(const struct http_server *server, struct http_counters *ret)
{
	struct http_counters sum = {.open_now = atomic_load_explicit(&server->open_now, memory_order_relaxed)};
	for (unsigned i = 0; i < server->loop_count; i++) {
		const struct http_loop_counters *one = &server->loops[i].counters;
		sum.accepted += atomic_load_explicit(&one->accepted, memory_order_relaxed);
		sum.refused += atomic_load_explicit(&one->refused, memory_order_relaxed);
		sum.evicted += atomic_load_explicit(&one->evicted, memory_order_relaxed);
		sum.requests += atomic_load_explicit(&one->requests, memory_order_relaxed);
		sum.bad_requests += atomic_load_explicit(&one->bad_requests, memory_order_relaxed);
		sum.timeouts += atomic_load_explicit(&one->timeouts, memory_order_relaxed);
	}
	*ret = sum;
}
