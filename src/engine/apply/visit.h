/* SPDX-License-Identifier: Apache-2.0 */
/* visit: what becomes of an open or click once it is known who made it, whether we saw it ourselves or a provider tells
 * of it: consent, what is kept of the client, the second look. Writer's thread. */
#ifndef PUGMARK_ENGINE_VISIT_H
#define PUGMARK_ENGINE_VISIT_H

#include "engine/apply/apply.h"

enum { VISIT_ADDRESS_SIZE = 64 };

struct visit {
	const struct apply_context *context;
	struct message *message;
	enum hit_kind kind; /* open or click */
	int64_t time_us;
	const struct ip_address *client; /* NULL: not known */
	struct slice user_agent;         /* empty: not known */
	enum consent consent;
	enum keep_client keep_client; /* what the tenant keeps of it */
	const struct verdict *verdict;
	uint16_t signals; /* it was judged by; HIT_SIGNALS_NOT_KEPT */
	bool is_honeypot; /* on the link that no person sees: it says something about those around it */
};

/* What was promised for this message, or less if the contact has asked for less since, or is forgotten. */
enum status visit_consent(struct batch *batch, const struct message *message, enum hit_kind kind,
			  enum consent *promised_and_ret, struct err *err) MUST_CHECK;
/* Since the provider said that it is delivered, else since the other side took it. False: neither is known. */
bool visit_delivery_age(const struct message *message, int64_t time_us, int64_t *ret_ms);
/* Writes ip, user_agent and signals of the event, as far as the tenant keeps them; `room` holds the address. */
void visit_keep_client(const struct visit *visit, char room[VISIT_ADDRESS_SIZE], struct event *event);
/* Adds the event, which is counted when it is written (effects.h), and has it looked at again where more hits may show
 * who it was. */
void visit_add(const struct visit *visit, const struct event *event);
/* The event is a repeat of one that is there, and is not added: only that the source was here once more is noted. */
void visit_repeat(const struct visit *visit, const struct event *event);

#endif
