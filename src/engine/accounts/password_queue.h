/* SPDX-License-Identifier: Apache-2.0 */
/* password_queue: a thread on which passwords are checked, and a short line in front of it.
 *
 * A check takes tens of milliseconds of a processor and 19 MiB, and strangers can ask for as many as they like. So it
 * happens on one thread that does nothing else: nobody but those who sign in waits for it. The line has two parts of
 * PASSWORD_QUEUE_ROOM places. Who has reason to be taken for the owner stands in the first one, and is served before
 * anybody in the other; where there is no place left one hears so at once. */
#ifndef PUGMARK_ENGINE_PASSWORD_QUEUE_H
#define PUGMARK_ENGINE_PASSWORD_QUEUE_H

#include "base/slice.h"
#include "base/status.h"

enum { PASSWORD_QUEUE_ROOM = 32 };

struct password_queue;

/* Embedded in something of the caller's that lives until done(). */
struct password_check {
	struct slice password, hash; /* as for password_is_right */
	bool goes_first;
	/* On the queue's thread, or within password_queue_submit or _close when there is no place; must not block. The
	 * check belongs to the caller again. */
	void (*done)(struct password_check *check);
	void *submitter;    /* of whoever sets done */
	enum status status; /* STATUS_OK: it was checked; STATUS_FULL: no place, try again later */
	bool is_right;
	struct password_check *next; /* private */
};

/* `is_right` decides in place of password_is_right; NULL: that does. */
enum status password_queue_start(bool (*is_right)(struct slice password, struct slice hash),
				 struct password_queue **ret, struct err *err) MUST_CHECK;
/* Any thread; does not block. */
void password_queue_submit(struct password_queue *queue, struct password_check *check);
/* Whoever waits hears that there is no place, and so does everybody who comes from now on. Does not block. */
void password_queue_close(struct password_queue *queue);
/* Closes it, and waits for the check under way. Nobody may submit any more. *queue may be NULL and is NULL afterwards.
 */
void password_queue_free(struct password_queue **queue);

#endif
