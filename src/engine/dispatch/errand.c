/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's done() only posts a letter. So a command's end is just one more thing that wakes the sender's loop, and
 * nothing in the deliverer needs a lock. */
#include "engine/dispatch/errand.h"

void errands_init(struct errands *errands, struct writer *writer, void (*wake)(void *user), void *user)
{
	errands->writer = writer;
	errands->count = 0;
	letterbox_init(&errands->finished, wake, user);
}

void errands_done(struct errands *errands)
{
	letterbox_done(&errands->finished);
}

static void command_done(struct writer_command *command)
{
	struct errand *errand = (struct errand *)(void *)command;
	letterbox_post(&errand->errands->finished, &errand->letter);
}

void errand_send(struct errands *errands, struct errand *errand)
{
	errand->errands = errands;
	errand->command.done = command_done;
	errands->count++;
	writer_submit(errands->writer, &errand->command);
}

void errands_finish(struct errands *errands)
{
	struct list_link letters, *letter;
	list_init(&letters);
	(void)letterbox_take(&errands->finished, &letters); /* none: nothing to do */
	while ((letter = list_take_first(&letters))) {
		struct errand *errand = LIST_ENTRY(letter, struct errand, letter);
		errands->count--;
		errand->finished(errand);
	}
}
