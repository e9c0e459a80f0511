/* SPDX-License-Identifier: Apache-2.0 */
#include "post.h"

#include "base/mem.h"
#include "engine/mail/mail_body.h"
#include "store/house/tenant_settings.h"
#include "store/mail/bodies.h"
#include "store/mail/queue.h"
#include "store/people/contacts.h"
#include "store/people/suppressions.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define PARTIES "\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"C@example.com\"},\"subject\":\"S\""
#define MAIL PARTIES ",\"html\":\"<p><a href='https://e.com/x'>x</a></p>\",\"text\":\"t\""

static void test_a_provider_without_an_account_is_refused(void **state)
{
	static const struct smtp_peer_script willing = {.fail_at = PEER_NOWHERE};
	struct post p;
	struct accept_result result;
	struct problem_list problems;
	(void)state;
	post_open(&p);
	assert_int_equal(post_try(&p, ACCEPT_SEND, "{" MAIL ",\"provider\":\"smtp\"}", &result, &problems),
			 STATUS_BAD_INPUT);
	assert_int_equal(problems.count, 1);
	assert_string_equal(problems.items[0].pointer.p, "/provider");
	(void)post_send(&p, ACCEPT_SEND, "{" MAIL ",\"provider\":\"outbox\"}");
	post_close(&p);
	struct smtp_peer *peer = post_open_with_peer(&p, &willing);
	(void)post_send(&p, ACCEPT_SEND, "{" MAIL ",\"provider\":\"smtp\"}");
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_message_is_queued_with_its_event_and_body(void **state)
{
	struct post p;
	const struct event *events;
	struct slice content;
	struct mail_body body;
	struct err err;
	(void)state;
	post_open(&p);
	struct accept_result result =
	    post_send(&p, ACCEPT_SEND, "{" MAIL ",\"campaign\":{\"id\":\"spring\",\"name\":\"Spring\"}}");
	assert_string_equal(result.status, "queued");
	assert_int_equal(result.link_count, 1);
	assert_true(slice_starts_with(result.links[0].tracked_url, SLICE("http://127.0.0.1:8420/c/")));
	assert_int_equal(result.warning_count, 0);
	const struct message *m = post_message(&p, result.id);
	assert_int_equal(m->state, MESSAGE_QUEUED);
	assert_true(slice_equal(m->contact_id, SLICE("c@example.com")));
	assert_true(slice_equal(m->provider, SLICE("outbox")));
	assert_int_equal(post_events(&p, result.id, &events), 1);
	assert_int_equal(events[0].type, EVENT_QUEUED);
	assert_int_equal(store_body_find(p.world.session, p.world.tenant, m->body_id, p.arena, &content, &err),
			 STATUS_OK);
	assert_int_equal(mail_body_decode(content, p.arena, &body, &err), STATUS_OK);
	assert_true(slice_equal(body.text, SLICE("t")));
	post_check_sums(&p);
	post_close(&p);
}

static void test_nothing_is_written_for_a_bad_request(void **state)
{
	struct post p;
	struct accept_result result;
	struct problem_list problems = {0};
	(void)state;
	post_open(&p);
	assert_int_equal(post_try(&p, ACCEPT_SEND, "{" MAIL ",\"x\":1,\"y\":2}", &result, &problems), STATUS_BAD_INPUT);
	assert_int_equal(problems.count, 2);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM messages"), 0);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM bodies"), 0);
	post_close(&p);
}

/* ---- The most restrictive of five wins */

enum { LEVELS = 3 };
struct mix {
	enum consent installation, tenant, campaign, contact, request;
};

/* Clicks the other way round, so that nobody takes one for the other. */
static enum consent mirrored(enum consent level)
{
	return (enum consent)(CONSENT_FULL - level);
}

