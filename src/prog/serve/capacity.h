/* SPDX-License-Identifier: Apache-2.0 */
/* capacity: how much this process takes on at once: connections by the descriptors it may open, memory of requests by
 * the configuration and by the limit that the system has set for it. */
#ifndef PUGMARK_SERVE_CAPACITY_H
#define PUGMARK_SERVE_CAPACITY_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

struct config;

struct capacity {
	uint32_t connections;
	size_t request_bytes; /* see base/byte_budget.h */
};

/* Raises the soft limit of descriptors to the hard one, and says in the log where less fits than is configured.
 * STATUS_BAD_INPUT: server.memory_mb does not go with server.body_mb. */
enum status capacity_find(const struct config *config, struct capacity *ret, struct err *err) MUST_CHECK;

#endif
