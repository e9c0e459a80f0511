/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/house/catalog.h"
#include "store/mail/bodies.h"
#include "store/mail/links.h"
#include "store/mail/message_list.h"
#include "store/mail/messages.h"
#include "store/mail/queue.h"
#include "store/mail/queue_admin.h"
#include "store/people/consents.h"
#include "store/people/contacts.h"
#include "store/people/suppressions.h"

static struct message queued(unsigned n)
{
	struct message m = message_of(n);
	m.state = MESSAGE_QUEUED;
	m.created_us = m.send_at_us = noon_us + n;
	m.contact_id = m.to_email;
	m.track_opens = CONSENT_FULL;
	m.track_clicks = CONSENT_ANONYMOUS;
	return m;
}

static void test_names_are_read_back(void **state)
{
	(void)state;
	enum message_state s;
	enum consent c;
	for (enum message_state i = MESSAGE_SCHEDULED; i <= MESSAGE_CANCELED; i++)
		assert_true(message_state_parse(slice_from_cstr(message_state_name(i)), &s) && s == i);
	for (enum consent i = CONSENT_OFF; i <= CONSENT_FULL; i++)
		assert_true(consent_parse(slice_from_cstr(consent_name(i)), &c) && c == i);
	assert_false(message_state_parse(TEXT("lost"), &s));
	assert_false(consent_parse(TEXT("maybe"), &c));
}

