/* SPDX-License-Identifier: Apache-2.0 */
/* problem: everything that is wrong with a JSON body, collected at once, each with the place it was found at.
 *
 * A place is a chain of steps on the caller's stack; it becomes a JSON pointer (RFC 6901) only when there is something
 * to say, so a body without faults costs nothing.
 */
#ifndef PUGMARK_ENGINE_PROBLEM_H
#define PUGMARK_ENGINE_PROBLEM_H

#include "base/arena.h"

/* What is wrong, in the shape of RFC 9457's `errors`. */
struct problem_item {
	struct slice pointer; /* JSON pointer into the body, "/to/email" */
	struct slice detail;
};
struct problem_list {
	struct problem_item *items;
	size_t count;
};

/* After this many the rest is only said to exist: answers stay small whatever was sent. */
enum { PROBLEMS_MAX = 100 };

/* A step from the root: into an object by `key`, or into an array by `index` when key is NULL. */
struct json_place {
	const struct json_place *parent; /* NULL: the root's child */
	const char *key;
	size_t index;
};

/* Adds a problem at `place` (NULL: the whole body); list and text live in the arena. `format` as for printf. */
void problem_add(struct problem_list *list, struct arena *arena, const struct json_place *place, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

#endif
