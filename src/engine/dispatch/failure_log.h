/* SPDX-License-Identifier: Apache-2.0 */
/* failure_log: what a provider says no with, in the log: one line for each account and kind of failure, once a minute,
 * with the number of those that it stands for. What became of each mail is an event; this is for whoever runs the
 * server, and finds out here that a password is wrong, not from readers who miss their mail. */
#ifndef PUGMARK_ENGINE_FAILURE_LOG_H
#define PUGMARK_ENGINE_FAILURE_LOG_H

#include "base/log_limit.h"
#include "transport/transport.h"

/* A failure at `now_us` (monotonic), of a transport or STATUS_NOT_FOUND where none is configured; what is none, or that
 * we hung up ourselves, is not said. */
void failure_log(struct log_limit *limit, struct slice provider, const struct transport_outcome *said, int64_t now_us);

#endif
