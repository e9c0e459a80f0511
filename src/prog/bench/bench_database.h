/* SPDX-License-Identifier: Apache-2.0 */
/* bench_database: looks at the PostgreSQL that a measurement writes to, from a connection of its own: how large the
 * database is, and how much processor time its server has taken for the sessions that are measured. */
#ifndef PUGMARK_PROG_BENCH_DATABASE_H
#define PUGMARK_PROG_BENCH_DATABASE_H

#include "base/status.h"
#include <stdint.h>

struct bench_database;

/* All of them block. STATUS_IO: the database does not answer. */
enum status bench_database_open(const char *url, struct bench_database **ret, struct err *err) MUST_CHECK;
void bench_database_close(struct bench_database **database);

/* Removes what was overwritten and gathers statistics, as the server would have after a while: what follows is planned
 * for a database that is not empty. */
enum status bench_database_tidy(struct bench_database *database, struct err *err) MUST_CHECK;
enum status bench_database_bytes(struct bench_database *database, uint64_t *ret, struct err *err) MUST_CHECK;

/* Sessions that are opened from now on are measured. */
enum status bench_database_mark(struct bench_database *database, struct err *err) MUST_CHECK;
/* The processor time of the server's processes for the measured sessions that are still open. STATUS_NOT_FOUND: there
 * are none, or they are no processes that can be seen here, because the server runs on another machine or in a
 * container. */
enum status bench_database_cpu_us(struct bench_database *database, int64_t *ret, struct err *err) MUST_CHECK;

#endif
