/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark bench rewrite: how fast the rewriter is.
 *
 * All files of a directory are read first. Then each is rewritten into one buffer that keeps its memory, with an arena
 * that is reset between files, on one thread. Two jobs: every link replaced by one fixed address, which is what is
 * asked of the peers in bench/peers, and every link replaced by a sealed token of its own, which is what `serve` does.
 * Beside them, over the same bytes in the same rounds, the limits: a memchr scan for '<', and a copy.
 */
#include "base/mem.h"
#include "codec/html/html_rewrite.h"
#include "codec/text/json_text.h"
#include "codec/token/link_token.h"
#include "prog/bench/bench_corpus.h"
#include "prog/bench/hostile_html.h"
#include "prog/command/commands.h"
#include "prog/show/options.h"
#include <stdio.h>

enum { OUTPUT_MAX = 1 << 30, HOSTILE_BYTES = 10000000, HOSTILE_BYTES_SHORT = HOSTILE_BYTES / 10, HOSTILE_PASSES = 3 };
/* What a document may take for a byte, compared with the corpus, before it counts as slow. */
static const double HOSTILE_RATIO_MAX = 3.0;

struct bench {
	const char *directory;
	bool as_json;
	bool is_hostile;
	size_t rounds;
	struct bench_corpus corpus;
	/* What is rewritten: the corpus' files, or one hostile document. */
	const struct slice *files;
	size_t file_count;
	struct arena *arena;
	struct buf out;
	char *copy; /* as large as the corpus */
	struct link_token_sealer *sealer;
	struct link_token token;
	size_t tag_count; /* of the last scan; nobody reads it, but the compiler does not know */
};

/* ---- the jobs ---- */

static bool put_fixed(void *user, const struct html_link *link, struct buf *to)
{
	(void)user;
	(void)link;
	buf_append(to, SLICE("https://track.example.com/c/0123456789abcdefghijklmnopqrstu"));
	return true;
}

static bool put_sealed(void *user, const struct html_link *link, struct buf *to)
{
	static const char stored_key[LINK_TOKEN_STORED_KEY_SIZE];
	struct bench *b = user;
	b->token.link_index = link->index;
	b->token.is_stored = link->destination.n > LINK_TOKEN_URL_MAX;
	b->token.destination = b->token.is_stored ? slice_of(stored_key, sizeof stored_key) : link->destination;
	buf_append(to, SLICE("https://track.example.com/c/"));
	return link_token_seal(b->sealer, 1, &b->token, to) == STATUS_OK;
}

/* `track` NULL: every link is set to itself, without a pixel. */
static struct html_rewrite_options options_of(struct bench *b, html_track_fn *track)
{
	static const struct slice own_host = {"track.example.com", 17};
	return (struct html_rewrite_options){
	    .policy = {.own_hosts = &own_host, .own_host_count = 1},
	    .track = track,
	    .user = b,
	    .pixel = SLICE("<img src=\"https://track.example.com/o/0123456789abcdefghijklmnopqrstu.gif\" width=\"1\" "
			   "height=\"1\" alt=\"\" border=\"0\">"),
	    .pixel_place = HTML_PIXEL_BOTTOM,
	    .vml = true,
	    .identity = !track,
	};
}

static bool rewrite_file(struct bench *b, const struct html_rewrite_options *options, struct slice file,
			 struct html_report *ret)
{
	buf_clear(&b->out);
	arena_reset(b->arena);
	return html_rewrite(options, file, b->arena, &b->out, ret) == STATUS_OK;
}

static bool rewrite_files(struct bench *b, html_track_fn *track)
{
	struct html_rewrite_options options = options_of(b, track);
	struct html_report report;
	for (size_t i = 0; i < b->file_count; i++)
		if (!rewrite_file(b, &options, b->files[i], &report))
			return false;
	return true;
}

static bool pass_fixed(void *user)
{
	return rewrite_files(user, put_fixed);
}

static bool pass_sealed(void *user)
{
	return rewrite_files(user, put_sealed);
}

static bool pass_identity(void *user)
{
	return rewrite_files(user, NULL);
}

static bool pass_memchr(void *user)
{
	struct bench *b = user;
	b->tag_count = 0;
	for (size_t i = 0; i < b->file_count; i++) {
		const char *end = b->files[i].p + b->files[i].n;
		for (const char *p = b->files[i].p; (p = memchr(p, '<', (size_t)(end - p))); p++)
			b->tag_count++;
	}
	return true;
}

static bool pass_memcpy(void *user)
{
	struct bench *b = user;
	for (size_t i = 0; i < b->file_count; i++) {
		memcpy(b->copy, b->files[i].p, b->files[i].n);
		/* Nobody looks at the copy: without this the compiler may leave it out. */
		__asm__ volatile("" : : "r"(b->copy) : "memory");
	}
	return true;
}

