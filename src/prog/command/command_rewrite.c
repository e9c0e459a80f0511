/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark rewrite: HTML or a whole mail in, the same instrumented out, for one made-up message. Needs no data
 * directory: without --key-file the tokens are sealed with a key that is forgotten at once. The same input and key file
 * give the same output.
 */
#include "base/random.h"
#include "codec/token/tracking_url.h"
#include "engine/keys/key_file.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/show/input_file.h"
#include "prog/show/rewrite_report.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INPUT_MAX = 256 << 20, UTM_MAX = 16 };

struct arguments {
	const char *base_url;
	const char *charset;
	const char *key_file;
	const char *vml;
	const char *visible_urls;
	const char *pixel;
	const char *report;
	bool is_identity;
	bool is_eml;
	const char *input; /* NULL: standard input */
	struct option_values utm_texts;
	struct url_parameter utm[UTM_MAX];
	size_t utm_count;
};

/* What the track function needs. */
struct sealing {
	struct tracking_origin origin;
	struct link_token token; /* of the made-up message */
};

static int fail(const char *what, const char *which, int code)
{
	(void)fprintf(stderr, "pugmark rewrite: %s%s%s\n", what, which ? " " : "", which ? which : "");
	return code;
}

/* ---- arguments ---- */

/* Those of --utm. */
static int take_parameters(struct arguments *a)
{
	for (size_t i = 0; i < a->utm_texts.count; i++) {
		struct slice rest = slice_from_cstr(a->utm_texts.values[i]);
		struct slice key = slice_cut(&rest, '=');
		if (key.n == 0 || i == UTM_MAX)
			return fail("--utm wants key=value, at most 16 times, not", a->utm_texts.values[i], EXIT_USAGE);
		a->utm[a->utm_count++] = (struct url_parameter){key, rest};
	}
	return EXIT_DONE;
}

/* All of it before the first byte is read; a wrong word in the last option must not cost a large input. */
static int check(const struct arguments *a)
{
	if (a->is_eml && a->charset[0])
		return fail("--charset is for HTML; the parts of a mail say their own", NULL, EXIT_USAGE);
	if (strcmp(a->vml, "on") != 0 && strcmp(a->vml, "off") != 0)
		return fail("--vml wants on or off, not", a->vml, EXIT_USAGE);
	if (strcmp(a->visible_urls, "on") != 0 && strcmp(a->visible_urls, "off") != 0)
		return fail("--visible-urls wants on or off, not", a->visible_urls, EXIT_USAGE);
	if (strcmp(a->pixel, "bottom") != 0 && strcmp(a->pixel, "top") != 0 && strcmp(a->pixel, "off") != 0)
		return fail("--pixel wants bottom, top or off, not", a->pixel, EXIT_USAGE);
	if (url_check_redirect(slice_from_cstr(a->base_url)) != URL_OK)
		return fail("--base-url wants an http(s) address, not", a->base_url, EXIT_USAGE);
	if (strpbrk(a->base_url, "?#@%[]"))
		return fail("--base-url must not have a query, a fragment, a user or an IPv6 address:", a->base_url,
			    EXIT_USAGE);
	return EXIT_DONE;
}

/* ---- files ---- */

/* Closed with its result looked at: what a full disk refuses comes out only then. */
static bool write_output(const char *path, struct slice s)
{
	FILE *file = path ? fopen(path, "wb") : stdout;
	bool is_written = file && fwrite(s.p, 1, s.n, file) == s.n && fflush(file) == 0;
	if (path && file)
		is_written = fclose(file) == 0 && is_written;
	if (!is_written)
		(void)fprintf(stderr, "pugmark rewrite: %s cannot be written: %s\n", path ? path : "standard output",
			      strerror(errno));
	return is_written;
}

/* ---- tokens ---- */

