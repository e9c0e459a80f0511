/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark judge: the verdict on one hit, or on many from JSON lines. */
#include "codec/json_text.h"
#include "codec/known_network.h"
#include "codec/reason_words.h"
#include "codec/verdict.h"
#include "prog/commands.h"
#include "prog/installation.h"
#include "prog/verdict_text.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static void print_text(const struct verdict *v)
{
	struct buf b;
	struct terminal terminal = terminal_of(stdout);
	buf_init(&b, 65536);
	verdict_text_append(&terminal, &b, v);
	(void)fputs(buf_cstr(&b), stdout);
	buf_done(&b);
}

static void put_why(struct json_text *w, const struct verdict *v)
{
	char room[REASON_WORDS_MAX];
	struct buf words;
	buf_init_fixed(&words, room, sizeof room);
	reason_words_append_line(&words, slice_from_cstr(v->reasons));
	JSON_FIELD(w, "why", string, buf_slice(&words));
}

static void print_json(const struct verdict *v)
{
	struct buf b;
	struct slice rest = slice_from_cstr(v->reasons);
	buf_init(&b, 8192);
	struct json_text w = json_text_on(&b);
	json_open(&w, '{');
	JSON_FIELD(&w, "actor", cstring, actor_name(v->actor));
	json_key(&w, "reasons");
	json_open(&w, '[');
	while (rest.n)
		json_put_string(&w, slice_cut(&rest, ' '));
	json_close(&w, ']');
	put_why(&w, v);
	JSON_FIELD(&w, "confidence", double, v->confidence_percent / 100.0);
	JSON_FIELD(&w, "mpp", bool, v->mpp);
	json_close(&w, '}');
	puts(buf_cstr(&b));
	buf_done(&b);
}

static struct slice text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value)) : SLICE_EMPTY;
}

/* Header names in any case. */
static struct slice header_of(const json_t *headers, struct slice name)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)headers, key,
			    value) if (slice_equal_nocase(slice_from_cstr(key), name) &&
				       json_is_string(value)) return slice_from_cstr(json_string_value(value));
	return SLICE_EMPTY;
}

/* Where it came from and how long after delivery; empty: not known. */
static bool set_origin(struct hit_signals *signals, struct slice ip, struct slice seconds)
{
	uint64_t whole;
	signals->has_client = ip.n > 0;
	signals->has_delivery_age = seconds.n > 0;
	if (ip.n && !address_parse(ip, &signals->client))
		return false;
	if (seconds.n && !slice_to_u64(seconds, INT32_MAX, &whole))
		return false;
	signals->delivery_age_ms = seconds.n ? (int64_t)whole * 1000 : 0;
	return true;
}

static bool judge_line(const char *line, size_t n, size_t number, const struct network_lists *lists)
{
	json_error_t error;
	json_t *hit = json_loadb(line, n, 0, &error);
	if (!json_is_object(hit)) {
		(void)fprintf(stderr, "pugmark judge: line %zu is no JSON object\n", number);
		json_decref(hit);
		return false;
	}
	const json_t *headers = json_object_get(hit, "headers");
	struct slice purpose = header_of(headers, SLICE("sec-purpose"));
	struct hit_signals signals = {
	    .kind = slice_equal(text_of(hit, "kind"), SLICE("click")) ? HIT_CLICK : HIT_OPEN,
	    .method = text_of(hit, "method"),
	    .user_agent = text_of(hit, "ua"),
	    .purpose = purpose.n ? purpose : header_of(headers, SLICE("purpose")),
	    .referer = header_of(headers, SLICE("referer")),
	    .lists = lists,
	};
	signals.headers_are_known = json_is_object(headers);
	signals.has_accept_language = header_of(headers, SLICE("accept-language")).n > 0;
	signals.has_sec_fetch =
	    header_of(headers, SLICE("sec-fetch-mode")).n > 0 || header_of(headers, SLICE("sec-fetch-dest")).n > 0;
	bool good = set_origin(&signals, text_of(hit, "ip"), SLICE_EMPTY);
	const json_t *after = json_object_get(hit, "after_s");
	signals.has_delivery_age = json_is_number(after);
	signals.delivery_age_ms = (int64_t)(json_number_value(after) * 1000);
	struct verdict verdict;
	verdict_judge(&signals, &verdict);
	if (good)
		print_json(&verdict);
	else
		(void)fprintf(stderr, "pugmark judge: line %zu: ip is no address\n", number);
	json_decref(hit);
	return good;
}

static int judge_lines(const struct network_lists *lists)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	bool good = true;
	for (size_t number = 1; (n = getline(&line, &room, stdin)) > 0; number++)
		good = judge_line(line, (size_t)n, number, lists) && good;
	free(line);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int judge_one(const struct hit_signals *signals, bool is_json)
{
	struct verdict verdict;
	verdict_judge(signals, &verdict);
	(is_json ? print_json : print_text)(&verdict);
	return EXIT_DONE;
}

/* The server's own lists, unless others are named. */
static enum status read_lists(struct installation *i, const char *egress, const char *asn, struct network_lists **ret,
			      struct err *err)
{
	enum status status = installation_configure(i, err);
	if (status != STATUS_OK)
		return status;
	if (egress)
		i->config.apple_egress_file = egress;
	if (asn)
		i->config.asn_file = asn;
	return installation_read_networks(i, ret, err);
}

int command_judge(int argc, char **argv)
{
	struct installation i = {0};
	struct network_lists *lists = NULL;
	struct err err = {0};
	const char *egress = NULL;
	const char *asn = NULL;
	const char *user_agent = "";
	const char *method = "GET";
	const char *kind = "open";
	const char *purpose = "";
	const char *ip = "";
	const char *after = "";
	bool batch = false;
	bool is_json = false;
	const struct option_spec specs[] = {
	    {"ua", &user_agent, NULL, "UA  the user agent"},
	    {"ip", &ip, NULL, "IP  where the hit came from"},
	    {"after", &after, NULL, "SECONDS  since the mail was delivered"},
	    {"method", &method, NULL, "M  GET or HEAD"},
	    {"kind", &kind, NULL, "open|click"},
	    {"purpose", &purpose, NULL, "P  Sec-Purpose, Purpose or X-Moz"},
	    {"apple-egress", &egress, NULL, "FILE  Apple's egress list, instead of the configured one"},
	    {"asn", &asn, NULL, "FILE  autonomous systems, instead of the configured list"},
	    {"batch", NULL, &batch, " read JSON lines, print one verdict a line"},
	    {"json", NULL, &is_json, " print JSON"},
	    INSTALLATION_OPTIONS(&i),
	    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, NULL);
	if (parsed == OPTIONS_HELP) {
		puts("pugmark judge: who is behind one hit, and why, from the hit alone.\n");
		return options_print(specs), EXIT_DONE;
	}
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	struct hit_signals signals = {.kind = strcmp(kind, "click") == 0 ? HIT_CLICK : HIT_OPEN,
				      .method = slice_from_cstr(method),
				      .user_agent = slice_from_cstr(user_agent),
				      .purpose = slice_from_cstr(purpose)};
	if (!set_origin(&signals, slice_from_cstr(ip), slice_from_cstr(after))) {
		(void)fputs("pugmark judge: --ip wants an address, --after whole seconds\n", stderr);
		return EXIT_USAGE;
	}
	enum status status = read_lists(&i, egress, asn, &lists, &err);
	signals.lists = lists;
	int code = status != STATUS_OK ? installation_failed("judge", &err)
		   : batch             ? judge_lines(lists)
				       : judge_one(&signals, is_json);
	network_lists_free(&lists);
	installation_close(&i);
	return code;
}
