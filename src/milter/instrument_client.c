/* SPDX-License-Identifier: Apache-2.0 */
/* libmilter gives each connection a thread, and a request takes as long as the server does; so connections to it are
 * kept and handed out under a lock that nothing slow is done under. */
#include "milter/instrument_client.h"

#include "base/mem.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>

/* More at once are allowed; they are closed after use. */
enum { IDLE_MAX = 32 };

struct instrument_client {
	char *url;
	char *authorization;
	char *ca_file; /* or NULL */
	long timeout_ms;
	pthread_mutex_t mutex; /* idle, idle_count */
	CURL *idle[IDLE_MAX];
	size_t idle_count;
};

static enum status check(const struct instrument_client_config *config, struct err *err)
{
	struct slice server = slice_from_cstr(config->server);
	struct slice key = slice_from_cstr(config->api_key);
	if (!slice_starts_with(server, SLICE("http://")) && !slice_starts_with(server, SLICE("https://")))
		return err_set(err, STATUS_BAD_INPUT, "milter.server must be the http: or https: address of a server");
	if (!key.n)
		return err_set(err, STATUS_BAD_INPUT,
			       "milter.api_key or milter.api_key_file is required; 'pugmark apikey add' makes a key");
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] <= ' ' || key.p[i] >= 0x7f)
			return err_set(err, STATUS_BAD_INPUT, "the API key has characters that no key has");
	return STATUS_OK;
}

static char *format_copy(const char *before, struct slice text, const char *after)
{
	struct buf b;
	buf_init(&b, strlen(before) + text.n + strlen(after));
	buf_append_cstr(&b, before);
	buf_append(&b, text);
	buf_append_cstr(&b, after);
	char *copy = mem_copy(buf_slice(&b));
	buf_done(&b);
	return copy;
}

enum status instrument_client_new(const struct instrument_client_config *config, struct instrument_client **ret,
				  struct err *err)
{
	if (check(config, err) != STATUS_OK)
		return err->status;
	struct instrument_client *c = MEM_NEW(struct instrument_client);
	struct slice server = slice_from_cstr(config->server);
	while (slice_ends_with(server, SLICE("/")))
		server.n--;
	c->url = format_copy("", server, "/api/v1/instrument");
	c->authorization = format_copy("Authorization: Bearer ", slice_from_cstr(config->api_key), "");
	if (config->ca_file && *config->ca_file)
		c->ca_file = mem_copy(slice_from_cstr(config->ca_file));
	c->timeout_ms = config->timeout_ms;
	(void)pthread_mutex_init(&c->mutex, NULL);
	*ret = c;
	return STATUS_OK;
}

/* ---- Connections: the one that was used last is taken first, so that the others grow old and are closed by the server
 */

/* libcurl keeps a connection in the handle that used it; so handles are what is kept. */
static CURL *take_handle(struct instrument_client *c)
{
	CURL *handle = NULL;
	(void)pthread_mutex_lock(&c->mutex);
	if (c->idle_count)
		handle = c->idle[--c->idle_count];
	(void)pthread_mutex_unlock(&c->mutex);
	return handle ? handle : curl_easy_init();
}

static void give_back(struct instrument_client *c, CURL *handle)
{
	curl_easy_reset(handle); /* keeps the connection, forgets what pointed to this mail */
	(void)pthread_mutex_lock(&c->mutex);
	bool has_room = c->idle_count < IDLE_MAX;
	if (has_room)
		c->idle[c->idle_count++] = handle;
	(void)pthread_mutex_unlock(&c->mutex);
	if (!has_room)
		curl_easy_cleanup(handle);
}

/* ---- One question */

struct question {
	struct buf *to;
	struct instrument_answer *answer;
	bool is_message; /* the answer's type */
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *user)
{
	struct question *q = user;
	buf_append_bytes(q->to, bytes, size * count);
	return buf_failed(q->to) ? 0 : size * count;
}

