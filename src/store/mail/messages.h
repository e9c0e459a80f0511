/* SPDX-License-Identifier: Apache-2.0 */
/* messages: one mail to one recipient, its state, its counters, its body; and who and what it points to. Part of the
 * store (see store.h). */
#ifndef PUGMARK_STORE_MESSAGES_H
#define PUGMARK_STORE_MESSAGES_H

#include "store/core/store.h"

/* In the order in which they may follow; a state never goes back down (a retry goes deferred -> sending). */
enum message_state {
	MESSAGE_SCHEDULED,
	MESSAGE_QUEUED,
	MESSAGE_DEFERRED,
	MESSAGE_SENDING,
	MESSAGE_IN_DOUBT,
	MESSAGE_SENT,
	MESSAGE_DELIVERED,
	MESSAGE_BOUNCED,
	MESSAGE_COMPLAINED,
	MESSAGE_FAILED,
	MESSAGE_SUPPRESSED,
	MESSAGE_CANCELED,
};
const char *message_state_name(enum message_state state);
bool message_state_parse(struct slice name, enum message_state *ret);

enum consent { CONSENT_OFF, CONSENT_ANONYMOUS, CONSENT_FULL };
const char *consent_name(enum consent consent); /* "off", "anonymous", "full" */
bool consent_parse(struct slice name, enum consent *ret);

/* A hit that may come again. */
struct recent_hit {
	uint64_t key; /* a keyed hash of kind, link, address, and whether it counts as a person's */
	int64_t time_us;
	uint64_t position; /* of its event */
};
enum { RECENT_HITS_MAX = 8 };

/* What hits made of a message; all of it exact (doc/judging.md says of what). A duplicate counts nowhere. */
struct message_counters {
	uint32_t opens_human, opens_proxy, opens_mpp, opens_prefetch, opens_scanner, opens_preview, opens_crawler,
	    opens_unknown;
	uint32_t clicks_human, clicks_machine;
	int64_t first_open_us;        /* first open by a person or an image proxy; 0: none; the three others alike */
	int64_t first_open_strict_us; /* by a person */
	int64_t first_open_any_us;    /* by anybody */
	int64_t first_click_us;       /* by a person */
	int64_t first_click_any_us;
	int64_t unsubscribed_us;
	int64_t last_activity_us;
	/* The last hits, oldest first: one with the same key within seconds is the same hit again. */
	uint8_t recent_count;
	struct recent_hit recent[RECENT_HITS_MAX];
};

struct message {
	struct uuid id;
	uint64_t number; /* the store's own name for it, given by store_message_add; never 0 */
	uint32_t tenant;
	enum message_state state;
	int64_t created_us;
	int64_t send_at_us; /* when it is due */
	int64_t sent_us;    /* 0: not yet; the others alike */
	int64_t delivered_us;
	int64_t dated_us;    /* the Date of its bytes, set with the first intent and the same at every later attempt */
	int32_t cohort_day;  /* days since 1970 of the first intent, in the tenant's zone; 0: none yet */
	struct slice stream; /* "transactional", "bulk"… */
	struct slice provider; /* "outbox", "smtp", … ; "external" for mail that the caller sends */
	struct slice from_email, from_name, to_email, to_name, subject;
	struct slice contact_id; /* the address when none was given; empty: a mail to several */
	struct slice contact_category;
	struct slice campaign_id, template_id, sender; /* empty: none */
	struct slice sequence_id, enrollment;
	int32_t position; /* in the sequence; -1: none */
	enum consent track_opens, track_clicks;
	/* Whether an open or click would be seen to be a person's: what rates are of (effects.h). Fixed when it is
	 * accepted; whom it was to may be forgotten since. */
	bool measures_opens, measures_clicks;
	uint8_t key_id;         /* the token key it was instrumented with: building it again gives the same bytes */
	struct slice options;   /* JSON: reply_to, headers, pixel, utm, …; engine/mail/message_options's business */
	struct slice metadata;  /* JSON object, or empty; PostgreSQL keeps its meaning, not its spaces and order */
	struct slice body_id;   /* 32 bytes, see store_body_put; empty when there is none */
	struct slice remote_id; /* what the provider calls it */
	uint32_t attempts;
	struct slice error;  /* the last refusal's words */
	uint32_t link_count; /* links that can be clicked; 0: not known */
	int64_t reported_us; /* when a provider last told of an open or click; 0: never */
	struct message_counters counters;
};

/* Whom it was to is forgotten (erasure.h). A mail to several has no contact either, but options. */
static inline bool message_is_erased(const struct message *m)
{
	return m->contact_id.n == 0 && m->options.n == 0;
}

/* Gives it its number. STATUS_CONFLICT: the id exists. */
enum status store_message_add(struct store_session *s, struct message *m, struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND. `tenant` 0 finds it in any. Inside a transaction the row is locked until its end. */
enum status store_message_find(struct store_session *s, uint32_t tenant, struct uuid id, struct arena *arena,
			       struct message *ret, struct err *err) MUST_CHECK;
/* Many at once, of any tenant, in one round trip or a few: ret[i] is the message with ids[i]; its id is zero when there
 * is none, or none that this program understands. The ids must differ from each other. */
enum status store_message_find_all(struct store_session *s, const struct uuid *ids, size_t count, struct arena *arena,
				   struct message *ret, struct err *err) MUST_CHECK;
/* The newest message of that remote_id. STATUS_NOT_FOUND. `tenant` 0 finds it in any. */
enum status store_message_find_remote(struct store_session *s, uint32_t tenant, struct slice remote_id,
				      struct uuid *ret, struct err *err) MUST_CHECK;
/* The two halves of a message that was read before in the same transaction: state, times (not created_us), cohort_day,
 * remote_id, attempts and error; and what a hit changes, counters and reported_us, in a narrow row of their own. */
enum status store_message_save_delivery(struct store_session *s, const struct message *m, struct err *err) MUST_CHECK;
enum status store_message_save_counters(struct store_session *s, const struct message *m, struct err *err) MUST_CHECK;
/* The same of many, each once. */
struct message_list {
	const struct message *const *at;
	size_t n;
};
enum status store_message_save_deliveries(struct store_session *s, const struct message_list *list,
					  struct err *err) MUST_CHECK;
enum status store_message_save_all_counters(struct store_session *s, const struct message_list *list,
					    struct err *err) MUST_CHECK;

#endif
