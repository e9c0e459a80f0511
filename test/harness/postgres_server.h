/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_server: a private PostgreSQL for one test program.
 *
 * A cluster in a temporary directory, reachable over a Unix socket in it only, without fsync. It is stopped by its pid
 * and removed, also by the kernel when the test dies. Root runs it as `postgres` or `nobody`, because PostgreSQL
 * refuses to be root. The binaries are taken from PUGMARK_POSTGRES_BIN or the newest /usr/lib/postgresql/N/bin.
 */
#ifndef PUGMARK_TEST_HARNESS_POSTGRES_SERVER_H
#define PUGMARK_TEST_HARNESS_POSTGRES_SERVER_H

#include <stddef.h>

struct postgres_server;

/* NULL when PostgreSQL is not installed or does not start; says so in a line that starts with SKIP. */
struct postgres_server *postgres_server_start(void);
void postgres_server_stop(struct postgres_server **server);
/* The URL of an empty schema of its own, for one test. Valid until the next call. */
const char *postgres_server_fresh_url(struct postgres_server *server);
/* Runs SQL as the cluster's owner in the schema of the last fresh URL. 0 on success. */
int postgres_server_sql(struct postgres_server *server, const char *sql);

#endif
