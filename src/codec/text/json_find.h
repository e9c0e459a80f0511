/* SPDX-License-Identifier: Apache-2.0 */
/* json_find: reads single members of a JSON object in place, for those who need two or three of them.
 *
 * Strict (RFC 8259): the whole text is checked, members that occur twice are refused, because two readers that disagree
 * about them see two different requests. No tree, no recursion; at most JSON_FIND_DEPTH brackets inside each other.
 */
#ifndef PUGMARK_CODEC_JSON_FIND_H
#define PUGMARK_CODEC_JSON_FIND_H

#include "base/arena.h"
#include "base/status.h"

enum { JSON_FIND_DEPTH = 64 };

/* The raw value of one member of the object that is all of `text`: `"a\nb"` with its quotes, `12`, `{…}`.
 * STATUS_NOT_FOUND; STATUS_BAD_INPUT when `text` is not one JSON object, or names this member twice. */
enum status json_find(struct slice text, struct slice name, struct slice *ret_raw) MUST_CHECK;

/* The same, decoded, for a member that is a string; a copy in the arena when it holds escapes. STATUS_BAD_INPUT also
 * when it is none, or is no valid UTF-8, or has a lone surrogate. */
enum status json_find_string(struct slice text, struct slice name, struct arena *arena, struct slice *ret) MUST_CHECK;

#endif
