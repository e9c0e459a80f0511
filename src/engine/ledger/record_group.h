/* SPDX-License-Identifier: Apache-2.0 */
/* record_group: records of the journal that are applied together, so that their messages are read in few round trips,
 * and locked in one order. Beside other servers a large group is applied in two halves, by message (decision 0044).
 *
 * Which half a message is in follows from its id and the node alone, so that it is the same after a restart. Belongs to
 * the writer's thread. */
#ifndef PUGMARK_ENGINE_RECORD_GROUP_H
#define PUGMARK_ENGINE_RECORD_GROUP_H

#include "base/arena.h"
#include "codec/text/uuid.h"
#include "journal/journal.h"

struct record_group;

/* The message that a record is about; false: none, or it cannot be read. */
typedef bool record_message(const struct journal_record *record, struct uuid *ret);

enum record_half {
	RECORD_HALF_FIRST,
	RECORD_HALF_SECOND,
	RECORD_HALVES, /* both */
};

struct record_group *record_group_new(uint16_t node, record_message *message_of);
void record_group_free(struct record_group **group);
/* Empties it. */
void record_group_clear(struct record_group *group);

/* Copies the record. They come in the order of their numbers. */
void record_group_add(struct record_group *group, const struct journal_record *record);
size_t record_group_count(const struct record_group *group);
/* The group is not empty, here and below. */
const struct journal_record *record_group_first(const struct record_group *group);
/* The number of the last record. */
uint64_t record_group_last(const struct record_group *group);
/* Whether the last record has that number. It is not beyond: there is a record for each number. */
bool record_group_ends_at(const struct record_group *group, uint64_t sequence);

/* Whether two halves are worth two transactions: the group is large, and neither half is small. Never where a record
 * does not name its message, for that may be one of either half, and what concerns one message stays in order. */
bool record_group_is_divisible(const struct record_group *group);

/* The records of that half in their order, and their messages, in any order and more than once. */
struct record_part {
	struct journal_record *records;
	size_t count;
	struct uuid *messages;
	size_t message_count;
};
/* Copies them to `arena`. */
struct record_part record_group_part(const struct record_group *group, enum record_half half, struct arena *arena);

#endif
