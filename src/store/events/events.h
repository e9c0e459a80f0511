/* SPDX-License-Identifier: Apache-2.0 */
/* events: everything that happened to a message, one row each. Part of the store (see store.h).
 *
 * Each has a `position`; those of one transaction ascend in the order in which they were added. Servers that write at
 * the same time take positions side by side, so one that is lower may be committed later. A reader that goes on where
 * it stopped therefore reads no further than store_event_horizon, and then misses nothing and sees nothing twice.
 */
#ifndef PUGMARK_STORE_EVENTS_H
#define PUGMARK_STORE_EVENTS_H

#include "codec/judge/verdict.h"
#include "store/mail/messages.h"

enum event_type {
	EVENT_QUEUED,
	EVENT_SENT,
	EVENT_DELIVERED,
	EVENT_DEFERRED,
	EVENT_BOUNCED,
	EVENT_COMPLAINED,
	EVENT_OPEN,
	EVENT_CLICK,
	EVENT_UNSUBSCRIBED,
	EVENT_FAILED,
	EVENT_SUPPRESSED,
	EVENT_UNSUBSCRIBE_HELD, /* a machine seems to have pressed the button; see engine/apply/unsubscription.h */
	EVENT_CONSENT,   /* "contact.consent"; its id is that of the consent's record, and it may have no message */
	EVENT_CORRECTED, /* another verdict for an earlier event */
	EVENT_TYPE_COUNT,
};
/* In SQL: "queued", "open", "click", … */
const char *event_type_name(enum event_type type);
/* In the API: "email.queued", "email.opened", "email.clicked", … */
const char *event_type_api_name(enum event_type type);
/* Either name. */
bool event_type_parse(struct slice name, enum event_type *ret);

struct event {
	struct uuid id;
	uint64_t position; /* given by the store */
	uint32_t tenant;
	enum event_type type;
	int64_t occurred_us;
	struct uuid message;
	uint64_t message_number; /* the store's own for it; 0: to be looked up */
	bool has_own_id;         /* the id is looked up often, or given twice by a mistake that must be seen */
	bool has_token;          /* it came by a link of the mail, whose token can be computed again (event_json.h) */
	bool is_unique;
	bool is_duplicate; /* counted already, by another hit or by a provider: kept, not counted */
	bool bot_filtered; /* not in the headline numbers because of who it was */
	bool judged;       /* the next five mean something (opens, clicks, unsubscribes) */
	enum actor actor;
	struct slice reasons; /* codes separated by one space */
	uint8_t confidence_percent;
	struct slice rules;
	bool settled;                 /* looked at for the last time, unless somebody asks for new rules */
	struct slice destination_url; /* empty: none; all slices below alike */
	int32_t link_index;           /* -1: none */
	struct slice ip;              /* text */
	struct slice user_agent;
	uint16_t signals; /* of a hit: what its headers said (codec/judge/hit_signals.h); 0: not kept */
	struct slice provider, remote_id;
	struct slice bounce_class, bounce_code, bounce_reason;
	struct uuid corrects;   /* EVENT_CORRECTED: which event; the verdict above is its new one */
	struct slice previous;  /* the verdict it had, JSON as the API shows it */
	uint32_t repeats;       /* how often it came again within seconds, counted here and nowhere else */
	int64_t last_repeat_us; /* 0: not once */
	/* Of the message, for writing. */
	struct slice owner;             /* whose it is, even where it must not be told; for erasing what only he has */
	struct slice message_remote_id; /* an event with the same remote_id keeps none of its own */
	/* Of the message, filled by reads. */
	struct slice contact_id, campaign_id, template_id;
	struct slice contact_email, contact_category, sender, sequence_id, enrollment;
	struct slice metadata;     /* JSON: the message's own; of a consent what was agreed to */
	int32_t sequence_position; /* -1: none */
	uint8_t key_id;            /* of the token, as the two consents */
	enum consent track_opens, track_clicks;
};

/* ---- What the reasons of an event say it is. */

/* Apple Mail Privacy Protection fetched it. */
bool event_is_mpp(const struct event *event);
/* Counted for the campaign, not for the person. */
bool event_is_anonymous(const struct event *event);
/* A provider told of it; we did not see it ourselves. */
bool event_is_report(const struct event *event);

/* Appends in order and fills in each position and message_number. An id need not be told from others unless it is
 * looked for: of records of a journal the cursor sees to it that they are applied once. STATUS_CONFLICT: an id that
 * stands for itself (has_own_id, a consent, a held press, one that was not made at the time of the event) exists
 * already; roll back. */
