/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark judge: the verdict on one hit, or on many from JSON lines, by the same function that judges when a hit is
 * applied and with the same lists of networks. What only history can tell (bursts, coverage, a second look) is not in
 * it. */
#include "codec/judge/known_network.h"
#include "codec/judge/reason_words.h"
#include "codec/judge/verdict.h"
#include "codec/text/json_text.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/show/verdict_text.h"
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

/* The same words as in the console, so that an operator and a customer speak of the same thing. */
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

/* ---- One hit */

struct header {
	struct slice name, value;
};

struct headers {
	struct header all[OPTION_VALUES_MAX];
	size_t count;
};

/* The first of the name, as the server takes it. */
static struct slice header_of(const struct headers *headers, struct slice name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (slice_equal_nocase(headers->all[i].name, name))
			return headers->all[i].value;
	return SLICE_EMPTY;
}

static struct slice purpose_of(const struct headers *headers)
{
	static const struct slice NAMES[] = {SLICE("sec-purpose"), SLICE("purpose"), SLICE("x-purpose"),
					     SLICE("x-moz")};
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (header_of(headers, NAMES[i]).n)
			return header_of(headers, NAMES[i]);
	return SLICE_EMPTY;
}

/* What was said of the agent and the purpose in another way stays. */
static void take_headers(const struct headers *headers, struct hit_signals *signals)
{
	if (!signals->user_agent.n)
		signals->user_agent = header_of(headers, SLICE("user-agent"));
	if (!signals->purpose.n)
		signals->purpose = purpose_of(headers);
	signals->referer = header_of(headers, SLICE("referer"));
	signals->has_accept_language = header_of(headers, SLICE("accept-language")).n > 0;
	signals->has_sec_fetch =
	    header_of(headers, SLICE("sec-fetch-mode")).n > 0 || header_of(headers, SLICE("sec-fetch-dest")).n > 0;
}

static bool set_kind(struct hit_signals *signals, struct slice name)
{
	static const struct slice NAMES[] = {
	    [HIT_OPEN] = SLICE("open"), [HIT_CLICK] = SLICE("click"), [HIT_UNSUBSCRIBE] = SLICE("unsubscribe")};
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		if (slice_equal(name, NAMES[i])) {
			signals->kind = (enum hit_kind)i;
			return true;
		}
	}
	return false;
}

/* Empty: not known. */
static bool set_client(struct hit_signals *signals, struct slice ip)
{
	signals->has_client = ip.n > 0;
	return !ip.n || ip_address_parse(ip, &signals->client);
}

/* ---- Lines */

static struct slice text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value)) : SLICE_EMPTY;
}

/* False: too many. What is no text is passed over: exports of other programs hold null where a header was missing. */
static bool read_json_headers(json_t *object, struct headers *ret)
{
	const char *name;
	json_t *value;
	ret->count = 0;
	json_object_foreach(object, name, value)
	{
		if (ret->count == OPTION_VALUES_MAX)
			return false;
		if (json_is_string(value))
			ret->all[ret->count++] =
			    (struct header){slice_from_cstr(name), slice_from_cstr(json_string_value(value))};
	}
	return true;
}

/* NULL, or what is wrong with it. */
static const char *read_hit(const json_t *hit, struct headers *headers, struct hit_signals *ret)
{
	const json_t *after = json_object_get(hit, "after_s");
	json_t *header_list = json_object_get(hit, "headers");
	struct slice kind = text_of(hit, "kind");
	*ret = (struct hit_signals){.user_agent = text_of(hit, "ua"), .method = text_of(hit, "method")};
	ret->has_delivery_age = json_is_number(after);
	ret->delivery_age_ms = (int64_t)(json_number_value(after) * 1000);
	ret->headers_are_known = json_is_object(header_list);
	ret->is_https = json_is_true(json_object_get(hit, "https"));
	if (!read_json_headers(header_list, headers))
		return "too many headers";
	take_headers(headers, ret);
	if (kind.n && !set_kind(ret, kind))
		return "kind is open, click or unsubscribe";
	return set_client(ret, text_of(hit, "ip")) ? NULL : "ip is no address";
}

/* A bad line is said with its number and passed over: a run over a million lines must not end at one. */
static bool judge_line(const char *line, size_t n, size_t number, const struct network_lists *lists)
{
	json_error_t error;
	struct hit_signals signals;
	struct headers headers;
	struct verdict verdict;
	json_t *hit = json_loadb(line, n, 0, &error);
	const char *wrong = json_is_object(hit) ? read_hit(hit, &headers, &signals) : "this is no JSON object";
	if (wrong) {
		(void)fprintf(stderr, "pugmark judge: line %zu: %s\n", number, wrong);
	} else {
		signals.lists = lists;
		verdict_judge(&signals, &verdict);
		print_json(&verdict);
	}
	json_decref(hit);
	return !wrong;
}

/* Lines, so that a file larger than memory can be judged and a verdict is there as soon as its hit is. */
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

/* ---- Options */

