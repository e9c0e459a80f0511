/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_setting: the settings that a tenant can have of its own: their names, which values they take, and how far they
 * may go.
 *
 * What the configuration says holds for every tenant. Where people's privacy is concerned it is also the limit: a
 * tenant's own value can ask for less tracking, less that is kept and a shorter time, never for more. A value that was
 * good once and goes too far now, because the configuration became stricter, counts as the limit.
 */
#ifndef PUGMARK_ENGINE_TENANT_SETTING_H
#define PUGMARK_ENGINE_TENANT_SETTING_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"
#include "engine/tenant/time_zone.h"
#include "store/mail/messages.h"

/* What is kept of who asked, once it was judged (privacy.keep_client). */
enum keep_client {
	KEEP_CLIENT_FULL,
	KEEP_CLIENT_TRUNCATED, /* the network: an IPv4 /24, an IPv6 /48; the user agent stays */
	KEEP_CLIENT_NONE,      /* neither address nor user agent */
};
enum gpc_policy { GPC_HONOUR, GPC_IGNORE };                     /* see doc/decisions/0014 */
enum headline_opens { HEADLINE_LIKELY_HUMAN, HEADLINE_STRICT }; /* strict: without image proxies */
enum honeypot_policy { HONEYPOT_OFF, HONEYPOT_ON };

/* What holds for a tenant. */
struct tenant_policy {
	enum consent opens, clicks;   /* how far new mail is tracked at most */
	enum keep_client keep_client; /* of hits from now on */
	enum gpc_policy gpc;
	uint32_t events_days;             /* how long events are kept */
	uint32_t dedupe_seconds;          /* hits of one address on one link within this time count once */
	uint32_t provider_dedupe_minutes; /* the same between a provider's report and our own hit */
	enum headline_opens headline_opens;
	enum honeypot_policy honeypot;
	/* Whose days its numbers are kept in: never NULL. No setting, but a fact about the tenant (doc/decisions/0031);
	 * lives as long as the policies that say it. */
	const struct time_zone *zone;
};
/* As a configuration that says nothing; in UTC. */
struct tenant_policy tenant_policy_default(void);

struct tenant_setting {
	const char *name;
	const char *choices; /* "a|b|c"; NULL: a number */
	const char *meaning;
};
/* All of them, in the order in which they are shown. */
const struct tenant_setting *tenant_settings(size_t *ret_count);
/* NULL: there is none of that name. */
const struct tenant_setting *tenant_setting_find(struct slice name);
/* The value as text: "anonymous", "30". */
void tenant_setting_append(struct buf *b, const struct tenant_setting *setting, const struct tenant_policy *policy);

/* Sets a value whatever the limit is. STATUS_BAD_INPUT says which setting, what was given and what is allowed; nothing
 * is changed then. */
enum status tenant_setting_set(struct tenant_policy *policy, struct slice name, struct slice value,
			       struct err *err) MUST_CHECK;
/* Whether a tenant may have that value where `limit` is the installation's. STATUS_BAD_INPUT as above; STATUS_DENIED:
 * it goes beyond the limit, and the text says what may be. */
enum status tenant_setting_check(const struct tenant_policy *limit, struct slice name, struct slice value,
				 struct err *err) MUST_CHECK;
/* Makes the installation's policy the tenant's by one value that was set; the limit holds. False: it is no good value;
 * nothing is changed then. */
bool tenant_setting_apply(struct tenant_policy *policy, struct slice name, struct slice value);

#endif