static void test_a_message_comes_back_as_it_was_added(void **state)
{
	struct fixture *f = *state;
	struct message got, m = queued(1);
	m.from_name = TEXT("Ann");
	m.to_name = TEXT("Zo\xc3\xab");
	m.subject = TEXT("Hi");
	m.contact_category = TEXT("seller");
	m.campaign_id = TEXT("spring");
	m.template_id = TEXT("welcome");
	m.sender = TEXT("u1");
	m.sequence_id = TEXT("s");
	m.enrollment = TEXT("e-1");
	m.position = 0;
	m.key_id = 255;
	m.options = TEXT("{ \"z\":1,\"a\" : 2}");
	m.metadata = TEXT("{\"any\": \"json\"}");
	m.body_id = TEXT("0123456789abcdef0123456789abcdef");
	m.cohort_day = 20000;
	m.attempts = 2;
	m.counters.opens_unknown = 4;
	OK(f, store_message_add(f->s, &m, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_message_add(f->s, &m, &f->err));
	OK(f, store_message_find(f->reader, 3, m.id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.to_name, "Zo\xc3\xab");
	EXPECT_TEXT(got.subject, "Hi");
	EXPECT_TEXT(got.contact_category, "seller");
	EXPECT_TEXT(got.campaign_id, "spring");
	EXPECT_TEXT(got.template_id, "welcome");
	EXPECT_TEXT(got.sender, "u1");
	EXPECT_TEXT(got.sequence_id, "s");
	EXPECT_TEXT(got.enrollment, "e-1");
	EXPECT_TEXT(got.options, "{ \"z\":1,\"a\" : 2}");
	EXPECT_TEXT(got.metadata, "{\"any\": \"json\"}");
	EXPECT_TEXT(got.body_id, "0123456789abcdef0123456789abcdef");
	assert_int_equal(got.position, 0);
	assert_int_equal(got.key_id, 255);
	assert_int_equal(got.cohort_day, 20000);
	assert_int_equal(got.track_opens, CONSENT_FULL);
	assert_int_equal(got.track_clicks, CONSENT_ANONYMOUS);
	assert_int_equal(got.created_us, m.created_us);
	assert_int_equal(got.sent_us, 0);
	assert_int_equal(got.counters.opens_unknown, 4);
	assert_int_equal(got.attempts, 2);
}

static void test_a_message_is_not_found_by_another_tenant(void **state)
{
	struct fixture *f = *state;
	struct message got, m = queued(1);
	OK(f, store_message_add(f->s, &m, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_message_find(f->s, 4, m.id, f->arena, &got, &f->err));
	OK(f, store_message_find(f->s, 0, m.id, f->arena, &got, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_message_find(f->s, 0, id_of(2), f->arena, &got, &f->err));
	assert_int_equal(got.position, -1);
	EXPECT_TEXT(got.metadata, "");
}

static void test_the_newest_message_of_a_name_is_found_by_it(void **state)
{
	struct fixture *f = *state;
	struct uuid id;
	for (unsigned i = 1; i <= 3; i++) {
		struct message m = queued(i);
		m.tenant = i == 3 ? 4 : 3;
		m.remote_id = TEXT("r-1");
		OK(f, store_message_add(f->s, &m, &f->err));
	}
	OK(f, store_message_find_remote(f->reader, 3, TEXT("r-1"), &id, &f->err));
	assert_true(uuid_equal(id, id_of(2)));
	OK(f, store_message_find_remote(f->reader, 0, TEXT("r-1"), &id, &f->err));
	assert_true(uuid_equal(id, id_of(3)));
	EXPECT(f, STATUS_NOT_FOUND, store_message_find_remote(f->reader, 5, TEXT("r-1"), &id, &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_message_find_remote(f->reader, 3, TEXT("r-"), &id, &f->err));
}

static void test_many_messages_are_read_at_once(void **state)
{
	struct fixture *f = *state;
	enum { COUNT = 70 };
	struct uuid ids[COUNT];
	struct message got[COUNT];
	for (unsigned i = 0; i < COUNT; i++) {
		struct message m = queued(i);
		ids[COUNT - 1 - i] = m.id;
		if (i != 40)
			OK(f, store_message_add(f->s, &m, &f->err));
	}
	OK(f, store_message_find_all(f->reader, ids, COUNT, f->arena, got, &f->err));
	for (unsigned i = 0; i < COUNT; i++) {
		if (i == COUNT - 1 - 40)
			assert_true(uuid_is_zero(got[i].id));
		else
			assert_true(uuid_equal(got[i].id, ids[i]));
	}
	OK(f, store_message_find_all(f->reader, ids, 0, f->arena, got, &f->err));
}

static void test_saving_writes_state_and_counters(void **state)
{
	struct fixture *f = *state;
	struct message got, m = queued(1);
	OK(f, store_message_add(f->s, &m, &f->err));
	m.state = MESSAGE_DELIVERED;
	m.sent_us = noon_us + 1;
	m.delivered_us = noon_us + 2;
	m.cohort_day = 20001;
	m.remote_id = TEXT("r");
	m.error = TEXT("450 later");
	m.attempts = 7;
	m.reported_us = noon_us + 3;
	m.counters = (struct message_counters){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
	m.counters.recent_count = RECENT_HITS_MAX;
	for (unsigned i = 0; i < RECENT_HITS_MAX; i++)
		m.counters.recent[i] = (struct recent_hit){UINT64_MAX - i, noon_us + i, i + 1};
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_message_save_delivery(f->s, &m, &f->err));
	OK(f, store_message_save_counters(f->s, &m, &f->err));
	OK(f, store_commit(f->s, &f->err));
	OK(f, store_message_find(f->reader, 3, m.id, f->arena, &got, &f->err));
	assert_int_equal(got.state, MESSAGE_DELIVERED);
	assert_int_equal(got.sent_us, noon_us + 1);
	assert_int_equal(got.delivered_us, noon_us + 2);
	assert_int_equal(got.cohort_day, 20001);
	assert_int_equal(got.attempts, 7);
	assert_int_equal(got.reported_us, noon_us + 3);
	EXPECT_TEXT(got.remote_id, "r");
	EXPECT_TEXT(got.error, "450 later");
	assert_memory_equal(&got.counters, &m.counters, sizeof m.counters);
}

static void test_bytes_that_are_no_text_do_not_stop_a_write(void **state)
{
	struct fixture *f = *state;
	struct message got, m = queued(1);
	m.subject = slice_of("a\0b\xff\xc3+\xed\xa0\x80 \xf0\x9f\x98\x80", 14);
	OK(f, store_message_add(f->s, &m, &f->err));
	OK(f, store_message_find(f->reader, 3, m.id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.subject, "a?b??+??? \xf0\x9f\x98\x80");
}

static size_t list(struct fixture *f, struct message_filter filter, struct message **ret)
{
	size_t n = 0;
	filter.tenant = 3;
	if (!filter.limit)
		filter.limit = 100;
	OK(f, store_message_list(f->reader, &filter, f->arena, ret, &n, &f->err));
	return n;
}

static void add_some(struct fixture *f)
{
	for (unsigned i = 1; i <= 6; i++) {
		struct message m = queued(i);
		m.campaign_id = i % 2 ? TEXT("odd") : TEXT("even");
		m.template_id = i == 3 ? TEXT("t3") : SLICE_EMPTY;
		m.sender = i == 4 ? TEXT("u4") : SLICE_EMPTY;
		m.provider = i == 5 ? TEXT("outbox") : TEXT("smtp");
		m.state = i == 6 ? MESSAGE_SENT : MESSAGE_QUEUED;
		m.subject = i == 2 ? TEXT("100% Off_er") : TEXT("plain");
		m.contact_id = i > 4 ? TEXT("c5") : TEXT("c");
		m.to_email = i == 1 ? TEXT("First@Example.com") : TEXT("c@y");
		OK(f, store_message_add(f->s, &m, &f->err));
	}
	struct message other = queued(7);
	other.tenant = 4;
	OK(f, store_message_add(f->s, &other, &f->err));
}

static void test_lists_are_filtered(void **state)
{
	struct fixture *f = *state;
	struct message *got = NULL;
	add_some(f);
	const struct {
		struct message_filter filter;
		size_t count;
		unsigned newest;
	} cases[] = {
	    {{0}, 6, 6},
	    {{.campaign_id = TEXT("even")}, 3, 6},
	    {{.campaign_id = TEXT("even"), .before = id_of(6)}, 2, 4},
	    {{.template_id = TEXT("t3")}, 1, 3},
	    {{.contact_id = TEXT("c5")}, 2, 6},
	    {{.sender = TEXT("u4")}, 1, 4},
	    {{.provider = TEXT("outbox")}, 1, 5},
	    {{.by_state = true, .state = MESSAGE_SENT}, 1, 6},
	    {{.by_state = true, .state = MESSAGE_SCHEDULED}, 0, 0},
	    {{.from_us = noon_us + 3, .to_us = noon_us + 5}, 2, 4},
	    {{.search = TEXT("first@EXAMPLE")}, 1, 1},
	    {{.search = TEXT("0% off_")}, 1, 2},
	    {{.search = TEXT("pl_in")}, 0, 0},
	    {{.limit = 2}, 2, 6},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = list(f, cases[i].filter, &got);
		if (n != cases[i].count)
			fail_msg("case %zu: got %zu, want %zu", i, n, cases[i].count);
		if (n > 0)
			assert_true(uuid_equal(got[0].id, id_of(cases[i].newest)));
	}
}

/* In every script; and what PostgreSQL's LOWER makes of it depends on how the cluster was made. */
static void test_a_search_finds_letters_of_every_script_in_either_case(void **state)
{
	static const struct {
		const char *subject, *search;
		bool is_found;
	} cases[] = {
	    {"Grüße aus KÖLN", "GRÜSSE AUS köln", true}, /* folding makes ss of it */
	    {"Привет, Мир", "привет, МИР", true},
	    {"ΑΘΗΝΑΣ", "αθηνας", true},            /* a sigma at the end is the same letter */
	    {"Caf\xc3\xa9", "CAFE\xcc\x81", true}, /* one letter, or one and an accent */
	    {"Café", "cafe", false},
	    {"Ａｇｅｎｃｙ", "agency", true}, /* of full width */
	    {"東京 Listing", "東京 LISTING", true},
	    {"50% OFF_now", "0% off_N", true},
	    {"Привет", "превед", false},
	};
	struct fixture *f = *state;
	enum { CASES = sizeof cases / sizeof cases[0] };
	for (unsigned i = 0; i < CASES; i++) {
		struct message m = message_of(1 + i);
		struct message *got = NULL;
		m.subject = slice_from_cstr(cases[i].subject);
		fixture_add_message(f, m);
		size_t n = list(f, (struct message_filter){.search = slice_from_cstr(cases[i].search)}, &got);
		if (cases[i].is_found ? n == 0 || !uuid_equal(got[0].id, m.id) : n > 0 && uuid_equal(got[0].id, m.id))
			fail_msg("case %u: found %zu", i, n);
	}
}

/* More rows than are looked at in one go lie before what is found, and pages go on behind it. */
static void test_a_search_goes_on_until_its_page_is_full(void **state)
{
	struct fixture *f = *state;
	struct message *got = NULL;
	enum { ROWS = 4100 };
	OK(f, store_begin(f->s, &f->err));
	for (unsigned i = 1; i <= ROWS; i++) {
		struct message m = message_of(i);
		m.subject = i == 1 || i == 2 || i == ROWS ? SLICE("Найдено") : SLICE("x");
		OK(f, store_message_add(f->s, &m, &f->err));
	}
	OK(f, store_commit(f->s, &f->err));
	struct message_filter filter = {.search = TEXT("НАЙДЕНО"), .limit = 2};
	assert_int_equal(list(f, filter, &got), 2);
	assert_true(uuid_equal(got[0].id, id_of(ROWS)) && uuid_equal(got[1].id, id_of(2)));
	filter.before = got[1].id;
	assert_int_equal(list(f, filter, &got), 1);
	assert_true(uuid_equal(got[0].id, id_of(1)));
}

static void test_pages_follow_each_other_without_gap(void **state)
{
	struct fixture *f = *state;
	struct message *got = NULL;
	struct message_filter filter = {.limit = 4};
	add_some(f);
	assert_int_equal(list(f, filter, &got), 4);
	assert_true(uuid_equal(got[3].id, id_of(3)));
	filter.before = got[3].id;
	assert_int_equal(list(f, filter, &got), 2);
	assert_true(uuid_equal(got[0].id, id_of(2)));
	assert_true(uuid_equal(got[1].id, id_of(1)));
}

/* Both parts; how many went. */
static uint64_t prune_bodies(struct fixture *f, int64_t unused_since_us)
{
	struct body_keys keys;
	uint64_t total = 0;
	OK(f, store_body_list_unused(f->reader, unused_since_us, 10, f->arena, &keys, &f->err));
	for (size_t i = 0; i < keys.n; i++) {
		uint64_t count = 9;
		OK(f, store_body_forget(f->s, &keys.at[i], unused_since_us, &count, &f->err));
		total += count;
	}
	return total;
}

static void test_a_body_is_kept_once_and_renewed(void **state)
{
	struct fixture *f = *state;
	struct slice got, id = TEXT("0123456789abcdef0123456789abcdef");
	char content[20000];
	memset(content, 'x', sizeof content);
	struct slice body = slice_of(content, sizeof content);
	EXPECT(f, STATUS_NOT_FOUND, store_body_find(f->s, 3, id, f->arena, &got, &f->err));
	OK(f, store_body_put(f->s, 3, id, body, noon_us, &f->err));
	OK(f, store_body_put(f->s, 3, id, body, noon_us + 7200 * second_us, &f->err));
	OK(f, store_body_put(f->s, 4, id, TEXT(""), noon_us, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM bodies WHERE tenant_id = 3"), "1");
	assert_string_equal(fixture_query(f, "SELECT LENGTH(content) < 100 AND size = 20000 FROM bodies "
					     "WHERE tenant_id = 3"),
			    f->postgres ? "t" : "1");
	assert_int_equal(prune_bodies(f, noon_us + 1), 1);
	EXPECT(f, STATUS_NOT_FOUND, store_body_find(f->reader, 4, id, f->arena, &got, &f->err));
	OK(f, store_body_find(f->reader, 3, id, f->arena, &got, &f->err));
	assert_true(slice_equal(got, body));
}

static void test_the_body_of_a_queued_message_is_not_pruned(void **state)
{
	struct fixture *f = *state;
	struct slice got, id = TEXT("0123456789abcdef0123456789abcdef");
	struct message m = queued(1);
	struct queue_item item = {
	    .message = m.id, .tenant = 3, .provider = TEXT("outbox"), .stream = TEXT("bulk"), .due_us = noon_us};
	m.body_id = id;
	OK(f, store_body_put(f->s, 3, id, TEXT("hello"), noon_us, &f->err));
	OK(f, store_message_add(f->s, &m, &f->err));
	OK(f, store_queue_add(f->s, &item, &f->err));
	assert_int_equal(prune_bodies(f, noon_us + second_us), 0);
	OK(f, store_body_find(f->reader, 3, id, f->arena, &got, &f->err));
	struct queue_canceled row;
	OK(f, store_queue_cancel(f->s, m.id, false, &row, &f->err));
	assert_int_equal(prune_bodies(f, noon_us + second_us), 1);
}

static void test_a_body_that_is_used_while_it_is_pruned_stays(void **state)
{
	struct fixture *f = *state;
	struct slice id = TEXT("0123456789abcdef0123456789abcdef");
	struct body_keys keys;
	uint64_t count = 9;
	OK(f, store_body_put(f->s, 3, id, TEXT("hello"), noon_us, &f->err));
	OK(f, store_body_list_unused(f->reader, noon_us + second_us, 10, f->arena, &keys, &f->err));
	assert_int_equal(keys.n, 1);
	OK(f, store_body_put(f->s, 3, id, TEXT("hello"), noon_us + 7200 * second_us, &f->err));
	OK(f, store_body_forget(f->s, &keys.at[0], noon_us + second_us, &count, &f->err));
	assert_int_equal(count, 0);
}

static void test_a_damaged_body_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct slice got, id = TEXT("0123456789abcdef0123456789abcdef");
	OK(f, store_body_put(f->s, 3, id, TEXT("hello hello"), noon_us, &f->err));
	fixture_sql(f, "UPDATE bodies SET size = size + 1");
	EXPECT(f, STATUS_CORRUPT, store_body_find(f->s, 3, id, f->arena, &got, &f->err));
	fixture_sql(f, "UPDATE bodies SET size = 2000000000");
	EXPECT(f, STATUS_CORRUPT, store_body_find(f->s, 3, id, f->arena, &got, &f->err));
}

static void test_campaigns_and_templates_are_renamed_when_a_name_is_given(void **state)
{
	struct fixture *f = *state;
	struct slice name;
	EXPECT(f, STATUS_NOT_FOUND, store_campaign_find(f->s, 3, TEXT("c"), f->arena, &name, &f->err));
	OK(f, store_campaign_use(f->s, 3, TEXT("c"), TEXT("One"), noon_us, &f->err));
	OK(f, store_campaign_use(f->s, 3, TEXT("c"), SLICE_EMPTY, noon_us, &f->err));
	OK(f, store_campaign_find(f->s, 3, TEXT("c"), f->arena, &name, &f->err));
	EXPECT_TEXT(name, "One");
	OK(f, store_campaign_use(f->s, 3, TEXT("c"), TEXT("Two"), noon_us, &f->err));
	OK(f, store_campaign_find(f->s, 3, TEXT("c"), f->arena, &name, &f->err));
	EXPECT_TEXT(name, "Two");
	OK(f, store_template_use(f->s, 3, TEXT("t"), SLICE_EMPTY, noon_us, &f->err));
	OK(f, store_template_use(f->s, 3, TEXT("t"), TEXT("T"), noon_us, &f->err));
	OK(f, store_template_find(f->s, 3, TEXT("t"), f->arena, &name, &f->err));
	EXPECT_TEXT(name, "T");
	EXPECT(f, STATUS_NOT_FOUND, store_template_find(f->s, 4, TEXT("t"), f->arena, &name, &f->err));
}

static void test_a_contact_is_updated_but_its_consent_is_not_touched(void **state)
{
	struct fixture *f = *state;
	struct contact got,
	    c = {.id = TEXT("crm-17"), .email = TEXT("c@y"), .name = TEXT("C"), .category = TEXT("seller")};
	struct contact_consent consent = {.id = c.id, .opens = CONSENT_OFF, .clicks = CONSENT_ANONYMOUS};
	EXPECT(f, STATUS_NOT_FOUND, store_contact_find(f->s, 3, c.id, f->arena, &got, &f->err));
	OK(f, store_contact_use(f->s, 3, &c, noon_us, &f->err));
	OK(f, store_contact_find(f->s, 3, c.id, f->arena, &got, &f->err));
	assert_int_equal(got.opens, CONSENT_FULL);
	assert_int_equal(got.clicks, CONSENT_FULL);
	OK(f, store_contact_set_consent(f->s, 3, &consent, noon_us, &f->err));
	c = (struct contact){.id = TEXT("crm-17"), .agent = TEXT("ann"), .name = TEXT("D")};
	OK(f, store_contact_use(f->s, 3, &c, noon_us + 5, &f->err));
	OK(f, store_contact_find(f->s, 3, c.id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.email, "c@y");
	EXPECT_TEXT(got.name, "D");
	EXPECT_TEXT(got.category, "seller");
	EXPECT_TEXT(got.agent, "ann");
	assert_int_equal(got.opens, CONSENT_OFF);
	assert_int_equal(got.clicks, CONSENT_ANONYMOUS);
	assert_int_equal(got.created_us, noon_us);
}

static void test_consent_is_kept_for_a_contact_that_is_not_known_yet(void **state)
{
	struct fixture *f = *state;
	struct contact got, c = {.id = TEXT("new"), .email = TEXT("n@y")};
	struct contact_consent consent = {.id = c.id, .opens = CONSENT_OFF, .clicks = CONSENT_OFF};
	OK(f, store_contact_set_consent(f->s, 3, &consent, noon_us, &f->err));
	OK(f, store_contact_use(f->s, 3, &c, noon_us, &f->err));
	OK(f, store_contact_find(f->s, 3, c.id, f->arena, &got, &f->err));
	EXPECT_TEXT(got.email, "n@y");
	assert_int_equal(got.clicks, CONSENT_OFF);
}

static struct consent_record consent_of(unsigned n, enum consent opens)
{
	return (struct consent_record){.id = id_of(n),
				       .what = {TEXT("c1"), opens, CONSENT_ANONYMOUS},
				       .method = TEXT("form"),
				       .text = n == 1 ? TEXT("Yes.") : SLICE_EMPTY,
				       .decided_by = TEXT("key:k"),
				       .created_us = noon_us + n};
}

static void test_the_history_of_consent_is_kept_in_order_and_never_changed(void **state)
{
	struct fixture *f = *state;
	struct consent_record *list;
	size_t count;
	struct consent_record first = consent_of(1, CONSENT_FULL);
	struct consent_record second = consent_of(2, CONSENT_OFF);
	OK(f, store_consent_add(f->s, 3, &second, &f->err));
	OK(f, store_consent_add(f->s, 3, &first, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_consent_add(f->s, 3, &first, &f->err));
	OK(f, store_consent_list(f->reader, &(struct contact_key){3, TEXT("c1")}, f->arena, &list, &count, &f->err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].what.opens, CONSENT_FULL);
	assert_int_equal(list[0].what.clicks, CONSENT_ANONYMOUS);
	EXPECT_TEXT(list[0].what.id, "c1");
	EXPECT_TEXT(list[0].method, "form");
	EXPECT_TEXT(list[0].text, "Yes.");
	EXPECT_TEXT(list[0].decided_by, "key:k");
	assert_int_equal(list[0].created_us, noon_us + 1);
	assert_int_equal(list[1].what.opens, CONSENT_OFF);
	EXPECT_TEXT(list[1].text, "");
	OK(f, store_consent_list(f->reader, &(struct contact_key){4, TEXT("c1")}, f->arena, &list, &count, &f->err));
	assert_int_equal(count, 0);
}

static void test_a_campaigns_limit_is_full_until_it_is_set(void **state)
{
	struct fixture *f = *state;
	struct campaign_limit limit = {CONSENT_OFF, CONSENT_OFF};
	struct campaign_limit quiet = {CONSENT_ANONYMOUS, CONSENT_OFF};
	struct slice name;
	OK(f, store_campaign_limit(f->reader, 3, TEXT("spring"), &limit, &f->err));
	assert_true(limit.opens == CONSENT_FULL && limit.clicks == CONSENT_FULL);
	OK(f, store_campaign_use(f->s, 3, TEXT("spring"), TEXT("Spring"), noon_us, &f->err));
	OK(f, store_campaign_limit(f->reader, 3, TEXT("spring"), &limit, &f->err));
	assert_true(limit.opens == CONSENT_FULL && limit.clicks == CONSENT_FULL);
	OK(f, store_campaign_set_limit(f->s, 3, TEXT("spring"), &quiet, noon_us, &f->err));
	OK(f, store_campaign_use(f->s, 3, TEXT("spring"), SLICE_EMPTY, noon_us, &f->err));
	OK(f, store_campaign_limit(f->reader, 3, TEXT("spring"), &limit, &f->err));
	assert_true(limit.opens == CONSENT_ANONYMOUS && limit.clicks == CONSENT_OFF);
	OK(f, store_campaign_find(f->reader, 3, TEXT("spring"), f->arena, &name, &f->err));
	EXPECT_TEXT(name, "Spring");
	OK(f, store_campaign_limit(f->reader, 4, TEXT("spring"), &limit, &f->err));
	assert_true(limit.opens == CONSENT_FULL);
}

static void test_long_destinations_are_found_by_key(void **state)
{
	struct fixture *f = *state;
	struct slice url, key = slice_of("\0\1\2\3\4\5\6\7\x80\xff"
					 "abcdef",
					 16);
	EXPECT(f, STATUS_NOT_FOUND, store_link_find(f->s, 3, key, f->arena, &url, &f->err));
	OK(f, store_link_put(f->s, 3, key, TEXT("https://x.example/long"), noon_us, &f->err));
	OK(f, store_link_put(f->s, 3, key, TEXT("https://x.example/long"), noon_us, &f->err));
	OK(f, store_link_find(f->s, 3, key, f->arena, &url, &f->err));
	EXPECT_TEXT(url, "https://x.example/long");
	EXPECT(f, STATUS_NOT_FOUND, store_link_find(f->s, 4, key, f->arena, &url, &f->err));
}

static void test_a_suppression_holds_in_any_case_of_the_address(void **state)
{
	struct fixture *f = *state;
	struct slice reason;
	struct suppression first = {
	    .tenant = 3, .address = TEXT("A@X"), .reason = TEXT("complaint"), .message = id_of(1)};
	struct suppression second = {.tenant = 3, .address = TEXT("a@x"), .reason = TEXT("manual")};
	bool added = false;
	EXPECT(f, STATUS_NOT_FOUND, store_suppression_find(f->s, 3, TEXT("a@x"), f->arena, &reason, &f->err));
	OK(f, store_suppression_add(f->s, &first, noon_us, &added, &f->err));
	assert_true(added);
	OK(f, store_suppression_add(f->s, &second, noon_us, &added, &f->err));
	assert_false(added);
	OK(f, store_suppression_find(f->s, 3, TEXT("a@X"), f->arena, &reason, &f->err));
	EXPECT_TEXT(reason, "complaint");
	EXPECT(f, STATUS_NOT_FOUND, store_suppression_find(f->s, 4, TEXT("a@x"), f->arena, &reason, &f->err));
	OK(f, store_suppression_remove(f->s, 3, TEXT("a@X"), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_suppression_remove(f->s, 3, TEXT("a@x"), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_suppression_find(f->s, 3, TEXT("a@x"), f->arena, &reason, &f->err));
}

int main(void)
{
	const struct CMUnitTest store_messages[] = {
	    FIXTURE_TEST(test_names_are_read_back),
	    FIXTURE_TEST(test_a_message_comes_back_as_it_was_added),
	    FIXTURE_TEST(test_a_message_is_not_found_by_another_tenant),
	    FIXTURE_TEST(test_many_messages_are_read_at_once),
	    FIXTURE_TEST(test_the_newest_message_of_a_name_is_found_by_it),
	    FIXTURE_TEST(test_saving_writes_state_and_counters),
	    FIXTURE_TEST(test_bytes_that_are_no_text_do_not_stop_a_write),
	    FIXTURE_TEST(test_lists_are_filtered),
	    FIXTURE_TEST(test_a_search_finds_letters_of_every_script_in_either_case),
	    FIXTURE_TEST(test_a_search_goes_on_until_its_page_is_full),
	    FIXTURE_TEST(test_pages_follow_each_other_without_gap),
	    FIXTURE_TEST(test_a_body_is_kept_once_and_renewed),
	    FIXTURE_TEST(test_the_body_of_a_queued_message_is_not_pruned),
	    FIXTURE_TEST(test_a_body_that_is_used_while_it_is_pruned_stays),
	    FIXTURE_TEST(test_a_damaged_body_is_corrupt),
	    FIXTURE_TEST(test_campaigns_and_templates_are_renamed_when_a_name_is_given),
	    FIXTURE_TEST(test_a_contact_is_updated_but_its_consent_is_not_touched),
	    FIXTURE_TEST(test_consent_is_kept_for_a_contact_that_is_not_known_yet),
	    FIXTURE_TEST(test_the_history_of_consent_is_kept_in_order_and_never_changed),
	    FIXTURE_TEST(test_a_campaigns_limit_is_full_until_it_is_set),
	    FIXTURE_TEST(test_long_destinations_are_found_by_key),
	    FIXTURE_TEST(test_a_suppression_holds_in_any_case_of_the_address),
	};
	return FIXTURE_RUN(store_messages);
}
