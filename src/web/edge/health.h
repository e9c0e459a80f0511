/* SPDX-License-Identifier: Apache-2.0 */
/* health: /healthz, /readyz, /metrics and Caddy's question about a domain. Runs on loops: it reads counters and never
 * the store. */
#ifndef PUGMARK_WEB_HEALTH_H
#define PUGMARK_WEB_HEALTH_H

#include "web/api/api.h"
#include "web/edge/track.h"

struct health {
	const struct api_services *services;
	const struct http_server *server;  /* NULL until it runs */
	struct tracker_counters *counters; /* one a loop */
	size_t counters_count;
	bool metrics_for_all; /* on the admin listener */
};

/* True when the path was one of these. */
bool health_handle(const struct health *health, struct http_request *request);

#endif