static const struct job {
	bench_pass_fn *pass;
	const char *key;
	const char *text;
} JOBS[] = {
    {pass_fixed, "fixed", "rewrite, one fixed address"},
    {pass_sealed, "sealed", "rewrite, a sealed token a link"},
    {pass_identity, "identity", "rewrite, every link set to itself"},
    {pass_memchr, "memchr", "limit: memchr for '<'"},
    {pass_memcpy, "memcpy", "limit: memcpy"},
};
enum { JOB_COUNT = sizeof JOBS / sizeof JOBS[0] };

static bool measure(struct bench *b, size_t job_count, struct bench_rate *rates)
{
	bench_pass_fn *passes[JOB_COUNT];
	for (size_t i = 0; i < job_count; i++)
		passes[i] = JOBS[i].pass;
	return bench_rounds(passes, job_count, b, b->corpus.bytes.n, b->rounds, rates);
}

/* ---- the corpus ---- */

struct counts {
	size_t tracked;
	size_t links;     /* http(s) href of <a> and <area>, tracked or not; those in comments are left out */
	size_t identical; /* files that come back unchanged when every link is set to itself */
};

static bool is_http_link(const struct html_link *link)
{
	return !link->is_conditional && link->skip != HTML_SKIP_DUPLICATE_ATTRIBUTE &&
	       (slice_starts_with_nocase(link->url, SLICE("http://")) ||
		slice_starts_with_nocase(link->url, SLICE("https://")));
}

static bool count(struct bench *b, struct counts *ret)
{
	struct html_rewrite_options options = options_of(b, NULL);
	struct html_report report;
	*ret = (struct counts){0};
	for (size_t i = 0; i < b->file_count; i++) {
		if (!rewrite_file(b, &options, b->files[i], &report))
			return false;
		ret->identical += slice_equal(b->files[i], buf_slice(&b->out));
		ret->tracked += report.tracked_count;
		for (size_t l = 0; l < report.link_count; l++)
			ret->links += is_http_link(&report.links[l]);
	}
	return true;
}

static void print_json(const struct bench *b, const struct counts *c, const struct bench_rate *rates)
{
	printf("{\"bench\":\"rewrite\",\"files\":%zu,\"bytes\":%zu,\"tracked\":%zu,\"links\":%zu,\"identical\":%zu,"
	       "\"rounds\":%zu",
	       b->file_count, b->corpus.bytes.n, c->tracked, c->links, c->identical, b->rounds);
	for (size_t i = 0; i < JOB_COUNT; i++)
		printf(",\"%s_mb_per_s\":%.1f,\"%s_median_mb_per_s\":%.1f", JOBS[i].key, rates[i].best_mb_per_s,
		       JOBS[i].key, rates[i].median_mb_per_s);
	puts("}");
}

static void print_text(const struct bench *b, const struct counts *c, const struct bench_rate *rates)
{
	printf("%zu files, %zu bytes; %zu links tracked, %zu http links outside comments; %zu files unchanged when "
	       "every link is set to itself\n",
	       b->file_count, b->corpus.bytes.n, c->tracked, c->links, c->identical);
	for (size_t i = 0; i < JOB_COUNT; i++)
		printf("%-34s %8.0f MB/s, median %8.0f\n", JOBS[i].text, rates[i].best_mb_per_s,
		       rates[i].median_mb_per_s);
}

static int run_corpus(struct bench *b)
{
	struct counts counts;
	struct bench_rate rates[JOB_COUNT];
	if (!count(b, &counts) || !measure(b, JOB_COUNT, rates))
		return (void)fputs("pugmark bench rewrite: a file was not rewritten\n", stderr), EXIT_FAILED;
	(b->as_json ? print_json : print_text)(b, &counts, rates);
	return EXIT_DONE;
}

/* ---- hostile documents ---- */

struct hostility {
	double mb_per_s;
	double ratio;  /* time for a byte against the corpus */
	double growth; /* time for a byte against the same document a tenth as long: about 1 when it is linear */
};

static void print_hostile_json(const struct hostile_html *h, const struct hostility *found)
{
	char room[512];
	struct buf line;
	buf_init_fixed(&line, room, sizeof room);
	struct json_text w = json_text_on(&line);
	json_open(&w, '{');
	JSON_FIELD(&w, "bench", cstring, "hostile");
	JSON_FIELD(&w, "document", cstring, h->name);
	JSON_FIELD(&w, "mb_per_s", double, found->mb_per_s);
	JSON_FIELD(&w, "ratio", double, found->ratio);
	JSON_FIELD(&w, "growth", double, found->growth);
	JSON_FIELD(&w, "is_made_of_links", bool, h->is_made_of_links);
	json_close(&w, '}');
	puts(buf_cstr(&line));
}

static void print_hostile(const struct hostile_html *h, const struct hostility *found)
{
	const char *remark = found->ratio <= HOSTILE_RATIO_MAX ? "" : h->is_made_of_links ? "  slow: links" : "  slow";
	printf("%-24s %8.0f MB/s %8.2f %8.2f%s\n", h->name, found->mb_per_s, found->ratio, found->growth, remark);
}

