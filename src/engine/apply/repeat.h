/* SPDX-License-Identifier: Apache-2.0 */
/* repeat: was this client here a moment ago, for the same link or pixel of the same message?
 *
 * A hit is a repeat when the one before it with the same key came at most so many seconds earlier, whatever became of
 * that one; so a client that asks again and again counts once. How many seconds is each tenant's own. Times are those
 * of the hits, not of the reader.
 *
 * What came is remembered in the message itself (message_counters.recent: its last eight hits), in the row that is read
 * and written for a hit anyway. So the answer is the same after a crash and on every server, and nothing has to be
 * filled at a start. With more than eight different hits of one message within that time the oldest may count again.
 *
 * Hits that come too often to be kept one by one (web/edge/replay.h) are a repeat of the first of them in their hour,
 * of their message and kind, whoever made them: two of the eight at most. Writer's thread. */
#ifndef PUGMARK_ENGINE_REPEAT_H
#define PUGMARK_ENGINE_REPEAT_H

#include "codec/judge/ip_address.h"
#include "codec/judge/verdict.h"
#include "codec/token/link_token.h"
#include "store/mail/messages.h"

/* A message's row must not tell addresses that a tenant does not keep: 2^32 of them are soon tried out. So keys are
 * hashed under a secret that follows from the keys of links, which are not in the store and are the same on all servers
 * of an installation and for ever. */
struct repeat_secrets;
struct repeat_secrets *repeat_secrets_new(void);
void repeat_secrets_free(struct repeat_secrets **secrets);

struct repeat_hit {
	struct uuid message;
	enum hit_kind kind;
	uint32_t link_index; /* of a click */
	struct ip_address client;
	bool is_person; /* a prefetch must not hide the click that follows it from the same address */
	uint8_t key_id; /* of the token it came with */
};
/* The highest bit of a key says whether it is a sum's. */
uint64_t repeat_key(struct repeat_secrets *secrets, struct link_token_sealer *sealer, const struct repeat_hit *hit);

/* Of such a sum; client, link and person are not looked at. */
uint64_t repeat_sum_key(struct repeat_secrets *secrets, struct link_token_sealer *sealer, const struct repeat_hit *hit,
			int64_t time_us);

/* The hit before it, one of counters->recent; NULL: this is none. `seconds` 0: none is. */
struct recent_hit *repeat_find(struct message_counters *counters, uint64_t key, int64_t time_us, uint32_t seconds);
/* The sum of that key; NULL: there is none yet. */
struct recent_hit *repeat_find_sum(struct message_counters *counters, uint64_t key);
/* Makes room for one more: what no later hit can repeat goes, and the oldest when all eight still can. */
void repeat_make_room(struct message_counters *counters, int64_t time_us, uint32_t seconds);

#endif
