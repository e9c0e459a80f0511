/* SPDX-License-Identifier: Apache-2.0 */
/* services: what of the program the handlers of the API may use. Filled once at the start by whoever joins the parts;
 * immutable from then on, and everything in it outlives the requests. */
#ifndef PUGMARK_WEB_API_SERVICES_H
#define PUGMARK_WEB_API_SERVICES_H

#include "base/slice.h"

struct apply;
struct byte_budget;
struct clock;
struct dispatcher;
struct journal;
struct key_uses;
struct log_limit;
struct live;
struct network_watch;
struct password_queue;
struct retention;
struct sending;
struct sign_in_guard;
struct store;
struct store_watch;
struct tenant_policies;
struct writer;

struct api_services {
	const struct sending *sending;
	struct tenant_policies *policies;
	struct store *store;
	struct journal *journal;
	struct writer *writer;
	const struct apply *apply; /* NULL when this process does not apply */
	struct live *live;
	struct live *applied;                  /* told the sequence number up to which the journal is in the store */
	const struct store_watch *store_watch; /* NULL when nobody else has the store */
	struct dispatcher *dispatcher;         /* NULL when this process does not deliver */
	struct retention *retention;           /* NULL when this process does not apply */
	struct network_watch
	    *networks;              /* NULL when no lists of networks are configured, or this process does not apply */
	struct byte_budget *budget; /* what requests may hold in memory together */
	struct sign_in_guard *guard;
	struct password_queue *passwords;
	struct key_uses *key_uses;
	struct log_limit *failures; /* of requests; NULL: each is logged */
	const struct clock *clock;
	const char *base_url;
	int64_t hold_us; /* how long an unsubscribe that is held waits for a decision */
	struct slice openapi_json;
};

#endif
