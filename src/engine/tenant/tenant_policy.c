/* SPDX-License-Identifier: Apache-2.0 */
/* A table sorted by tenant that is never changed, only replaced as a whole; the lock is held for as long as it takes to
 * find one row in it. */
#include "engine/tenant/tenant_policy.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/house/tenant_settings.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct entry {
	uint32_t tenant;
	struct tenant_policy policy;
};

struct tenant_policies {
	struct tenant_policy installation;
	struct event_retention retention;
	atomic_bool is_expired;
	pthread_mutex_t lock; /* of what follows */
	struct entry *entries;
	size_t count;
	uint32_t dedupe_seconds_max;
	uint64_t version; /* of the store, when the entries were read; UINT64_MAX: never */
};

uint32_t event_retention_days(const struct event_retention *retention, struct slice tenant)
{
	for (size_t i = 0; i < retention->tenant_count; i++)
		if (slice_equal(retention->tenants[i].tenant, tenant))
			return retention->tenants[i].days;
	return retention->days;
}

struct tenant_policies *tenant_policies_new(const struct tenant_policy *installation,
					    const struct event_retention *retention)
{
	struct tenant_policies *p = MEM_NEW(struct tenant_policies);
	p->installation = *installation;
	p->retention = *retention;
	p->dedupe_seconds_max = installation->dedupe_seconds;
	p->version = UINT64_MAX;
	BUG_IF(pthread_mutex_init(&p->lock, NULL) != 0);
	return p;
}

void tenant_policies_free(struct tenant_policies **policies)
{
	struct tenant_policies *p = *policies;
	if (!p)
		return;
	(void)pthread_mutex_destroy(&p->lock);
	mem_free(p->entries);
	mem_free(p);
	*policies = NULL;
}

/* ---- Asking */

static void lock(const struct tenant_policies *p)
{
	pthread_mutex_lock(&((struct tenant_policies *)p)->lock); /* a lock is not a change that anybody sees */
}

static void unlock(const struct tenant_policies *p)
{
	pthread_mutex_unlock(&((struct tenant_policies *)p)->lock);
}

static int compare_tenants(const void *key, const void *entry)
{
	uint32_t a = *(const uint32_t *)key;
	uint32_t b = ((const struct entry *)entry)->tenant;
	return a < b ? -1 : a > b;
}

struct tenant_policy tenant_policies_of(const struct tenant_policies *p, uint32_t tenant)
{
	if (!p)
		return tenant_policy_default();
	struct tenant_policy policy = p->installation;
	lock(p);
	const struct entry *found =
	    p->count ? bsearch(&tenant, p->entries, p->count, sizeof *p->entries, compare_tenants) : NULL;
	if (found)
		policy = found->policy;
	unlock(p);
	return policy;
}

uint32_t tenant_policies_dedupe_seconds_max(const struct tenant_policies *p)
{
	if (!p)
		return tenant_policy_default().dedupe_seconds;
	lock(p);
	uint32_t seconds = p->dedupe_seconds_max;
	unlock(p);
	return seconds;
}

struct tenant_policy tenant_policies_limit(const struct tenant_policies *p, struct slice tenant)
{
	struct tenant_policy limit = p->installation;
	limit.events_days = event_retention_days(&p->retention, tenant);
	return limit;
}

/* ---- Keeping it true */

static void add_row(const struct tenant_policies *p, struct entry *entries, size_t *count,
		    const struct tenant_setting_row *row)
{
	if (*count == 0 || entries[*count - 1].tenant != row->tenant)
		entries[(*count)++] = (struct entry){row->tenant, p->installation};
	if (!tenant_setting_apply(&entries[*count - 1].policy, row->name, row->value))
		log_warn("tenant.bad_setting", LOG_INT("tenant", row->tenant), LOG_STR("name", row->name),
			 LOG_STR("value", row->value));
}

static void replace(struct tenant_policies *p, uint64_t version, const struct tenant_setting_list *rows)
{
	struct entry *entries = mem_alloc((rows->count + 1) * sizeof *entries);
	size_t count = 0;
	uint32_t longest = p->installation.dedupe_seconds;
	for (size_t i = 0; i < rows->count; i++)
		add_row(p, entries, &count, &rows->items[i]);
	for (size_t i = 0; i < count; i++)
		if (entries[i].policy.dedupe_seconds > longest)
			longest = entries[i].policy.dedupe_seconds;
	lock(p);
	struct entry *old = p->entries;
	p->entries = entries;
	p->count = count;
	p->dedupe_seconds_max = longest;
	p->version = version;
	unlock(p);
	mem_free(old);
}

enum status tenant_policies_refresh(struct tenant_policies *p, struct store_session *session, struct err *err)
{
	uint64_t version;
	struct tenant_setting_list rows;
	/* The version first: what is changed between the two reads is then read once more, not missed. */
	enum status status = store_tenant_setting_version(session, &version, err);
	if (status != STATUS_OK || version == p->version)
		return status;
	struct arena *arena = arena_new();
	status = store_tenant_setting_list(session, arena, &rows, err);
	if (status == STATUS_OK)
		replace(p, version, &rows);
	arena_free(&arena);
	return status;
}

void tenant_policies_expire(struct tenant_policies *p)
{
	atomic_store(&p->is_expired, true);
}

bool tenant_policies_take_expired(struct tenant_policies *p)
{
	return atomic_exchange(&p->is_expired, false);
}
