/* SPDX-License-Identifier: Apache-2.0 */
/* held_unsubscribes: presses of the unsubscribe button that wait for somebody to say whether a person made them. Part
 * of the store (see store.h). What a decision means is engine/apply/unsubscription.h's business. */
#ifndef PUGMARK_STORE_HELD_UNSUBSCRIBES_H
#define PUGMARK_STORE_HELD_UNSUBSCRIBES_H

#include "store/events/events.h"

enum held_state { HELD_WAITING, HELD_CONFIRMED, HELD_DISMISSED };
const char *held_state_name(enum held_state state); /* "waiting", … */
bool held_state_parse(struct slice name, enum held_state *ret);

/* A message has one at most, and it goes by the message's id. */
struct held_unsubscribe {
	struct uuid message;
	uint32_t tenant;
	struct uuid event; /* email.unsubscribe_held */
	enum held_state state;
	int64_t held_us;
	int64_t decided_us;      /* 0: not yet */
	struct slice decided_by; /* an e-mail address, "api_key", "recipient" (pressed again), "time"; empty: not yet */
	/* Reads only. Of the message: */
	struct slice to_email, to_name, subject, campaign_id, contact_id, sender;
	int64_t sent_us, delivered_us;
	/* Of the event; unknown and empty once it was pruned: */
	enum actor actor;
	uint8_t confidence_percent;
	struct slice reasons, ip, user_agent;
};

/* Keeps one as waiting; one that was confirmed waits anew, for whoever presses has been let in again since. STATUS_OK
 * also when the message has one that waits or was dismissed (then *ret_added is false). */
enum status store_held_unsubscribe_add(struct store_session *s, const struct held_unsubscribe *held, bool *ret_added,
				       struct err *err) MUST_CHECK;

struct held_decision {
	struct uuid message;
	enum held_state state; /* HELD_CONFIRMED, HELD_DISMISSED */
	struct slice by;
	int64_t now_us;
	bool overrides; /* also one that was dismissed: the recipient knows better */
};
/* STATUS_NOT_FOUND: none of this message is waiting, or may be decided again. */
enum status store_held_unsubscribe_decide(struct store_session *s, const struct held_decision *decision,
					  struct err *err) MUST_CHECK;

struct held_filter {
	uint32_t tenant;
	enum held_state state;
	struct slice sender; /* p == NULL: any */
	struct uuid message; /* zero: any, and then the filter's state holds */
	struct uuid before;  /* exclusive, by the message's id; zero: open */
	uint32_t limit;
};
/* Newest mail first. */
enum status store_held_unsubscribe_list(struct store_session *s, const struct held_filter *filter, struct arena *arena,
					struct held_unsubscribe **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* How many of the tenant's wait; of one sender's mail when sender.p is not NULL. */
enum status store_held_unsubscribe_count(struct store_session *s, uint32_t tenant, struct slice sender, uint64_t *ret,
					 struct err *err) MUST_CHECK;
struct held_due {
	int64_t before_us;
	uint32_t limit;
};
/* Messages of all tenants whose press was held before that time and waits, oldest first, at most `limit`. */
enum status store_held_unsubscribe_due(struct store_session *s, const struct held_due *wanted, struct arena *arena,
				       struct uuid **ret, size_t *ret_count, struct err *err) MUST_CHECK;

#endif
