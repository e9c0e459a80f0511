/* SPDX-License-Identifier: Apache-2.0 */
/* peer: what the programs that measure other people's C parsers share.
 *
 * A parser is asked for two things. To parse, and no more. And to do the rewriter's job: find the http(s) addresses of
 * `<a>` and `<area>` and say where they stand in the file; this program then puts a fixed address in their place and a
 * pixel into the mail, by the same splice for every parser. So what is compared is the finding.
 */
#ifndef PUGMARK_BENCH_PEER_H
#define PUGMARK_BENCH_PEER_H

#include "base/slice.h"

/* The values found in one file: bytes [start, end) each, without quotes. In any order; twice the same is taken once. */
struct peer_found;
void peer_add(struct peer_found *found, size_t start, size_t end);
/* Whether a value, decoded, is an address that is to be replaced: http: or https:, white space before it allowed. */
bool peer_is_http(const char *value);

struct peer {
	const char *name;
	void *context;
	bool (*parse)(void *context, struct slice file);
	bool (*find)(void *context, struct slice file, struct peer_found *found);
};

/* DIR [ROUNDS]: prints a line of JSON for each of the two. Returns the exit code. */
int peer_main(int argc, char **argv, const struct peer *peer);

#endif
