/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_wait: the answers of a PostgreSQL that may never give one. Private to the driver.
 *
 * libpq's own PQexec and PQgetResult wait until the server answers or its connection breaks. A server that is stopped
 * (SIGSTOP, a frozen machine, a disk that hangs) does neither: its kernel keeps the connection alive. So nothing here
 * waits longer than the line's patience without a byte having come; then the connection is cut, and libpq finds it
 * broken. It is not asked to cancel what it does (PQcancel waits for it, too): a server that lives ends its statements
 * itself, before we lose patience, by the statement_timeout of the session.
 *
 * The connection must be non-blocking (PQsetnonblocking), and then nothing that is sent waits for the server either.
 */
#ifndef PUGMARK_STORE_POSTGRES_POSTGRES_WAIT_H
#define PUGMARK_STORE_POSTGRES_POSTGRES_WAIT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct postgres_line {
	PGconn *pg;
	uint32_t patience_ms; /* of silence */
	bool is_cut;          /* it was lost, and the connection is to be made anew */
};

/* As PQgetResult. */
PGresult *postgres_next_result(struct postgres_line *line);
/* As PQexec, for what was sent: the last of all results. NULL: nothing came, and the connection says why. */
PGresult *postgres_last_result(struct postgres_line *line);

#endif
