/* SPDX-License-Identifier: Apache-2.0 */
/* message_memory: the messages that the writer has read, by id. They keep their place for as long as they are there, so
 * that pointers to them hold; nothing goes but between two transactions. Belongs to the batch. */
#ifndef PUGMARK_ENGINE_MESSAGE_MEMORY_H
#define PUGMARK_ENGINE_MESSAGE_MEMORY_H

#include "base/arena.h"
#include "store/mail/messages.h"

struct remembered_message {
	struct message message; /* first: callers hold a pointer to it */
	struct message saved;   /* as the store has it: which half is to be written, and which numbers move */
	/* The batch's. */
	bool is_touched;
	struct remembered_message *next_touched;
	uint32_t last_event; /* gathered; good while `gathering` is the batch's */
	uint64_t gathering;
};

struct message_memory;
struct message_memory *message_memory_new(void);
void message_memory_free(struct message_memory **memory);

/* NULL: it is not there. */
struct remembered_message *message_memory_find(const struct message_memory *memory, struct uuid id);
/* Its texts must be in message_memory_arena. */
struct remembered_message *message_memory_add(struct message_memory *memory, const struct message *message);
/* For texts of messages; lives as long as those that are added now. */
struct arena *message_memory_arena(struct message_memory *memory);

/* Finds none of them any more; pointers hold until the transaction is over (message_memory_clear). */
void message_memory_forget(struct message_memory *memory);
/* Between two transactions: all go, or only some that were read long ago when there are many. */
void message_memory_clear(struct message_memory *memory);
void message_memory_age(struct message_memory *memory);

/* Whether it differs from what is saved, each half by itself: a hit must not rewrite the index of remote_id, nor an
 * outcome the counters; the two are rows of their own. */
bool remembered_message_moved(const struct remembered_message *remembered);
bool remembered_message_counted(const struct remembered_message *remembered);

#endif
