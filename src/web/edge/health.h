/* SPDX-License-Identifier: Apache-2.0 */
/* health: /healthz, /readyz, /metrics and Caddy's question about a domain. Runs on loops: it reads counters and never
 * the store.
 *
 * Figures and reasons are for the operator: on the admin listener, and for requests that this machine makes for itself.
 * Everybody else hears whether the server is ready, and that there is no /metrics. */
#ifndef PUGMARK_WEB_HEALTH_H
#define PUGMARK_WEB_HEALTH_H

#include "web/edge/track.h"

struct apply;
struct byte_budget;
struct dispatcher;
struct key_watch;
struct network_watch;
struct retention;
struct store_watch;
struct tenant_policies;
struct writer;

/* What is told of. Journal and policies are in every process; what is NULL is not in this one, and is not told of. */
struct health_parts {
	const struct journal *journal;
	const struct writer *writer;
	const struct apply *apply;
	const struct store_watch *store_watch; /* NULL when nobody else has the store, too */
	struct dispatcher *dispatcher;
	const struct retention *retention;
	struct network_watch *networks;
	const struct tenant_policies *policies;
	struct key_watch *key_watch;
	const struct byte_budget *budget;
	const char *base_url;
};

struct health {
	struct health_parts parts;
	const struct http_server *server;  /* NULL until it runs */
	struct tracker_counters *counters; /* one a loop */
	size_t counters_count;
	bool tells_all; /* on the admin listener */
};

/* True when the path was one of these. */
bool health_handle(const struct health *health, struct http_request *request);

#endif
