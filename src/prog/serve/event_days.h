/* SPDX-License-Identifier: Apache-2.0 */
/* event_days: how long events are kept, out of the settings retain.events_days and retain.events_days_of. */
#ifndef PUGMARK_PROG_EVENT_DAYS_H
#define PUGMARK_PROG_EVENT_DAYS_H

#include "engine/upkeep/retention.h"
#include "prog/serve/config.h"

/* The list and its names live in the arena. STATUS_BAD_INPUT: not `name=days, name=days`, a tenant twice, or days out
 * of range. Whether there are such tenants is not asked: they may come later. */
enum status event_days_parse(const struct config *config, struct arena *arena, struct event_retention *ret,
			     struct err *err) MUST_CHECK;

#endif
