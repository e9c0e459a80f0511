/* SPDX-License-Identifier: Apache-2.0 */
/* milter: a filter that a mail server (Postfix, Sendmail) sends its mail through, and that has it instrumented by a
 * Pugmark server on the way.
 *
 * Over libmilter, which has a thread for each connection of the mail server. Holds no state beyond one mail: any number
 * of these may run. Whatever goes wrong with tracking, the mail passes: unchanged but for its X-Pugmark-* headers,
 * which never leave. It must stand in front of the filter that signs (DKIM).
 */
#ifndef PUGMARK_MILTER_MILTER_H
#define PUGMARK_MILTER_MILTER_H

#include "base/status.h"
#include <stdint.h>

struct instrument_client;
struct milter_rules;

struct milter_config {
	const char *listen;   /* libmilter's words: unix:/path, inet:port@host, inet6:port@host */
	uint32_t socket_mode; /* of a unix socket */
	int stop_timeout_ms;  /* how long the end waits for mails under way */
	const struct milter_rules *rules;
	struct instrument_client *client;
};

/* Listens, says so in the log, and filters until SIGTERM or SIGINT; then mails under way are finished and no new
 * connection is let in. STATUS_OK: it was told to end. STATUS_BAD_INPUT or STATUS_IO with words: it could not listen.
 * Once in a process, and at its end: threads of libmilter outlive the call, so rules and client must live until the
 * process is gone. Blocks. */
enum status milter_run(const struct milter_config *config, struct err *err) MUST_CHECK;

#endif
