/* SPDX-License-Identifier: Apache-2.0 */
/* A table sorted by tenant that is never changed, only replaced as a whole; the lock is held for as long as it takes to
 * find one row in it. The thread that replaces it is the only one, so it may read without the lock.
 *
 * Zones are shared by the tenants that have them and are freed last of all: whoever copied a policy may go on asking
 * its zone while the table is replaced. There are some 400 different ones in the world, of 6 KB at most. */
#include "engine/tenant/tenant_policy.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/house/accounts.h"
#include "store/house/tenant_settings.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct entry {
	uint32_t tenant;
	struct tenant_policy policy;
};

struct tenant_list {
	struct tenant *items;
	size_t count;
};

struct tenant_policies {
	struct tenant_policy installation;
	struct event_retention retention;
	const char *new_zone;
	atomic_bool is_expired;
	atomic_size_t without_zone;
	struct time_zone **zones; /* of the refreshing thread */
	size_t zone_count;
	pthread_mutex_t lock; /* of what follows */
	struct entry *entries;
	size_t count;
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
					    const struct event_retention *retention, const char *time_zone)
{
	struct tenant_policies *p = MEM_NEW(struct tenant_policies);
	p->installation = *installation;
	p->retention = *retention;
	p->new_zone = time_zone;
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
	for (size_t i = 0; i < p->zone_count; i++)
		time_zone_free(&p->zones[i]);
	mem_free(p->zones);
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

/* Under the lock, or on the thread that refreshes. */
const struct tenant_policy *tenant_policies_look(const struct tenant_policies *p, uint32_t tenant)
{
	const struct entry *found =
	    p->count ? bsearch(&tenant, p->entries, p->count, sizeof *p->entries, compare_tenants) : NULL;
	return found ? &found->policy : &p->installation;
}

/* A copy: the row may be gone when the lock is. What it points to, the zone, is not. */
struct tenant_policy tenant_policies_of(const struct tenant_policies *p, uint32_t tenant)
{
	if (!p)
		return tenant_policy_default();
	lock(p);
	struct tenant_policy policy = *tenant_policies_look(p, tenant);
	unlock(p);
	return policy;
}

const struct time_zone *tenant_policies_zone(const struct tenant_policies *p, uint32_t tenant)
{
	return p ? tenant_policies_look(p, tenant)->zone : time_zone_utc();
}

size_t tenant_policies_without_zone(const struct tenant_policies *p)
{
	return p ? atomic_load(&p->without_zone) : 0;
}

struct slice tenant_policies_new_zone(const struct tenant_policies *p)
{
	return p ? slice_from_cstr(p->new_zone) : SLICE("UTC");
}

struct tenant_policy tenant_policies_limit(const struct tenant_policies *p, struct slice tenant)
{
	struct tenant_policy limit = p->installation;
	limit.events_days = event_retention_days(&p->retention, tenant);
	return limit;
}

/* ---- Keeping it true */

static const struct time_zone *find_zone(const struct tenant_policies *p, struct slice name)
{
	for (size_t i = 0; i < p->zone_count; i++)
		if (slice_equal(slice_from_cstr(time_zone_name(p->zones[i])), name))
			return p->zones[i];
	return NULL;
}

/* NULL, and logged, where it cannot be read: numbers in UTC are better than none. */
static const struct time_zone *get_zone(struct tenant_policies *p, const struct tenant *tenant)
{
	struct err err = {0};
	struct time_zone *zone;
	const struct time_zone *known = find_zone(p, tenant->time_zone);
	if (known)
		return known;
	if (time_zone_load(tenant->time_zone, &zone, &err) != STATUS_OK) {
		log_error("tenant.time_zone_unknown", LOG_STR("tenant", tenant->name),
			  LOG_STR("time_zone", tenant->time_zone), LOG_CSTR("counted_in", "UTC"), LOG_ERR(&err));
		return NULL;
	}
	p->zones = mem_resize(p->zones, (p->zone_count + 1) * sizeof *p->zones);
	return p->zones[p->zone_count++] = zone;
}

struct tenant_table {
	struct entry *entries;
	size_t count;
	size_t without_zone;
};

/* Makes an entry of the tenant and of the first `count` rows, which are all of its settings. */
static void add_tenant(struct tenant_policies *p, struct tenant_table *table, const struct tenant *tenant,
		       const struct tenant_setting_row *rows, size_t count)
{
	bool is_utc = slice_equal(tenant->time_zone, SLICE("UTC"));
	const struct time_zone *zone = is_utc ? time_zone_utc() : get_zone(p, tenant);
	if (!zone)
		table->without_zone++;
	if (!count && (is_utc || !zone))
		return;
	struct entry *entry = &table->entries[table->count++];
	*entry = (struct entry){tenant->id, p->installation};
	for (size_t i = 0; i < count; i++)
		if (!tenant_setting_apply(&entry->policy, rows[i].name, rows[i].value))
			log_warn("tenant.bad_setting", LOG_INT("tenant", rows[i].tenant), LOG_STR("name", rows[i].name),
				 LOG_STR("value", rows[i].value));
	entry->policy.zone = zone ? zone : time_zone_utc();
}

/* Both lists are in the order of the tenants' numbers. */
static struct tenant_table make_table(struct tenant_policies *p, const struct tenant_list *tenants,
				      const struct tenant_setting_list *rows)
{
	struct tenant_table table = {.entries = mem_alloc_array(tenants->count + 1, sizeof *table.entries)};
	size_t at = 0;
	for (size_t i = 0; i < tenants->count; i++) {
		const struct tenant *tenant = &tenants->items[i];
		while (at < rows->count && rows->items[at].tenant < tenant->id)
			at++; /* of one that was added between the two reads */
		size_t first = at;
		while (at < rows->count && rows->items[at].tenant == tenant->id)
			at++;
		add_tenant(p, &table, tenant, rows->items + first, at - first);
	}
	/* Most tenants of most installations have nothing of their own. */
	table.entries = mem_resize(table.entries, (table.count + 1) * sizeof *table.entries);
	return table;
}

/* The old table goes after the lock: whoever asked under it holds a copy. */
static void replace(struct tenant_policies *p, uint64_t version, const struct tenant_table *table)
{
	lock(p);
	struct entry *old = p->entries;
	p->entries = table->entries;
	p->count = table->count;
	p->version = version;
	unlock(p);
	mem_free(old);
	atomic_store(&p->without_zone, table->without_zone);
}

/* The version first: what is changed between the reads is then read once more, not missed. */
enum status tenant_policies_refresh(struct tenant_policies *p, struct store_session *session, struct err *err)
{
	uint64_t version;
	struct tenant_list tenants;
	struct tenant_setting_list rows;
	enum status status = store_tenant_setting_version(session, &version, err);
	if (status != STATUS_OK || version == p->version)
		return status;
	struct arena *arena = arena_new();
	status = store_tenant_list(session, arena, &tenants.items, &tenants.count, err);
	if (status == STATUS_OK)
		status = store_tenant_setting_list(session, arena, &rows, err);
	if (status == STATUS_OK) {
		struct tenant_table table = make_table(p, &tenants, &rows);
		replace(p, version, &table);
	}
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
