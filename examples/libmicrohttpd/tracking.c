/* SPDX-License-Identifier: Apache-2.0 */
/* tracking: a mail with tracking, and the tracking paths mounted in somebody else's HTTP server (GNU libmicrohttpd).
 *
 *     tracking IN OUT
 *
 * Reads the mail IN (a message when its name ends in .eml, else HTML), writes it to OUT with links to this server, and
 * serves: "/" is the host's own page, "/o/…" and "/c/…" are Pugmark's. Prints a line of JSON for the mail, and one for
 * each hit. Ends with its standard input.
 *
 * What to take from it: keys are made once and shared; the sealer belongs to the one thread of the server; a bad token
 * is answered neutrally and recorded nowhere; no parameter of a request ever gets into Location; and the answer is the
 * same whatever the verdict is.
 */
#include <microhttpd.h>
#include <pugmark.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_ID = 1, MAIL_MAX = 16 << 20 };

struct host {
	unsigned char key[PUGMARK_KEY_SIZE]; /* a real host keeps it: links are as good as their key is there */
	unsigned char message_id[PUGMARK_MESSAGE_ID_SIZE];
	struct pugmark_keys *keys;
	struct pugmark_sealer *sealer; /* of the server's thread */
	struct MHD_Daemon *server;
};

/* ---- what a hit is answered with ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *header, const char *value,
			      struct MHD_Response *response)
{
	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, header, value);
	(void)MHD_add_response_header(response, "Cache-Control", "no-store, no-cache, must-revalidate, max-age=0");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_pixel(struct MHD_Connection *connection)
{
	size_t size;
	const void *gif = pugmark_pixel_gif(&size);
	return answer(connection, MHD_HTTP_OK, "Content-Type", "image/gif",
		      MHD_create_response_from_buffer(size, (void *)(uintptr_t)gif, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return answer(connection, status, "Content-Type", "text/plain; charset=utf-8",
		      MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result answer_redirect(struct MHD_Connection *connection, const char *url)
{
	return answer(connection, MHD_HTTP_FOUND, "Location", url,
		      MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT));
}

/* ---- what is told of it ---- */

static struct pugmark_text header(struct MHD_Connection *connection, const char *name)
{
	struct pugmark_text text = {MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name), PUGMARK_CSTR};
	return text;
}

static struct pugmark_text first_header(struct MHD_Connection *connection, const char *const *names)
{
	struct pugmark_text text = {NULL, 0};
	for (; *names && !text.bytes; names++)
		text = header(connection, *names);
	return text;
}

