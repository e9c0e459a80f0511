/* SPDX-License-Identifier: Apache-2.0 */
/* provider: turns the settings of a tenant or an installation into a transport.
 *
 * One file per provider (provider_NAME), one row each in the table of provider.c. The settings are key=value pairs as
 * they stand in the configuration or the store; this is the only place that knows their keys.
 */
#ifndef PUGMARK_PROVIDER_PROVIDER_H
#define PUGMARK_PROVIDER_PROVIDER_H

#include "base/slice.h"
#include "base/status.h"

struct transport;
struct transport_loop;

struct provider_setting {
	struct slice key;
	struct slice value;
};

/* What a setting is for, for help texts and forms. */
struct provider_setting_info {
	const char *key; /* NULL ends a list */
	const char *description;
	const char *default_value; /* NULL: none, "" when it may stay empty */
	bool required;
	bool secret; /* never shown again */
};

struct provider_info {
	const char *name;
	const char *description;
	const struct provider_setting_info *settings;
};

/* The providers from index 0 on; NULL behind the last. Static. */
const struct provider_info *provider_at(size_t index);
/* The one of this name, or NULL. */
const struct provider_info *provider_find(struct slice name);

struct provider_request {
	struct slice name;
	const struct provider_setting *settings; /* borrowed for the call */
	size_t count;
};

/* Checks the settings without opening anything. STATUS_BAD_INPUT says in plain words which setting is wrong and what it
 * should be; an unknown or repeated key is an error. STATUS_NOT_FOUND: no such provider. */
enum status provider_check(const struct provider_request *request, struct err *err) MUST_CHECK;
/* Makes the transport; nothing is connected to yet. The caller frees it (transport_free). Results as provider_check,
 * and STATUS_IO when the outbox directory cannot be made. */
enum status provider_open(struct transport_loop *loop, const struct provider_request *request, struct transport **ret,
			  struct err *err) MUST_CHECK;

#endif
