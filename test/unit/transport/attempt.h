/* SPDX-License-Identifier: Apache-2.0 */
/* attempt: one delivery as a test sees it. Header only; for the tests of this folder. */
#ifndef PUGMARK_TEST_UNIT_TRANSPORT_ATTEMPT_H
#define PUGMARK_TEST_UNIT_TRANSPORT_ATTEMPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transport/transport.h"
#include <stdio.h>

enum attempt_at_barrier { ATTEMPT_PASSES, ATTEMPT_WAITS };

struct attempt {
	enum attempt_at_barrier at_barrier;
	struct transport_mail mail;
	struct delivery *delivery;
	struct delivery *to_pass;
	int barriers;
	int ends;
	enum status status;
	int code;
	char reply[600];
	char remote_id[200];
};

enum { TURNS_MAX = 4000, TURN_MS = 25 };

static inline void attempt_reaches_barrier(void *user, struct delivery *delivery)
{
	struct attempt *a = user;
	assert_ptr_equal(delivery, a->delivery);
	assert_int_equal(a->ends, 0);
	a->barriers++;
	if (a->at_barrier == ATTEMPT_PASSES)
		a->to_pass = delivery;
}

static inline void attempt_ends(void *user, struct delivery *delivery, const struct transport_outcome *outcome)
{
	struct attempt *a = user;
	assert_ptr_equal(delivery, a->delivery);
	a->ends++;
	a->status = outcome->status;
	a->code = outcome->reply_code;
	(void)snprintf(a->reply, sizeof a->reply, "%.*s", SLICE_FMT(outcome->reply));
	(void)snprintf(a->remote_id, sizeof a->remote_id, "%.*s", SLICE_FMT(outcome->remote_id));
}

static inline void attempt_start(struct attempt *a, struct transport *transport, struct slice bytes)
{
	static const struct delivery_events events = {attempt_reaches_barrier, attempt_ends};
	if (!a->mail.id.n)
		a->mail.id = SLICE("0192f0c0-0000-7000-8000-000000000001");
	if (!a->mail.envelope_to.n) {
		a->mail.envelope_from = SLICE("bounce@sender.example");
		a->mail.envelope_to = SLICE("ann@receiver.example");
	}
	a->mail.bytes = bytes;
	a->delivery = transport_start(transport, &a->mail, &events, a);
	assert_int_equal(a->ends + a->barriers, 0);
}

/* One turn; passes the barrier for an attempt that wants it. */
static inline void attempt_turn(struct attempt *a, struct transport_loop *loop)
{
	transport_run(loop, TURN_MS);
	if (a->to_pass) {
		struct delivery *delivery = a->to_pass;
		a->to_pass = NULL;
		transport_pass_barrier(delivery);
	}
}

static inline void attempt_run_to_end(struct attempt *a, struct transport_loop *loop)
{
	for (int turn = 0; turn < TURNS_MAX && !a->ends; turn++)
		attempt_turn(a, loop);
	assert_int_equal(a->ends, 1);
}

static inline void attempt_run_to_barrier(struct attempt *a, struct transport_loop *loop)
{
	for (int turn = 0; turn < TURNS_MAX && !a->barriers; turn++)
		transport_run(loop, TURN_MS);
	assert_int_equal(a->barriers, 1);
	assert_int_equal(a->ends, 0);
}

#endif
