/* SPDX-License-Identifier: Apache-2.0 */
/* errand: something a command wants done to an installation: by the server that runs on it, which has the writer and is
 * asked over its socket (control.h), or, when none runs, here. Whoever runs the command sees the same either way. */
#ifndef PUGMARK_PROG_ERRAND_H
#define PUGMARK_PROG_ERRAND_H

#include "prog/serve/installation.h"

struct writer;

struct errand {
	const char *request; /* the line that asks the server, with its end */
	/* Here, before anything is locked: what may be missing or bad. May be NULL. */
	enum status (*prepare)(void *user, struct err *err);
	/* The same work, here. The installation is open; `writer` is NULL unless needs_writer. */
	enum status (*here)(void *user, struct writer *writer, uint64_t *ret_count, struct err *err);
	/* Here, with a writer: the data directory is locked as a server would lock it, and what the journal holds is
	 * applied first or meanwhile. For work that counts and judges. */
	bool needs_writer;
	/* From the server only. May be NULL. */
	void (*progress)(void *user, uint64_t count, unsigned per_mille);
	/* Any other line of its answer; false: it means nothing. May be NULL. */
	bool (*take_line)(void *user, const char *line);
	void *user;
};

/* The installation is configured, and may be open. *ret_count: how many, as far as it went, also when it fails.
 * STATUS_DENIED: a server of another user runs there. STATUS_CONFLICT: one runs that cannot be asked. Else as the work
 * ended; from the server any failure is STATUS_IO, with its words. */
enum status errand_run(struct installation *installation, const struct errand *errand, uint64_t *ret_count,
		       struct err *err) MUST_CHECK;

#endif
