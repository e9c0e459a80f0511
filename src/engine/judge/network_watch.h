/* SPDX-License-Identifier: Apache-2.0 */
/* network_watch: an operator's lists of networks, read from their files at the start and again whenever one of these
 * has changed.
 *
 * A thread of its own looks at the files every two seconds. A changed file is read once it is the same at two looks in
 * a row, so that one that is still being written is left alone. A file that cannot be read, or holds no such list, is
 * logged once per change (judge.list_refused), and the rows that were read before stay in use. Rows that were read
 * (judge.list_loaded) go to the one taker, the writer's thread, between two of its batches.
 */
#ifndef PUGMARK_ENGINE_NETWORK_WATCH_H
#define PUGMARK_ENGINE_NETWORK_WATCH_H

#include "base/clock.h"
#include "engine/judge/network_file.h"

struct network_watch;

struct network_watch_config {
	const char *paths[NETWORK_LIST_COUNT]; /* NULL or "": there is no such list; must outlive the watch */
	const struct clock *clock;
};

/* Reads nothing yet. */
struct network_watch *network_watch_new(const struct network_watch_config *config);
/* Starts the thread. */
enum status network_watch_start(struct network_watch *watch, struct err *err) MUST_CHECK;
/* Waits for the reading of a file to end. The taker must be gone. */
void network_watch_free(struct network_watch **watch);

/* One look at each file, as the thread does it; never beside the thread. Blocks while it reads. */
void network_watch_look(struct network_watch *watch);

/* Replaces *lists (NULL at first) when something was read since the last call, and frees what stood there. Does not
 * block, except that the first call behind network_watch_start waits until every file was read or refused once, for
 * verdicts must not depend on how fast a start is. One thread. */
void network_watch_take(struct network_watch *watch, struct network_lists **lists);

struct network_watch_figures {
	bool is_configured;
	bool is_refused; /* the file as it is now; older rows may be in use */
	uint64_t rows;   /* in use; ranges that touch and say the same count as one */
	int64_t read_us; /* when they were read; 0: none were */
};
struct network_watch_figures network_watch_figures(const struct network_watch *watch,
						   enum network_list which); /* any thread */

#endif
