/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_connection: a line to an SMTP server, greeted, secured and logged in; commands go out, replies come in.
 *
 * libcurl makes the connection: name, socket, TLS or STARTTLS, EHLO, AUTH (CURLOPT_CONNECT_ONLY), and reads and writes
 * through it. The conversation after that is ours, because libcurl's own (7.88, smtp_done) sends the final dot and then
 * blocks the whole thread until the server has answered: one slow server would hold up every other delivery. It also
 * keeps libcurl from ever sending something again on a new connection, and from handing one account's connection to
 * another. Nothing here blocks. One thread: the loop's.
 */
#ifndef PUGMARK_TRANSPORT_SMTP_CONNECTION_H
#define PUGMARK_TRANSPORT_SMTP_CONNECTION_H

#include "transport/smtp_reply.h"
#include "transport/transport_priv.h"

struct smtp_connection;

/* A transport's settings as libcurl wants them; belongs to the transport, outlives its connections. */
struct smtp_settings {
	char *url; /* smtp://host:port/helo */
	enum smtp_tls tls;
	enum smtp_auth auth;
	char *user;
	char *secret;
	char *ca_file; /* NULL: the system's */
	bool verify_peer;
	int connect_timeout_ms;
	int idle_timeout_ms;
};

enum smtp_event {
	SMTP_EVENT_CONNECTED, /* greeted, secured, logged in */
	SMTP_EVENT_FAILED,    /* never came that far; see smtp_connection_failure */
	SMTP_EVENT_READY,     /* something can be read or written */
	SMTP_EVENT_TIMED_OUT, /* the deadline has passed */
};

/* Called from transport_run. May close the connection. */
typedef void smtp_event_handler(void *user, enum smtp_event event);

/* What the server said it can do. */
struct smtp_abilities {
	bool pipelining;
	bool eight_bit_mime;
	bool size;
	bool auth;
};

struct smtp_connection *smtp_connection_open(struct transport_loop *loop, const struct smtp_settings *settings);
/* Says QUIT when `polite` and nothing is under way, without waiting for the answer. Frees the connection. */
void smtp_connection_close(struct smtp_connection *c, bool polite);
/* Who is told from now on. */
void smtp_connection_set_handler(struct smtp_connection *c, smtp_event_handler *handler, void *user);
/* Within `timeout_ms` from now, or SMTP_EVENT_TIMED_OUT; 0: no limit. */
void smtp_connection_set_deadline(struct smtp_connection *c, int timeout_ms);
/* Whether arriving bytes are reported. */
void smtp_connection_listen(struct smtp_connection *c, bool listen);

const struct smtp_abilities *smtp_connection_abilities(const struct smtp_connection *c);
/* After SMTP_EVENT_FAILED: how the delivery that needed it ends, certainly not accepted. */
enum status smtp_connection_failure(const struct smtp_connection *c);
/* The last reply; after SMTP_EVENT_FAILED the reply or the words that say why. */
const struct smtp_reply *smtp_connection_reply(const struct smtp_connection *c);

/* Where what shall leave is appended; only while smtp_connection_is_flushed. */
struct buf *smtp_connection_output(struct smtp_connection *c);
bool smtp_connection_is_flushed(const struct smtp_connection *c);
/* Writes as much as the line takes. STATUS_OK: all of it; STATUS_AGAIN: the rest on SMTP_EVENT_READY; STATUS_IO. */
enum status smtp_connection_flush(struct smtp_connection *c) MUST_CHECK;
/* STATUS_OK: smtp_connection_reply has a whole new one; STATUS_AGAIN: it is not here yet; STATUS_IO: the line is gone;
 * STATUS_CORRUPT: what came is no SMTP. */
enum status smtp_connection_receive(struct smtp_connection *c) MUST_CHECK;
/* Whether nothing has come in that was not asked for, nor the end of the line. */
bool smtp_connection_is_quiet(struct smtp_connection *c);

#endif