/* A contact and a campaign for each level; the writer must not run while the test's own session writes. */
static void add_levels(struct post *p)
{
	struct err err = {0};
	writer_stop(&p->sending.writer);
	for (int i = 0; i < LEVELS; i++) {
		enum consent level = (enum consent)i;
		struct slice name = slice_from_cstr(consent_name(level));
		struct contact_consent contact = {name, level, mirrored(level)};
		struct campaign_limit campaign = {level, mirrored(level)};
		assert_int_equal(
		    store_contact_set_consent(p->world.session, p->world.tenant, &contact, WORLD_NOW_US, &err),
		    STATUS_OK);
		assert_int_equal(
		    store_campaign_set_limit(p->world.session, p->world.tenant, name, &campaign, WORLD_NOW_US, &err),
		    STATUS_OK);
	}
	post_restart(p);
}

/* As after the tenant's setting was changed: what it has set goes on top of the installation's. */
static struct tenant_policies *policies_of(struct post *p, const struct mix *mix)
{
	struct err err = {0};
	struct tenant_policy installation = tenant_policy_default();
	struct event_retention retention = {.days = 365};
	struct tenant_setting_row opens = {p->world.tenant, SLICE("opens"), slice_from_cstr(consent_name(mix->tenant))};
	struct tenant_setting_row clicks = {p->world.tenant, SLICE("clicks"),
					    slice_from_cstr(consent_name(mirrored(mix->tenant)))};
	installation.opens = mix->installation;
	installation.clicks = mirrored(mix->installation);
	struct tenant_policies *policies = tenant_policies_new(&installation, &retention, "UTC");
	assert_int_equal(store_tenant_setting_put(p->world.session, &opens, WORLD_NOW_US, &err), STATUS_OK);
	assert_int_equal(store_tenant_setting_put(p->world.session, &clicks, WORLD_NOW_US, &err), STATUS_OK);
	assert_int_equal(tenant_policies_refresh(policies, p->world.session, &err), STATUS_OK);
	p->sending.limit = (struct campaign_limit){installation.opens, installation.clicks};
	return policies;
}

static const char *body_of(struct post *p, const struct mix *mix, bool clamps)
{
	return arena_printf(p->arena,
			    "{" MAIL ",\"contact\":{\"id\":\"%s\"},\"campaign\":{\"id\":\"%s\"},"
			    "\"track\":{\"opens\":\"%s\",\"clicks\":\"%s\",\"clamp\":%s}}",
			    consent_name(mix->contact), consent_name(mix->campaign), consent_name(mix->request),
			    consent_name(mirrored(mix->request)), clamps ? "true" : "false")
	    .p;
}

static enum consent least_of(const enum consent levels[], size_t count)
{
	enum consent least = CONSENT_FULL;
	for (size_t i = 0; i < count; i++)
		if (levels[i] < least)
			least = levels[i];
	return least;
}

/* Clamped it is the least of the five; otherwise asking for more than the other four allow is denied. */
static void check_mix(struct post *p, const struct mix *mix)
{
	struct problem_list problems = {0};
	struct accept_result result;
	const enum consent opens[] = {mix->installation, mix->tenant, mix->campaign, mix->contact};
	enum consent clicks[4];
	for (size_t i = 0; i < 4; i++)
		clicks[i] = mirrored(opens[i]);
	enum consent opens_allowed = least_of(opens, 4);
	enum consent clicks_allowed = least_of(clicks, 4);
	bool asks_for_more = mix->request > opens_allowed || mirrored(mix->request) > clicks_allowed;
	enum status want = asks_for_more ? STATUS_DENIED : STATUS_OK;
	const struct message *m = post_message(p, post_send(p, ACCEPT_SEND, body_of(p, mix, true)).id);
	if (m->track_opens != least_of((enum consent[]){opens_allowed, mix->request}, 2) ||
	    m->track_clicks != least_of((enum consent[]){clicks_allowed, mirrored(mix->request)}, 2) ||
	    post_try(p, ACCEPT_SEND, body_of(p, mix, false), &result, &problems) != want)
		fail_msg("installation %s, tenant %s, campaign %s, contact %s, request %s: opens %s, clicks %s",
			 consent_name(mix->installation), consent_name(mix->tenant), consent_name(mix->campaign),
			 consent_name(mix->contact), consent_name(mix->request), consent_name(m->track_opens),
			 consent_name(m->track_clicks));
}

