/* SPDX-License-Identifier: Apache-2.0 */
/* The SMTP transport: a pool of connections to one account, and the conversation of one delivery.
 *
 *     [RSET] -> MAIL, RCPT -> DATA -> body -> barrier -> "." -> the answer
 *
 * MAIL and RCPT go out together where the server allows it (RFC 2920); DATA never does, so that no delivery can find
 * itself inside DATA without a recipient. A line that breaks is certain before the dot was offered to the socket
 * (RFC 5321, 4.1.1.4: a server must not deliver what has no end) and UNCERTAIN from then on.
 *
 * A connection from the pool may have been closed by the server at the very moment it was taken. Then, and only when it
 * has not answered a single command of this delivery, the delivery begins again on a new one.
 */
#include "base/mem.h"
#include "transport/dot_stuffing.h"
#include "transport/smtp_pool.h"

enum {
	BODY_CHUNK = 32 * 1024,
	FINAL_REPLY_MS = 600 * 1000 /* RFC 5321, 4.5.3.2.6 */
};

enum smtp_step {
	STEP_CONNECT,
	STEP_RESET,
	STEP_MAIL,
	STEP_RECIPIENT,
	STEP_DATA,
	STEP_BODY,
	STEP_BARRIER,
	STEP_FINAL_REPLY,
};

struct smtp {
	struct transport transport;
	struct smtp_settings settings;
	struct smtp_pool pool;
};

struct smtp_delivery {
	struct delivery delivery;
	struct smtp_line *line;
	enum smtp_step step;
	size_t body_sent;
	bool from_pool;   /* the line has been used before and has not answered yet */
	bool want_new;    /* do not take a line from the pool */
	bool dot_offered; /* from here on nobody can know */
	bool keep_line;   /* after the end, the line is good for another delivery */
};

/* ---- How a delivery ends. */

static struct smtp *transport_of(const struct smtp_delivery *d)
{
	return (struct smtp *)d->delivery.transport;
}

/* Without an answer. */
static void end_unanswered(struct smtp_delivery *d, enum status status, const char *words)
{
	d->keep_line = false;
	delivery_fail(&d->delivery, d->dot_offered ? STATUS_UNCERTAIN : status, words);
}

/* With the reply that decides. */
static void end_answered(struct smtp_delivery *d, enum status status)
{
	const struct smtp_reply *reply = smtp_connection_reply(d->line->connection);
	struct transport_outcome outcome = {
	    .status = status, .reply_code = reply->code, .reply = smtp_reply_words(reply), .remote_id = SLICE_EMPTY};
	if (status == STATUS_OK)
		outcome.remote_id = smtp_reply_queue_id(outcome.reply);
	delivery_end(&d->delivery, &outcome);
}

/* 530 asks for a log-in or for TLS (RFC 4954, 6; RFC 3207, 4): no fault of this mail. */
static enum status refusal_of(int code)
{
	if (code == 530)
		return STATUS_DENIED;
	return code / 100 == 4 ? STATUS_REFUSED_TEMP : STATUS_REFUSED_PERM;
}

static void refuse(struct smtp_delivery *d, int code)
{
	/* 421 is the server hanging up (RFC 5321, 3.8); the reply to a pipelined RCPT may still be on its way. */
	bool reply_to_come = d->step == STEP_MAIL && smtp_connection_abilities(d->line->connection)->pipelining;
	bool between_commands = d->step <= STEP_DATA || d->step == STEP_FINAL_REPLY;
	d->keep_line = code != 421 && between_commands && !reply_to_come;
	d->line->needs_reset = d->step != STEP_FINAL_REPLY;
	if (code / 100 == 4 || code / 100 == 5)
		end_answered(d, refusal_of(code));
	else
		end_unanswered(d, STATUS_IO, "the server's reply does not fit what it was asked");
}

