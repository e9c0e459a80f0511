/* SPDX-License-Identifier: Apache-2.0 */
/* parameters: what a request says in its path and query, checked. Each returns false after having answered itself: 422
 * for a value that is none, 404 for a path that can lead nowhere. A query parameter that is not there leaves *ret as it
 * is. */
#ifndef PUGMARK_WEB_API_PARAMETERS_H
#define PUGMARK_WEB_API_PARAMETERS_H

#include "codec/text/uuid.h"
#include "web/api/call.h"

struct time_zone;

/* Whose days the caller's tenant counts in; lives as long as the services. */
const struct time_zone *parameters_zone(const struct api_call *call);

/* Nothing but these, which are parted by spaces; 400 with the name of another one. A filter that is misspelt would be
 * none, and the answer more than was asked for. Asked for every route, with what routes.h says of it. */
bool parameters_only(struct api_call *call, const char *names);

bool parameters_text(struct api_call *call, const char *name, struct slice *ret);
/* From 1 to max. */
bool parameters_number(struct api_call *call, const char *name, uint32_t max, uint32_t *ret);
/* "from" and "to", each RFC 3339 or a day of parameters_zone. Both days belong to the range, so that a day from which
 * and to which is asked is that day, whether times are listed (until *ret_to_us, which does not belong to it) or days
 * are summed; a time stands there for the day it is in. 422 when `from` is after `to`. */
bool parameters_times(struct api_call *call, int64_t *ret_from_us, int64_t *ret_to_us);
bool parameters_days(struct api_call *call, int32_t *ret_from_day, int32_t *ret_to_day);
bool parameters_uuid(struct api_call *call, const char *name, struct uuid *ret);
/* "contact": an id, or an address, which is brought into the form that is the contact's id where nobody gave one.
 * Blocks for the store. */
bool parameters_contact(struct api_call *call, struct api_worker *worker, struct slice *ret);
/* The {id} of the route as a UUID. */
bool parameters_id(struct api_call *call, struct uuid *ret);

#endif
