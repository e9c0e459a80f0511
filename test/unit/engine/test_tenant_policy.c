/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger/writer.h"
#include "world.h"

#include "engine/upkeep/retention.h"
#include "store/house/tenant_settings.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static int setup(void **state)
{
	return world_set_up(state, 0);
}

/* ---- The table of settings */

static const struct limit_case {
	const char *name, *value, *installation;
	enum status status; /* of asking for it */
	const char *holds;  /* when it is in the store all the same */
} LIMITS[] = {
    {"opens", "off", "full", STATUS_OK, "off"},
    {"opens", "anonymous", "anonymous", STATUS_OK, "anonymous"},
    {"opens", "full", "anonymous", STATUS_DENIED, "anonymous"},
    {"opens", "anonymous", "off", STATUS_DENIED, "off"},
    {"clicks", "off", "anonymous", STATUS_OK, "off"},
    {"clicks", "full", "off", STATUS_DENIED, "off"},
    {"keep_client", "none", "full", STATUS_OK, "none"},
    {"keep_client", "truncated", "full", STATUS_OK, "truncated"},
    {"keep_client", "full", "truncated", STATUS_DENIED, "truncated"},
    {"keep_client", "truncated", "none", STATUS_DENIED, "none"},
    {"gpc", "honour", "ignore", STATUS_OK, "honour"},
    {"gpc", "ignore", "honour", STATUS_DENIED, "honour"},
    {"events_days", "30", "365", STATUS_OK, "30"},
    {"events_days", "365", "365", STATUS_OK, "365"},
    {"events_days", "366", "365", STATUS_DENIED, "365"},
    {"dedupe_seconds", "3600", "5", STATUS_OK, "3600"},
    {"dedupe_seconds", "1", "5", STATUS_OK, "1"},
    {"provider_dedupe_minutes", "1440", "10", STATUS_OK, "1440"},
    {"headline_opens", "strict", "likely_human", STATUS_OK, "strict"},
    {"headline_opens", "likely_human", "strict", STATUS_OK, "likely_human"},
    {"honeypot", "on", "off", STATUS_OK, "on"},
};

static void check_value(const struct tenant_policy *policy, const struct limit_case *c, const char *want)
{
	char room[40];
	struct buf b;
	buf_init_fixed(&b, room, sizeof room);
	tenant_setting_append(&b, tenant_setting_find(slice_from_cstr(c->name)), policy);
	if (!slice_equal(buf_slice(&b), slice_from_cstr(want)))
		fail_msg("%s = %s where the installation has %s became %s, not %s", c->name, c->value, c->installation,
			 buf_cstr(&b), want);
}

static void test_a_tenant_may_be_stricter_than_the_installation_and_never_looser(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
		const struct limit_case *c = &LIMITS[i];
		struct err err = {0};
		struct slice name = slice_from_cstr(c->name);
		struct tenant_policy policy = tenant_policy_default();
		assert_int_equal(tenant_setting_set(&policy, name, slice_from_cstr(c->installation), &err), STATUS_OK);
		check_value(&policy, c, c->installation);
		if (tenant_setting_check(&policy, name, slice_from_cstr(c->value), &err) != c->status)
			fail_msg("%s = %s where the installation has %s: %s", c->name, c->value, c->installation,
				 err.text);
		assert_true(tenant_setting_apply(&policy, name, slice_from_cstr(c->value)));
		check_value(&policy, c, c->holds);
	}
}

