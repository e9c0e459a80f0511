/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_connection: one connection to PostgreSQL: how it is made, what it is told of how long things may take, and
 * what became of what was sent. Private to the driver, whose statements and transactions run on it.
 *
 * Nothing waits without an end. The server ends statements, waits for locks and abandoned transactions by the settings
 * of the session; where it does not answer at all, postgres_wait gives up a little later; a connection has
 * connect_timeout for each host of the URL. Only the resolving of a host's name has the resolver's limits.
 */
#ifndef PUGMARK_STORE_POSTGRES_POSTGRES_CONNECTION_H
#define PUGMARK_STORE_POSTGRES_POSTGRES_CONNECTION_H

#include "store/postgres/postgres_values.h"
#include "store/postgres/postgres_wait.h"

struct postgres_connection {
	struct postgres_line line;
	char *target;
	enum driver_access access;
	uint32_t statement_ms; /* see patience */
	bool in_transaction;
	unsigned generation;  /* of the connection: statements of an older one are not prepared */
	unsigned next_number; /* names of statements */
	size_t queued;        /* in the pipeline; 0: not in pipeline mode */
	size_t queued_bytes;
	struct bound bound;
};

/* As driver.h says of connect, disconnect, recover and patience. */
enum status postgres_open(const char *target, enum driver_access access, void **ret_self, struct err *err) MUST_CHECK;
void postgres_close(void *self);
enum status postgres_recover(void *self, struct err *err) MUST_CHECK;
enum status postgres_patience(void *self, uint32_t statement_ms, struct err *err) MUST_CHECK;

/* The result of what was sent; NULL: the connection says why there is none. `is_sent`: what libpq said of sending. */
PGresult *postgres_answer(struct postgres_connection *c, int is_sent);
/* One statement or several, at once; nothing may be queued. */
PGresult *postgres_ask(struct postgres_connection *c, const char *sql);
bool postgres_is_good(const PGresult *result);
/* Takes the result, or the lack of one. */
enum status postgres_outcome(struct postgres_connection *c, PGresult *result, struct err *err);
/* Leaves the result to the caller; it is not good. */
enum status postgres_failed(struct postgres_connection *c, const PGresult *result, struct err *err);
/* In the words of the connection, or in ours when it was cut. */
enum status postgres_say_lost(const struct postgres_connection *c, enum status status, struct err *err);
enum status postgres_say(struct err *err, enum status status, const char *text);
/* driver.h: settle and script. */
enum status postgres_settle(void *self, struct err *err);
enum status postgres_script(void *self, const char *sql, struct err *err);

#endif
