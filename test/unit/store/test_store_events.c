/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/events/hits.h"
#include "store/house/tenant_settings.h"
#include "store/mail/messages.h"

static void add_message(struct fixture *f, unsigned n, struct slice campaign, struct slice contact)
{
	struct message m = message_of(n);
	m.state = MESSAGE_SENT;
	m.contact_id = contact;
	m.contact_category = TEXT("seller");
	m.campaign_id = campaign;
	m.template_id = TEXT("welcome");
	m.sender = TEXT("u1");
	m.sequence_id = TEXT("nurture");
	m.enrollment = TEXT("e-1");
	m.position = 2;
	m.track_opens = m.track_clicks = CONSENT_FULL;
	fixture_add_message(f, m);
}

static void test_types_have_two_names(void **state)
{
	(void)state;
	enum event_type t;
	for (enum event_type i = EVENT_QUEUED; i < EVENT_TYPE_COUNT; i++) {
		assert_true(event_type_parse(slice_from_cstr(event_type_name(i)), &t) && t == i);
		assert_true(event_type_parse(slice_from_cstr(event_type_api_name(i)), &t) && t == i);
	}
	assert_string_equal(event_type_name(EVENT_OPEN), "open");
	assert_string_equal(event_type_api_name(EVENT_CLICK), "email.clicked");
	assert_false(event_type_parse(TEXT("email.open"), &t));
}