/* A string of JSON. */
static void print_text(const char *s)
{
	putchar('"');
	for (; s && *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void print_hit(const struct pugmark_token *token, const struct pugmark_hit *hit,
		      const struct pugmark_verdict *verdict)
{
	printf("{\"kind\":\"%s\",\"message\":\"", pugmark_kind_name(token->kind));
	for (size_t i = 0; i < sizeof token->message_id; i++)
		printf("%02x", token->message_id[i]);
	printf("\",\"link\":%u,\"destination\":", (unsigned)token->link_index);
	print_text(token->destination.bytes);
	printf(",\"actor\":\"%s\",\"counted\":%s,\"reasons\":\"%s\",\"user_agent\":",
	       pugmark_actor_name(verdict->actor), verdict->is_counted ? "true" : "false", verdict->reasons);
	print_text(hit->user_agent.bytes);
	printf("}\n");
	fflush(stdout);
}

static void judge_and_print(struct MHD_Connection *connection, const char *method, const struct pugmark_token *token)
{
	static const char *const purposes[] = {"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz", NULL};
	struct pugmark_hit hit = PUGMARK_HIT_INIT;
	struct pugmark_verdict verdict = PUGMARK_VERDICT_INIT;
	if (token->consent == PUGMARK_CONSENT_OFF)
		return;
	hit.kind = token->kind;
	hit.method = (struct pugmark_text){method, PUGMARK_CSTR};
	hit.user_agent = header(connection, MHD_HTTP_HEADER_USER_AGENT);
	hit.referer = header(connection, MHD_HTTP_HEADER_REFERER);
	hit.purpose = first_header(connection, purposes);
	hit.accept_language = header(connection, MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
	hit.sec_fetch_mode = header(connection, "Sec-Fetch-Mode");
	hit.headers_are_known = 1;
	if (pugmark_judge(&hit, &verdict) == PUGMARK_OK)
		print_hit(token, &hit, &verdict);
}

/* ---- the paths ---- */

static enum MHD_Result serve_tracking(struct host *host, struct MHD_Connection *connection, const char *method,
				      enum pugmark_kind kind, struct pugmark_text text)
{
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	int is_ours = pugmark_token_open(host->sealer, kind, text.bytes, text.size, &token) == PUGMARK_OK;
	if (is_ours)
		judge_and_print(connection, method, &token);
	if (kind == PUGMARK_OPEN)
		return answer_pixel(connection);
	/* A stored destination would have to be looked up; this host stores none. */
	return answer_redirect(connection, is_ours && !token.is_stored ? token.destination.bytes : "/");
}

static enum MHD_Result serve(void *user, struct MHD_Connection *connection, const char *path, const char *method,
			     const char *version, const char *body, size_t *body_size, void **state)
{
	enum pugmark_kind kind;
	struct pugmark_text token;
	(void)version, (void)body, (void)body_size, (void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
	if (pugmark_path_read(path, PUGMARK_CSTR, &kind, &token) == PUGMARK_OK && kind != PUGMARK_UNSUBSCRIBE)
		return serve_tracking(user, connection, method, kind, token);
	if (strcmp(path, "/") == 0)
		return answer_text(connection, MHD_HTTP_OK, "the host's own page\n");
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "nothing here\n");
}

/* ---- the mail ---- */

static char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	char *bytes = file ? malloc(MAIL_MAX) : NULL;
	if (bytes)
		*ret_size = fread(bytes, 1, MAIL_MAX, file);
	if (file)
		fclose(file);
	return bytes;
}

static int write_file(const char *path, struct pugmark_text text)
{
	FILE *file = fopen(path, "wb");
	int is_written = file && fwrite(text.bytes, 1, text.size, file) == text.size;
	return file && fclose(file) == 0 && is_written;
}

static int is_message(const char *path)
{
	size_t n = strlen(path);
	return n >= 4 && strcmp(path + n - 4, ".eml") == 0;
}

/* An instrumenter for one mail. */
static enum pugmark_status prepare(const struct host *host, unsigned port, struct pugmark_instrumenter **ret)
{
	char base_url[64];
	enum pugmark_status status = pugmark_instrumenter_new(NULL, ret);
	if (status != PUGMARK_OK)
		return status;
	snprintf(base_url, sizeof base_url, "http://127.0.0.1:%u", port);
	status = pugmark_instrumenter_set_base_url(*ret, base_url, PUGMARK_CSTR);
	if (status == PUGMARK_OK)
		status = pugmark_instrumenter_set_keys(*ret, host->keys, KEY_ID);
	if (status == PUGMARK_OK)
		status = pugmark_instrumenter_set_message(*ret, host->message_id, 0);
	return status;
}

static int instrument(const struct host *host, unsigned port, const char *in, const char *out)
{
	struct pugmark_instrumenter *instrumenter = NULL;
	struct pugmark_result *result = NULL;
	size_t size = 0;
	char *mail = read_file(in, &size);
	enum pugmark_status status = prepare(host, port, &instrumenter);
	if (mail && status == PUGMARK_OK)
		status = is_message(in) ? pugmark_instrument_mime(instrumenter, mail, size, &result)
					: pugmark_instrument_html(instrumenter, mail, size, NULL, 0, &result);
	int is_done = result && write_file(out, result->output);
	if (is_done)
		printf("{\"port\":%u,\"links\":%zu,\"tracked\":%zu,\"pixel\":%s}\n", port, result->link_count,
		       result->tracked_count, result->has_pixel ? "true" : "false");
	else
		fprintf(stderr, "tracking: %s: %s\n", in, pugmark_status_text(status));
	fflush(stdout);
	pugmark_result_free(result);
	pugmark_instrumenter_free(instrumenter);
	free(mail);
	return is_done;
}

/* ---- the host ---- */

static enum pugmark_status make_keys(struct host *host)
{
	enum pugmark_status status = pugmark_keys_new(NULL, &host->keys);
	if (status == PUGMARK_OK)
		status = pugmark_keys_set(host->keys, KEY_ID, host->key, sizeof host->key);
	if (status == PUGMARK_OK)
		status = pugmark_sealer_new(host->keys, NULL, &host->sealer);
	return status;
}

/* On the loopback interface, at a free port. */
static unsigned start(struct host *host)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	host->server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, host,
					MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
	    host->server ? MHD_get_daemon_info(host->server, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	return info ? info->port : 0;
}

static int run(struct host *host, const char *in, const char *out)
{
	enum pugmark_status status = make_keys(host);
	unsigned port = status == PUGMARK_OK ? start(host) : 0;
	if (!port) {
		fprintf(stderr, "tracking: cannot start: %s\n",
			status == PUGMARK_OK ? "no port to listen on" : pugmark_status_text(status));
		return 0;
	}
	if (!instrument(host, port, in, out))
		return 0;
	while (getchar() != EOF)
		;
	return 1;
}

int main(int argc, char **argv)
{
	struct host host = {{0}, {0}, NULL, NULL, NULL};
	if (argc != 3) {
		fprintf(stderr, "usage: tracking IN OUT\n");
		return 2;
	}
	if (getentropy(host.key, sizeof host.key) != 0 || getentropy(host.message_id, sizeof host.message_id) != 0) {
		perror("tracking: no random numbers");
		return 1;
	}
	int is_done = run(&host, argv[1], argv[2]);
	if (host.server)
		MHD_stop_daemon(host.server); /* its thread uses what is freed now */
	pugmark_sealer_free(host.sealer);
	pugmark_keys_free(host.keys);
	return is_done ? 0 : 1;
}