enum status store_event_add(struct store_session *s, struct event *events, size_t count, struct err *err) MUST_CHECK;

/* Another verdict for an event that was read before: writes is_unique, is_duplicate, bot_filtered, judged, actor,
 * reasons, confidence_percent, rules and settled. */
enum status store_event_judge(struct store_session *s, const struct event *event, struct err *err) MUST_CHECK;
/* It came again `additional` times, the last time then. */
enum status store_event_repeat(struct store_session *s, uint32_t tenant, uint64_t position, uint32_t additional,
			       int64_t last_us, struct err *err) MUST_CHECK;

struct event_filter {
	uint32_t tenant;
	struct uuid message;                                       /* zero: any */
	struct slice contact_id, campaign_id, template_id, sender; /* p == NULL: any */
	uint32_t types;                                            /* bit 1 << type each; 0: any */
	uint32_t actors;                                           /* bit 1 << actor each; 0: any */
	int64_t from_us, to_us;                                    /* occurred in [from, to); 0: open */
	uint64_t before_position, after_position;                  /* exclusive; 0: open */
	bool has_anonymous; /* of a message also what is only counted for its campaign: for counting, to be shown to
			       nobody */
	bool has_horizon;
	uint64_t horizon; /* inclusive; what store_event_horizon said before */
	bool oldest_first;
	uint32_t limit;
};
enum status store_event_list(struct store_session *s, const struct event_filter *filter, struct arena *arena,
			     struct event **ret, size_t *ret_count, struct err *err) MUST_CHECK;
/* How many the list would have without its limit. */
enum status store_event_count(struct store_session *s, const struct event_filter *filter, uint64_t *ret,
			      struct err *err) MUST_CHECK;
enum status store_event_find(struct store_session *s, uint32_t tenant, struct uuid id, struct arena *arena,
			     struct event *ret, struct err *err) MUST_CHECK;
/* There is no index on time: for each minute the store keeps which chunks of positions have events of it. */
enum { EVENT_CHUNK_BITS = 10 }; /* 1024 positions */
static const int64_t EVENT_MINUTE_US = 60000000;

/* The newest position that no event will come in at or below any more: all there are can be read by then, in a
 * transaction of their own. Usually the newest of all; less while a transaction of any server is open that has taken
 * positions, and it may stand lower than it was said to be before, which takes nothing back. 0: none. */
enum status store_event_horizon(struct store_session *s, uint64_t *ret, struct err *err) MUST_CHECK;

/* Whether an event with that id of its own (has_own_id) is there; one look into an index. */
enum status store_event_is_known(struct store_session *s, uint32_t tenant, struct uuid id, bool *ret,
				 struct err *err) MUST_CHECK;

/* ---- Old events go, a few at a time. Positions ascend with the time of writing, so a tenant's old events stand
 * together at its front: a walk from there meets hardly a row that stays, whatever other tenants keep.
 * An event that was written late goes when those written at the same time go. */
struct event_walk {
	uint32_t tenant;
	int64_t before_us;         /* what occurred earlier goes */
	uint64_t after_position;   /* exclusive; where the last step ended */
	uint64_t through_position; /* inclusive; what store_event_position_at said */
	uint32_t limit;            /* rows to look at */
};
struct event_walked {
	uint64_t last_position; /* where the next step goes on; 0: there was nothing more to look at */
	uint64_t count;         /* events that went, or would go */
};
/* Deletes. One transaction's worth: the caller chooses `limit` by the time it has. */
enum status store_event_prune(struct store_session *s, const struct event_walk *walk, struct event_walked *ret,
			      struct err *err) MUST_CHECK;
/* Only counts. */
enum status store_event_prune_count(struct store_session *s, const struct event_walk *walk, struct event_walked *ret,
				    struct err *err) MUST_CHECK;
/* About the tenant's position that was reached at that time: no event that occurred earlier and was written in time
 * stands behind it. 0: there are none. */
enum status store_event_position_at(struct store_session *s, uint32_t tenant, int64_t time_us, uint64_t *ret,
				    struct err *err) MUST_CHECK;
/* The tenant's first position; 0: it has no events. */
enum status store_event_first_position(struct store_session *s, uint32_t tenant, uint64_t *ret,
				       struct err *err) MUST_CHECK;
/* PostgreSQL: months that ended before that time go as a whole, whatever tenant they are of; adds what went to *count.
 * Nothing elsewhere. In transactions of its own, one a month. STATUS_IO also when somebody reads longer than a
 * second: try again later. */
enum status store_event_drop_months(struct store_session *s, int64_t before_us, uint64_t *count,
				    struct err *err) MUST_CHECK;

#endif