/* A key that is forgotten at once makes links that nobody can ever open: right for a try, wrong for a mail. */
static enum status make_keys(const char *path, struct link_token_keys **ret, uint8_t *ret_id, struct err *err)
{
	if (path)
		return key_file_load(path, ret, ret_id, err);
	uint8_t key[LINK_TOKEN_KEY_SIZE];
	random_bytes(key, sizeof(key));
	*ret = link_token_keys_new();
	*ret_id = 1;
	link_token_keys_set(*ret, *ret_id, key);
	return STATUS_OK;
}

/* A destination that is too long for a token would be kept in the store; the key that stands for it there has no
 * meaning here, so it is zero. */
static bool track(void *user, const struct html_link *link, struct buf *to)
{
	static const char stored_key[LINK_TOKEN_STORED_KEY_SIZE];
	struct sealing *s = user;
	s->token.link_index = link->index;
	s->token.is_stored = link->destination.n > LINK_TOKEN_URL_MAX;
	s->token.destination = s->token.is_stored ? slice_of(stored_key, sizeof(stored_key)) : link->destination;
	s->token.kind = LINK_TOKEN_CLICK;
	return tracking_url_append(&s->origin, &s->token, to) == STATUS_OK;
}

static bool append_pixel(struct sealing *s, struct buf *to)
{
	s->token.kind = LINK_TOKEN_OPEN;
	return tracking_pixel_append(&s->origin, &s->token, to) == STATUS_OK;
}

/* ---- the work ---- */

static struct html_rewrite_options options_of(const struct arguments *a, struct sealing *sealing,
					      const struct slice *own_host, struct slice pixel)
{
	return (struct html_rewrite_options){
	    .charset = slice_from_cstr(a->charset),
	    .policy = {.own_hosts = own_host,
		       .own_host_count = 1,
		       .parameters = a->utm,
		       .parameter_count = a->utm_count},
	    .track = track,
	    .user = sealing,
	    .pixel = pixel,
	    .pixel_place = strcmp(a->pixel, "top") == 0   ? HTML_PIXEL_TOP
			   : strcmp(a->pixel, "off") == 0 ? HTML_PIXEL_OFF
							  : HTML_PIXEL_BOTTOM,
	    .vml = strcmp(a->vml, "on") == 0,
	    .skip_visible_urls = strcmp(a->visible_urls, "off") == 0,
	    .identity = a->is_identity,
	};
}

/* Where the result goes. */
struct result {
	struct arena *arena;
	struct buf out;
	struct buf report;
	bool wants_report;
};

static enum status rewrite_html(const struct html_rewrite_options *options, struct slice html, struct result *result)
{
	struct html_report report;
	enum status status = html_rewrite(options, html, result->arena, &result->out, &report);
	if (status != STATUS_OK || !result->wants_report)
		return status;
	buf_init(&result->report, rewrite_report_room(result->out.n, report.link_count, 0));
	struct json_text w = json_text_on(&result->report);
	rewrite_report_html(&w, &report, buf_slice(&result->out));
	return buf_status(&result->report);
}

static enum status rewrite_eml(const struct html_rewrite_options *options, struct slice message, struct result *result)
{
	struct mime_report report;
	enum status status = mime_rewrite(options, message, result->arena, &result->out, &report);
	if (status != STATUS_OK || !result->wants_report)
		return status;
	buf_init(&result->report, rewrite_report_room(result->out.n, report.link_count, report.html_count));
	struct json_text w = json_text_on(&result->report);
	rewrite_report_eml(&w, &report);
	return buf_status(&result->report);
}

