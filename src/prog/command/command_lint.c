/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark lint: what is wrong with a mail, before it is sent. Needs no data directory and visits no link, so that it
 * can run in a build of templates; its exit code is what such a build wants to know. */
#include "codec/lint/lint.h"
#include "codec/lint/lint_json.h"
#include "codec/lint/lint_mail.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/show/input_file.h"
#include "prog/show/lint_table.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 30 };

struct arguments {
	const char *base_url;
	const char *charset;
	const char *pixel;
	bool is_bulk;
	bool is_transactional;
	bool is_template;
	bool is_html;
	bool is_eml;
	bool is_json;
	const char *input; /* NULL: standard input */
};

/* "what which": the value that was wrong is quoted, so that a script's log says enough. */
static int fail(const char *what, const char *which, int code)
{
	(void)fprintf(stderr, "pugmark lint: %s%s%s\n", what, which ? " " : "", which ? which : "");
	return code;
}

/* Wrong calls first, before anything is read: exit code 2 and not a report about half of it. */
static int check(const struct arguments *a)
{
	if (a->is_bulk && a->is_transactional)
		return fail("a mail is either --bulk or --transactional", NULL, EXIT_USAGE);
	if (a->is_html && a->is_eml)
		return fail("the input is either --html or --eml", NULL, EXIT_USAGE);
	if (strcmp(a->pixel, "bottom") != 0 && strcmp(a->pixel, "top") != 0 && strcmp(a->pixel, "off") != 0)
		return fail("--pixel wants bottom, top or off, not", a->pixel, EXIT_USAGE);
	if (url_check_redirect(slice_from_cstr(a->base_url)) != URL_OK || strpbrk(a->base_url, "?#@%[]"))
		return fail("--base-url wants an http(s) address without query, user or fragment, not", a->base_url,
			    EXIT_USAGE);
	if (!a->input && isatty(STDIN_FILENO))
		return fail("which mail? Give an .html or .eml file, or one on standard input; see --help", NULL,
			    EXIT_USAGE);
	return EXIT_DONE;
}

static bool is_named(const char *path, struct slice ending)
{
	struct slice name = slice_from_cstr(path);
	return name.n > ending.n && slice_equal_nocase(slice_from(name, name.n - ending.n), ending);
}

/* By name, then by the first bytes: templates come through pipes without a name. */
static bool is_mail(const struct arguments *a, struct slice input)
{
	if (a->is_html || a->is_eml)
		return a->is_eml;
	if (is_named(a->input, SLICE(".eml")))
		return true;
	bool is_html = is_named(a->input, SLICE(".html")) || is_named(a->input, SLICE(".htm"));
	return !is_html && lint_is_mail(input);
}

/* A full disk behind the pipe must not look like a clean mail. */
static bool print(const struct arguments *a, const struct lint_report *report)
{
	struct buf text;
	buf_init(&text, OUTPUT_MAX);
	if (a->is_json) {
		struct json_text w = json_text_on(&text);
		lint_put_json(&w, report);
		buf_append_byte(&text, '\n');
	} else {
		struct terminal terminal = terminal_of(stdout);
		lint_table_append(&terminal, report, &text);
	}
	bool is_printed =
	    !buf_failed(&text) && fwrite(buf_cstr(&text), 1, text.n, stdout) == text.n && fflush(stdout) == 0;
	if (!is_printed)
		(void)fail("standard output cannot be written:", buf_failed(&text) ? "too much" : strerror(errno),
			   EXIT_FAILED);
	buf_done(&text);
	return is_printed;
}

/* Exit code 1 for errors alone: warnings are for people, and a build that fails on them is soon told to ignore all. */
static int lint(const struct arguments *a, struct slice input)
{
	struct slice base_url = slice_from_cstr(a->base_url);
	while (slice_ends_with(base_url, SLICE("/")))
		base_url.n--;
	struct lint_options options = {.base_url = base_url,
				       .charset = slice_from_cstr(a->charset),
				       .kind = a->is_bulk            ? LINT_BULK
					       : a->is_transactional ? LINT_TRANSACTIONAL
								     : LINT_KIND_UNKNOWN,
				       .pixel_place = strcmp(a->pixel, "top") == 0   ? HTML_PIXEL_TOP
						      : strcmp(a->pixel, "off") == 0 ? HTML_PIXEL_OFF
										     : HTML_PIXEL_BOTTOM,
				       .is_template = a->is_template};
	struct arena *arena = arena_new();
	struct lint_report report;
	enum status status =
	    is_mail(a, input) ? lint_mail(&options, input, arena, &report) : lint_html(&options, input, arena, &report);
	int code = EXIT_FAILED;
	if (status != STATUS_OK)
		(void)fail("the result would be too large", NULL, EXIT_FAILED);
	else if (print(a, &report))
		code = report.counts[LINT_ERROR] ? EXIT_FAILED : EXIT_DONE;
	arena_free(&arena);
	return code;
}

static int run(const struct arguments *a)
{
	struct buf input;
	int code = check(a);
	if (code != EXIT_DONE)
		return code;
	buf_init(&input, LINT_SIZE_MAX);
	code = input_file_read("lint", a->input, &input) ? lint(a, buf_slice(&input)) : EXIT_FAILED;
	buf_done(&input);
	return code;
}

int command_lint(int argc, char **argv)
{
	struct arguments a = {.base_url = "http://127.0.0.1:8420", .charset = "", .pixel = "bottom"};
	struct command c = {0};
	int code;
	const struct option_spec options[] = {
	    {"base-url", &a.base_url, NULL, "URL  of the tracking host (http://127.0.0.1:8420)"},
	    {"charset", &a.charset, NULL, "C  of the HTML (from the document, else utf-8)"},
	    {"pixel", &a.pixel, NULL, "bottom|top|off  where the open pixel goes (bottom)"},
	    {"bulk", NULL, &a.is_bulk, " many get it: unsubscribing must be possible"},
	    {"transactional", NULL, &a.is_transactional, " it answers what one person did"},
	    {"template", NULL, &a.is_template, " merge tags belong there"},
	    {"html", NULL, &a.is_html, " the input is HTML, whatever it looks like"},
	    {"eml", NULL, &a.is_eml, " the input is a mail, whatever it looks like"},
	    {"json", NULL, &a.is_json, " print JSON"},
	    {NULL}};
	const struct command_spec spec = {
	    .help = "pugmark lint [FILE|-]: say what becomes of every link of an .html or .eml file, or of standard "
		    "input, and\nwhat is wrong with the mail. Exit code 1: there are errors.\n",
	    .options = options,
	    .takes_file = true,
	    .is_alone = true};
	if (!command_open(&c, &spec, argc, argv, &code))
		return code;
	a.input = c.file;
	return run(&a);
}