static void test_a_refusal_names_the_setting_the_value_and_what_is_allowed(void **state)
{
	static const struct {
		const char *name, *value;
		enum status status;
		const char *words;
	} CASES[] = {
	    {"colour", "red", STATUS_BAD_INPUT, "there is no setting 'colour'; there are opens, clicks, keep_client"},
	    {"timezone", "UTC", STATUS_BAD_INPUT, "honeypot, time_zone"},
	    {"opens", "maybe", STATUS_BAD_INPUT, "opens must be one of off|anonymous|full, not 'maybe'"},
	    {"opens", "", STATUS_BAD_INPUT, "opens must be one of"},
	    {"dedupe_seconds", "0", STATUS_BAD_INPUT, "dedupe_seconds must be a number from 1 to 3600, not '0'"},
	    {"dedupe_seconds", "3601", STATUS_BAD_INPUT, "a number from 1 to 3600, not '3601'"},
	    {"dedupe_seconds", "5s", STATUS_BAD_INPUT, "not '5s'"},
	    {"clicks", "full", STATUS_DENIED,
	     "clicks cannot be 'full': this installation (tracking.clicks) allows off, anonymous"},
	    {"keep_client", "full", STATUS_DENIED, "(privacy.keep_client) allows truncated, none"},
	    {"events_days", "91", STATUS_DENIED, "(retain.events_days) allows 1 to 90"},
	};
	struct tenant_policy limit = tenant_policy_default();
	limit.clicks = CONSENT_ANONYMOUS;
	limit.keep_client = KEEP_CLIENT_TRUNCATED;
	limit.events_days = 90;
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct err err = {0};
		assert_int_equal(
		    tenant_setting_check(&limit, slice_from_cstr(CASES[i].name), slice_from_cstr(CASES[i].value), &err),
		    CASES[i].status);
		if (!slice_contains(slice_from_cstr(err.text), slice_from_cstr(CASES[i].words)))
			fail_msg("got '%s', want '%s'", err.text, CASES[i].words);
	}
}

/* ---- What holds for a tenant */

