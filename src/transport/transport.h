/* SPDX-License-Identifier: Apache-2.0 */
/* transport: gets one built mail out of the house, and stops at the dot.
 *
 * A transport belongs to the deliverer's thread. A delivery goes: transport_start -> (the transport has handed over all
 * but the end of the data) at_barrier() -> the caller makes its intent durable -> transport_pass_barrier -> done().
 * Before the barrier is passed the other side cannot have accepted the mail; after it, a broken line is UNCERTAIN.
 * Implementations: outbox.c (files in a directory), smtp.c (libcurl).
 */
#ifndef PUGMARK_TRANSPORT_TRANSPORT_H
#define PUGMARK_TRANSPORT_TRANSPORT_H

#include "base/slice.h"
#include "base/status.h"
#include <stdint.h>

struct transport;
struct delivery; /* one mail under way */

/* What leaves. All slices must stay valid until done() was called. */
struct transport_mail {
	struct slice id;            /* the message id as text; the outbox names its file by it */
	struct slice envelope_from; /* bare address */
	struct slice envelope_to;   /* bare address */
	struct slice bytes;         /* the whole RFC 5322 message with CRLF line ends, not dot-stuffed */
};

struct transport_outcome {
	/* OK: accepted. Certainly not accepted: REFUSED_TEMP and REFUSED_PERM, an answer about this mail; DENIED, the
	 * account or we ourselves were turned away for good before any mail was looked at (greeting, log-in, or 530:
	 * log in first); IO and TIMEOUT, no answer; BAD_INPUT, the mail cannot leave as it is (a line end that is not
	 * CRLF, an envelope address SMTP cannot carry); AGAIN, abandoned. UNCERTAIN: the end has left and no answer
	 * came. */
	enum status status;
	int reply_code;         /* SMTP reply code, 0 when there was none */
	struct slice reply;     /* the other side's words, or ours; UTF-8 without control characters, at most 500 bytes;
				   valid during done() only */
	struct slice remote_id; /* queue id or provider id when the other side told one; else empty; valid as `reply` */
};

struct delivery_events {
	/* Everything but the end of the data is out. Called once, from within transport_run. The callee must call
	 * transport_pass_barrier or transport_abandon later, on this thread, not before it returns. Until then done()
	 * is not called for this delivery: a line that breaks meanwhile is told of after the callee's decision. Not
	 * called at all when the delivery fails before. */
	void (*at_barrier)(void *user, struct delivery *delivery);
	/* The end; `delivery` is gone after it. Called exactly once per started delivery, from within transport_run or
	 * transport_abandon. It may start other deliveries and abandon others; it must not free the transport. */
	void (*done)(void *user, struct delivery *delivery, const struct transport_outcome *outcome);
};

/* Starts a delivery; copies nothing of `mail` but the struct. Never blocks, never calls back before it returns. */
struct delivery *transport_start(struct transport *transport, const struct transport_mail *mail,
				 const struct delivery_events *events, void *user);
/* The intent is durable: let the end of the data go. */
void transport_pass_barrier(struct delivery *delivery);
/* At any time before the barrier was passed: hang up without the end of the data; done() gets STATUS_AGAIN before this
 * returns. */
void transport_abandon(struct delivery *delivery);
/* How many deliveries are under way, the one whose done() is running included. An SMTP transport has as many
 * connections as deliveries under way, and keeps idle ones for a while: the caller limits it by what it starts. */
size_t transport_active(const struct transport *transport);
/* NULL is allowed; sets *transport to NULL. Nothing may be active. */
void transport_free(struct transport **transport);

/* The thing that makes deliveries move: one per deliverer thread, shared by all transports made from it. */
struct transport_loop;
struct transport_loop *transport_loop_new(void);
/* NULL is allowed; sets *loop to NULL. All its transports must have been freed. */
void transport_loop_free(struct transport_loop **loop);
/* Lets everything move and waits at most `timeout_ms` for something to happen; callbacks run inside. */
void transport_run(struct transport_loop *loop, int timeout_ms); /* >= 0 */
/* Ends a transport_run that waits. Any thread. */
void transport_wake(struct transport_loop *loop);

/* ---- What there is. */

/* Writes DIRECTORY/ID.eml: temporary file, fsync, barrier, rename, fsync of the directory. The directory is made when
 * it is missing (its parent is not). Ids are letters, digits, "-", "_" and ".". An fsync blocks transport_run. */
enum status transport_outbox_new(struct transport_loop *loop, const char *directory, struct transport **ret,
				 struct err *err) MUST_CHECK;

enum smtp_tls { SMTP_TLS_NONE, SMTP_TLS_STARTTLS, SMTP_TLS_IMPLICIT };
enum smtp_auth { SMTP_AUTH_NONE, SMTP_AUTH_PLAIN, SMTP_AUTH_LOGIN, SMTP_AUTH_XOAUTH2 };

struct transport_smtp_config {
	const char *host;
	uint16_t port;
	enum smtp_tls tls; /* STARTTLS is required when asked for, never opportunistic */
	enum smtp_auth auth;
	const char *user;      /* may be NULL */
	const char *secret;    /* password, or the bearer token for XOAUTH2 */
	const char *helo_name; /* what we call ourselves */
	const char *ca_file;   /* NULL: the system's */
	bool verify_peer;
	int connect_timeout_ms; /* 0: 30,000 */
	int idle_timeout_ms;    /* 0: 300,000 without progress before the dot; after the dot the wait is 600,000 (RFC
				   5321, 4.5.3.2.6) */
};
/* Everything in `config` is copied. Nothing is connected to before the first delivery. STATUS_BAD_INPUT with words. */
enum status transport_smtp_new(struct transport_loop *loop, const struct transport_smtp_config *config,
			       struct transport **ret, struct err *err) MUST_CHECK;

#endif
