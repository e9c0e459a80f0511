/* SPDX-License-Identifier: Apache-2.0 */
/* One table. Every value is a number: of a choice it is the place in the list, which is that of the enum. So all
 * members of struct tenant_policy that are settings have four bytes and are read and written in one way. */
#include "engine/tenant/tenant_setting.h"

#include <stddef.h>

enum bound {
	BOUND_NONE,     /* a matter of taste: the tenant's own value holds */
	BOUND_AT_MOST,  /* not above the installation's */
	BOUND_AT_LEAST, /* not below it */
};

struct kind {
	size_t offset;
	enum bound bound;
	uint32_t min, max; /* numbers */
	const char *key;   /* of the configuration, for the limit's words */
};

#define AT(member) offsetof(struct tenant_policy, member)
enum { DAYS_MAX = 36500, SETTING_COUNT = 9 };

static const struct tenant_setting settings[SETTING_COUNT] = {
    {"opens", "off|anonymous|full", "how far the opens of new mail are tracked at most"},
    {"clicks", "off|anonymous|full", "how far the clicks of new mail are tracked at most"},
    {"keep_client", "full|truncated|none", "what is kept of a recipient's address and user agent"},
    {"gpc", "honour|ignore", "whether a hit with Sec-GPC: 1 or DNT: 1 is anonymous at most"},
    {"events_days", NULL, "events are kept so many days"},
    {"dedupe_seconds", NULL, "hits of one address on one link within this time count once"},
    {"provider_dedupe_minutes", NULL, "a provider's report and our own hit within this time count once"},
    {"headline_opens", "likely_human|strict", "whether image proxies count in the headline (strict: no)"},
    {"honeypot", "off|on", "whether new mail gets a link that only machines find"},
};
static const struct kind kinds[SETTING_COUNT] = {
    {AT(opens), BOUND_AT_MOST, 0, 0, "tracking.opens"},
    {AT(clicks), BOUND_AT_MOST, 0, 0, "tracking.clicks"},
    {AT(keep_client), BOUND_AT_LEAST, 0, 0, "privacy.keep_client"},
    {AT(gpc), BOUND_AT_MOST, 0, 0, "privacy.gpc"},
    {AT(events_days), BOUND_AT_MOST, 1, DAYS_MAX, "retain.events_days"},
    {AT(dedupe_seconds), BOUND_NONE, 1, 3600, NULL},
    {AT(provider_dedupe_minutes), BOUND_NONE, 1, 1440, NULL},
    {AT(headline_opens), BOUND_NONE, 0, 0, NULL},
    {AT(honeypot), BOUND_NONE, 0, 0, NULL},
};

struct tenant_policy tenant_policy_default(void)
{
	return (struct tenant_policy){
	    .opens = CONSENT_FULL,
	    .clicks = CONSENT_FULL,
	    .keep_client = KEEP_CLIENT_FULL,
	    .gpc = GPC_HONOUR,
	    .events_days = 365,
	    .dedupe_seconds = 5,
	    .provider_dedupe_minutes = 10,
	    .headline_opens = HEADLINE_LIKELY_HUMAN,
	    .honeypot = HONEYPOT_OFF,
	    .zone = time_zone_utc(),
	};
}

const struct tenant_setting *tenant_settings(size_t *ret_count)
{
	*ret_count = SETTING_COUNT;
	return settings;
}

const struct tenant_setting *tenant_setting_find(struct slice name)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (slice_equal(name, slice_from_cstr(settings[i].name)))
			return &settings[i];
	return NULL;
}

/* The two tables stand apart because the first is for everybody who shows settings, and the second is nobody's
 * business. */
static const struct kind *kind_of(const struct tenant_setting *setting)
{
	return &kinds[setting - settings];
}

/* By memcpy, because the members are of several types, enums and numbers, and only their size is the same. */
static uint32_t get(const struct tenant_policy *policy, const struct kind *kind)
{
	uint32_t value;
	_Static_assert(sizeof policy->opens == sizeof value && sizeof policy->honeypot == sizeof value, "four bytes");
	memcpy(&value, (const char *)policy + kind->offset, sizeof value);
	return value;
}

static void put(struct tenant_policy *policy, const struct kind *kind, uint32_t value)
{
	memcpy((char *)policy + kind->offset, &value, sizeof value);
}

/* Choices are few and short: cutting the text each time is less to keep right than a second list. */
static struct slice choice_at(const char *choices, uint32_t place)
{
	struct slice rest = slice_from_cstr(choices);
	struct slice choice = slice_cut(&rest, '|');
	while (place--)
		choice = slice_cut(&rest, '|');
	return choice;
}

