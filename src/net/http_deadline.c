/* SPDX-License-Identifier: Apache-2.0 */
/* One timer a loop and a wheel of slots. A connection is put into the slot of the time at which it must be looked at,
 * and left there when that time moves away, which it does with each request: then the wheel finds it early and puts it
 * on. So a busy connection costs one comparison a request. */
#include "net/http_connection.h"

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t read_due_ms(const struct http_connection *connection)
{
	const struct http_limits *limits = &connection->loop->server->config.limits;
	uint64_t since = connection->since_ms;
	if (connection->paused && connection->state != READ_DISCARD)
		return UINT64_MAX;
	switch (connection->state) {
	/* From the first byte to the end of the head: a byte now and then prolongs nothing, or a thousand connections
	 * could be held with a byte a second each. */
	case READ_FIRST:
	case READ_HEAD:
		if (connection->start < connection->end || connection->blank_skipped || !connection->served)
			return connection->first ? UINT64_MAX : since + limits->header_timeout_ms;
		return connection->first ? UINT64_MAX : since + limits->idle_timeout_ms;
	case READ_ASKING: return UINT64_MAX;
	/* A body may last as long as it likes while it is fast enough, so it is looked at again and again. */
	case READ_BODY: return connection->rate_since_ms + limits->body_rate_ms;
	case READ_DISCARD: return connection->first ? UINT64_MAX : since + LINGER_MS;
	}
	return UINT64_MAX;
}

void http_deadline_set(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	uint64_t due_ms = read_due_ms(connection);
	if (connection->closing)
		return;
	if (connection->write)
		due_ms = min_u64(due_ms, connection->written_ms + loop->server->config.limits.write_timeout_ms);
	if (due_ms >= connection->wheel_ms)
		return;
	uint64_t tick = min_u64(due_ms / TICK_MS + 1, loop->wheel_at + WHEEL_SLOTS - 1);
	if (tick < loop->wheel_at)
		tick = loop->wheel_at;
	connection->wheel_ms = due_ms;
	list_remove(&connection->in_wheel);
	list_append(&loop->wheel[tick % WHEEL_SLOTS], &connection->in_wheel);
}

/* True when it was closed. */
static bool check_write(struct http_connection *connection, uint64_t now_ms)
{
	if (!connection->write)
		return false;
	/* Who reads slowly is not silent: the queue must get shorter within the time, not empty. */
	size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
	if (left != connection->write_left) {
		connection->write_left = left;
		connection->written_ms = now_ms;
	}
	if (now_ms < connection->written_ms + connection->loop->server->config.limits.write_timeout_ms)
		return false;
	http_count(&connection->loop->counters.timeouts);
	http_connection_close(connection);
	return true;
}

/* Over the last seconds and not since the body began: of that average a first burst of 39 MB would buy 11 hours of
 * silence. */
static bool body_is_slow(struct http_connection *connection, uint64_t now_ms)
{
	const struct http_limits *limits = &connection->loop->server->config.limits;
	uint64_t elapsed_ms = now_ms - connection->rate_since_ms;
	if (elapsed_ms < limits->body_rate_ms)
		return false;
	bool is_slow = connection->rate_bytes * 1000 < limits->body_min_bytes_per_s * elapsed_ms;
	connection->rate_since_ms = now_ms;
	connection->rate_bytes = 0;
	return is_slow;
}

static void time_out(struct http_connection *connection)
{
	bool begun = connection->start < connection->end;
	if (begun)
		http_count(&connection->loop->counters.timeouts);
	if (begun && connection->state != READ_DISCARD)
		http_connection_refuse(connection, 408);
	else
		http_connection_close(connection); /* idle, silent from the start, or lingering: nobody asked */
}

static void look_at(struct http_connection *connection, uint64_t now_ms)
{
	connection->wheel_ms = UINT64_MAX;
	if (check_write(connection, now_ms))
		return;
	if (connection->state == READ_BODY && !connection->paused ? body_is_slow(connection, now_ms)
								  : read_due_ms(connection) <= now_ms)
		time_out(connection);
	http_deadline_set(connection);
}

void http_deadline_tick(struct http_loop *loop)
{
	uint64_t now_ms = uv_now(&loop->uv);
	for (; loop->wheel_at <= now_ms / TICK_MS; loop->wheel_at++) {
		struct list_link due, *link;
		list_init(&due);
		while ((link = list_take_first(&loop->wheel[loop->wheel_at % WHEEL_SLOTS])))
			list_append(&due, link);
		while ((link = list_take_first(&due)))
			look_at(LIST_ENTRY(link, struct http_connection, in_wheel), now_ms);
	}
}
