/* SPDX-License-Identifier: Apache-2.0 */
/* owed: answers that wait for the disk.
 *
 * Three rounds take turns: one is being filled, one is with the journal, one is being answered. Answering can bring new
 * requests in at once (pipelining), which land in the round being filled; so no round is read and written at a time.
 * Capacity is fixed at birth; nothing is allocated later. One thread.
 */
#ifndef PUGMARK_WEB_OWED_H
#define PUGMARK_WEB_OWED_H

#include "base/buf.h"
#include "net/http_server.h"

struct owed_answers;

enum owed_outcome {
	OWED_DURABLE, /* the records are on disk */
	OWED_EARLY,   /* patience ran out; they may yet get there */
	OWED_LOST,    /* they will not */
};

struct owed_answers *owed_new(void);
/* Nobody may be waiting. */
void owed_free(struct owed_answers **owed);

/* `response` is copied unless it is `lasting`. `needs_disk`: when the record is not durable the client is told 503
 * instead, so that it tries again. False: no room; answer now. */
struct owed_answer {
	struct http_request *request;
	struct slice response;
	size_t head_bytes;
	bool lasting;
	bool needs_disk;
};
bool owed_add(struct owed_answers *owed, const struct owed_answer *answer, int64_t now_us);
/* The round being filled goes to the journal; another becomes the one being filled. The round with the journal must
 * have been settled. */
void owed_hand_over(struct owed_answers *owed);
/* The journal is done with its round. Called before the next hand-over; the answers are given by owed_answer_finished.
 */
void owed_finish(struct owed_answers *owed);
/* Answers everybody of the finished round; returns how many. */
size_t owed_answer_finished(struct owed_answers *owed, enum owed_outcome outcome);
/* Answers everybody who has waited since before `deadline_us`, whatever the disk does; returns how many. */
size_t owed_answer_late(struct owed_answers *owed, int64_t deadline_us);
/* Somebody is waiting. */
bool owed_any(const struct owed_answers *owed);

#endif
