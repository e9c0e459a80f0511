/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/smtp_peer.h"

#include "base/buf.h"
#include "base/mem.h"
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, RECORD_MAX = 256 * 1024 * 1024 };

struct session {
	struct smtp_peer *peer;
	pthread_t thread;
	int socket;
	SSL *ssl;
	char in[65536];
	size_t from, to;
	bool in_data;
};

struct smtp_peer {
	struct smtp_peer_script script;
	int listener;
	uint16_t port;
	pthread_t thread;
	SSL_CTX *tls;
	char ca_file[64];
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	bool released;
	bool stopping;
	struct smtp_peer_seen seen;
	struct buf transcript;
	struct buf data;
	struct session *sessions[CONNECTIONS_MAX];
};

/* ---- A certificate of its own. */

static void add_extension(X509 *certificate, int id, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
	BUG_IF(!extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static void make_certificate(struct smtp_peer *peer)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	X509_set_pubkey(certificate, key);
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
	BUG_IF(!X509_sign(certificate, key, EVP_sha256()));
	peer->tls = SSL_CTX_new(TLS_server_method());
	BUG_IF(SSL_CTX_use_certificate(peer->tls, certificate) != 1 || SSL_CTX_use_PrivateKey(peer->tls, key) != 1);
	(void)snprintf(peer->ca_file, sizeof peer->ca_file, "/tmp/pugmark-peer-XXXXXX");
	int file = mkstemp(peer->ca_file);
	BUG_IF(file < 0);
	FILE *pem = fdopen(file, "w");
	PEM_write_X509(pem, certificate);
	(void)fclose(pem);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* ---- Bytes. */

static bool fill(struct session *s)
{
	ssize_t n = s->ssl ? SSL_read(s->ssl, s->in, sizeof s->in) : recv(s->socket, s->in, sizeof s->in, 0);
	s->from = 0;
	s->to = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		return false;
	pthread_mutex_lock(&s->peer->lock);
	buf_append_bytes(&s->peer->transcript, s->in, s->to);
	pthread_mutex_unlock(&s->peer->lock);
	return true;
}

/* One line with its CRLF; false at the end of the connection. Data that makes no whole line is written down, too. */
static bool read_line(struct session *s, struct buf *line)
{
	buf_clear(line);
	for (;;) {
		if (s->from == s->to && !fill(s))
			return false;
		struct slice have = slice_of(s->in + s->from, s->to - s->from);
		size_t n = slice_index(have, '\n');
		n += n < have.n;
		buf_append_bytes(line, have.p, n);
		s->from += n;
		if (s->in_data) {
			pthread_mutex_lock(&s->peer->lock);
			buf_append_bytes(&s->peer->data, have.p, n);
			s->peer->seen.data_bytes = s->peer->data.n;
			pthread_mutex_unlock(&s->peer->lock);
		}
		if (slice_ends_with(buf_slice(line), SLICE("\n")))
			return true;
	}
}

static bool say(struct session *s, const char *text)
{
	struct buf out;
	buf_init(&out, 8192);
	buf_append_cstr(&out, text);
	buf_append_cstr(&out, "\r\n");
	int size = (int)out.n;
	bool ok = s->ssl ? SSL_write(s->ssl, out.p, size) == size : send(s->socket, out.p, out.n, MSG_NOSIGNAL) == size;
	buf_done(&out);
	return ok;
}

/* ---- The conversation. */

static bool shall_fail(struct smtp_peer *peer, enum smtp_peer_step step)
{
	const struct smtp_peer_script *script = &peer->script;
	pthread_mutex_lock(&peer->lock);
	unsigned before = peer->seen.reached[step]++;
	pthread_mutex_unlock(&peer->lock);
	return script->fail_at == step && before >= script->skip &&
	       (script->times == 0 || before < script->skip + script->times);
}

static bool say_good(struct session *s, enum smtp_peer_step step, const char *good)
{
	pthread_mutex_lock(&s->peer->lock);
	s->peer->seen.accepted += step == PEER_DOT; /* before anybody can know of the answer */
	pthread_mutex_unlock(&s->peer->lock);
	return say(s, good);
}

/* Answers `good`, or fails as the script wants; *ret_refused tells of another answer than the good one. False: hang up.
 */
static bool answer(struct session *s, enum smtp_peer_step step, const char *good, bool *ret_refused)
{
	struct smtp_peer *peer = s->peer;
	*ret_refused = false;
	if (!shall_fail(peer, step))
		return say_good(s, step, good);
	switch (peer->script.act) {
	case PEER_DROP: return false;
	case PEER_REPLY: *ret_refused = true; return say(s, peer->script.reply);
	case PEER_BYE: (void)say(s, peer->script.reply); return false;
	case PEER_STALL: break;
	}
	pthread_mutex_lock(&peer->lock);
	while (!peer->released && !peer->stopping)
		pthread_cond_wait(&peer->changed, &peer->lock);
	bool go_on = !peer->stopping;
	pthread_mutex_unlock(&peer->lock);
	return go_on && say_good(s, step, good);
}

static bool start_tls(struct session *s)
{
	s->ssl = SSL_new(s->peer->tls);
	SSL_set_fd(s->ssl, s->socket);
	return SSL_accept(s->ssl) == 1;
}

static bool greet(struct session *s)
{
	const struct smtp_peer_script *script = &s->peer->script;
	char text[512];
	bool secured = script->tls != PEER_TLS_STARTTLS || s->ssl;
	bool refused;
	(void)snprintf(
	    text, sizeof text, "250-peer.example\r\n%s%s%s%s%s250 SIZE 100000000", secured ? "" : "250-STARTTLS\r\n",
	    script->pipelining ? "250-PIPELINING\r\n250-8BITMIME\r\n" : "", secured && script->auth ? "250-AUTH " : "",
	    secured && script->auth ? script->auth : "", secured && script->auth ? "\r\n" : "");
	return answer(s, PEER_EHLO, text, &refused);
}

static bool take_auth(struct session *s, struct buf *line)
{
	bool refused;
	/* "AUTH LOGIN user": the password is asked for; "AUTH PLAIN" without its response: the response is. */
	struct slice words = slice_trim(buf_slice(line));
	bool login = slice_starts_with(words, SLICE("AUTH LOGIN"));
	unsigned questions = login ? 2 : 1;
	unsigned given = slice_index(slice_from(words, 5), ' ') < words.n - 5 ? 1 : 0;
	for (; given < questions; given++)
		if (!say(s, login && given == 0 ? "334 VXNlcm5hbWU6"
			    : login             ? "334 UGFzc3dvcmQ6"
						: "334 ") ||
		    !read_line(s, line))
			return false;
	return answer(s, PEER_AUTH, "235 2.7.0 in", &refused);
}

static bool take_data(struct session *s, struct buf *line)
{
	const struct smtp_peer_script *script = &s->peer->script;
	bool refused;
	bool first = true;
	if (!answer(s, PEER_DATA, "354 go on", &refused))
		return false;
	if (refused)
		return true;
	s->in_data = true;
	do {
		if (!read_line(s, line))
			return false;
		if (first && shall_fail(s->peer, PEER_BODY)) {
			if (script->act == PEER_BYE && say(s, script->reply))
				while (read_line(s, line))
					; /* so that no reset overtakes the words */
			return false;
		}
		first = false;
	} while (!slice_equal(buf_slice(line), SLICE(".\r\n")));
	s->in_data = false;
	const char *accepted = script->accepted ? script->accepted : "250 2.0.0 Ok: queued as 4XyZ1";
	return answer(s, PEER_DOT, accepted, &refused);
}

static bool take_command(struct session *s, struct buf *line)
{
	struct slice words = buf_slice(line);
	bool refused;
	if (slice_starts_with(words, SLICE("EHLO")))
		return greet(s);
	if (slice_starts_with(words, SLICE("HELO")))
		return say(s, "250 peer.example");
	if (slice_starts_with(words, SLICE("STARTTLS"))) {
		bool ok = answer(s, PEER_STARTTLS, "220 go", &refused);
		return ok && (refused || start_tls(s));
	}
	if (slice_starts_with(words, SLICE("AUTH")))
		return take_auth(s, line);
	if (slice_starts_with(words, SLICE("RSET")))
		return answer(s, PEER_RSET, "250 clean", &refused);
	if (slice_starts_with(words, SLICE("MAIL")))
		return answer(s, PEER_MAIL, "250 2.1.0 sender ok", &refused);
	if (slice_starts_with(words, SLICE("RCPT")))
		return answer(s, PEER_RCPT, "250 2.1.5 recipient ok", &refused);
	if (slice_starts_with(words, SLICE("DATA")))
		return take_data(s, line);
	if (slice_starts_with(words, SLICE("QUIT"))) {
		(void)say(s, "221 bye");
		return false;
	}
	return say(s, "500 what?");
}

static void *run_session(void *user)
{
	struct session *s = user;
	struct buf line;
	bool refused;
	sigset_t pipe_signal;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL); /* SSL_write to a client that is gone */
	buf_init(&line, RECORD_MAX);
	bool open = s->peer->script.tls != PEER_TLS_IMPLICIT || start_tls(s);
	open = open && answer(s, PEER_BANNER, "220 peer.example ESMTP", &refused);
	while (open && read_line(s, &line))
		open = take_command(s, &line);
	if (s->ssl && open)
		(void)SSL_shutdown(s->ssl);
	(void)shutdown(s->socket, SHUT_RDWR);
	pthread_mutex_lock(&s->peer->lock);
	s->peer->seen.hung_up++;
	pthread_mutex_unlock(&s->peer->lock);
	buf_done(&line);
	return NULL;
}

static void *run_listener(void *user)
{
	struct smtp_peer *peer = user;
	for (;;) {
		int socket = accept(peer->listener, NULL, NULL);
		pthread_mutex_lock(&peer->lock);
		unsigned index = peer->seen.connections;
		bool stop = socket < 0 || peer->stopping || index == CONNECTIONS_MAX;
		if (!stop) {
			struct session *s = MEM_NEW(struct session);
			s->peer = peer;
			s->socket = socket;
			peer->sessions[index] = s;
			peer->seen.connections++;
			BUG_IF(pthread_create(&s->thread, NULL, run_session, s) != 0);
		}
		pthread_mutex_unlock(&peer->lock);
		if (stop) {
			if (socket >= 0)
				(void)close(socket);
			return NULL;
		}
	}
}

struct smtp_peer *smtp_peer_start(const struct smtp_peer_script *script)
{
	struct smtp_peer *peer = MEM_NEW(struct smtp_peer);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	peer->script = *script;
	pthread_mutex_init(&peer->lock, NULL);
	pthread_cond_init(&peer->changed, NULL);
	buf_init(&peer->transcript, RECORD_MAX);
	buf_init(&peer->data, RECORD_MAX);
	if (script->tls != PEER_TLS_NONE)
		make_certificate(peer);
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	BUG_IF(bind(peer->listener, (struct sockaddr *)&address, size) != 0 || listen(peer->listener, 64) != 0);
	BUG_IF(getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0);
	peer->port = ntohs(address.sin_port);
	BUG_IF(pthread_create(&peer->thread, NULL, run_listener, peer) != 0);
	return peer;
}

void smtp_peer_stop(struct smtp_peer **peer)
{
	struct smtp_peer *p = *peer;
	*peer = NULL;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	(void)shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	(void)close(p->listener);
	for (unsigned i = 0; i < p->seen.connections; i++) {
		struct session *s = p->sessions[i];
		(void)shutdown(s->socket, SHUT_RDWR);
		pthread_join(s->thread, NULL);
		SSL_free(s->ssl);
		(void)close(s->socket);
		mem_free(s);
	}
	if (p->tls)
		(void)unlink(p->ca_file);
	SSL_CTX_free(p->tls);
	buf_done(&p->transcript);
	buf_done(&p->data);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
}

uint16_t smtp_peer_port(const struct smtp_peer *peer)
{
	return peer->port;
}

const char *smtp_peer_ca_file(const struct smtp_peer *peer)
{
	return peer->ca_file;
}

void smtp_peer_release(struct smtp_peer *peer)
{
	pthread_mutex_lock(&peer->lock);
	peer->released = true;
	pthread_cond_broadcast(&peer->changed);
	pthread_mutex_unlock(&peer->lock);
}

struct smtp_peer_seen smtp_peer_seen(struct smtp_peer *peer)
{
	pthread_mutex_lock(&peer->lock);
	struct smtp_peer_seen seen = peer->seen;
	pthread_mutex_unlock(&peer->lock);
	return seen;
}

static char *copy_record(struct smtp_peer *peer, const struct buf *record)
{
	pthread_mutex_lock(&peer->lock);
	char *copy = mem_copy(buf_slice(record));
	pthread_mutex_unlock(&peer->lock);
	return copy;
}

char *smtp_peer_transcript(struct smtp_peer *peer)
{
	return copy_record(peer, &peer->transcript);
}

char *smtp_peer_data(struct smtp_peer *peer)
{
	return copy_record(peer, &peer->data);
}
