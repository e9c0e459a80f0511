/* SPDX-License-Identifier: Apache-2.0 */
/* nodes: the servers that share a store, and the fence between them. Part of the store (see store.h).
 *
 * A node is a journal: its number is in the journal's header and in the ids of all events that come of it. The store
 * gives numbers; a row stays for ever. Who applies a journal holds its node under an epoch, which goes up by one with
 * each start; the journal's cursor moves only under the epoch of the row. So of two processes with copies of one data
 * directory only the one that started last can write, and the other learns it at its next commit.
 */
#ifndef PUGMARK_STORE_NODES_H
#define PUGMARK_STORE_NODES_H

#include "store/core/store.h"

enum { NODE_NUMBER_MAX = 65535 };

struct node {
	uint16_t number;
	struct uuid installation; /* of its data directory; zero: none has claimed it yet */
	uint64_t epoch;
	uint64_t applied; /* the journal cursor */
	uint64_t durable; /* the journal's end, when it was seen last: with each move of the cursor, and now and then */
	struct slice place, roles, version;
	uint32_t schema_known;
	int64_t started_us; /* 0: never, here and below */
	int64_t seen_us;    /* by the store's clock; 0: it has ended well */
};

/* A number for a new journal: the smallest that is free, or the one that this installation got before and never used.
 * STATUS_CONFLICT: it has used one, or all are taken. Not in a transaction. */
enum status store_node_new(struct store_session *s, struct uuid installation, uint16_t *ret_number,
			   struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND: nobody has that number. */
enum status store_node_find(struct store_session *s, uint16_t number, struct arena *arena, struct node *ret,
			    struct err *err) MUST_CHECK;

/* The node that this installation has or had. STATUS_NOT_FOUND: none. */
enum status store_node_of(struct store_session *s, struct uuid installation, struct arena *arena, struct node *ret,
			  struct err *err) MUST_CHECK;

/* Begins an epoch, or makes the row of a node that the store has forgotten (a standby without its last seconds took
 * over): `node->epoch` is the new one, with installation, applied (used for a new row only), durable, place, roles,
 * version. STATUS_CONFLICT: the row's epoch is not below it, or another installation has it. */
enum status store_node_take(struct store_session *s, const struct node *node, struct err *err) MUST_CHECK;
/* Tells that it is alive. STATUS_CONFLICT: the epoch is another one now. */
enum status store_node_seen(struct store_session *s, const struct node_claim *claim, uint64_t durable,
			    struct err *err) MUST_CHECK;
/* Tells that it opens links of all keys up to this one. Nothing happens under another epoch. */
enum status store_node_tell_key(struct store_session *s, const struct node_claim *claim, uint8_t key,
				struct err *err) MUST_CHECK;
/* What the node told last; 0: nothing, or there is no such node. */
enum status store_node_told_key(struct store_session *s, uint16_t number, uint8_t *ret, struct err *err) MUST_CHECK;
/* Of the nodes other than `number` that were seen within a minute, one that has not told that it opens links of `key`;
 * 0: all of them have. */
enum status store_node_without_key(struct store_session *s, uint16_t number, uint8_t key, uint16_t *ret,
				   struct err *err) MUST_CHECK;
/* A node that was seen within two minutes, twice as long as one that is alone is silent; 0: none. */
enum status store_node_alive(struct store_session *s, uint16_t *ret, struct err *err) MUST_CHECK;
/* Tells that it ends well. Nothing happens under another epoch. */
enum status store_node_left(struct store_session *s, const struct node_claim *claim, struct err *err) MUST_CHECK;

/* ---- Who else is there */

struct node_others {
	bool are_present; /* at least one was taken and has not ended well, whether it speaks or not */
	bool have_been;   /* at least one was ever taken, or applied something before there were epochs */
	uint64_t takes;   /* the sum of all epochs, of `number`, too: another one when anybody has come since */
};
enum status store_node_others(struct store_session *s, uint16_t number, struct node_others *ret,
			      struct err *err) MUST_CHECK;
/* Until the transaction ends nobody takes a node, tells that it is alive or moves a cursor; waits for those who are
 * about to. Nothing on SQLite, where a transaction is alone. STATUS_AGAIN: it took too long. */
enum status store_node_keep_others_out(struct store_session *s, struct err *err) MUST_CHECK;

/* ---- Duties: what one node does for all. Called in the transaction that does it, which is so checked by its commit:
 * the row stays locked until then.
 *
 * Takes the duty, or goes on holding it, for `seconds` from now by the store's clock. *ret_is_held: false when another
 * node, or a later epoch of this one, has it. */
enum status store_duty_hold(struct store_session *s, const char *name, const struct node_claim *claim, uint32_t seconds,
			    bool *ret_is_held, struct err *err) MUST_CHECK;

#endif
