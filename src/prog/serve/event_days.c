/* SPDX-License-Identifier: Apache-2.0 */
/* "default=365, acme=90": retention by tenant is for whoever runs the installation, so it stands in the configuration
 * and names tenants as people do. Names are not looked up here: a tenant may be made later, and then the line already
 * holds for it. */
#include "prog/serve/event_days.h"

enum { DAYS_MAX = 36500, TENANTS_MAX = 1000 };

/* Twice is a mistake and not a matter of order: which of two numbers somebody meant cannot be guessed. */
static bool is_listed(const struct tenant_retention *list, size_t count, struct slice tenant)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(list[i].tenant, tenant))
			return true;
	return false;
}

static enum status parse_one(struct slice text, struct tenant_retention *ret, struct err *err)
{
	uint64_t days = 0;
	struct slice rest = text;
	struct slice name = slice_trim(slice_cut(&rest, '='));
	if (!name.n || !slice_to_u64(slice_trim(rest), DAYS_MAX, &days) || days == 0)
		return err_set(err, STATUS_BAD_INPUT,
			       "retain.events_days_of: '%.*s' is not NAME=DAYS with 1 to %d days",
			       SLICE_FMT(slice_sub(text, 0, 60)), DAYS_MAX);
	*ret = (struct tenant_retention){name, (uint32_t)days};
	return STATUS_OK;
}

enum status event_days_parse(const struct config *config, struct arena *arena, struct event_retention *ret,
			     struct err *err)
{
	struct slice rest = slice_from_cstr(config->retain_events_days_of);
	struct tenant_retention *list = arena_alloc_array(arena, TENANTS_MAX, sizeof *list);
	size_t count = 0;
	while (rest.n) {
		struct slice text = slice_trim(slice_cut(&rest, ','));
		if (!text.n)
			continue;
		if (count == TENANTS_MAX)
			return err_set(err, STATUS_BAD_INPUT, "retain.events_days_of: more than %d tenants",
				       TENANTS_MAX);
		struct tenant_retention one;
		enum status status = parse_one(text, &one, err);
		if (status != STATUS_OK)
			return status;
		if (is_listed(list, count, one.tenant))
			return err_set(err, STATUS_BAD_INPUT, "retain.events_days_of: '%.*s' stands there twice",
				       SLICE_FMT(slice_sub(one.tenant, 0, 60)));
		list[count++] = one;
	}
	*ret = (struct event_retention){
	    .days = (uint32_t)config->retain_events_days, .tenants = list, .tenant_count = count};
	return STATUS_OK;
}
