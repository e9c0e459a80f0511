/* SPDX-License-Identifier: Apache-2.0 */
/* record: what the journal's records of this program say. Written by the edge and the deliverer, read by apply.
 *
 * The first byte of every payload is the version of its layout. Unknown types and versions are skipped loudly by
 * readers, never guessed at.
 */
#ifndef PUGMARK_ENGINE_RECORD_H
#define PUGMARK_ENGINE_RECORD_H

#include "base/buf.h"
#include "codec/judge/ip_address.h"
#include "codec/judge/verdict.h"
#include "codec/text/uuid.h"
#include "codec/token/link_token.h"

enum record_type {
	RECORD_HIT = 1,          /* a pixel, click or unsubscribe that was answered */
	RECORD_INTENT = 2,       /* the end of a mail's data may go out */
	RECORD_OUTCOME = 3,      /* how that went, or why it was not tried */
	RECORD_PROVIDER_HIT = 4, /* a provider says that somebody opened or clicked */
};

enum { RECORD_PAYLOAD_MAX = 8192 };

struct hit_record {
	enum hit_kind kind;
	bool is_head;
	bool one_click;     /* unsubscribe: the mailbox provider's button (RFC 8058) */
	bool stop_tracking; /* unsubscribe page: keep the mail, stop tracking */
	uint8_t key_id;     /* with the fields below it gives the token's text again (SIV is deterministic) */
	enum link_token_consent consent;
	uint32_t tenant;
	struct uuid message;
	uint32_t link_index;
	bool destination_is_stored; /* as in struct link_token */
	struct slice destination;
	struct ip_address client;
	struct slice user_agent; /* cut to USER_AGENT_MAX */
	struct slice purpose;    /* cut to 64, as are the next two */
	struct slice referer;    /* scheme and host only */
	struct slice accept_language;
	bool has_sec_fetch;
	bool is_https;
	bool opts_out; /* Sec-GPC: 1 or DNT: 1 */
	/* 0: a hit by itself. Else hits of its message and kind that came too often to be kept one by one: so many, of
	 * which this is the first. */
	uint32_t summed;
};
void record_put_hit(struct buf *b, const struct hit_record *hit);
/* The same in two parts, for who counts on before it writes: the first leaves `summed` out, the second, which comes
 * right behind it, is it. */
void record_begin_summed_hit(struct buf *b, const struct hit_record *hit);
void record_end_summed_hit(struct buf *b, uint32_t summed);
/* STATUS_BAD_INPUT for bytes that record_put_hit did not write. Slices point into `payload`. */
enum status record_get_hit(struct slice payload, struct hit_record *ret) MUST_CHECK;

struct intent_record {
	struct uuid message;
	uint64_t lease;
	uint32_t attempt;
	int64_t date_us; /* the Date of the mail's bytes; 0: from before that was kept */
};
void record_put_intent(struct buf *b, const struct intent_record *intent);
enum status record_get_intent(struct slice payload, struct intent_record *ret) MUST_CHECK;

enum outcome {
	OUTCOME_SENT,      /* the other side has it */
	OUTCOME_DELIVERED, /* it is in the mailbox (the outbox is one) */
	OUTCOME_RETRY,     /* certainly not accepted; due again at next_due_us */
	OUTCOME_FAILED,    /* refused for good, or out of attempts */
	OUTCOME_UNCERTAIN, /* nobody can know */
};
struct outcome_record {
	struct uuid message;
	uint64_t lease;
	uint32_t attempt;
	enum outcome outcome;
	uint32_t reply_code;
	struct slice reply;     /* cut to 500 */
	struct slice remote_id; /* cut to 200 */
	int64_t next_due_us;    /* RETRY only */
};
void record_put_outcome(struct buf *b, const struct outcome_record *outcome);
enum status record_get_outcome(struct slice payload, struct outcome_record *ret) MUST_CHECK;

/* What a provider makes of who it was. */
enum provider_sign {
	PROVIDER_SIGN_NONE,
	PROVIDER_SIGN_MACHINE, /* a machine, whichever */
	PROVIDER_SIGN_MPP,     /* Apple Mail Privacy Protection: SendGrid's sg_machine_open */
};
/* Webhooks are delivered at least once: of reports with the same provider, message, kind and event_id the first counts;
 * without an event_id, of those that say the same in all other fields. */
struct provider_hit_record {
	enum hit_kind kind;  /* open or click */
	uint32_t tenant;     /* whose account it is; 0: not known */
	struct uuid message; /* zero: known by remote_id only */
	int64_t occurred_us; /* as the provider says; 0: it does not */
	enum provider_sign sign;
	bool has_client;
	struct ip_address client;
	struct slice provider;   /* "sendgrid": 1 to 32 of a-z 0-9 _ - */
	struct slice remote_id;  /* what the provider calls the message; cut to 200 */
	struct slice event_id;   /* what it calls this report; cut to 200; empty: it gives none */
	struct slice user_agent; /* cut to USER_AGENT_MAX; empty: it does not say, as the next */
	struct slice url;        /* of a click, as it was in the mail that the provider got; left out past 4,096 */
};
void record_put_provider_hit(struct buf *b, const struct provider_hit_record *hit);
enum status record_get_provider_hit(struct slice payload, struct provider_hit_record *ret) MUST_CHECK;

#endif
