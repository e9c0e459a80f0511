/* SPDX-License-Identifier: Apache-2.0 */
/* transport_priv: what the transports and their loop know of one another. For this folder only. */
#ifndef PUGMARK_TRANSPORT_TRANSPORT_PRIV_H
#define PUGMARK_TRANSPORT_TRANSPORT_PRIV_H

#include "base/list.h"
#include "transport/transport.h"
#include <curl/curl.h>

/* How far a delivery has come. Only ever grows. */
enum delivery_state {
	DELIVERY_STARTED,    /* nothing that counts has left */
	DELIVERY_AT_BARRIER, /* everything but the end has left, and the caller was told */
	DELIVERY_PASSED,     /* the end may have left */
};

/* The head of every kind of delivery. */
struct delivery {
	struct transport *transport;
	struct transport_mail mail;
	struct delivery_events events;
	void *user;
	enum delivery_state state;
	struct list_link queued; /* in the loop's list of deliveries that can be moved on */
};

/* One kind of transport. None of these blocks but the outbox's advance. */
struct transport_class {
	/* A new delivery, its head still to be filled in. */
	struct delivery *(*start)(struct transport *transport, const struct transport_mail *mail);
	/* Called from transport_run for a delivery that was put into the loop's list. May end it. */
	void (*advance)(struct delivery *delivery);
	/* Lets go of whatever an unfinished or finished delivery holds, and of the delivery. */
	void (*discard)(struct delivery *delivery);
	void (*free)(struct transport *transport);
};

struct transport {
	const struct transport_class *class;
	struct transport_loop *loop;
	size_t active;
};

/* Puts the delivery into the loop's list; no harm when it is in already. */
void delivery_queue(struct delivery *delivery);
/* Moves a queued delivery on; called by the loop. */
void delivery_advance(struct delivery *delivery);
/* Tells the caller that everything but the end is out. */
void delivery_reach_barrier(struct delivery *delivery);
/* Tells the caller the outcome and discards the delivery. What the outcome's slices point to must live until then.
 * Whether an unanswered end is certain is the transport's to say, because only it knows what has left. */
void delivery_end(struct delivery *delivery, const struct transport_outcome *outcome);
/* The same for an outcome without an answer from the other side. */
void delivery_fail(struct delivery *delivery, enum status status, const char *words);

/* ---- What the loop offers. */

/* A socket or a moment that somebody waits for. All fields but `loop` and below may be changed between calls. */
struct loop_watch {
	int socket;          /* -1: none */
	bool want_read;      /* */
	bool want_write;     /* */
	int64_t deadline_us; /* on the monotonic clock; 0: none */
	/* Called from transport_run when the socket is ready or the deadline has passed. May remove any watch. */
	void (*wake)(struct loop_watch *watch, bool timed_out);
	struct transport_loop *loop;
	struct list_link link;
	size_t index; /* of its entry in the table being polled */
};

void loop_add_watch(struct transport_loop *loop, struct loop_watch *watch);
/* No harm when it was never added. */
void loop_remove_watch(struct loop_watch *watch);
/* The list deliveries are queued in. */
struct list_link *loop_queue(struct transport_loop *loop);

/* A transfer of libcurl's that somebody waits for; the easy handle's CURLOPT_PRIVATE points to it. */
struct loop_transfer {
	/* Called from transport_run when the transfer has ended; the easy handle stays in the multi handle. */
	void (*finished)(struct loop_transfer *transfer, CURLcode result);
};
CURLM *loop_multi(struct transport_loop *loop);

#endif