static int rewrite(const struct arguments *a, struct sealing *sealing, struct slice input)
{
	struct slice own_host = url_authority(slice_from_cstr(a->base_url));
	struct result result = {.arena = arena_new(), .wants_report = a->report != NULL};
	struct buf pixel;
	buf_init(&pixel, 2 * URL_MAX);
	buf_init(&result.out, (size_t)8 * INPUT_MAX);
	bool is_done = append_pixel(sealing, &pixel);
	struct html_rewrite_options options = options_of(a, sealing, &own_host, buf_slice(&pixel));
	if (is_done)
		is_done = (a->is_eml ? rewrite_eml : rewrite_html)(&options, input, &result) == STATUS_OK;
	if (is_done && result.wants_report)
		buf_append_byte(&result.report, '\n');
	if (!is_done)
		(void)fail("the output would be too large", NULL, EXIT_FAILED);
	else
		is_done = write_output(NULL, buf_slice(&result.out)) &&
			  (!a->report || write_output(a->report, buf_slice(&result.report)));
	buf_done(&pixel);
	buf_done(&result.out);
	buf_done(&result.report);
	arena_free(&result.arena);
	return is_done ? EXIT_DONE : EXIT_FAILED;
}

static void say_what_it_is_for(const struct arguments *a)
{
	if (!a->key_file && !a->is_identity)
		(void)fputs("pugmark rewrite: no --key-file, so no server opens these links: for a look at the result "
			    "only\n",
			    stderr);
}

/* The message is made up and always the same, so that the same input and key give the same output: tests compare bytes.
 */
static int run(const struct arguments *a)
{
	static const uint8_t no_random[10];
	struct err err = {0};
	struct link_token_keys *keys = NULL;
	struct sealing sealing = {.token = {.consent = LINK_TOKEN_CONSENT_FULL, .message = uuid_v7(0, no_random)},
				  .origin = {.base_url = slice_from_cstr(a->base_url)}};
	while (slice_ends_with(sealing.origin.base_url, SLICE("/")))
		sealing.origin.base_url.n--;
	if (make_keys(a->key_file, &keys, &sealing.origin.key_id, &err) != STATUS_OK)
		return fail(err.text, NULL, EXIT_FAILED);
	struct buf input;
	buf_init(&input, INPUT_MAX);
	sealing.origin.sealer = link_token_sealer_new(keys);
	int code = EXIT_FAILED;
	if (input_file_read("rewrite", a->input, &input))
		code = rewrite(a, &sealing, buf_slice(&input));
	if (code == EXIT_DONE)
		say_what_it_is_for(a);
	link_token_sealer_free(&sealing.origin.sealer);
	link_token_keys_free(&keys);
	buf_done(&input);
	return code;
}

int command_rewrite(int argc, char **argv)
{
	struct arguments a = {
	    .base_url = "http://127.0.0.1:8420", .charset = "", .vml = "on", .visible_urls = "on", .pixel = "bottom"};
	struct command c = {0};
	int code;
	const struct option_spec options[] = {
	    {"utm", NULL, NULL, "k=v  add a parameter to every tracked link; may be repeated", &a.utm_texts},
	    {"base-url", &a.base_url, NULL, "URL  of the tracking host (http://127.0.0.1:8420)"},
	    {"charset", &a.charset, NULL, "C  of the HTML (from the document, else utf-8)"},
	    {"key-file", &a.key_file, NULL, "F  the token keys (one that is forgotten at once)"},
	    {"vml", &a.vml, NULL, "on|off  links in comments for Outlook too (on)"},
	    {"visible-urls", &a.visible_urls, NULL, "on|off  links whose text is an address too (on)"},
	    {"pixel", &a.pixel, NULL, "bottom|top|off  where the open pixel goes (bottom)"},
	    {"report", &a.report, NULL, "FILE  say what was done, as JSON"},
	    {"identity", NULL, &a.is_identity, " set every value to itself, no pixel: output equals input"},
	    {"eml", NULL, &a.is_eml, " the input is a whole mail: all of its inline HTML, inside its encoding"},
	    {NULL}};
	const struct command_spec spec = {
	    .help = "pugmark rewrite [FILE|-]: put tracking links and an open pixel into HTML, or with --eml into a "
		    "mail, from FILE or standard input.\n",
	    .options = options,
	    .takes_file = true,
	    .is_alone = true};
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	a.input = c.file;
	code = take_parameters(&a);
	if (code == EXIT_DONE)
		code = check(&a);
	return code == EXIT_DONE ? run(&a) : code;
}