static void test_the_most_restrictive_of_installation_tenant_campaign_contact_and_request_wins(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	add_levels(&p);
	for (int outer = 0; outer < LEVELS * LEVELS; outer++) {
		struct mix mix = {(enum consent)(outer / LEVELS), (enum consent)(outer % LEVELS)};
		struct tenant_policies *policies = policies_of(&p, &mix);
		p.sending.policies = policies;
		for (int inner = 0; inner < LEVELS * LEVELS * LEVELS; inner++) {
			mix.campaign = (enum consent)(inner / (LEVELS * LEVELS));
			mix.contact = (enum consent)(inner / LEVELS % LEVELS);
			mix.request = (enum consent)(inner % LEVELS);
			check_mix(&p, &mix);
		}
		p.sending.policies = NULL;
		tenant_policies_free(&policies);
	}
	post_close(&p);
}

static void test_the_tenants_limit_is_named(void **state)
{
	struct post p;
	struct accept_result result;
	struct problem_list problems = {0};
	const struct mix mix = {CONSENT_FULL, CONSENT_ANONYMOUS, CONSENT_FULL, CONSENT_FULL, CONSENT_FULL};
	(void)state;
	post_open(&p);
	struct tenant_policies *policies = policies_of(&p, &mix);
	p.sending.policies = policies;
	p.sending.limit = (struct campaign_limit){CONSENT_FULL, CONSENT_FULL};
	assert_int_equal(post_try(&p, ACCEPT_SEND, "{" MAIL ",\"track\":{\"opens\":\"full\"}}", &result, &problems),
			 STATUS_DENIED);
	assert_non_null(strstr(arena_cstr(p.arena, problems.items[0].detail), "the tenant allows only \"anonymous\""));
	post_close(&p);
	tenant_policies_free(&policies);
}

/* The writer must not run while the test's own session writes. */
static void suppress_and_restrict(struct post *p)
{
	struct err err;
	bool added;
	struct suppression suppression = {
	    .tenant = p->world.tenant, .address = SLICE("c@example.com"), .reason = SLICE("unsubscribed")};
	struct contact_consent shy = {.id = SLICE("shy"), .opens = CONSENT_ANONYMOUS, .clicks = CONSENT_OFF};
	writer_stop(&p->sending.writer);
	assert_int_equal(store_suppression_add(p->world.session, &suppression, WORLD_NOW_US, &added, &err), STATUS_OK);
	assert_int_equal(store_contact_set_consent(p->world.session, p->world.tenant, &shy, WORLD_NOW_US, &err),
			 STATUS_OK);
	post_restart(p);
}

static void test_a_suppressed_address_is_kept_but_not_queued(void **state)
{
	struct post p;
	const struct event *events;
	(void)state;
	post_open(&p);
	suppress_and_restrict(&p);
	struct accept_result result = post_send(&p, ACCEPT_SEND, "{" MAIL "}");
	assert_string_equal(result.status, "suppressed");
	assert_int_equal(post_message(&p, result.id)->state, MESSAGE_SUPPRESSED);
	assert_int_equal(post_events(&p, result.id, &events), 1);
	assert_int_equal(events[0].type, EVENT_SUPPRESSED);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM send_queue"), 0);
	post_check_sums(&p);
	post_close(&p);
}