/* The line is gone, or what comes over it is no SMTP. */
static void lose_line(struct smtp_delivery *d)
{
	if (!d->from_pool) {
		end_unanswered(d, STATUS_IO,
			       d->dot_offered ? "the line broke after the end of the message was sent"
					      : "the line broke before the message was complete");
		return;
	}
	smtp_line_close(d->line, false);
	d->line = NULL;
	d->want_new = true;
	d->step = STEP_CONNECT;
	delivery_queue(&d->delivery);
}

/* ---- The conversation. */

static void put_mail(struct smtp_delivery *d)
{
	const struct smtp_abilities *can = smtp_connection_abilities(d->line->connection);
	struct buf *out = smtp_connection_output(d->line->connection);
	bool eight_bit = false;
	for (size_t i = 0; i < d->delivery.mail.bytes.n && !eight_bit; i++)
		eight_bit = (unsigned char)d->delivery.mail.bytes.p[i] >= 0x80;
	buf_append(out, SLICE("MAIL FROM:<"));
	buf_append(out, d->delivery.mail.envelope_from);
	buf_append(out, SLICE(">"));
	/* RFC 1870: what is too large for the server is refused before it is sent. */
	if (can->size)
		buf_printf(out, " SIZE=%zu", d->delivery.mail.bytes.n);
	/* RFC 6152; without it the bytes go as they are. */
	if (can->eight_bit_mime && eight_bit)
		buf_append(out, SLICE(" BODY=8BITMIME"));
	buf_append(out, SLICE("\r\n"));
}

static void put_recipient(struct smtp_delivery *d)
{
	struct buf *out = smtp_connection_output(d->line->connection);
	buf_append(out, SLICE("RCPT TO:<"));
	buf_append(out, d->delivery.mail.envelope_to);
	buf_append(out, SLICE(">\r\n"));
}

static void begin_mail(struct smtp_delivery *d)
{
	d->step = STEP_MAIL;
	put_mail(d);
	if (smtp_connection_abilities(d->line->connection)->pipelining)
		put_recipient(d);
}

static void put_body(struct smtp_delivery *d)
{
	struct slice bytes = d->delivery.mail.bytes;
	size_t end = bytes.n - d->body_sent > BODY_CHUNK ? d->body_sent + BODY_CHUNK : bytes.n;
	dot_stuffing_append(smtp_connection_output(d->line->connection), bytes, d->body_sent, end);
	d->body_sent = end;
}

/* Acts on the reply to the current step; false when the delivery has ended. */
static bool take_reply(struct smtp_delivery *d)
{
	struct smtp_connection *c = d->line->connection;
	int code = smtp_connection_reply(c)->code;
	bool good = d->step == STEP_DATA ? code == 354 : code / 100 == 2;
	bool asked = d->step != STEP_BODY;
	if (d->from_pool && code == 421) {
		lose_line(d);
		return false;
	}
	d->from_pool = false;
	if (!good || !asked) {
		refuse(d, asked || code >= 400 ? code : 0);
		return false;
	}
	switch (d->step) {
	case STEP_RESET: begin_mail(d); break;
	case STEP_MAIL:
		d->step = STEP_RECIPIENT;
		if (!smtp_connection_abilities(c)->pipelining)
			put_recipient(d);
		break;
	case STEP_RECIPIENT:
		d->step = STEP_DATA;
		buf_append(smtp_connection_output(c), SLICE("DATA\r\n"));
		break;
	case STEP_DATA: d->step = STEP_BODY; break;
	case STEP_FINAL_REPLY:
		d->keep_line = true;
		end_answered(d, STATUS_OK);
		return false;
	case STEP_CONNECT:
	case STEP_BODY:
	case STEP_BARRIER: BUG_IF(true); /* nothing is read then */
	}
	return true;
}

/* Everything is out but the dot. The line is not looked at until the caller has decided, so that the delivery cannot
 * end while the intent is being written. */
static void reach_barrier(struct smtp_delivery *d)
{
	d->step = STEP_BARRIER;
	smtp_connection_set_deadline(d->line->connection, 0);
	smtp_connection_listen(d->line->connection, false);
	delivery_reach_barrier(&d->delivery);
}