static void test_an_event_comes_back_with_its_message(void **state)
{
	struct fixture *f = *state;
	struct event got, e = event_of(1, 1, EVENT_CLICK);
	add_message(f, 1, TEXT("spring"), TEXT("crm-17"));
	e.has_token = true;
	e.is_unique = true;
	e.bot_filtered = true;
	e.judged = true;
	e.actor = ACTOR_SCANNER;
	e.reasons = TEXT("burst head");
	e.confidence_percent = 90;
	e.rules = TEXT("2026-11-01");
	e.settled = true;
	e.destination_url = TEXT("https://x.example/?a=1");
	e.link_index = 0;
	e.ip = TEXT("203.0.113.0");
	e.user_agent = TEXT("Mozilla/5.0 \xff");
	e.provider = TEXT("mailgun");
	e.remote_id = TEXT("r1");
	fixture_add_event(f, e);
	OK(f, store_event_find(f->reader, 3, e.id, f->arena, &got, &f->err));
	assert_int_equal(got.position, 1);
	assert_int_equal(got.type, EVENT_CLICK);
	assert_int_equal(got.occurred_us, noon_us + 1);
	assert_true(uuid_equal(got.message, id_of(1)));
	assert_true(got.is_unique && got.bot_filtered && got.judged && got.settled && !got.is_duplicate);
	assert_int_equal(got.actor, ACTOR_SCANNER);
	assert_int_equal(got.confidence_percent, 90);
	assert_int_equal(got.link_index, 0);
	assert_true(got.has_token);
	EXPECT_TEXT(got.reasons, "burst head");
	EXPECT_TEXT(got.rules, "2026-11-01");
	EXPECT_TEXT(got.destination_url, "https://x.example/?a=1");
	EXPECT_TEXT(got.ip, "203.0.113.0");
	EXPECT_TEXT(got.user_agent, "Mozilla/5.0 ?");
	EXPECT_TEXT(got.provider, "mailgun");
	EXPECT_TEXT(got.remote_id, "r1");
	EXPECT_TEXT(got.contact_id, "crm-17");
	EXPECT_TEXT(got.contact_email, "c@y");
	EXPECT_TEXT(got.contact_category, "seller");
	EXPECT_TEXT(got.campaign_id, "spring");
	EXPECT_TEXT(got.template_id, "welcome");
	EXPECT_TEXT(got.sender, "u1");
	EXPECT_TEXT(got.sequence_id, "nurture");
	EXPECT_TEXT(got.enrollment, "e-1");
	assert_int_equal(got.sequence_position, 2);
	EXPECT(f, STATUS_NOT_FOUND, store_event_find(f->reader, 4, e.id, f->arena, &got, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_event_find(f->reader, 3, id_of(5), f->arena, &got, &f->err));
}

static void test_an_event_that_nobody_judged_says_so(void **state)
{
	struct fixture *f = *state;
	struct event got, e = event_of(1, 1, EVENT_BOUNCED);
	e.bounce_class = TEXT("hard");
	e.bounce_code = TEXT("5.1.1");
	e.bounce_reason = TEXT("no such user");
	e.actor = ACTOR_HUMAN;
	fixture_add_event(f, e);
	OK(f, store_event_find(f->reader, 3, e.id, f->arena, &got, &f->err));
	assert_false(got.judged);
	assert_int_equal(got.actor, ACTOR_UNKNOWN);
	assert_int_equal(got.link_index, -1);
	assert_int_equal(got.sequence_position, -1);
	EXPECT_TEXT(got.bounce_class, "hard");
	EXPECT_TEXT(got.bounce_code, "5.1.1");
	EXPECT_TEXT(got.bounce_reason, "no such user");
	EXPECT_TEXT(got.contact_id, "");
}

static void test_metadata_is_composed_and_ours_cannot_be_overridden(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *campaign, *category, *own, *want;
		int32_t position;
	} cases[] = {
	    {"", "", "", "{\"source\":\"pugmark\",\"medium\":\"email\"}", -1},
	    {"spring", "seller", "{\"any\":\"json\"}",
	     "{\"any\":\"json\",\"source\":\"pugmark\",\"medium\":\"email\",\"campaign\":\"spring\","
	     "\"email_position\":2,\"contact_category\":\"seller\"}",
	     2},
	    {"a\"b\\\n", "", "{}", "{\"source\":\"pugmark\",\"medium\":\"email\",\"campaign\":\"a\\\"b\\\\\\n\"}", -1},
	    {"c", "", "{\"source\":\"evil\",\"n\":[1,{\"medium\":2},\"},{\"],\"campaign\":{\"x\":[]},\"m\":null}",
	     "{\"source\":\"pugmark\",\"n\":[1,{\"medium\":2},\"},{\"],\"campaign\":\"c\",\"m\":null,"
	     "\"medium\":\"email\"}",
	     -1},
	    {"", "", "{\"campaign\":\"evil\"}", "{\"source\":\"pugmark\",\"medium\":\"email\"}", -1},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char sql[1024];
		struct message m = message_of(i + 1);
		m.campaign_id = slice_from_cstr(cases[i].campaign);
		m.contact_category = slice_from_cstr(cases[i].category);
		m.metadata = slice_from_cstr(cases[i].own);
		m.position = cases[i].position;
		fixture_add_message(f, m);
		fixture_add_event(f, event_of(i, i + 1, EVENT_OPEN));
		if (f->postgres) /* it keeps the meaning */
			(void)snprintf(
			    sql, sizeof sql,
			    "SELECT CASE WHEN metadata = '%s'::jsonb THEN 'same' ELSE metadata::text END FROM "
			    "email_events WHERE position = %u",
			    cases[i].want, i + 1);
		else
			(void)snprintf(sql, sizeof sql, "SELECT metadata FROM email_events WHERE position = %u", i + 1);
		assert_string_equal(fixture_query(f, sql), f->postgres ? "same" : cases[i].want);
	}
}

static void test_people_can_query_the_table(void **state)
{
	struct fixture *f = *state;
	struct event e = event_of(1, 1, EVENT_CLICK), bot = event_of(2, 1, EVENT_OPEN),
		     again = event_of(3, 1, EVENT_OPEN);
	e.is_unique = true;
	e.judged = true;
	e.actor = ACTOR_PROXY_HUMAN;
	e.destination_url = TEXT("https://x.example/");
	add_message(f, 1, TEXT("spring"), TEXT("c1"));
	bot.bot_filtered = true;
	again.is_duplicate = true;
	fixture_add_event(f, e);
	fixture_add_event(f, bot);
	fixture_add_event(f, again);
	static const char columns[] =
	    "SELECT id, token, event_type, is_unique, occurred_at, destination_url, metadata, "
	    "bot_filtered FROM email_events";
	(void)fixture_query(f, columns);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM email_events"), "3");
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM email_events_counted"), "1");
	assert_string_equal(fixture_query(f, "SELECT actor FROM email_events_counted"), "proxy_human");
	assert_string_equal(fixture_query(f, "SELECT event_type FROM email_events_counted"), "click");
	if (!f->postgres)
		return;
	assert_string_equal(fixture_query(f, "SELECT metadata->>'campaign' FROM email_events_counted"), "spring");
	assert_string_equal(
	    fixture_query(f, "SELECT string_agg(data_type, ',' ORDER BY column_name) FROM information_schema.columns "
			     "WHERE table_schema = current_schema() AND table_name = 'email_events' AND column_name IN "
			     "('id', 'token', 'is_unique', 'occurred_at', 'metadata', 'bot_filtered')"),
	    "boolean,uuid,boolean,jsonb,timestamp with time zone,text");
}

