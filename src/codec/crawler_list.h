/* SPDX-License-Identifier: Apache-2.0 */
/* crawler_list: whether an agent is on the public list of robots (crawler-user-agents) or calls itself one.
 *
 * Mail clients' and image proxies' own names must be looked for first: lists like this one know them as robots, too. */
#ifndef PUGMARK_CODEC_CRAWLER_LIST_H
#define PUGMARK_CODEC_CRAWLER_LIST_H

#include "codec/verdict.h"

struct crawler_mark {
	uint8_t length;
	uint8_t where; /* enum where of crawler_list.c */
	bool is_word;  /* what robots in general say of themselves: a name says more */
	enum actor actor;
	const char *name; /* a code: "googlebot"; static */
};

/* The first name that counts, the longest of those that end at one place, or else the first word; NULL: none. Every
 * byte is looked at once. */
const struct crawler_mark *crawler_list_find(struct slice agent);

#endif