struct arguments {
	struct command command;   /* first: a command is one of these */
	const char *egress, *asn; /* NULL: the configured ones */
	const char *user_agent, *method, *kind, *purpose, *ip, *after;
	struct option_values headers;
	bool is_https, batch, is_json;
};

/* Whole seconds: finer than a mail server's own note of a delivery nothing can be. */
static bool set_after(struct hit_signals *signals, struct slice seconds)
{
	uint64_t whole = 0;
	signals->has_delivery_age = seconds.n > 0;
	if (seconds.n && !slice_to_u64(seconds, INT32_MAX, &whole))
		return false;
	signals->delivery_age_ms = (int64_t)whole * 1000;
	return true;
}

/* "Name: value" each. */
static bool read_headers(const struct option_values *given, struct headers *ret)
{
	for (ret->count = 0; ret->count < given->count; ret->count++) {
		struct slice value = slice_from_cstr(given->values[ret->count]);
		struct slice name = slice_trim(slice_cut(&value, ':'));
		if (!name.n || name.n == strlen(given->values[ret->count]))
			return false;
		ret->all[ret->count] = (struct header){name, slice_trim(value)};
	}
	return true;
}

/* NULL, or what is wrong with them. */
static const char *read_arguments(const struct arguments *given, struct headers *headers, struct hit_signals *ret)
{
	*ret = (struct hit_signals){.user_agent = slice_from_cstr(given->user_agent),
				    .method = slice_from_cstr(given->method),
				    .purpose = slice_from_cstr(given->purpose),
				    .headers_are_known = given->headers.count > 0,
				    .is_https = given->is_https};
	if (!set_kind(ret, slice_from_cstr(given->kind)))
		return "--kind is open, click or unsubscribe";
	if (!set_client(ret, slice_from_cstr(given->ip)))
		return "--ip wants an address";
	if (!set_after(ret, slice_from_cstr(given->after)))
		return "--after wants whole seconds";
	if (!read_headers(&given->headers, headers))
		return "--header wants 'Name: value'";
	take_headers(headers, ret);
	return NULL;
}

/* Wrong values are a wrong call: exit code 2. */
static int judge_one(const struct arguments *given, const struct network_lists *lists)
{
	struct headers headers;
	struct hit_signals signals;
	struct verdict verdict;
	const char *wrong = read_arguments(given, &headers, &signals);
	if (wrong) {
		(void)fprintf(stderr, "pugmark judge: %s\n", wrong);
		return EXIT_USAGE;
	}
	signals.lists = lists;
	verdict_judge(&signals, &verdict);
	(given->is_json ? print_json : print_text)(&verdict);
	return EXIT_DONE;
}

/* The server's own lists, unless others are named. */
static enum status read_lists(struct arguments *given, struct network_lists **ret)
{
	struct installation *i = &given->command.installation;
	enum status status = command_configure(&given->command);
	if (status != STATUS_OK)
		return status;
	if (given->egress)
		i->config.apple_egress_file = given->egress;
	if (given->asn)
		i->config.asn_file = given->asn;
	return installation_read_networks(i, ret, &given->command.err);
}

static int judge(struct arguments *given)
{
	struct network_lists *lists = NULL;
	enum status status = read_lists(given, &lists);
	if (status == STATUS_OK)
		given->command.exit_code = given->batch ? judge_lines(lists) : judge_one(given, lists);
	network_lists_free(&lists);
	return command_close(&given->command, status);
}

int command_judge(int argc, char **argv)
{
	struct arguments given = {.user_agent = "", .method = "", .kind = "open", .purpose = "", .ip = "", .after = ""};
	int code;
	const struct option_spec options[] = {
	    {"ua", &given.user_agent, NULL, "UA  the user agent"},
	    {"ip", &given.ip, NULL, "IP  where the hit came from"},
	    {"after", &given.after, NULL, "SECONDS  since the mail was delivered"},
	    {"method", &given.method, NULL, "M  GET, HEAD, OPTIONS…; POST for an unsubscription"},
	    {"kind", &given.kind, NULL, "KIND  open, click or unsubscribe (open)"},
	    {"purpose", &given.purpose, NULL, "P  Sec-Purpose, Purpose, X-Purpose or X-Moz"},
	    {"header", NULL, NULL, "'K: V'  a header, as often as there are; what is missing speaks, too",
	     &given.headers},
	    {"https", NULL, &given.is_https, " it came over HTTPS"},
	    {"apple-egress", &given.egress, NULL, "FILE  Apple's egress list, instead of the configured one"},
	    {"asn", &given.asn, NULL, "FILE  autonomous systems, instead of the configured list"},
	    {"batch", NULL, &given.batch, " read JSON lines, print one verdict a line"},
	    {"json", NULL, &given.is_json, " print JSON"},
	    {NULL}};
	const struct command_spec spec = {
	    .help = "pugmark judge: who is behind one hit, and why, from the hit alone.\n", .options = options};
	return command_open(&given.command, &spec, argc, argv, &code) ? judge(&given) : code;
}