static void test_the_contacts_consent_wins_and_asking_for_more_is_denied(void **state)
{
	struct post p;
	struct accept_result result;
	struct problem_list problems = {0};
	(void)state;
	post_open(&p);
	suppress_and_restrict(&p);
	const char *quiet =
	    "{\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"d@example.com\"},"
	    "\"subject\":\"S\",\"html\":\"<a href='https://e.com/'>x</a>\",\"contact\":{\"id\":\"shy\"}}";
	result = post_send(&p, ACCEPT_SEND, quiet);
	assert_int_equal(post_message(&p, result.id)->track_opens, CONSENT_ANONYMOUS);
	assert_int_equal(post_message(&p, result.id)->track_clicks, CONSENT_OFF);
	assert_int_equal(result.links[0].tracked_url.n, 0);
	assert_string_equal(result.links[0].skipped, "clicks_off");
	const char *loud = "{" MAIL ",\"contact\":{\"id\":\"shy\"},\"track\":{\"opens\":\"full\",\"clicks\":\"full\"}}";
	assert_int_equal(post_try(&p, ACCEPT_SEND, loud, &result, &problems), STATUS_DENIED);
	assert_int_equal(problems.count, 2);
	assert_true(slice_equal(problems.items[0].pointer, SLICE("/track/opens")));
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM messages"), 1);
	post_close(&p);
}

static void test_the_installations_limit_is_named_and_clamp_turns_the_error_into_a_warning(void **state)
{
	struct post p;
	struct accept_result result;
	struct problem_list problems = {0};
	(void)state;
	post_open(&p);
	p.sending.limit = (struct campaign_limit){CONSENT_ANONYMOUS, CONSENT_FULL};
	assert_int_equal(post_try(&p, ACCEPT_SEND, "{" MAIL ",\"track\":{\"opens\":\"full\"}}", &result, &problems),
			 STATUS_DENIED);
	assert_int_equal(problems.count, 1);
	assert_non_null(
	    strstr(arena_cstr(p.arena, problems.items[0].detail), "the installation allows only \"anonymous\""));
	result = post_send(&p, ACCEPT_SEND, "{" MAIL ",\"track\":{\"opens\":\"full\",\"clamp\":true}}");
	assert_int_equal(result.warning_count, 1);
	assert_true(slice_starts_with(result.warnings[0], SLICE("consent: The installation")));
	assert_int_equal(post_message(&p, result.id)->track_opens, CONSENT_ANONYMOUS);
	assert_int_equal(post_message(&p, result.id)->track_clicks, CONSENT_FULL);
	post_close(&p);
}

static void test_tracking_that_is_switched_off_leaves_mail_alone(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	p.sending.tracking_enabled = false;
	struct accept_result result = post_send(&p, ACCEPT_SEND, "{" MAIL ",\"track\":{\"opens\":\"full\"}}");
	assert_int_equal(result.links[0].tracked_url.n, 0);
	assert_int_equal(post_message(&p, result.id)->track_opens, CONSENT_OFF);
	assert_int_equal(result.warning_count, 1);
	post_close(&p);
}

static void test_instrumented_mail_counts_as_sent_and_in_flight(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	struct accept_result result =
	    post_send(&p, ACCEPT_INSTRUMENT,
		      "{\"to\":{\"email\":\"c@example.com\"},\"html\":\"<a href='https://e.com/'>x</a>\"}");
	assert_string_equal(result.status, "instrumented");
	assert_true(slice_contains(result.html, result.links[0].tracked_url));
	assert_true(slice_contains(result.html, SLICE("http://127.0.0.1:8420/o/")));
	assert_int_equal(post_message(&p, result.id)->state, MESSAGE_SENT);
	assert_int_equal(world_stat(&p.world, STAT_SENDS), 1);
	assert_int_equal(world_stat(&p.world, STAT_IN_FLIGHT), 1);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM send_queue"), 0);
	post_check_sums(&p);
	post_close(&p);
}

static void test_a_long_destination_is_kept_in_the_store(void **state)
{
	struct post p;
	struct buf json;
	(void)state;
	post_open(&p);
	buf_init(&json, 100000);
	buf_append_cstr(&json, "{" PARTIES ",\"html\":\"<a href='https://e.com/");
	for (int i = 0; i < LINK_TOKEN_URL_MAX; i++)
		buf_append_byte(&json, 'x');
	buf_append_cstr(&json, "'>x</a>\"}");
	struct accept_result result = post_send(&p, ACCEPT_SEND, buf_cstr(&json));
	assert_true(result.links[0].tracked_url.n > 0);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM links"), 1);
	buf_done(&json);
	post_close(&p);
}

/* ---- Batches and repeated requests */

