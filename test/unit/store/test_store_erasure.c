/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/events/events.h"
#include "store/mail/queue.h"
#include "store/people/consents.h"
#include "store/people/erasure.h"
#include "store/people/suppressions.h"

static const struct contact_key ann = {3, {"ann", 3}};
static const struct slice_list nobody_else = {0};

static void add_mail(struct fixture *f, unsigned n, struct slice contact, const char *body)
{
	struct message m = message_of(n);
	m.state = MESSAGE_SENT;
	m.created_us = m.send_at_us = noon_us + n;
	m.to_email = TEXT("Ann@Y.example");
	m.to_name = TEXT("Ann");
	m.subject = TEXT("Dear Ann");
	m.contact_id = contact;
	m.contact_category = m.enrollment = m.remote_id = TEXT("ann");
	m.campaign_id = TEXT("spring");
	m.position = 4;
	m.options = m.metadata = TEXT("{\"ann\":1}");
	m.body_id = slice_from_cstr(body);
	m.error = TEXT("no ann");
	m.track_opens = CONSENT_FULL;
	m.counters.opens_human = 2;
	if (slice_equal(contact, TEXT("bob"))) {
		m.to_email = TEXT("bob@y.example");
		m.subject = TEXT("Dear Bob");
	}
	fixture_add_message(f, m);
	struct event e = event_of(n, n, EVENT_CLICK);
	e.occurred_us = noon_us;
	e.has_token = true;
	e.judged = true;
	e.actor = ACTOR_HUMAN;
	e.reasons = TEXT("browser");
	e.link_index = 1;
	e.destination_url = TEXT("https://e.com/?ann");
	e.ip = TEXT("203.0.113.9");
	e.user_agent = e.remote_id = e.bounce_reason = TEXT("ann");
	e.owner = m.contact_id;
	e.message_remote_id = m.remote_id;
	fixture_add_event(f, e);
}

