/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_pool: the lines of one account that are idle, kept for the next delivery. One thread: the loop's. */
#ifndef PUGMARK_TRANSPORT_SMTP_POOL_H
#define PUGMARK_TRANSPORT_SMTP_POOL_H

#include "transport/smtp_connection.h"

/* A connection and what has to be known of it from one delivery to the next. Belongs to the pool while it is idle, else
 * to a delivery. */
struct smtp_line {
	struct smtp_connection *connection;
	bool needs_reset; /* the last mail on it was refused half-way */
	int deliveries;   /* so far; the pool's own, as all below */
	struct smtp_pool *pool;
	struct list_link link;
};

struct smtp_pool {
	struct list_link idle; /* the one used last at the end */
	size_t idle_count;
};

void smtp_pool_init(struct smtp_pool *pool);
/* Closes all idle lines. */
void smtp_pool_done(struct smtp_pool *pool);
/* An idle line that has neither been closed nor said anything, or NULL. */
struct smtp_line *smtp_pool_take(struct smtp_pool *pool);
/* Takes over a line that is good for another delivery; closes it when there are enough, or when it is used up. */
void smtp_pool_give(struct smtp_pool *pool, struct smtp_line *line);

/* A new line; see smtp_connection_open. */
struct smtp_line *smtp_line_open(struct transport_loop *loop, const struct smtp_settings *settings);
/* See smtp_connection_close. The line must not be in a pool. */
void smtp_line_close(struct smtp_line *line, bool polite);

#endif
