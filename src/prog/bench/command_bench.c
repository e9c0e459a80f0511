/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark bench: what `make bench` measures inside one process. */
#include "base/clock.h"
#include "codec/text/json_text.h"
#include "codec/token/link_token.h"
#include "prog/command/commands.h"
#include "prog/show/options.h"
#include <stdio.h>

enum { TOKEN_ROUNDS = 300000 };

static int print_figure(bool json, const char *what, double ns_per_op)
{
	if (json)
		printf("{\"bench\":\"%s\",\"ns_per_op\":%.1f}\n", what, ns_per_op);
	else
		printf("%-12s %8.1f ns\n", what, ns_per_op);
	return EXIT_DONE;
}

static double ns_each(int64_t started_us, int rounds)
{
	return (double)(clock_monotonic_us(clock_system()) - started_us) * 1000.0 / rounds;
}

static int bench_token(bool json)
{
	static const uint8_t key[LINK_TOKEN_KEY_SIZE] = {1};
	char room[LINK_TOKEN_TEXT_MAX];
	struct buf text;
	struct link_token_keys *keys = link_token_keys_new();
	struct link_token token = {.kind = LINK_TOKEN_CLICK,
				   .consent = LINK_TOKEN_CONSENT_FULL,
				   .tenant = 1,
				   .destination = SLICE("https://example.com/sale?utm_source=spring")};
	uint8_t key_id = 1;
	bool good = true;
	link_token_keys_set(keys, key_id, key);
	struct link_token_sealer *sealer = link_token_sealer_new(keys);
	buf_init(&text, LINK_TOKEN_TEXT_MAX);
	int64_t started_us = clock_monotonic_us(clock_system());
	for (int i = 0; i < TOKEN_ROUNDS; i++) {
		buf_clear(&text);
		/* Another one each time, as the links of a mail are. */
		token.link_index = (uint32_t)i;
		good = link_token_seal(sealer, key_id, &token, &text) == STATUS_OK && good;
	}
	double seal_ns = ns_each(started_us, TOKEN_ROUNDS);
	started_us = clock_monotonic_us(clock_system());
	for (int i = 0; i < TOKEN_ROUNDS; i++)
		good = link_token_open(sealer, buf_slice(&text), room, &token, &key_id) == STATUS_OK && good;
	double open_ns = ns_each(started_us, TOKEN_ROUNDS);
	buf_done(&text);
	link_token_sealer_free(&sealer);
	link_token_keys_free(&keys);
	if (!good)
		return EXIT_FAILED;
	(void)print_figure(json, "token_seal", seal_ns);
	return print_figure(json, "token_open", open_ns);
}

static void print_help(void)
{
	puts("pugmark bench token | judge [FILE…] | apply N | rewrite DIR | traffic: measure a part of this program on "
	     "this "
	     "machine.\n\n"
	     "  --json  figures as JSON\n  --help  this text");
}

int command_bench(int argc, char **argv)
{
	bool json = false;
	struct operands operands;
	const struct option_spec specs[] = {{"json", NULL, &json, " figures as JSON"}, {NULL}};
	if (argc > 1 && strcmp(argv[1], "apply") == 0)
		return command_bench_apply(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "rewrite") == 0)
		return command_bench_rewrite(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "judge") == 0)
		return command_bench_judge(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "traffic") == 0)
		return command_bench_traffic(argc - 1, argv + 1);
	enum options_result parsed = options_parse(argc, argv, specs, &operands);
	if (parsed == OPTIONS_HELP)
		return print_help(), EXIT_DONE;
	if (parsed == OPTIONS_OK && operands.count == 1 && strcmp(operands.values[0], "token") == 0)
		return bench_token(json);
	if (parsed == OPTIONS_OK)
		(void)fprintf(
		    stderr, "pugmark bench: say token, judge, apply, rewrite or traffic; see 'pugmark bench --help'\n");
	return EXIT_USAGE;
}