/* The line takes no more. What the server said before it hung up tells more than that. */
static void hear_last_words(struct smtp_delivery *d)
{
	if (smtp_connection_receive(d->line->connection) != STATUS_OK || take_reply(d))
		lose_line(d);
}

/* Sends what is to be sent. False when there is nothing more to do in this turn: the delivery has ended or waits at the
 * barrier. */
static bool run_output(struct smtp_delivery *d)
{
	for (;;) {
		enum status status = smtp_connection_flush(d->line->connection);
		if (status == STATUS_AGAIN)
			return true;
		if (status != STATUS_OK) {
			hear_last_words(d);
			return false;
		}
		if (d->step != STEP_BODY)
			return true;
		if (d->body_sent == d->delivery.mail.bytes.n) {
			reach_barrier(d);
			return false;
		}
		put_body(d);
	}
}

/* Moves on until the network has to be waited for. */
static void run(struct smtp_delivery *d)
{
	while (run_output(d)) {
		enum status status = smtp_connection_receive(d->line->connection);
		if (status == STATUS_AGAIN)
			return;
		if (status != STATUS_OK) {
			lose_line(d);
			return;
		}
		if (!take_reply(d))
			return;
	}
}

static void start_on_line(struct smtp_delivery *d)
{
	if (d->line->needs_reset) {
		d->line->needs_reset = false;
		d->step = STEP_RESET;
		buf_append(smtp_connection_output(d->line->connection), SLICE("RSET\r\n"));
	} else {
		begin_mail(d);
	}
	run(d);
}

static void delivery_event(void *user, enum smtp_event event)
{
	struct smtp_delivery *d = user;
	struct smtp_connection *c = d->line->connection;
	const struct smtp_settings *s = &transport_of(d)->settings;
	if (d->step != STEP_FINAL_REPLY)
		smtp_connection_set_deadline(c, s->idle_timeout_ms); /* something happens */
	switch (event) {
	case SMTP_EVENT_CONNECTED: start_on_line(d); break;
	case SMTP_EVENT_FAILED: end_answered(d, smtp_connection_failure(c)); break;
	case SMTP_EVENT_READY: run(d); break;
	case SMTP_EVENT_TIMED_OUT: end_unanswered(d, STATUS_TIMEOUT, "the server has not answered in time"); break;
	}
}

/* ---- The transport. */

static struct delivery *smtp_start(struct transport *transport, const struct transport_mail *mail)
{
	struct smtp_delivery *d = MEM_NEW(struct smtp_delivery);
	(void)transport;
	(void)mail;
	return &d->delivery;
}

static void connect_delivery(struct smtp_delivery *d)
{
	struct smtp *s = transport_of(d);
	d->line = d->want_new ? NULL : smtp_pool_take(&s->pool);
	d->from_pool = d->line != NULL;
	if (!d->line)
		d->line = smtp_line_open(s->transport.loop, &s->settings);
	smtp_connection_set_handler(d->line->connection, delivery_event, d);
	smtp_connection_set_deadline(d->line->connection, d->from_pool ? s->settings.idle_timeout_ms : 0);
	if (d->from_pool)
		start_on_line(d);
}

static void send_dot(struct smtp_delivery *d)
{
	struct smtp_connection *c = d->line->connection;
	if (!smtp_connection_is_quiet(c)) {
		/* The server has hung up while the intent was being written; the dot was never offered. */
		end_unanswered(d, STATUS_IO, "the line broke before the message was complete");
		return;
	}
	d->step = STEP_FINAL_REPLY;
	d->dot_offered = true;
	buf_append(smtp_connection_output(c), SLICE(".\r\n"));
	smtp_connection_set_deadline(c, FINAL_REPLY_MS);
	smtp_connection_listen(c, true);
	run(d);
}