static bool find_choice(const char *choices, struct slice value, uint32_t *ret)
{
	struct slice rest = slice_from_cstr(choices);
	for (uint32_t i = 0; rest.n; i++)
		if (slice_equal(slice_cut(&rest, '|'), value))
			return *ret = i, true;
	return false;
}

void tenant_setting_append(struct buf *b, const struct tenant_setting *setting, const struct tenant_policy *policy)
{
	uint32_t value = get(policy, kind_of(setting));
	if (setting->choices)
		buf_append(b, choice_at(setting->choices, value));
	else
		buf_append_u64(b, value);
}

/* ---- Values that come in */

static enum status refuse_name(struct slice name, struct err *err)
{
	return err_set(err, STATUS_BAD_INPUT,
		       "there is no setting '%.*s'; there are opens, clicks, keep_client, gpc, events_days, "
		       "dedupe_seconds, provider_dedupe_minutes, headline_opens, honeypot, time_zone",
		       SLICE_FMT(slice_sub(name, 0, 30)));
}

static enum status parse(struct slice name, struct slice value, const struct kind **ret_kind, uint32_t *ret,
			 struct err *err)
{
	uint64_t number;
	uint32_t place;
	const struct tenant_setting *setting = tenant_setting_find(name);
	if (!setting)
		return refuse_name(name, err);
	const struct kind *kind = kind_of(setting);
	*ret_kind = kind;
	if (setting->choices && find_choice(setting->choices, value, &place))
		return *ret = place, STATUS_OK;
	if (!setting->choices && slice_to_u64(value, kind->max, &number) && number >= kind->min)
		return *ret = (uint32_t)number, STATUS_OK;
	if (setting->choices)
		return err_set(err, STATUS_BAD_INPUT, "%s must be one of %s, not '%.*s'", setting->name,
			       setting->choices, SLICE_FMT(slice_sub(value, 0, 30)));
	return err_set(err, STATUS_BAD_INPUT, "%s must be a number from %u to %u, not '%.*s'", setting->name, kind->min,
		       kind->max, SLICE_FMT(slice_sub(value, 0, 30)));
}

enum status tenant_setting_set(struct tenant_policy *policy, struct slice name, struct slice value, struct err *err)
{
	const struct kind *kind;
	uint32_t number;
	enum status status = parse(name, value, &kind, &number, err);
	if (status == STATUS_OK)
		put(policy, kind, number);
	return status;
}

/* The value nearest to `wanted` that the limit allows. */
static uint32_t within(const struct kind *kind, uint32_t limit, uint32_t wanted)
{
	bool is_beyond =
	    (kind->bound == BOUND_AT_MOST && wanted > limit) || (kind->bound == BOUND_AT_LEAST && wanted < limit);
	return is_beyond ? limit : wanted;
}

static void append_allowed(struct buf *b, const struct tenant_setting *setting, uint32_t limit)
{
	const struct kind *kind = kind_of(setting);
	if (!setting->choices) {
		buf_printf(b, "%u to %u", kind->min, limit);
		return;
	}
	struct slice rest = slice_from_cstr(setting->choices);
	const char *between = "";
	for (uint32_t i = 0; rest.n; i++) {
		struct slice choice = slice_cut(&rest, '|');
		if (within(kind, limit, i) != i)
			continue;
		buf_printf(b, "%s%.*s", between, SLICE_FMT(choice));
		between = ", ";
	}
}

/* "Denied" and not "bad input" where the value is one: who runs the installation can allow it, and the caller learns
 * which key of the configuration it is. */
enum status tenant_setting_check(const struct tenant_policy *limit, struct slice name, struct slice value,
				 struct err *err)
{
	const struct kind *kind;
	uint32_t number;
	char allowed[80];
	struct buf b;
	enum status status = parse(name, value, &kind, &number, err);
	if (status != STATUS_OK || within(kind, get(limit, kind), number) == number)
		return status;
	buf_init_fixed(&b, allowed, sizeof allowed);
	append_allowed(&b, tenant_setting_find(name), get(limit, kind));
	return err_set(err, STATUS_DENIED, "%.*s cannot be '%.*s': this installation (%s) allows %s", SLICE_FMT(name),
		       SLICE_FMT(slice_sub(value, 0, 30)), kind->key, buf_cstr(&b));
}

/* Cut down to the limit here, and refused in tenant_setting_check: what was allowed once must not fail now, when nobody
 * asks for it. */
bool tenant_setting_apply(struct tenant_policy *policy, struct slice name, struct slice value)
{
	const struct kind *kind;
	uint32_t number;
	struct err ignored;
	if (parse(name, value, &kind, &number, &ignored) != STATUS_OK)
		return false;
	put(policy, kind, within(kind, get(policy, kind), number));
	return true;
}
