/* SPDX-License-Identifier: Apache-2.0 */
/* errand: a command on the writer whose end is handled on the thread that sent it. The deliverer's thread must not wait
 * for a commit, and what it keeps must not be changed by the writer's. */
#ifndef PUGMARK_ENGINE_ERRAND_H
#define PUGMARK_ENGINE_ERRAND_H

#include "base/letterbox.h"
#include "engine/ledger/writer.h"

struct errands {
	struct writer *writer;
	struct letterbox finished;
	uint32_t count; /* sent and not finished */
};
/* First member of a struct that has what the command needs. */
struct errand {
	struct writer_command command;           /* `run` is to be set */
	void (*finished)(struct errand *errand); /* on the sender's thread, with command.status; may free it */
	struct list_link letter;                 /* private, as below */
	struct errands *errands;
};

/* `wake` is called on the writer's thread when one has finished; it must not block. */
void errands_init(struct errands *errands, struct writer *writer, void (*wake)(void *user), void *user);
/* None may be under way. */
void errands_done(struct errands *errands);
/* Does not block. */
void errand_send(struct errands *errands, struct errand *errand);
/* Calls finished() of those that are over. */
void errands_finish(struct errands *errands);

#endif