static void smtp_advance(struct delivery *delivery)
{
	struct smtp_delivery *d = (struct smtp_delivery *)delivery;
	if (delivery->state == DELIVERY_PASSED)
		send_dot(d);
	else
		connect_delivery(d);
}

static void smtp_discard(struct delivery *delivery)
{
	struct smtp_delivery *d = (struct smtp_delivery *)delivery;
	if (d->line && d->keep_line)
		smtp_pool_give(&transport_of(d)->pool, d->line);
	else if (d->line)
		smtp_line_close(d->line, d->step == STEP_FINAL_REPLY || d->step < STEP_BODY);
	mem_free(d);
}

static void smtp_free(struct transport *transport)
{
	struct smtp *s = (struct smtp *)transport;
	smtp_pool_done(&s->pool);
	mem_free(s->settings.url);
	mem_free(s->settings.user);
	/* memset of what is freed next may be left out by the compiler. */
	if (s->settings.secret)
		explicit_bzero(s->settings.secret, strlen(s->settings.secret));
	mem_free(s->settings.secret);
	mem_free(s->settings.ca_file);
	mem_free(s);
}

static const struct transport_class smtp_class = {
    .start = smtp_start,
    .advance = smtp_advance,
    .discard = smtp_discard,
    .free = smtp_free,
};

/* A name or address of a host, so that it cannot be anything else within a URL. */
static bool is_host(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '.' && c != ':' && c != '_')
			return false;
	}
	return s.n > 0 && s.n <= 253;
}

static char *copy_or_null(const char *s)
{
	return s ? mem_copy(slice_from_cstr(s)) : NULL;
}

static char *make_url(const struct transport_smtp_config *config)
{
	struct buf url;
	bool is_ipv6 = strchr(config->host, ':') != NULL;
	buf_init(&url, 1024);
	/* libcurl takes the path of an smtp: URL for the name in EHLO. */
	buf_printf(&url, "%s://%s%s%s:%u/%s", config->tls == SMTP_TLS_IMPLICIT ? "smtps" : "smtp", is_ipv6 ? "[" : "",
		   config->host, is_ipv6 ? "]" : "", config->port, config->helo_name ? config->helo_name : "");
	return buf_detach(&url, NULL);
}

enum status transport_smtp_new(struct transport_loop *loop, const struct transport_smtp_config *config,
			       struct transport **ret, struct err *err)
{
	if (!is_host(slice_from_cstr(config->host)))
		return err_set(err, STATUS_BAD_INPUT, "the host is not a host name or an IP address");
	if (config->port == 0)
		return err_set(err, STATUS_BAD_INPUT, "the port must be between 1 and 65535");
	if (config->helo_name && config->helo_name[0] && !is_host(slice_from_cstr(config->helo_name)))
		return err_set(err, STATUS_BAD_INPUT, "the helo name is not a host name");
	if (config->auth != SMTP_AUTH_NONE && (!config->user || !config->user[0] || !config->secret))
		return err_set(err, STATUS_BAD_INPUT, "logging in needs a user and a secret");
	struct smtp *s = MEM_NEW(struct smtp);
	s->transport = (struct transport){.class = &smtp_class, .loop = loop};
	s->settings = (struct smtp_settings){
	    .url = make_url(config),
	    .tls = config->tls,
	    .auth = config->auth,
	    .user = copy_or_null(config->user),
	    .secret = copy_or_null(config->secret),
	    .ca_file = copy_or_null(config->ca_file),
	    .verify_peer = config->verify_peer,
	    .connect_timeout_ms = config->connect_timeout_ms ? config->connect_timeout_ms : 30 * 1000,
	    /* RFC 5321, 4.5.3.2: five minutes are the longest of what is asked before the dot. */
	    .idle_timeout_ms = config->idle_timeout_ms ? config->idle_timeout_ms : 300 * 1000,
	};
	smtp_pool_init(&s->pool);
	*ret = &s->transport;
	return STATUS_OK;
}