static void test_positions_ascend_in_the_order_of_adding(void **state)
{
	struct fixture *f = *state;
	struct event batch[5], *got = NULL;
	uint64_t horizon = 9;
	OK(f, store_event_horizon(f->reader, &horizon, &f->err));
	assert_int_equal(horizon, 0);
	for (unsigned i = 0; i < 5; i++)
		batch[i] = event_of(i, 1, EVENT_OPEN);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_event_add(f->s, batch, 2, &f->err));
	store_rollback(f->s);
	OK(f, store_event_add(f->s, batch, 2, &f->err));
	OK(f, store_event_add(f->s, batch, 0, &f->err));
	OK(f, store_event_add(f->s, batch + 2, 3, &f->err));
	unsigned gap = f->postgres ? 2 : 0; /* what was taken back is not given again there */
	OK(f, store_event_horizon(f->reader, &horizon, &f->err));
	assert_int_equal(horizon, gap + 5);
	assert_int_equal(fixture_events(f, (struct event_filter){.oldest_first = true}, &got), 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(got[i].position, gap + i + 1);
		assert_true(uuid_equal(got[i].id, batch[i].id));
	}
}

static void test_an_event_cannot_be_added_twice(void **state)
{
	struct fixture *f = *state;
	struct event e[2] = {event_of(1, 1, EVENT_OPEN), event_of(1, 1, EVENT_OPEN)};
	fixture_add_event(f, e[0]);
	EXPECT(f, STATUS_CONFLICT, store_event_add(f->s, e, 1, &f->err));
	OK(f, store_begin(f->s, &f->err));
	e[0].id = id_of(77);
	EXPECT(f, STATUS_CONFLICT, store_event_add(f->s, e, 2, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_commit(f->s, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM events"), "1");
}

static void test_a_batch_of_thousands_is_kept_in_order(void **state)
{
	struct fixture *f = *state;
	enum { COUNT = 4096 };
	struct event *batch = arena_alloc_array(f->arena, COUNT, sizeof *batch), *got = NULL;
	for (unsigned i = 0; i < COUNT; i++)
		batch[i] = event_of(i, 1, EVENT_OPEN);
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_event_add(f->s, batch, COUNT, &f->err));
	OK(f, store_commit(f->s, &f->err));
	assert_int_equal(fixture_events(f, (struct event_filter){.limit = 10000}, &got), COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		assert_true(uuid_equal(got[i].id, batch[COUNT - 1 - i].id));
}

static void test_lists_are_filtered(void **state)
{
	struct fixture *f = *state;
	struct event *got = NULL;
	add_message(f, 1, TEXT("spring"), TEXT("c1"));
	add_message(f, 2, TEXT("autumn"), TEXT("c2"));
	for (unsigned i = 1; i <= 6; i++) {
		struct event e = event_of(i, i % 2 ? 1 : 2, i <= 3 ? EVENT_OPEN : EVENT_CLICK);
		e.judged = i > 1;
		e.actor = i == 6 ? ACTOR_CRAWLER : ACTOR_HUMAN;
		fixture_add_event(f, e);
	}
	struct event other = event_of(7, 9, EVENT_OPEN);
	other.tenant = 4;
	fixture_add_event(f, other);
	const struct {
		struct event_filter filter;
		size_t count;
		uint64_t first;
	} cases[] = {
	    {{0}, 6, 6},
	    {{.oldest_first = true}, 6, 1},
	    {{.limit = 2}, 2, 6},
	    {{.message = id_of(1)}, 3, 5},
	    {{.contact_id = TEXT("c2")}, 3, 6},
	    {{.contact_id = TEXT("c3")}, 0, 0},
	    {{.campaign_id = TEXT("spring")}, 3, 5},
	    {{.template_id = TEXT("welcome")}, 6, 6},
	    {{.sender = TEXT("u1"), .campaign_id = TEXT("autumn")}, 3, 6},
	    {{.sender = TEXT("u2")}, 0, 0},
	    {{.types = 1u << EVENT_OPEN}, 3, 3},
	    {{.types = 1u << EVENT_OPEN | 1u << EVENT_CLICK}, 6, 6},
	    {{.types = 1u << EVENT_SENT}, 0, 0},
	    {{.actors = 1u << ACTOR_CRAWLER}, 1, 6},
	    {{.actors = 1u << ACTOR_HUMAN}, 4, 5},
	    {{.actors = 1u << ACTOR_UNKNOWN}, 0, 0},
	    {{.from_us = noon_us + 2, .to_us = noon_us + 4}, 2, 3},
	    {{.before_position = 4}, 3, 3},
	    {{.after_position = 4, .oldest_first = true}, 2, 5},
	    {{.contact_id = TEXT("c1"), .types = 1u << EVENT_CLICK, .after_position = 1, .before_position = 6}, 1, 5},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = fixture_events(f, cases[i].filter, &got);
		if (n != cases[i].count || (n > 0 && got[0].position != cases[i].first))
			fail_msg("case %zu: got %zu from %u", i, n, n ? (unsigned)got[0].position : 0);
	}
}

static void test_a_verdict_can_be_corrected(void **state)
{
	struct fixture *f = *state;
	struct event got, e = event_of(1, 1, EVENT_OPEN);
	e.judged = true;
	e.actor = ACTOR_HUMAN;
	e.is_unique = true;
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	e.actor = ACTOR_SCANNER;
	e.is_unique = false;
	e.bot_filtered = true;
	e.reasons = TEXT("burst");
	e.rules = TEXT("2027-01-01");
	e.confidence_percent = 99;
	e.settled = true;
	e.is_duplicate = true;
	OK(f, store_event_judge(f->s, &e, &f->err));
	OK(f, store_event_find(f->reader, 3, e.id, f->arena, &got, &f->err));
	assert_int_equal(got.actor, ACTOR_SCANNER);
	assert_true(!got.is_unique && got.is_duplicate && got.bot_filtered && got.settled);
	assert_int_equal(got.confidence_percent, 99);
	EXPECT_TEXT(got.reasons, "burst");
	EXPECT_TEXT(got.rules, "2027-01-01");
}

/* ---- Pruning */

static struct event_walk walk_of(uint32_t tenant, int64_t before_us, uint32_t limit)
{
	return (struct event_walk){
	    .tenant = tenant, .before_us = before_us, .through_position = INT64_MAX, .limit = limit};
}

/* Events n = 1 … count of one message, a second apart. */
static void add_row_of_events(struct fixture *f, unsigned first, unsigned count, uint32_t tenant)
{
	for (unsigned n = first; n < first + count; n++) {
		struct event e = event_of(n, 1, EVENT_OPEN);
		e.tenant = tenant;
		e.occurred_us = noon_us + n * second_us;
		fixture_add_event(f, e);
	}
}

static const char *positions(struct fixture *f)
{
	return f->postgres
		   ? fixture_query(f, "SELECT string_agg(position::text, ' ' ORDER BY position) FROM email_events")
		   : fixture_query(f, "SELECT group_concat(position, ' ') FROM (SELECT position FROM email_events "
				      "ORDER BY position)");
}

static void test_pruning_takes_a_tenants_old_events_step_by_step(void **state)
{
	struct fixture *f = *state;
	struct event_walked walked;
	add_row_of_events(f, 1, 3, 3); /* positions 1 2 3 */
	add_row_of_events(f, 4, 2, 4); /* of another tenant: 4 5 */
	add_row_of_events(f, 6, 5, 3); /* 6 … 10 */
	struct event_walk walk = walk_of(3, noon_us + 8 * second_us, 2);
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	assert_int_equal(walked.last_position, 2);
	assert_int_equal(walked.count, 2);
	walk.after_position = walked.last_position;
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	assert_int_equal(walked.last_position, 6);
	assert_int_equal(walked.count, 2);
	walk.after_position = walked.last_position;
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	assert_int_equal(walked.last_position, 8);
	assert_int_equal(walked.count, 1);
	assert_string_equal(positions(f), "4 5 8 9 10");
	walk.after_position = 10;
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	assert_int_equal(walked.last_position, 0);
	assert_int_equal(walked.count, 0);
	/* What is written later gets no number that was given before. */
	add_row_of_events(f, 20, 1, 3);
	assert_string_equal(positions(f), "4 5 8 9 10 11");
}

static void test_counting_what_would_go_deletes_nothing(void **state)
{
	struct fixture *f = *state;
	struct event_walked walked;
	add_row_of_events(f, 1, 5, 3);
	struct event_walk walk = walk_of(3, noon_us + 4 * second_us, 4);
	OK(f, store_event_prune_count(f->reader, &walk, &walked, &f->err));
	assert_int_equal(walked.last_position, 4);
	assert_int_equal(walked.count, 3);
	walk.after_position = 5;
	OK(f, store_event_prune_count(f->reader, &walk, &walked, &f->err));
	assert_int_equal(walked.last_position, 0);
	assert_int_equal(walked.count, 0);
	assert_string_equal(positions(f), "1 2 3 4 5");
}

static void test_a_late_event_goes_with_those_it_was_written_with(void **state)
{
	struct fixture *f = *state;
	struct event_walked walked;
	struct event late = event_of(50, 1, EVENT_BOUNCED);
	uint64_t through;
	OK(f, store_event_position_at(f->reader, 3, noon_us, &through, &f->err));
	assert_int_equal(through, 0);
	add_row_of_events(f, 1, 4, 3);
	late.occurred_us = noon_us + second_us;
	fixture_add_event(f, late); /* position 5 */
	add_row_of_events(f, 6, 2, 3);
	OK(f, store_event_position_at(f->reader, 3, noon_us + 3 * second_us, &through, &f->err));
	assert_int_equal(through, 7); /* all are of one minute, which is how exact it is */
	struct event_walk walk = walk_of(3, noon_us + 3 * second_us, 100);
	walk.through_position = through;
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	assert_int_equal(walked.count, 3);
	assert_string_equal(positions(f), "3 4 6 7");
	OK(f, store_event_first_position(f->reader, 3, &through, &f->err));
	assert_int_equal(through, 3);
	OK(f, store_event_first_position(f->reader, 4, &through, &f->err));
	assert_int_equal(through, 0);
}

static void test_a_list_goes_on_across_what_was_pruned(void **state)
{
	struct fixture *f = *state;
	struct event_walked walked;
	struct event *events;
	add_row_of_events(f, 1, 9, 3);
	size_t n = fixture_events(f, (struct event_filter){.limit = 3}, &events);
	assert_int_equal(n, 3);
	uint64_t cursor = events[2].position; /* 7 */
	struct event_walk walk = walk_of(3, noon_us + 8 * second_us, 100);
	OK(f, store_event_prune(f->s, &walk, &walked, &f->err));
	assert_int_equal(fixture_events(f, (struct event_filter){.limit = 3, .before_position = cursor}, &events), 0);
	/* A reader of the stream that had stopped in the pruned part gets what is left, once. */
	n = fixture_events(f, (struct event_filter){.after_position = 2, .oldest_first = true}, &events);
	assert_int_equal(n, 2);
	assert_int_equal(events[0].position, 8);
	assert_int_equal(events[1].position, 9);
}

int main(void)
{
	const struct CMUnitTest store_events[] = {
	    FIXTURE_TEST(test_types_have_two_names),
	    FIXTURE_TEST(test_an_event_comes_back_with_its_message),
	    FIXTURE_TEST(test_an_event_that_nobody_judged_says_so),
	    FIXTURE_TEST(test_metadata_is_composed_and_ours_cannot_be_overridden),
	    FIXTURE_TEST(test_people_can_query_the_table),
	    FIXTURE_TEST(test_positions_ascend_in_the_order_of_adding),
	    FIXTURE_TEST(test_an_event_cannot_be_added_twice),
	    FIXTURE_TEST(test_a_batch_of_thousands_is_kept_in_order),
	    FIXTURE_TEST(test_lists_are_filtered),
	    FIXTURE_TEST(test_a_verdict_can_be_corrected),
	    FIXTURE_TEST(test_pruning_takes_a_tenants_old_events_step_by_step),
	    FIXTURE_TEST(test_counting_what_would_go_deletes_nothing),
	    FIXTURE_TEST(test_a_late_event_goes_with_those_it_was_written_with),
	    FIXTURE_TEST(test_a_list_goes_on_across_what_was_pruned),
	};
	return FIXTURE_RUN(store_events);
}
