/* SPDX-License-Identifier: Apache-2.0 */
/* instrument_client: asks a Pugmark server over HTTP for the instrumented form of a mail (POST /api/v1/instrument).
 *
 * Connections are kept and shared: any number of threads may ask at once, each on a connection of its own while it
 * asks. Nothing is tried twice. Needs curl_global_init before.
 */
#ifndef PUGMARK_MILTER_INSTRUMENT_CLIENT_H
#define PUGMARK_MILTER_INSTRUMENT_CLIENT_H

#include "base/buf.h"
#include "base/status.h"

struct instrument_client_config {
	const char *server;  /* http://HOST:PORT or https://… */
	const char *api_key; /* of scope `send` */
	const char *ca_file; /* NULL or empty: the system's */
	long timeout_ms;     /* of a whole question */
};

struct instrument_client;
/* Copies the configuration; connects to nothing. STATUS_BAD_INPUT with words. It lives as long as the process: threads
 * of libmilter may ask until then. */
enum status instrument_client_new(const struct instrument_client_config *config, struct instrument_client **ret,
				  struct err *err) MUST_CHECK;

/* What the server said beside the mail; UTF-8 without control characters, cut where it does not fit. */
struct instrument_answer {
	char message_id[40];
	char links[16];     /* how many are tracked */
	char warnings[512]; /* empty: none */
};

/* Appends the instrumented message to `to`. STATUS_OK; STATUS_IO: not reached, or broken off; STATUS_TIMEOUT;
 * STATUS_DENIED: the key; STATUS_AGAIN: the server is not able to now; STATUS_REFUSED_PERM: it does not take this mail;
 * STATUS_TOO_BIG: `to` is full; words in *err. What is in `to` then is of no use. Blocks. */
enum status instrument_client_ask(struct instrument_client *client, struct slice message, struct buf *to,
				  struct instrument_answer *ret, struct err *err) MUST_CHECK;

#endif
