/* SPDX-License-Identifier: Apache-2.0 */
/* hit_rows: what came in, as a table. Each row is one hit and says when, on what and by whom:
 *
 *   #define BY_SCANNER .ip = "198.51.100.9", .agent = OLD_CHROME
 *   static const struct hit_row SWEEP[] = {
 *       OPEN_AT(9 * SECOND, BY_SCANNER),
 *       CLICK_AT(42150 * MS, 2, BY_SCANNER, ON(1), ANONYMOUSLY),
 *   };
 *   APPLY(w, SWEEP);
 */
#ifndef PUGMARK_TEST_ENGINE_HIT_ROWS_H
#define PUGMARK_TEST_ENGINE_HIT_ROWS_H

#include "world.h"

#define MS INT64_C(1000)

struct hit_row {
	enum hit_kind kind;
	int64_t after_us; /* behind WORLD_NOW_US */
	uint32_t message;
	uint32_t link;
	const char *ip;     /* NULL: that of world_hit */
	struct slice agent; /* empty: a mail client */
	struct slice purpose;
	bool has_fetch_headers; /* and a language, as a browser of today */
	bool is_anonymous;
};

#define OPEN_AT(after, ...)                                                                                            \
	{                                                                                                              \
		.kind = HIT_OPEN, .after_us = (after), __VA_ARGS__                                                     \
	}
#define CLICK_AT(after, nth, ...)                                                                                      \
	{                                                                                                              \
		.kind = HIT_CLICK, .after_us = (after), .link = (nth), __VA_ARGS__                                     \
	}
#define ON(nth) .message = (nth)
#define BY_MAIL_CLIENT .agent = {0}
#define ANONYMOUSLY .is_anonymous = true

struct hit_record hit_of_row(struct world *w, const struct hit_row *row);
/* Puts and applies them in that order, in which their times need not be. */
void apply_rows(struct world *w, const struct hit_row *rows, size_t count);
#define APPLY(w, rows) apply_rows(w, rows, sizeof(rows) / sizeof(rows)[0])

#endif
