/* SPDX-License-Identifier: Apache-2.0 */
/* control: how a command on the same machine has the running server do something. The server alone writes the store
 * (SQLite has one writer), so a command that must write asks it (errand.h).
 *
 * A Unix socket DATA/control, for the user that owns the directory. One request a connection, one line:
 *     prune DAYS count|delete           DAYS 0: as configured
 *     rejudge SINCE look|apply          SINCE in microseconds since 1970
 *     account JSON                      see change_line.h
 *     tenant JSON
 *     catch-up                          answered once all that was received before is applied; COUNT is the sequence
 * Answered by lines, the last of which is `done` or `failed`:
 *     waiting                           another pass is under way
 *     progress COUNT PER_MILLE
 *     …                                 of rejudge, at the end: its report (rejudge_lines.h)
 *     done COUNT
 *     failed COUNT WORDS
 * Who hangs up ends the work. Requests are served one after another.
 */
#ifndef PUGMARK_PROG_CONTROL_H
#define PUGMARK_PROG_CONTROL_H

#include "engine/judge/rejudge.h"
#include "engine/upkeep/retention.h"
#include "prog/serve/installation.h"

enum { CONTROL_LINE_MAX = 4096 };

/* ---- The server's side. */
struct control_config {
	const struct installation *installation; /* its data directory, and its lists of networks */
	struct writer *writer;
	const struct sending *sending;
	struct tenant_policies *policies;
	struct retention *retention;
	struct rejudge_config rejudge; /* without since_us and lists; a request may want no writer */
};
struct control;
/* Makes the socket, in place of one that a killed server left: whoever calls this holds the data directory's lock.
 * Starts a thread. STATUS_IO. */
enum status control_start(const struct control_config *config, struct control **ret, struct err *err) MUST_CHECK;
/* Ends passes of the retention, and with them what is under way; removes the socket. Blocks shortly. */
void control_stop(struct control **control);

/* ---- The other side. */
/* A connection. STATUS_NOT_FOUND: no server runs there. STATUS_DENIED: it is another user's. */
enum status control_connect(const char *data_directory, int *ret_fd, struct err *err) MUST_CHECK;
/* What is done with each line of the answer, without its end. False: it was the last one, and *ret_status is the
 * outcome. */
typedef bool control_take_line(void *user, const char *line, enum status *ret_status, struct err *err);
/* What the last line says. */
enum status control_outcome(const char *line, uint64_t *ret_count, struct err *err);
/* Sends the request, a line with its end, and listens until the last line. Closes fd. STATUS_IO: the server hung up. */
enum status control_ask(int fd, const char *request, control_take_line *take, void *user, struct err *err) MUST_CHECK;

#endif