static void set(struct world *w, uint32_t tenant, const char *name, const char *value)
{
	struct err err = {0};
	struct tenant_setting_row row = {tenant, slice_from_cstr(name), slice_from_cstr(value)};
	if (store_tenant_setting_put(w->session, &row, WORLD_NOW_US, &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

static struct tenant_policies *new_policies(void)
{
	struct tenant_policy installation = tenant_policy_default();
	struct event_retention retention = {.days = 365};
	return tenant_policies_new(&installation, &retention, "UTC");
}

static void refresh(struct world *w, struct tenant_policies *policies)
{
	struct err err = {0};
	if (tenant_policies_refresh(policies, w->session, &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

static uint32_t add_tenant(struct world *w, const char *name, const char *zone)
{
	struct err err = {0};
	uint32_t id = 0;
	struct tenant tenant = {
	    .name = slice_from_cstr(name), .time_zone = slice_from_cstr(zone), .created_us = WORLD_NOW_US};
	if (store_tenant_add(w->session, &tenant, &id, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	return id;
}

static void test_a_refresh_sees_what_was_changed_and_each_tenant_has_its_own(void **state)
{
	struct world *w = *state;
	struct tenant_policies *p = new_policies();
	assert_int_equal(tenant_policies_of(p, 1).dedupe_seconds, 5);
	set(w, 1, "dedupe_seconds", "60");
	uint32_t other = add_tenant(w, "acme", "UTC");
	set(w, other, "opens", "off");
	set(w, other, "dedupe_seconds", "30");
	assert_int_equal(tenant_policies_of(p, 1).dedupe_seconds, 5);
	refresh(w, p);
	assert_int_equal(tenant_policies_of(p, 1).dedupe_seconds, 60);
	assert_int_equal(tenant_policies_of(p, 1).opens, CONSENT_FULL);
	assert_int_equal(tenant_policies_of(p, other + 1).dedupe_seconds, 5);
	assert_int_equal(tenant_policies_of(p, other).opens, CONSENT_OFF);
	assert_int_equal(tenant_policies_of(p, other).dedupe_seconds, 30);
	set(w, 1, "dedupe_seconds", "");
	refresh(w, p);
	assert_int_equal(tenant_policies_of(p, 1).dedupe_seconds, 5);
	tenant_policies_free(&p);
}

static void test_a_value_that_is_none_is_passed_over(void **state)
{
	struct world *w = *state;
	struct tenant_policies *p = new_policies();
	set(w, 1, "keep_client", "everything");
	set(w, 1, "of_a_newer_program", "1");
	set(w, 1, "opens", "anonymous");
	refresh(w, p);
	assert_int_equal(tenant_policies_of(p, 1).keep_client, KEEP_CLIENT_FULL);
	assert_int_equal(tenant_policies_of(p, 1).opens, CONSENT_ANONYMOUS);
	tenant_policies_free(&p);
}

static void expect_zone(const struct tenant_policies *p, uint32_t tenant, const char *name)
{
	struct tenant_policy policy = tenant_policies_of(p, tenant);
	assert_string_equal(time_zone_name(policy.zone), name);
	assert_ptr_equal(tenant_policies_zone(p, tenant), policy.zone);
}

static void test_each_tenant_has_a_zone_and_those_of_one_share_it(void **state)
{
	struct world *w = *state;
	struct tenant_policies *p = new_policies();
	uint32_t paris = add_tenant(w, "paris", "Europe/Paris");
	uint32_t lyon = add_tenant(w, "lyon", "Europe/Paris");
	uint32_t oslo = add_tenant(w, "oslo", "Europe/Oslo");
	set(w, oslo, "opens", "off");
	set(w, w->tenant, "opens", "anonymous");
	expect_zone(p, paris, "UTC"); /* nothing is read yet */
	refresh(w, p);
	expect_zone(p, w->tenant, "UTC");
	expect_zone(p, paris, "Europe/Paris");
	expect_zone(p, oslo, "Europe/Oslo");
	expect_zone(p, oslo + 1, "UTC");
	assert_ptr_equal(tenant_policies_zone(p, paris), tenant_policies_zone(p, lyon));
	assert_int_equal(tenant_policies_of(p, oslo).opens, CONSENT_OFF);
	assert_int_equal(tenant_policies_of(p, w->tenant).opens, CONSENT_ANONYMOUS);
	assert_int_equal(tenant_policies_without_zone(p), 0);
	tenant_policies_free(&p);
	expect_zone(NULL, paris, "UTC");
}

/* Whoever copied a policy may go on asking its zone while the table is replaced. */
static void test_a_saved_zone_holds_from_the_next_refresh_and_the_former_one_lives_on(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	struct tenant_policies *p = new_policies();
	struct tenant tenant = {.id = add_tenant(w, "acme", "Asia/Tokyo"), .time_zone = SLICE("Asia/Kolkata")};
	refresh(w, p);
	struct tenant_policy before = tenant_policies_of(p, tenant.id);
	assert_int_equal(store_tenant_save(w->session, &tenant, &err), STATUS_OK);
	expect_zone(p, tenant.id, "Asia/Tokyo");
	refresh(w, p);
	expect_zone(p, tenant.id, "Asia/Kolkata");
	assert_string_equal(time_zone_name(before.zone), "Asia/Tokyo");
	assert_int_equal(time_zone_day_begin(before.zone, 20000), (20000 * 24 - 9) * 3600 * SECOND);
	tenant_policies_free(&p);
}

struct asker {
	const struct tenant_policies *policies;
	uint32_t tenant;
	atomic_bool is_over;
	_Atomic uint64_t asked, wrong;
};

/* Tokyo's day began nine hours before UTC's, Los Angeles' seven hours after it: there is no third answer. */
static void *ask(void *user)
{
	struct asker *a = user;
	while (!atomic_load(&a->is_over)) {
		struct tenant_policy policy = tenant_policies_of(a->policies, a->tenant);
		int64_t hours = time_zone_day_begin(policy.zone, 20000) / (3600 * SECOND) - INT64_C(20000) * 24;
		atomic_fetch_add(&a->asked, 1);
		if (hours != -9 && hours != 7)
			atomic_fetch_add(&a->wrong, 1);
	}
	return NULL;
}

static void test_those_who_ask_while_the_zone_changes_get_the_one_or_the_other(void **state)
{
	enum { ASKERS = 3, CHANGES = 200 };
	struct world *w = *state;
	struct err err = {0};
	pthread_t threads[ASKERS];
	struct tenant_policies *p = new_policies();
	struct tenant tenant = {.id = add_tenant(w, "acme", "Asia/Tokyo")};
	struct asker asker = {.policies = p, .tenant = tenant.id};
	refresh(w, p);
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &asker), 0);
	for (int i = 0; i < CHANGES; i++) {
		tenant.time_zone = i % 2 ? SLICE("Asia/Tokyo") : SLICE("America/Los_Angeles");
		assert_int_equal(store_tenant_save(w->session, &tenant, &err), STATUS_OK);
		refresh(w, p);
		assert_string_equal(time_zone_name(tenant_policies_zone(p, tenant.id)), tenant.time_zone.p);
	}
	while (!atomic_load(&asker.asked))
		(void)sched_yield();
	atomic_store(&asker.is_over, true);
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(asker.wrong, 0);
	tenant_policies_free(&p);
}

/* As where the package with the zone data is too old, or missing. */
static void test_a_zone_that_cannot_be_read_is_utc_and_is_told(void **state)
{
	struct world *w = *state;
	struct tenant_policies *p = new_policies();
	uint32_t other = add_tenant(w, "acme", "Mars/Olympus");
	uint32_t paris = add_tenant(w, "paris", "Europe/Paris");
	set(w, other, "opens", "off");
	refresh(w, p);
	expect_zone(p, other, "UTC");
	expect_zone(p, paris, "Europe/Paris");
	assert_int_equal(tenant_policies_of(p, other).opens, CONSENT_OFF);
	assert_int_equal(tenant_policies_without_zone(p), 1);
	tenant_policies_free(&p);
}

/* ---- Where it holds */

static struct writer *start_writer(struct world *w, struct tenant_policies *policies)
{
	w->policies = policies;
	struct writer *writer = world_start_writer(w);
	w->policies = NULL; /* the test's own */
	return writer;
}

/* An open after each of these times, applied by a writer of its own. */
static void apply_opens(struct world *w, bool opts_out, const int64_t *after_s, size_t count)
{
	struct tenant_policies *policies = new_policies();
	struct world_feed *feed = world_feed_open(w);
	struct hit_record hit = world_hit(w, 0, HIT_OPEN);
	hit.opts_out = opts_out;
	for (size_t i = 0; i < count; i++)
		world_put_hit(feed, WORLD_NOW_US + after_s[i] * SECOND, &hit);
	world_feed_close(&feed);
	struct writer *writer = start_writer(w, policies);
	writer_stop(&writer);
	tenant_policies_free(&policies);
}

static void test_hits_count_once_within_the_tenants_own_time(void **state)
{
	static const int64_t AFTER_S[] = {0, 25, 60};
	struct world *w = *state;
	const struct event *e;
	world_add_message(w, 0, false);
	set(w, w->tenant, "dedupe_seconds", "30");
	apply_opens(w, false, AFTER_S, 3);
	assert_int_equal(world_events(w, 0, &e), 2);
	assert_true(e[0].repeats == 1 && e[1].repeats == 0);
	world_check_sums(w);
}

static void test_a_long_time_of_a_tenant_survives_a_restart(void **state)
{
	static const int64_t FIRST[] = {0}, SECOND_TIME[] = {1700};
	struct world *w = *state;
	const struct event *e;
	world_add_message(w, 0, false);
	set(w, w->tenant, "dedupe_seconds", "1800");
	apply_opens(w, false, FIRST, 1);
	apply_opens(w, false, SECOND_TIME, 1);
	assert_int_equal(world_events(w, 0, &e), 1);
	assert_int_equal(e->repeats, 1);
	world_check_sums(w);
}

static void test_what_is_kept_of_the_client_is_the_tenants_choice(void **state)
{
	static const struct {
		const char *value, *ip;
		bool has_agent;
	} CASES[] = {{"full", "203.0.113.7", true}, {"truncated", "203.0.113.0", true}, {"none", "", false}};
	struct world *w = *state;
	world_add_message(w, 0, false);
	for (size_t i = 0; i < 3; i++) {
		const struct event *e;
		int64_t after_s[] = {(int64_t)i * 100};
		set(w, w->tenant, "keep_client", CASES[i].value);
		apply_opens(w, false, after_s, 1);
		assert_int_equal(world_events(w, 0, &e), i + 1);
		if (!slice_equal(e[i].ip, slice_from_cstr(CASES[i].ip)) ||
		    (e[i].user_agent.n > 0) != CASES[i].has_agent)
			fail_msg("%s keeps '%.*s'", CASES[i].value, SLICE_FMT(e[i].ip));
	}
}

static void test_a_tenants_days_are_fewer_than_the_installations_or_count_for_nothing(void **state)
{
	static const struct {
		const char *own;
		uint32_t listed, asked;
		uint64_t goes; /* of opens 0, 100, 200, 300 days old */
	} CASES[] = {
	    {"", 0, 0, 1},     {"150", 0, 0, 2},   {"50", 0, 0, 3},    {"3650", 0, 0, 1}, {"", 150, 0, 2},
	    {"50", 150, 0, 3}, {"250", 150, 0, 2}, {"50", 3650, 0, 3}, {"50", 0, 250, 1},
	};
	static const int64_t AFTER_S[] = {0, 100 * 86400, 200 * 86400, 300 * 86400};
	struct world *w = *state;
	world_add_message(w, 0, false);
	apply_opens(w, false, AFTER_S, 4);
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct err err = {0};
		uint64_t count = 0;
		struct tenant_retention listed = {SLICE("default"), CASES[i].listed};
		struct event_retention events = {.days = 250, .tenants = &listed, .tenant_count = CASES[i].listed != 0};
		set(w, w->tenant, "events_days", CASES[i].own);
		struct event_sweep *sweep = NULL;
		struct event_retention for_all = {.days = CASES[i].asked, .is_for_all = true};
		struct event_sweep_config config = {.store = w->store,
						    .clock = clock_system(),
						    .retention = CASES[i].asked ? &for_all : &events,
						    .now_us = WORLD_NOW_US + 300 * DAY};
		assert_int_equal(event_sweep_begin(&config, &sweep, &err), STATUS_OK);
		while (event_sweep_step(sweep, &err) == STATUS_OK)
			;
		count = event_sweep_progress(sweep).count;
		event_sweep_free(&sweep);
		if (count != CASES[i].goes)
			fail_msg("own '%s', listed %u, asked %u: %d would go", CASES[i].own, CASES[i].listed,
				 CASES[i].asked, (int)count);
	}
}

/* Another process on the same store: the writer of this one looks once a second. */
static void test_a_change_by_another_process_holds_without_a_restart(void **state)
{
	struct world *w = *state;
	struct tenant_policies *p = new_policies();
	struct writer *writer = start_writer(w, p);
	set(w, w->tenant, "opens", "anonymous");
	while (tenant_policies_of(p, w->tenant).opens != CONSENT_ANONYMOUS)
		(void)sched_yield();
	writer_stop(&writer);
	tenant_policies_free(&p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_tenant_may_be_stricter_than_the_installation_and_never_looser),
	    cmocka_unit_test(test_a_refusal_names_the_setting_the_value_and_what_is_allowed),
	    TEST(test_a_refresh_sees_what_was_changed_and_each_tenant_has_its_own),
	    TEST(test_a_value_that_is_none_is_passed_over),
	    TEST(test_each_tenant_has_a_zone_and_those_of_one_share_it),
	    TEST(test_a_saved_zone_holds_from_the_next_refresh_and_the_former_one_lives_on),
	    TEST(test_those_who_ask_while_the_zone_changes_get_the_one_or_the_other),
	    TEST(test_a_zone_that_cannot_be_read_is_utc_and_is_told),
	    TEST(test_hits_count_once_within_the_tenants_own_time),
	    TEST(test_a_long_time_of_a_tenant_survives_a_restart),
	    TEST(test_what_is_kept_of_the_client_is_the_tenants_choice),
	    TEST(test_a_tenants_days_are_fewer_than_the_installations_or_count_for_nothing),
	    TEST(test_a_change_by_another_process_holds_without_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
