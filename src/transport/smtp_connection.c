/* SPDX-License-Identifier: Apache-2.0 */
/* Two lives in one object. Until it stands the connection is a transfer of libcurl's, of which only the lines that the
 * server says are read along; from then on it is a socket to be watched and two buffers. Everything returns at once and
 * says AGAIN where it would have to wait, so that many mails are under way on one thread (decision 2). */
#include "transport/smtp_connection.h"

#include "base/clock.h"
#include "base/mem.h"

enum {
	OUTPUT_MAX = 128 * 1024,
	INPUT_MAX = 16 * 1024, /* replies that have arrived and were not asked for yet; more is no SMTP */
};

struct smtp_connection {
	struct loop_transfer transfer; /* first: CURLOPT_PRIVATE points to it */
	struct transport_loop *loop;
	const struct smtp_settings *settings;
	CURL *easy;
	struct loop_watch watch;
	smtp_event_handler *handler;
	void *user;
	struct smtp_abilities abilities;
	struct smtp_reply reply;
	struct smtp_reply partial; /* lines of the reply that is coming in */
	enum status failure;
	struct buf output;
	size_t output_sent;
	struct buf input;
	char words[CURL_ERROR_SIZE];
};

static void tell(struct smtp_connection *c, enum smtp_event event)
{
	if (c->handler)
		c->handler(c->user, event);
}

/* STATUS_OK: something new is in the input. */
static enum status read_more(struct smtp_connection *c)
{
	size_t n = 0;
	char *to = buf_reserve(&c->input, SMTP_REPLY_LINE_MAX);
	if (!to)
		return STATUS_CORRUPT;
	CURLcode result = curl_easy_recv(c->easy, to, SMTP_REPLY_LINE_MAX, &n);
	if (result == CURLE_AGAIN)
		return STATUS_AGAIN;
	if (result != CURLE_OK || n == 0)
		return STATUS_IO;
	buf_commit(&c->input, n);
	return STATUS_OK;
}

/* ---- Connecting. */

static void note_ability(struct smtp_connection *c, struct slice line)
{
	struct slice words = slice_trim(slice_from(line, 4));
	struct slice keyword = slice_cut(&words, ' ');
	/* Keywords without regard to case, their parameters left aside (RFC 5321, 4.1.1.1). */
	c->abilities.pipelining |= slice_equal_nocase(keyword, SLICE("PIPELINING"));
	c->abilities.eight_bit_mime |= slice_equal_nocase(keyword, SLICE("8BITMIME"));
	c->abilities.size |= slice_equal_nocase(keyword, SLICE("SIZE"));
	c->abilities.auth |= slice_equal_nocase(keyword, SLICE("AUTH"));
}

/* libcurl hands over each line the server says until the connection stands. */
static size_t note_line(char *p, size_t size, size_t count, void *user)
{
	struct smtp_connection *c = user;
	struct slice line = slice_of(p, size * count);
	struct slice rest = line;
	if (slice_starts_with(line, SLICE("220")))
		c->abilities = (struct smtp_abilities){0}; /* what was said before TLS does not count (RFC 3207, 4.2) */
	if (slice_starts_with(line, SLICE("250")))
		note_ability(c, line);
	enum status status = smtp_reply_take(&rest, &c->partial);
	if (status == STATUS_AGAIN)
		return size * count;
	c->reply = c->partial;
	smtp_reply_clear(&c->partial);
	return size * count;
}

/* Only what was said about this mail can refuse it for good. A 5xx before any mail was named is about the account or
 * the address we come from: DENIED. */
static enum status failure_of(const struct smtp_connection *c, CURLcode result)
{
	if (c->reply.code / 100 == 4)
		return STATUS_REFUSED_TEMP;
	if (c->reply.code / 100 == 5 || result == CURLE_LOGIN_DENIED)
		return STATUS_DENIED;
	return result == CURLE_OPERATION_TIMEDOUT ? STATUS_TIMEOUT : STATUS_IO;
}

static void fail(struct smtp_connection *c, enum status status, const char *words)
{
	c->failure = status;
	if (c->reply.code < 400) {
		c->reply.code = 0;
		smtp_reply_set_words(&c->reply, slice_from_cstr(words));
	}
	tell(c, SMTP_EVENT_FAILED);
}

static void connected(struct loop_transfer *transfer, CURLcode result)
{
	struct smtp_connection *c = (struct smtp_connection *)transfer;
	curl_socket_t socket = CURL_SOCKET_BAD;
	if (result != CURLE_OK) {
		fail(c, failure_of(c, result), c->words[0] ? c->words : curl_easy_strerror(result));
		return;
	}
	/* Without this, libcurl takes a server that offers no AUTH for one that needs none. */
	if (c->settings->auth != SMTP_AUTH_NONE && !c->abilities.auth) {
		c->reply.code = 0;
		fail(c, STATUS_DENIED, "the server does not offer to log in (no AUTH)");
		return;
	}
	(void)curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &socket); /* stays BAD when there is none */
	/* The first read ties the connection to the handle; before that, libcurl might clear it away as an idle one. */
	enum status status = read_more(c);
	if (socket == CURL_SOCKET_BAD || (status != STATUS_OK && status != STATUS_AGAIN)) {
		fail(c, STATUS_IO, "the line broke after logging in");
		return;
	}
	c->watch.socket = socket;
	c->watch.want_read = true;
	tell(c, SMTP_EVENT_CONNECTED);
}

static void woken(struct loop_watch *watch, bool timed_out)
{
	struct smtp_connection *c = LIST_ENTRY(watch, struct smtp_connection, watch);
	tell(c, timed_out ? SMTP_EVENT_TIMED_OUT : SMTP_EVENT_READY);
}