static void copy_text(char *to, size_t size, struct slice text)
{
	text = slice_sub(text, 0, size - 1);
	for (size_t i = 0; i < text.n; i++)
		to[i] = (unsigned char)text.p[i] < ' ' ? ' ' : text.p[i];
	to[text.n] = '\0';
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
	struct question *q = user;
	struct slice value = slice_of(bytes, size * count);
	struct slice name = slice_cut(&value, ':');
	value = slice_trim(value);
	if (slice_equal_nocase(name, SLICE("Content-Type")))
		q->is_message = slice_starts_with_nocase(value, SLICE("message/rfc822"));
	else if (slice_equal_nocase(name, SLICE("Pugmark-Message-Id")))
		copy_text(q->answer->message_id, sizeof q->answer->message_id, value);
	else if (slice_equal_nocase(name, SLICE("Pugmark-Links")))
		copy_text(q->answer->links, sizeof q->answer->links, value);
	else if (slice_equal_nocase(name, SLICE("Pugmark-Warnings")))
		copy_text(q->answer->warnings, sizeof q->answer->warnings, value);
	return size * count;
}

static void set_options(const struct instrument_client *c, CURL *handle, struct slice message, struct question *q)
{
	(void)curl_easy_setopt(handle, CURLOPT_URL, c->url);
	(void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	/* Without it libcurl may use SIGALRM to end the look-up of a name, in a process with many threads. */
	(void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, c->timeout_ms);
	(void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, c->timeout_ms);
	(void)curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message.n);
	(void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, message.p);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, q);
	(void)curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(handle, CURLOPT_HEADERDATA, q);
	if (c->ca_file)
		(void)curl_easy_setopt(handle, CURLOPT_CAINFO, c->ca_file);
}

/* NULL when memory is short. "Expect:" keeps libcurl from waiting for a 100 before a large mail. */
static struct curl_slist *make_headers(const struct instrument_client *c)
{
	const char *const lines[] = {"Content-Type: message/rfc822", "Accept: message/rfc822",
				     "Expect:", c->authorization};
	struct curl_slist *list = NULL;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct curl_slist *longer = curl_slist_append(list, lines[i]);
		if (!longer) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

static enum status judge_transfer(CURLcode code, const struct question *q, struct err *err)
{
	if (code == CURLE_OK)
		return STATUS_OK;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, STATUS_TIMEOUT, "the server did not answer in time");
	if (buf_failed(q->to))
		return err_set(err, STATUS_TOO_BIG, "the server's answer is too large");
	return err_set(err, STATUS_IO, "the server was not reached: %s", curl_easy_strerror(code));
}

static enum status judge_answer(long http, const struct question *q, struct err *err)
{
	if (http == 200 && q->is_message)
		return STATUS_OK;
	if (http == 401 || http == 403)
		return err_set(err, STATUS_DENIED, "the server refused the API key (%ld)", http);
	if (http == 429 || http >= 500)
		return err_set(err, STATUS_AGAIN, "the server is not able to now (%ld)", http);
	if (http == 200)
		return err_set(err, STATUS_REFUSED_PERM, "the server did not answer with a mail; is it Pugmark?");
	/* A problem document; its words are for whoever reads the log. */
	char words[120];
	copy_text(words, sizeof words, buf_slice(q->to));
	return err_set(err, STATUS_REFUSED_PERM, "the server does not take this mail (%ld): %s", http, words);
}

enum status instrument_client_ask(struct instrument_client *client, struct slice message, struct buf *to,
				  struct instrument_answer *ret, struct err *err)
{
	struct instrument_answer answer = {""};
	struct question q = {.to = to, .answer = &answer};
	long http = 0;
	CURL *handle = take_handle(client);
	struct curl_slist *headers = make_headers(client);
	if (!handle || !headers) {
		curl_slist_free_all(headers);
		curl_easy_cleanup(handle);
		return err_set(err, STATUS_IO, "out of memory");
	}
	set_options(client, handle, message, &q);
	(void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	CURLcode code = curl_easy_perform(handle);
	(void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &http);
	give_back(client, handle);
	curl_slist_free_all(headers);
	enum status status = judge_transfer(code, &q, err);
	if (status == STATUS_OK)
		status = judge_answer(http, &q, err);
	if (status == STATUS_OK)
		*ret = answer;
	return status;
}
