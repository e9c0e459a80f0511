/* SPDX-License-Identifier: Apache-2.0 */
/* The line that was used last is taken first. Those at the other end are the ones that are not needed, and grow old
 * enough to be closed. Idle lines are listened to: a server that closes one, or says 421, is heard of at once and not
 * by the next mail. */
#include "transport/smtp_pool.h"

#include "base/mem.h"

enum {
	IDLE_MAX = 64,            /* lines kept */
	IDLE_KEEP_MS = 15 * 1000, /* servers close idle lines after a minute or more */
	DELIVERIES_MAX = 100,     /* many servers close the line after that many anyway */
};

struct smtp_line *smtp_line_open(struct transport_loop *loop, const struct smtp_settings *settings)
{
	struct smtp_line *line = MEM_NEW(struct smtp_line);
	line->connection = smtp_connection_open(loop, settings);
	list_init(&line->link);
	return line;
}

void smtp_line_close(struct smtp_line *line, bool polite)
{
	smtp_connection_close(line->connection, polite);
	mem_free(line);
}

void smtp_pool_init(struct smtp_pool *pool)
{
	*pool = (struct smtp_pool){0};
	list_init(&pool->idle);
}

static void drop(struct smtp_line *line, bool polite)
{
	list_remove(&line->link);
	line->pool->idle_count--;
	smtp_line_close(line, polite);
}

void smtp_pool_done(struct smtp_pool *pool)
{
	while (!list_is_empty(&pool->idle))
		drop(LIST_ENTRY(pool->idle.next, struct smtp_line, link), true);
}

/* The server has something to say (421, or the end of the line), or nobody needed the line for long enough. */
static void idle_event(void *user, enum smtp_event event)
{
	drop(user, event == SMTP_EVENT_TIMED_OUT);
}

void smtp_pool_give(struct smtp_pool *pool, struct smtp_line *line)
{
	if (++line->deliveries >= DELIVERIES_MAX || pool->idle_count >= IDLE_MAX) {
		smtp_line_close(line, true);
		return;
	}
	smtp_connection_set_handler(line->connection, idle_event, line);
	smtp_connection_set_deadline(line->connection, IDLE_KEEP_MS);
	smtp_connection_listen(line->connection, true);
	line->pool = pool;
	list_append(&pool->idle, &line->link);
	pool->idle_count++;
}

struct smtp_line *smtp_pool_take(struct smtp_pool *pool)
{
	while (!list_is_empty(&pool->idle)) {
		struct smtp_line *line = LIST_ENTRY(pool->idle.previous, struct smtp_line, link);
		if (!smtp_connection_is_quiet(line->connection)) {
			drop(line, false);
			continue;
		}
		list_remove(&line->link);
		pool->idle_count--;
		return line;
	}
	return NULL;
}
