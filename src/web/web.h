/* SPDX-License-Identifier: Apache-2.0 */
/* web: everything that answers HTTP, put together: tracking, API, health, console. */
#ifndef PUGMARK_WEB_WEB_H
#define PUGMARK_WEB_WEB_H

#include "web/api/services.h"
#include "web/edge/track.h"

struct web;

struct web_config {
	const char *address;
	uint16_t port;
	const char *admin_address; /* NULL: none; this machine alone sees /metrics and reasons then */
	uint16_t admin_port;
	unsigned loops;
	const struct host_names *hosts; /* by which API and console may be called; outlives the web */
	struct http_limits limits;
	const struct ip_address_range *trusted_proxies;
	size_t trusted_proxy_count;
	unsigned workers;       /* threads for the API; 0: 4 */
	bool has_edge, has_api; /* roles */
	int64_t max_wait_ms;
	bool waits_for_store; /* a hit is answered when it is in the store, not when it is on this disk */
	const struct api_services *services;
	const struct link_token_keys *keys;
	struct key_watch *key_watch; /* adds to them */
};

/* Binds, starts loops and workers. STATUS_CONFLICT: the port is taken. */
enum status web_start(const struct web_config *config, struct web **ret, struct err *err) MUST_CHECK;
uint16_t web_port(const struct web *web);
/* Stops accepting, answers what was accepted, writes what was recorded. Blocks, at most about `timeout_ms`. */
void web_stop(struct web **web, int timeout_ms);

#endif
