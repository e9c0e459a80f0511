/* SPDX-License-Identifier: Apache-2.0 */
/* The connection is cut by shutdown(2) and not closed: libpq then reads the end of the stream, says that the connection
 * is bad, and drops what it was waiting for by itself, and no call that follows can wait.
 *
 * libpq reads at least 8 KiB at a time, and OpenSSL hands over at most what is left of a record of 16 KiB. The rest
 * stays in OpenSSL's memory, where poll(2) does not see it. So an encrypted line is read twice, and looked at again
 * after a moment. */
#include "store/postgres/postgres_wait.h"

#include <poll.h>
#include <sys/socket.h>

enum { ENCRYPTED_LOOK_MS = 20 };

static void cut(struct postgres_line *line)
{
	(void)shutdown(PQsocket(line->pg), SHUT_RDWR); /* fails only for one that is gone */
}

/* False: nothing can be done there for so long. A signal begins the wait anew; threads that use a store have them
 * blocked. */
static bool wait_for_socket(struct postgres_line *line, uint32_t timeout_ms)
{
	short events = PQflush(line->pg) == 1 ? POLLIN | POLLOUT : POLLIN;
	struct pollfd p = {.fd = PQsocket(line->pg), .events = events};
	return poll(&p, 1, (int)timeout_ms) != 0;
}

/* False: the connection is lost. */
static bool read_more(struct postgres_line *line, uint32_t *silent_ms)
{
	bool is_encrypted = PQsslInUse(line->pg) || PQgssEncInUse(line->pg);
	uint32_t look_ms = is_encrypted ? ENCRYPTED_LOOK_MS : line->patience_ms;
	*silent_ms = wait_for_socket(line, look_ms) ? 0 : *silent_ms + look_ms;
	if (*silent_ms >= line->patience_ms) {
		line->is_cut = true;
		cut(line);
	}
	if (!PQconsumeInput(line->pg))
		return false;
	return !is_encrypted || !PQisBusy(line->pg) || PQconsumeInput(line->pg);
}

PGresult *postgres_next_result(struct postgres_line *line)
{
	uint32_t silent_ms = 0;
	while (PQisBusy(line->pg)) {
		if (read_more(line, &silent_ms))
			continue;
		/* Also when only memory was missing: PQgetResult must find nothing to wait for. */
		cut(line);
		break;
	}
	return PQgetResult(line->pg);
}

PGresult *postgres_last_result(struct postgres_line *line)
{
	PGresult *last = NULL, *result;
	while ((result = postgres_next_result(line))) {
		PQclear(last);
		last = result;
	}
	return last;
}
