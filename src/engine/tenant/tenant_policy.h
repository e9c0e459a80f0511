/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_policy: what holds for each tenant now, in memory, so that nobody asks the store for each hit.
 *
 * The writer brings it up to date: at once after a change that was made through it, and otherwise once a second, when
 * one row says whether another process changed anything. Tenants that have set nothing and count in UTC take no room.
 * Any thread may ask. Each time zone is read once and stays in memory: new zone data holds after a restart.
 */
#ifndef PUGMARK_ENGINE_TENANT_POLICY_H
#define PUGMARK_ENGINE_TENANT_POLICY_H

#include "engine/tenant/tenant_setting.h"
#include "store/core/store.h"

/* How long events are kept, as the configuration says; must outlive its users. */
struct event_retention {
	uint32_t days; /* of every tenant that is not in the list */
	const struct tenant_retention {
		struct slice tenant; /* its name */
		uint32_t days;
	} * tenants;
	size_t tenant_count;
	bool is_for_all; /* also for tenants that have set fewer days */
};
uint32_t event_retention_days(const struct event_retention *retention, struct slice tenant);

struct tenant_policies;

/* What holds where a tenant has set nothing; its events_days is not looked at, but `retention`. Nothing is read yet.
 * `time_zone` is the name of the one that tenants get which are added without one; it must outlive the policies. */
struct tenant_policies *tenant_policies_new(const struct tenant_policy *installation,
					    const struct event_retention *retention, const char *time_zone);
void tenant_policies_free(struct tenant_policies **policies);

/* What holds for the tenant, but for events_days, which goes by the tenant's name (tenant_policies_limit). `policies`
 * may be NULL: the defaults, for everybody. */
struct tenant_policy tenant_policies_of(const struct tenant_policies *policies, uint32_t tenant);
/* The same without a copy and a lock, for the thread that refreshes: valid until it does. `policies` is not NULL. */
const struct tenant_policy *tenant_policies_look(const struct tenant_policies *policies, uint32_t tenant);
/* The tenant's zone, as tenant_policies_of says it, but without a lock: only for the thread that refreshes. */
const struct time_zone *tenant_policies_zone(const struct tenant_policies *policies, uint32_t tenant);
/* How many tenants are counted in UTC because this machine's zone data lacks their zone. */
size_t tenant_policies_without_zone(const struct tenant_policies *policies);
/* What tenants get that are added without a zone. */
struct slice tenant_policies_new_zone(const struct tenant_policies *policies);
/* How far the tenant of that name may go, and what holds when it has set nothing. */
struct tenant_policy tenant_policies_limit(const struct tenant_policies *policies, struct slice tenant);

/* Reads the store if something was changed there since the last time. `session` is not in a transaction. A value in
 * the store that is none is passed over; a time zone that cannot be read is UTC until the next start. Both are logged.
 */
enum status tenant_policies_refresh(struct tenant_policies *policies, struct store_session *session,
				    struct err *err) MUST_CHECK;
/* Something is about to be committed that changes it: the writer refreshes before anybody hears of the commit. */
void tenant_policies_expire(struct tenant_policies *policies);
/* It was expired since it was last asked. */
bool tenant_policies_take_expired(struct tenant_policies *policies);

#endif