static double hostile_mb_per_s(struct bench *b, const struct hostile_html *h, size_t size)
{
	struct buf document;
	buf_init(&document, 2 * size + 1024);
	hostile_html_write(h, size, &document);
	struct slice file = buf_slice(&document);
	b->files = &file;
	b->file_count = 1;
	double mb_per_s = bench_best_pass(pass_fixed, b, file.n, HOSTILE_PASSES);
	buf_done(&document);
	return mb_per_s;
}

static int run_hostile(struct bench *b)
{
	size_t list_count;
	size_t slow_count = 0;
	const struct hostile_html *list = hostile_html_list(&list_count);
	struct bench_rate corpus;
	bool is_good = measure(b, 1, &corpus);
	if (!b->as_json)
		printf("%-24s %8.0f MB/s    times   growth\n", "the corpus", corpus.best_mb_per_s);
	for (size_t i = 0; i < list_count && is_good; i++) {
		double mb_per_s = hostile_mb_per_s(b, &list[i], HOSTILE_BYTES);
		double short_mb_per_s = hostile_mb_per_s(b, &list[i], HOSTILE_BYTES_SHORT);
		struct hostility found = {mb_per_s, corpus.best_mb_per_s / mb_per_s, short_mb_per_s / mb_per_s};
		is_good = mb_per_s > 0 && short_mb_per_s > 0;
		slow_count += found.ratio > HOSTILE_RATIO_MAX;
		(b->as_json ? print_hostile_json : print_hostile)(&list[i], &found);
		(void)fflush(stdout);
	}
	if (!is_good)
		return (void)fputs("pugmark bench rewrite: a document was not rewritten\n", stderr), EXIT_FAILED;
	if (!b->as_json)
		printf("%zu of %zu documents of %d MB take more than %.0f times the corpus' time for a byte\n",
		       slow_count, list_count, HOSTILE_BYTES / 1000000, HOSTILE_RATIO_MAX);
	return EXIT_DONE;
}

/* ---- around it ---- */

static enum options_result parse(int argc, char **argv, struct bench *b)
{
	const char *rounds_text = "15";
	uint64_t rounds = 0;
	struct operands operands;
	const struct option_spec specs[] = {
	    {"rounds", &rounds_text, NULL, "N  rounds of 0.2 s for each figure, at most 100 (15)"},
	    {"hostile", NULL, &b->is_hostile, " documents made to be slow, against the files of DIR"},
	    {"json", NULL, &b->as_json, " figures as JSON"},
	    {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, &operands);
	if (parsed == OPTIONS_HELP) {
		puts("pugmark bench rewrite DIR: how fast the HTML files of DIR are rewritten, on one thread.\n");
		options_print(specs);
	}
	if (parsed != OPTIONS_OK)
		return parsed;
	if (!slice_to_u64(slice_from_cstr(rounds_text), BENCH_ROUNDS_MAX, &rounds) || !rounds || operands.count != 1) {
		(void)fputs("usage: pugmark bench rewrite DIR [--hostile] [--rounds N] [--json]\n", stderr);
		return OPTIONS_WRONG;
	}
	b->rounds = (size_t)rounds;
	b->directory = operands.values[0];
	return OPTIONS_OK;
}

static int run(struct bench *b)
{
	static const uint8_t key[LINK_TOKEN_KEY_SIZE] = {1};
	static const uint8_t no_random[10];
	struct link_token_keys *keys = link_token_keys_new();
	link_token_keys_set(keys, 1, key);
	b->sealer = link_token_sealer_new(keys);
	b->token = (struct link_token){.kind = LINK_TOKEN_CLICK,
				       .consent = LINK_TOKEN_CONSENT_FULL,
				       .tenant = 1,
				       .message = uuid_v7(0, no_random)};
	b->files = b->corpus.files;
	b->file_count = b->corpus.file_count;
	b->copy = mem_alloc(b->corpus.bytes.n);
	b->arena = arena_new();
	buf_init(&b->out, OUTPUT_MAX);
	int code = b->is_hostile ? run_hostile(b) : run_corpus(b);
	buf_done(&b->out);
	arena_free(&b->arena);
	mem_free(b->copy);
	link_token_sealer_free(&b->sealer);
	link_token_keys_free(&keys);
	return code;
}

int command_bench_rewrite(int argc, char **argv)
{
	struct bench b = {0};
	enum options_result parsed = parse(argc, argv, &b);
	if (parsed != OPTIONS_OK)
		return parsed == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
	int code = EXIT_FAILED;
	if (bench_corpus_read(b.directory, &b.corpus))
		code = run(&b);
	else
		(void)fprintf(stderr, "pugmark bench rewrite: the files of '%s' cannot be read, or there are none\n",
			      b.directory);
	bench_corpus_done(&b.corpus);
	return code;
}
