/* SPDX-License-Identifier: Apache-2.0 */
/* owed: answers that wait for the disk, and then, where two machines must have a hit, for the store.
 *
 * Rounds take turns: one is being filled, one is with the journal, one is being answered, and up to OWED_APPLYING are
 * on disk and wait until they are applied. Answering can bring new requests in at once (pipelining), which land in the
 * round being filled; so no round is read and written at a time. Capacity is fixed at birth; nothing is allocated
 * later. One thread.
 */
#ifndef PUGMARK_WEB_OWED_H
#define PUGMARK_WEB_OWED_H

#include "base/buf.h"
#include "net/http_server.h"

struct owed_answers;

enum { OWED_APPLYING = 8 };

enum owed_outcome {
	OWED_DURABLE, /* the records are where they have to be */
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
/* Instead: the finished round waits until `sequence`, its last record, is applied. */
void owed_await_store(struct owed_answers *owed, uint64_t sequence);
/* One more round may wait so; to be asked before a hand-over. */
bool owed_may_await_store(const struct owed_answers *owed);
/* Answers all rounds that are applied, up to `sequence`; returns how many answers. */
size_t owed_answer_applied(struct owed_answers *owed, uint64_t sequence);
/* Answers everybody who has waited since before `deadline_us`, whatever the disk and the store do. */
struct owed_late {
	size_t early; /* nobody knows whether these are on disk */
	size_t alone; /* on this disk, and not known to be anywhere else */
};
struct owed_late owed_answer_late(struct owed_answers *owed, int64_t deadline_us);
/* Somebody is waiting. */
bool owed_any(const struct owed_answers *owed);

#endif