static void set_login(CURL *easy, const struct smtp_settings *s)
{
	static const char *const options[] = {
	    [SMTP_AUTH_PLAIN] = "AUTH=PLAIN", [SMTP_AUTH_LOGIN] = "AUTH=LOGIN", [SMTP_AUTH_XOAUTH2] = "AUTH=XOAUTH2"};
	if (s->auth == SMTP_AUTH_NONE)
		return;
	curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, options[s->auth]);
	curl_easy_setopt(easy, CURLOPT_USERNAME, s->user);
	if (s->auth == SMTP_AUTH_XOAUTH2)
		curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, s->secret);
	else
		curl_easy_setopt(easy, CURLOPT_PASSWORD, s->secret);
	/* One round trip less: the secret goes with the command (RFC 4954, 4). */
	curl_easy_setopt(easy, CURLOPT_SASL_IR, 1L);
}

static void set_tls(CURL *easy, const struct smtp_settings *s)
{
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(s->tls == SMTP_TLS_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	/* 1.0 and 1.1 must not be used any more (RFC 8996). */
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, s->verify_peer ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, s->verify_peer ? 2L : 0L);
	if (s->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, s->ca_file);
}

static void set_up(struct smtp_connection *c)
{
	const struct smtp_settings *s = c->settings;
	CURL *easy = c->easy;
	curl_easy_setopt(easy, CURLOPT_URL, s->url);
	/* The URL is made of settings: whatever they say, it is never another protocol. */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none from the environment either */
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)s->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, c->words);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, note_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, &c->transfer);
	set_tls(easy, s);
	set_login(easy, s);
}

struct smtp_connection *smtp_connection_open(struct transport_loop *loop, const struct smtp_settings *settings)
{
	struct smtp_connection *c = MEM_NEW(struct smtp_connection);
	c->transfer.finished = connected;
	c->loop = loop;
	c->settings = settings;
	c->easy = curl_easy_init();
	BUG_IF(!c->easy);
	buf_init(&c->output, OUTPUT_MAX);
	buf_init(&c->input, INPUT_MAX);
	set_up(c);
	c->watch.socket = -1;
	c->watch.wake = woken;
	loop_add_watch(loop, &c->watch);
	(void)curl_multi_add_handle(loop_multi(loop), c->easy); /* fails only for bad handles */
	return c;
}

void smtp_connection_close(struct smtp_connection *c, bool polite)
{
	size_t n = 0;
	if (polite && c->watch.socket >= 0 && smtp_connection_is_flushed(c))
		(void)curl_easy_send(c->easy, "QUIT\r\n", 6, &n); /* a courtesy, nobody depends on it */
	loop_remove_watch(&c->watch);
	(void)curl_multi_remove_handle(loop_multi(c->loop), c->easy); /* closes the socket */
	curl_easy_cleanup(c->easy);
	buf_done(&c->output);
	buf_done(&c->input);
	mem_free(c);
}

/* ---- Talking. */

void smtp_connection_set_handler(struct smtp_connection *c, smtp_event_handler *handler, void *user)
{
	c->handler = handler;
	c->user = user;
}

void smtp_connection_set_deadline(struct smtp_connection *c, int timeout_ms)
{
	c->watch.deadline_us = timeout_ms ? clock_monotonic_us(clock_system()) + (int64_t)timeout_ms * 1000 : 0;
}

void smtp_connection_listen(struct smtp_connection *c, bool listen)
{
	c->watch.want_read = listen;
}

const struct smtp_abilities *smtp_connection_abilities(const struct smtp_connection *c)
{
	return &c->abilities;
}

enum status smtp_connection_failure(const struct smtp_connection *c)
{
	return c->failure;
}

const struct smtp_reply *smtp_connection_reply(const struct smtp_connection *c)
{
	return &c->reply;
}

struct buf *smtp_connection_output(struct smtp_connection *c)
{
	return &c->output;
}

bool smtp_connection_is_flushed(const struct smtp_connection *c)
{
	return c->output_sent == c->output.n;
}

enum status smtp_connection_flush(struct smtp_connection *c)
{
	c->watch.want_write = false;
	while (!smtp_connection_is_flushed(c)) {
		/* After AGAIN the same bytes at the same place are offered again, as TLS demands (SSL_write). */
		struct slice rest = slice_from(buf_slice(&c->output), c->output_sent);
		size_t n = 0;
		CURLcode result = curl_easy_send(c->easy, rest.p, rest.n, &n);
		if (result == CURLE_AGAIN) {
			c->watch.want_write = true;
			return STATUS_AGAIN;
		}
		if (result != CURLE_OK)
			return STATUS_IO;
		c->output_sent += n;
	}
	buf_clear(&c->output);
	c->output_sent = 0;
	return STATUS_OK;
}

static void drop_input(struct smtp_connection *c, size_t n)
{
	if (n == 0)
		return;
	memmove(c->input.p, c->input.p + n, c->input.n - n);
	buf_truncate(&c->input, c->input.n - n);
}

enum status smtp_connection_receive(struct smtp_connection *c)
{
	for (;;) {
		/* What is there comes first: with pipelining several replies arrive together. */
		struct slice rest = buf_slice(&c->input);
		enum status status = smtp_reply_take(&rest, &c->partial);
		if (status == STATUS_CORRUPT)
			return status;
		drop_input(c, c->input.n - rest.n);
		if (status == STATUS_OK) {
			c->reply = c->partial;
			smtp_reply_clear(&c->partial);
			return STATUS_OK;
		}
		status = read_more(c);
		if (status != STATUS_OK)
			return status;
	}
}

bool smtp_connection_is_quiet(struct smtp_connection *c)
{
	return c->input.n == 0 && read_more(c) == STATUS_AGAIN;
}