struct rendering {
	size_t good;
	unsigned calls;
};

static void render(void *user, const struct accept_item *items, size_t count, struct buf *to)
{
	struct rendering *r = user;
	r->calls++;
	for (size_t i = 0; i < count; i++)
		r->good += items[i].status == STATUS_OK;
	buf_printf(to, "%zu good", r->good);
}

static void test_the_good_ones_of_a_batch_are_kept_in_one_commit(void **state)
{
	enum { COUNT = 50 };
	struct post p;
	struct accept_item items[COUNT] = {0};
	(void)state;
	post_open(&p);
	json_t *good = json_loads("{" MAIL "}", 0, NULL), *bad = json_loads("{" MAIL ",\"x\":1}", 0, NULL);
	for (int i = 0; i < COUNT; i++)
		items[i].body = i % 5 == 0 ? bad : good;
	struct accept_request request = {.tenant = p.world.tenant, .kind = ACCEPT_SEND, .arena = p.arena};
	assert_int_equal(post_accept(&p, &request, items, COUNT), STATUS_OK);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(items[i].status, i % 5 == 0 ? STATUS_BAD_INPUT : STATUS_OK);
		assert_int_equal(items[i].problems.count, i % 5 == 0 ? 1 : 0);
	}
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM messages"), 40);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM send_queue"), 40);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM bodies"), 1);
	post_check_sums(&p);
	json_decref(good);
	json_decref(bad);
	post_close(&p);
}

static void test_an_answer_is_kept_with_the_message_and_the_key_works_once(void **state)
{
	struct post p;
	struct rendering rendering = {0};
	struct idempotency_record kept;
	struct err err;
	struct accept_item item = {.body = json_loads("{" MAIL "}", 0, NULL)};
	static const char HASH[32] = "hash";
	(void)state;
	post_open(&p);
	struct accept_idempotency idempotency = {SLICE("key-1"), slice_of(HASH, 32), 202, render, &rendering};
	struct accept_request request = {
	    .tenant = p.world.tenant, .kind = ACCEPT_SEND, .arena = p.arena, .idempotency = &idempotency};
	assert_int_equal(post_accept(&p, &request, &item, 1), STATUS_OK);
	struct idempotency_key key = {
	    .tenant = p.world.tenant, .key = SLICE("key-1"), .not_before_us = WORLD_NOW_US - 1};
	assert_int_equal(store_idempotency_find(p.world.session, &key, p.arena, &kept, &err), STATUS_OK);
	assert_int_equal(kept.status, 202);
	assert_true(slice_equal(kept.response, SLICE("1 good")));
	assert_int_equal(post_accept(&p, &request, &item, 1), STATUS_CONFLICT);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM messages"), 1);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM email_events"), 1);
	assert_int_equal(rendering.calls, 2);
	json_decref((json_t *)item.body);
	post_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_provider_without_an_account_is_refused),
	    cmocka_unit_test(test_a_message_is_queued_with_its_event_and_body),
	    cmocka_unit_test(test_nothing_is_written_for_a_bad_request),
	    cmocka_unit_test(test_a_suppressed_address_is_kept_but_not_queued),
	    cmocka_unit_test(test_the_contacts_consent_wins_and_asking_for_more_is_denied),
	    cmocka_unit_test(test_the_most_restrictive_of_installation_tenant_campaign_contact_and_request_wins),
	    cmocka_unit_test(test_the_tenants_limit_is_named),
	    cmocka_unit_test(test_the_installations_limit_is_named_and_clamp_turns_the_error_into_a_warning),
	    cmocka_unit_test(test_tracking_that_is_switched_off_leaves_mail_alone),
	    cmocka_unit_test(test_instrumented_mail_counts_as_sent_and_in_flight),
	    cmocka_unit_test(test_a_long_destination_is_kept_in_the_store),
	    cmocka_unit_test(test_the_good_ones_of_a_batch_are_kept_in_one_commit),
	    cmocka_unit_test(test_an_answer_is_kept_with_the_message_and_the_key_works_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
