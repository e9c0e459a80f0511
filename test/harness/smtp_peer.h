/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_peer: an SMTP server for tests, on threads of its own, that writes down every byte it gets and fails where it is
 * told to. On loopback, any free port. */
#ifndef PUGMARK_TEST_HARNESS_SMTP_PEER_H
#define PUGMARK_TEST_HARNESS_SMTP_PEER_H

#include "base/slice.h"
#include <stdint.h>

struct smtp_peer;

enum smtp_peer_tls { PEER_TLS_NONE, PEER_TLS_STARTTLS, PEER_TLS_IMPLICIT };

/* Where a conversation can be made to fail, in its order. */
enum smtp_peer_step {
	PEER_NOWHERE,
	PEER_BANNER,
	PEER_EHLO,
	PEER_STARTTLS,
	PEER_AUTH,
	PEER_RSET,
	PEER_MAIL,
	PEER_RCPT,
	PEER_DATA,
	PEER_BODY, /* the first line of the message has come */
	PEER_DOT,  /* the message is whole, the answer is due */
};

enum smtp_peer_act {
	PEER_DROP,  /* hang up without a word */
	PEER_REPLY, /* say `reply` instead of what would be good, and go on */
	PEER_BYE,   /* say `reply` and hang up */
	PEER_STALL, /* say nothing until smtp_peer_release, then what would be good */
};

struct smtp_peer_script {
	enum smtp_peer_tls tls;
	const char *auth; /* the mechanisms offered; NULL: none */
	bool pipelining;
	const char *accepted; /* the answer to a whole message; NULL: "250 2.0.0 Ok: queued as 4XyZ1" */
	enum smtp_peer_step fail_at;
	enum smtp_peer_act act;
	const char *reply;
	unsigned skip;  /* pass the step so many times before it fails */
	unsigned times; /* then fail so many times; 0: always */
};

/* The script's strings must live as long as the peer. */
struct smtp_peer *smtp_peer_start(const struct smtp_peer_script *script);
/* Hangs up, joins all threads, frees. */
void smtp_peer_stop(struct smtp_peer **peer);
uint16_t smtp_peer_port(const struct smtp_peer *peer);
/* PEM file with the peer's own certificate (for localhost and 127.0.0.1), for TLS. */
const char *smtp_peer_ca_file(const struct smtp_peer *peer);
void smtp_peer_release(struct smtp_peer *peer);

struct smtp_peer_seen {
	unsigned connections;
	unsigned reached[PEER_DOT + 1]; /* how often each step was come to */
	unsigned hung_up;               /* connections closed from this side */
	unsigned accepted;              /* messages answered with 2xx */
	size_t data_bytes;              /* of all messages so far, the dot included */
};
struct smtp_peer_seen smtp_peer_seen(struct smtp_peer *peer);
/* What all connections got, in order of arrival, commands and data; with TLS what was inside. To be freed (mem_free).
 */
char *smtp_peer_transcript(struct smtp_peer *peer);
/* What came after 354, of all messages, the final dot included. To be freed. */
char *smtp_peer_data(struct smtp_peer *peer);

#endif