static void test_an_erased_contacts_rows_stay_as_those_of_nobody(void **state)
{
	struct fixture *f = *state;
	struct erasure_counts counts = {0};
	struct contact contact = {.id = ann.id, .email = TEXT("ann@y.example"), .name = TEXT("Ann")};
	struct consent_record proof = {.id = id_of(5),
				       .what = {ann.id, CONSENT_FULL, CONSENT_FULL},
				       .method = TEXT("ann"),
				       .decided_by = TEXT("ann"),
				       .created_us = noon_us};
	struct message m;
	struct event e;
	add_mail(f, 1, ann.id, "11111111111111111111111111111111");
	add_mail(f, 2, TEXT("bob"), "22222222222222222222222222222222");
	OK(f, store_contact_use(f->s, 3, &contact, noon_us, &f->err));
	OK(f, store_consent_add(f->s, 3, &proof, &f->err));
	OK(f, store_contact_erase(f->s, &ann, &counts, &f->err));
	OK(f, store_texts_forget(f->s, &ann, &nobody_else, &f->err));
	assert_true(counts.messages == 1 && counts.events == 1);
	OK(f, store_message_find(f->reader, 3, id_of(1), f->arena, &m, &f->err));
	assert_true(message_is_erased(&m));
	assert_int_equal(m.to_email.n + m.to_name.n + m.subject.n + m.contact_category.n + m.enrollment.n +
			     m.metadata.n + m.body_id.n + m.remote_id.n + m.error.n,
			 0);
	EXPECT_TEXT(m.campaign_id, "spring");
	assert_int_equal(m.counters.opens_human, 2);
	assert_true(m.track_opens == CONSENT_ANONYMOUS && m.track_clicks == CONSENT_OFF);
	OK(f, store_event_find(f->reader, 3, id_of(1001), f->arena, &e, &f->err));
	assert_false(e.has_token);
	assert_int_equal(e.metadata.n + e.destination_url.n + e.ip.n + e.user_agent.n + e.remote_id.n +
			     e.bounce_reason.n + e.contact_id.n,
			 0);
	assert_true(e.actor == ACTOR_HUMAN && e.link_index == 1);
	EXPECT_TEXT(e.campaign_id, "spring");
	assert_int_equal(e.contact_category.n, 0);
	EXPECT(f, STATUS_NOT_FOUND, store_contact_find(f->reader, 3, ann.id, f->arena, &contact, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM contact_consents"), "0");
	OK(f, store_message_find(f->reader, 3, id_of(2), f->arena, &m, &f->err));
	EXPECT_TEXT(m.subject, "Dear Bob");
	OK(f, store_event_find(f->reader, 3, id_of(1002), f->arena, &e, &f->err));
	EXPECT_TEXT(e.user_agent, "ann");
}

/* Ann's own agent goes with her, the one that Bob has too stays, and hers is another's when he comes with it. */
static void test_a_text_that_only_the_erased_had_goes(void **state)
{
	struct fixture *f = *state;
	struct erasure_counts counts = {0};
	struct event e[3], got;
	add_mail(f, 1, ann.id, "11111111111111111111111111111111");
	add_mail(f, 2, TEXT("bob"), "22222222222222222222222222222222");
	for (unsigned i = 0; i < 3; i++)
		e[i] = opened_by(1000 + i, i == 2 ? 2 : 1, i ? TEXT("everybody's") : TEXT("ann's own"),
				 i == 2 ? TEXT("bob") : ann.id);
	OK(f, store_event_add(f->s, e, 3, &f->err));
	OK(f, store_contact_erase(f->s, &ann, &counts, &f->err));
	OK(f, store_texts_forget(f->s, &ann, &nobody_else, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM dictionary WHERE text LIKE 'ann%'"), "1"); /* the
		name of Bob's agent in add_mail, which is both's */
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM dictionary WHERE text = 'ann''s own'"), "0");
	OK(f, store_event_find(f->reader, 3, id_of(2002), f->arena, &got, &f->err));
	EXPECT_TEXT(got.user_agent, "everybody's");
	e[0].id = id_of(3000);
	e[0].message = id_of(2);
	e[0].message_number = 0;
	e[0].owner = TEXT("bob");
	OK(f, store_event_add(f->s, e, 1, &f->err));
	OK(f, store_event_find(f->reader, 3, id_of(3000), f->arena, &got, &f->err));
	EXPECT_TEXT(got.user_agent, "ann's own");
}

/* Two contacts, one mailbox: what the other has too stays until he is erased as well. */
static void test_a_text_of_a_shared_address_stays_with_the_other_contact(void **state)
{
	struct fixture *f = *state;
	const struct contact_key address = {3, TEXT("both@y.example")};
	struct slice bob = TEXT("bob");
	const struct slice_list others = {&bob, 1};
	struct event e[3], got;
	add_mail(f, 1, ann.id, "11111111111111111111111111111111");
	add_mail(f, 2, bob, "22222222222222222222222222222222");
	for (unsigned i = 0; i < 3; i++)
		e[i] = opened_by(1000 + i, i == 2 ? 2 : 1, i ? TEXT("the family's") : TEXT("hers"),
				 i == 2 ? TEXT("Both@y.example") : address.id);
	OK(f, store_event_add(f->s, e, 3, &f->err));
	OK(f, store_texts_forget(f->s, &address, &others, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM dictionary WHERE text = 'hers'"), "0");
	OK(f, store_event_find(f->reader, 3, id_of(2002), f->arena, &got, &f->err));
	EXPECT_TEXT(got.user_agent, "the family's");
	OK(f, store_texts_forget(f->s, &address, &nobody_else, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM dictionary WHERE text = 'the family''s'"), "0");
}

static bool file_has(const char *path, struct slice needle)
{
	FILE *file = fopen(path, "rb");
	bool found = false;
	if (!file)
		return false; /* a log that was never written */
	struct buf content;
	char chunk[65536];
	size_t n;
	buf_init(&content, 64 << 20);
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_append_bytes(&content, chunk, n);
	(void)fclose(file);
	found = slice_contains(buf_slice(&content), needle);
	assert_false(buf_failed(&content));
	buf_done(&content);
	return found;
}

static bool files_have(const struct fixture *f, struct slice needle)
{
	char log[sizeof f->url + 8];
	const char *path = f->url + strlen("sqlite:");
	(void)snprintf(log, sizeof log, "%s-wal", path);
	return file_has(path, needle) || file_has(log, needle);
}

/* Ids in no order and rows that grow: pages are split, and a page that was split keeps old copies in its gap, which
 * secure_delete does not reach. */
static void test_no_byte_of_the_erased_is_left_in_the_files(void **state)
{
	enum { COUNT = 1009 };
	struct fixture *f = *state;
	struct erasure_counts counts = {0};
	if (f->postgres)
		return; /* its vacuum does that */
	for (unsigned i = 0; i < COUNT; i++)
		add_mail(f, i * 389 % COUNT + 1, i % 3 ? TEXT("bob") : ann.id, "11111111111111111111111111111111");
	for (unsigned i = 0; i < COUNT; i += 2) {
		struct message m;
		OK(f, store_message_find(f->s, 3, id_of(i * 7 % COUNT + 1), f->arena, &m, &f->err));
		m.error =
		    TEXT("a long answer of a mail server, so that the row needs another place than it had before");
		OK(f, store_message_save_delivery(f->s, &m, &f->err));
	}
	assert_true(files_have(f, TEXT("Dear Ann")));
	OK(f, store_contact_erase(f->s, &ann, &counts, &f->err));
	OK(f, store_texts_forget(f->s, &ann, &nobody_else, &f->err));
	store_scrub_soon(f->s);
	OK(f, store_checkpoint(f->s, 1 << 20, &f->err));
	assert_false(files_have(f, TEXT("Dear Ann")));
	assert_false(files_have(f, TEXT("Ann@Y")));
}

static void test_mail_under_way_is_in_the_way_of_an_erasure(void **state)
{
	struct fixture *f = *state;
	struct erasure_counts counts = {0};
	add_mail(f, 1, ann.id, "11111111111111111111111111111111");
	fixture_sql(f, "INSERT INTO send_queue (message_id, tenant_id, provider, stream, state, due_at, attempt) "
		       "SELECT id, 3, 'smtp', 'bulk', 'held', created_at, 1 FROM messages");
	EXPECT(f, STATUS_CONFLICT, store_contact_erase(f->s, &ann, &counts, &f->err));
	assert_string_equal(fixture_query(f, "SELECT contact_id FROM messages"), "ann");
	fixture_sql(f, "UPDATE send_queue SET state = 'paused'");
	fixture_sql(f, "UPDATE messages SET state = 'queued'");
	OK(f, store_contact_erase(f->s, &ann, &counts, &f->err));
	OK(f, store_texts_forget(f->s, &ann, &nobody_else, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM send_queue"), "0");
	assert_string_equal(fixture_query(f, "SELECT state FROM messages"), "canceled");
}

static void test_nobody_is_not_erased(void **state)
{
	struct fixture *f = *state;
	struct erasure_counts counts = {0};
	struct contact_key nobody = {3, SLICE_EMPTY};
	add_mail(f, 1, SLICE_EMPTY, "11111111111111111111111111111111");
	EXPECT(f, STATUS_NOT_FOUND, store_contact_erase(f->s, &nobody, &counts, &f->err));
	assert_string_equal(fixture_query(f, "SELECT subject FROM messages"), "Dear Ann");
}

static void test_a_body_that_others_have_is_not_unused(void **state)
{
	struct fixture *f = *state;
	struct slice_list bodies;
	char name[33];
	for (unsigned i = 0; i < 70; i++) { /* more than one statement asks for */
		(void)snprintf(name, sizeof name, "%032u", i);
		add_mail(f, i + 1, ann.id, name);
	}
	add_mail(f, 100, TEXT("bob"), "00000000000000000000000000000069");
	OK(f, store_contact_bodies(f->reader, &ann, f->arena, &bodies, &f->err));
	assert_int_equal(bodies.count, 70);
	fixture_sql(f, "UPDATE messages SET body_id = NULL WHERE contact_id = 'ann'");
	OK(f, store_bodies_unused(f->reader, 3, f->arena, &bodies, &f->err));
	assert_int_equal(bodies.count, 69);
	for (size_t i = 0; i < bodies.count; i++)
		assert_false(slice_equal(bodies.items[i], TEXT("00000000000000000000000000000069")));
}

static void test_the_addresses_of_a_contact_are_those_of_its_row_and_its_mail(void **state)
{
	struct fixture *f = *state;
	struct slice_list list;
	struct contact contact = {.id = ann.id, .email = TEXT("New@y.example")};
	add_mail(f, 1, ann.id, "11111111111111111111111111111111");
	OK(f, store_contact_use(f->s, 3, &contact, noon_us, &f->err));
	OK(f, store_contact_addresses(f->reader, &ann, f->arena, &list, &f->err));
	assert_int_equal(list.count, 2);
	OK(f, store_contacts_with_address(f->reader, 3, TEXT("new@y.example"), f->arena, &list, &f->err));
	assert_int_equal(list.count, 1);
	EXPECT_TEXT(list.items[0], "ann");
	OK(f, store_contacts_with_address(f->reader, 4, TEXT("new@y.example"), f->arena, &list, &f->err));
	assert_int_equal(list.count, 0);
}

static void test_a_suppression_without_its_address_holds_with_its_reason(void **state)
{
	struct fixture *f = *state;
	struct slice reason;
	bool added;
	struct suppression complaint = {.tenant = 3, .address = TEXT("a@x"), .reason = TEXT("complaint")};
	struct suppression later = {.tenant = 3, .address = TEXT("A@x"), .reason = TEXT("manual")};
	OK(f, store_suppression_add(f->s, &complaint, noon_us, &added, &f->err));
	OK(f, store_suppression_anonymise(f->s, 3, TEXT("A@X"), noon_us + 1, &f->err));
	OK(f, store_suppression_anonymise(f->s, 3, TEXT("b@x"), noon_us, &f->err));
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM suppressions WHERE address LIKE '%@%'"), "0");
	OK(f, store_suppression_find(f->reader, 3, TEXT("a@X"), f->arena, &reason, &f->err));
	EXPECT_TEXT(reason, "complaint");
	OK(f, store_suppression_find(f->reader, 3, TEXT("b@x"), f->arena, &reason, &f->err));
	EXPECT_TEXT(reason, "erased");
	EXPECT(f, STATUS_NOT_FOUND, store_suppression_find(f->reader, 4, TEXT("a@x"), f->arena, &reason, &f->err));
	OK(f, store_suppression_add(f->s, &later, noon_us, &added, &f->err));
	assert_false(added); /* and the address is not written down again */
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM suppressions WHERE address LIKE '%@%'"), "0");
	OK(f, store_suppression_remove(f->s, 3, TEXT("a@x"), &f->err));
	EXPECT(f, STATUS_NOT_FOUND, store_suppression_find(f->reader, 3, TEXT("a@x"), f->arena, &reason, &f->err));
}

int main(void)
{
	const struct CMUnitTest store_erasure[] = {
	    FIXTURE_TEST(test_an_erased_contacts_rows_stay_as_those_of_nobody),
	    FIXTURE_TEST(test_a_text_that_only_the_erased_had_goes),
	    FIXTURE_TEST(test_a_text_of_a_shared_address_stays_with_the_other_contact),
	    FIXTURE_TEST(test_no_byte_of_the_erased_is_left_in_the_files),
	    FIXTURE_TEST(test_mail_under_way_is_in_the_way_of_an_erasure),
	    FIXTURE_TEST(test_nobody_is_not_erased),
	    FIXTURE_TEST(test_a_body_that_others_have_is_not_unused),
	    FIXTURE_TEST(test_the_addresses_of_a_contact_are_those_of_its_row_and_its_mail),
	    FIXTURE_TEST(test_a_suppression_without_its_address_holds_with_its_reason),
	};
	return FIXTURE_RUN(store_erasure);
}
