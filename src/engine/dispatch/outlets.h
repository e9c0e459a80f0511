/* SPDX-License-Identifier: Apache-2.0 */
/* outlets: the transports that mail may leave by, found by the name that messages give their provider. One thread. */
#ifndef PUGMARK_ENGINE_OUTLETS_H
#define PUGMARK_ENGINE_OUTLETS_H

#include "provider/provider.h"
#include "transport/transport.h"

struct outlet_config {
	const char *name; /* as messages name it; also the provider's, see provider.h */
	const struct provider_setting *settings;
	size_t setting_count;
};
struct outlets;
/* What is in `configs` is copied. STATUS_BAD_INPUT, STATUS_NOT_FOUND, STATUS_IO: see provider_open. */
enum status outlets_open(struct transport_loop *loop, const struct outlet_config *configs, size_t count,
			 struct outlets **ret, struct err *err) MUST_CHECK;
/* Nothing may be under way. NULL is allowed. */
void outlets_close(struct outlets **outlets);
/* NULL: there is none of that name. */
struct transport *outlets_find(const struct outlets *outlets, struct slice name);
/* Deliveries under way by any of them. */
size_t outlets_active(const struct outlets *outlets);

#endif
