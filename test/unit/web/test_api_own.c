/* SPDX-License-Identifier: Apache-2.0 */
/* What a scoped role (partner, sales_rep, member) has by sending, and what it cannot get by it. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MEMBER "member@agency.example"
#define VICTIM "victim@example.com"

struct office {
	struct desk desk;
	struct slice key, member;
};

static void office_open(struct office *o)
{
	*o = (struct office){0};
	desk_open(&o->desk);
	o->key = desk_key(&o->desk, o->desk.world.tenant, SCOPE_ALL);
	o->member = desk_user(&o->desk, o->desk.world.tenant, ROLE_MEMBER, MEMBER);
	(void)desk_user(&o->desk, o->desk.world.tenant, ROLE_OWNER, "owner@agency.example");
}

/* "GET /queue" */
static struct desk_answer ask(struct office *o, struct slice who, const char *line, const char *body)
{
	struct slice path = slice_from_cstr(line);
	struct slice method = slice_cut(&path, ' ');
	struct desk_request request = {
	    .method = HTTP_GET, .path = path.p, .body = body ? slice_from_cstr(body) : SLICE_EMPTY};
	while (!slice_equal(method, slice_from_cstr(routes_method_name(request.method))))
		request.method++;
	if (slice_starts_with(who, SLICE("Bearer")))
		request.key = who;
	else
		request.cookie = who;
	return desk_ask(&o->desk, &request);
}

static void expect(const struct desk_answer *answer, unsigned status, const char *says)
{
	if (answer->status != status || !slice_contains(answer->body, slice_from_cstr(says)))
		fail_msg("%u instead of %u, or without '%s': %.*s", answer->status, status, says,
			 SLICE_FMT(answer->body));
}

static void expect_of(struct office *o, struct slice who, const char *line, const char *body, unsigned status,
		      const char *says)
{
	struct desk_answer answer = ask(o, who, line, body);
	expect(&answer, status, says);
}

/* A mail by `who`; `more` is further members, each behind a comma. */
static struct slice send(struct office *o, struct slice who, const char *to, const char *more)
{
	const char *body = arena_printf(o->desk.arena,
					"{\"from\":{\"email\":\"a@agency.example\"},\"subject\":\"s\",\"text\":\"t\","
					"\"to\":{\"email\":\"%s\"}%s}",
					to, more)
			       .p;
	struct desk_answer answer = ask(o, who, "POST /messages", body);
	expect(&answer, 202, "\"id\"");
	return desk_field(&o->desk, &answer, "id");
}

/* As the deliverer would have it; the newest message of all. */
static void has_left(struct office *o)
{
	(void)world_sql(&o->desk.world, "UPDATE messages SET sent_at = created_at, state = 'sent' WHERE number = "
					"(SELECT max(number) FROM messages) RETURNING 1");
}

static const char *tomorrow(struct office *o)
{
	char text[64];
	struct buf b;
	buf_init_fixed(&b, text, sizeof text);
	time_append_rfc3339(&b, clock_now_us(clock_system()) + DAY);
	return arena_cstr(o->desk.arena, buf_slice(&b));
}

/* crm-17, whom somebody else sent to and looks after. */
static void add_victim(struct office *o)
{
	(void)send(
	    o, o->key, VICTIM,
	    ",\"contact\":{\"id\":\"crm-17\",\"category\":\"seller\",\"agent\":\"owner@agency.example\"},\"campaign\":{"
	    "\"id\":\"spring\",\"name\":\"Spring\"},\"sender\":\"owner@agency.example\"");
	has_left(o);
}

static void expect_victim_unchanged(struct office *o)
{
	struct desk_answer answer = ask(o, o->key, "GET /contacts/crm-17", NULL);
	expect(&answer, 200, "\"email\":\"" VICTIM "\"");
	expect(&answer, 200, "\"category\":\"seller\"");
	expect(&answer, 200, "\"agent\":\"owner@agency.example\"");
	expect_of(o, o->key, "GET /campaigns/spring", NULL, 200, "\"name\":\"Spring\"");
}

/* Nothing that a member does with the id of a contact makes it his, or shows or changes anything of it. */
static void expect_not_his(struct office *o)
{
	expect_of(o, o->member, "GET /contacts/crm-17", NULL, 404, "nothing here");
	expect_of(o, o->member, "PUT /contacts/crm-17", "{\"name\":\"Mine\"}", 404, "nothing here");
	expect_of(o, o->member, "PUT /contacts/crm-17/consent",
		  "{\"opens\":\"off\",\"clicks\":\"off\",\"method\":\"m\"}", 404, "nothing here");
	expect_victim_unchanged(o);
}

#define TAKE                                                                                                           \
	",\"contact\":{\"id\":\"crm-17\",\"category\":\"buyer\",\"agent\":\"" MEMBER "\"},"                            \
	"\"campaign\":{\"id\":\"spring\",\"name\":\"Autumn\"}"

static void test_a_contact_is_not_had_by_scheduling_a_mail_to_its_id(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	add_victim(&o);
	struct slice id = send(&o, o.member, "me@example.net",
			       arena_printf(o.desk.arena, TAKE ",\"send_at\":\"%s\"", tomorrow(&o)).p);
	expect_not_his(&o);
	const char *cancel = arena_printf(o.desk.arena, "POST /messages/%.*s/cancel", SLICE_FMT(id)).p;
	expect_of(&o, o.member, cancel, NULL, 200, "canceled");
	expect_not_his(&o);
	desk_close(&o.desk);
}

static void test_nor_by_sending_to_its_id_at_another_address(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	add_victim(&o);
	(void)send(&o, o.member, "me@example.net", TAKE);
	has_left(&o);
	expect_not_his(&o);
	desk_close(&o.desk);
}

static void test_nor_by_instrumenting_a_mail_to_its_address(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	add_victim(&o);
	expect_of(&o, o.member, "POST /instrument", "{\"html\":\"h\",\"to\":{\"email\":\"" VICTIM "\"}" TAKE "}", 200,
		  "\"id\"");
	expect_not_his(&o);
	desk_close(&o.desk);
}

static void test_nor_by_sending_to_an_id_before_there_is_a_contact(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	(void)send(&o, o.member, "me@example.net", TAKE);
	has_left(&o);
	expect_of(&o, o.key, "GET /contacts/crm-17", NULL, 200, "\"agent\":null");
	(void)send(&o, o.key, VICTIM, ",\"contact\":{\"id\":\"crm-17\"}");
	expect_of(&o, o.member, "GET /contacts/crm-17", NULL, 404, "nothing here");
	desk_close(&o.desk);
}

static void test_an_id_alone_does_not_tell_the_address_behind_it(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	add_victim(&o);
	struct desk_answer answer =
	    ask(&o, o.member, "POST /instrument", "{\"html\":\"h\",\"contact\":{\"id\":\"crm-17\"}}");
	expect(&answer, 200, "\"id\"");
	const char *path =
	    arena_printf(o.desk.arena, "GET /messages/%.*s", SLICE_FMT(desk_field(&o.desk, &answer, "id"))).p;
	expect_of(&o, o.member, path, NULL, 200, "\"to\":null");
	expect_of(&o, o.key, path, NULL, 200, "\"contact_id\":\"crm-17\"");
	desk_close(&o.desk);
}

static void test_mail_that_has_left_for_a_contacts_address_makes_it_ones_own(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	add_victim(&o);
	(void)send(&o, o.member, "Victim@Example.com", ",\"contact\":{\"id\":\"crm-17\"}");
	expect_of(&o, o.member, "GET /contacts/crm-17", NULL, 404, "nothing here");
	has_left(&o);
	expect_of(&o, o.member, "GET /contacts/crm-17", NULL, 200, "\"category\":\"seller\"");
	expect_of(&o, o.member, "PUT /contacts/crm-17", "{\"email\":\"moved@example.com\"}", 200, "moved@example.com");
	expect_of(&o, o.member, "GET /contacts/crm-17", NULL, 404, "nothing here");
	desk_close(&o.desk);
}

static void test_an_agents_contacts_are_his_by_address_or_id(void **state)
{
	struct office o;
	struct err err = {0};
	struct user user;
	char id[UUID_TEXT_SIZE];
	(void)state;
	office_open(&o);
	add_victim(&o);
	expect_of(&o, o.key, "PUT /contacts/crm-17", "{\"agent\":\"Member@Agency.example\"}", 200, "");
	expect_of(&o, o.member, "GET /contacts/crm-17", NULL, 200, VICTIM);
	assert_int_equal(store_user_find_by_email(o.desk.world.session, SLICE(MEMBER), o.desk.arena, &user, &err),
			 STATUS_OK);
	uuid_format(user.id, id);
	const char *body = arena_printf(o.desk.arena, "{\"agent\":\"%s\"}", id).p;
	expect_of(&o, o.key, "PUT /contacts/crm-17", body, 200, "");
	expect_of(&o, o.member, "GET /contacts/crm-17", NULL, 200, VICTIM);
	expect_of(&o, o.key, "PUT /contacts/crm-17", "{\"agent\":\"somebody\"}", 200, "");
	expect_of(&o, o.member, "GET /contacts/crm-17", NULL, 404, "nothing here");
	desk_close(&o.desk);
}

static void test_who_sends_without_a_sender_is_the_sender_and_sees_it(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	struct slice id = send(&o, o.member, "c@example.com", "");
	const char *path = arena_printf(o.desk.arena, "GET /messages/%.*s", SLICE_FMT(id)).p;
	expect_of(&o, o.member, path, NULL, 200, "\"sender\":\"" MEMBER "\"");
	expect_of(&o, o.member, "GET /messages", NULL, 200, path + strlen("GET /messages/"));
	expect_of(&o, o.member, "GET /events", NULL, 200, path + strlen("GET /messages/"));
	id = send(&o, o.member, "c@example.com", ",\"sender\":\"Member@Agency.EXAMPLE\"");
	path = arena_printf(o.desk.arena, "GET /messages/%.*s", SLICE_FMT(id)).p;
	expect_of(&o, o.member, path, NULL, 200, "\"sender\":\"" MEMBER "\"");
	desk_close(&o.desk);
}

static void test_a_sender_is_a_user_by_address_in_any_case_or_by_id(void **state)
{
	struct office o;
	struct err err = {0};
	struct user user;
	char id[UUID_TEXT_SIZE];
	(void)state;
	office_open(&o);
	assert_int_equal(store_user_find_by_email(o.desk.world.session, SLICE(MEMBER), o.desk.arena, &user, &err),
			 STATUS_OK);
	uuid_format(user.id, id);
	const char *senders[] = {"Member@Agency.EXAMPLE", id, MEMBER};
	for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
		struct slice mail =
		    send(&o, o.key, "c@example.com", arena_printf(o.desk.arena, ",\"sender\":\"%s\"", senders[i]).p);
		const char *line = arena_printf(o.desk.arena, "GET /messages/%.*s", SLICE_FMT(mail)).p;
		expect_of(&o, o.member, line, NULL, 200, "\"sender\":\"" MEMBER "\"");
	}
	struct slice mail = send(&o, o.key, "c@example.com", ",\"sender\":\"Desk 3\"");
	const char *line = arena_printf(o.desk.arena, "GET /messages/%.*s", SLICE_FMT(mail)).p;
	expect_of(&o, o.key, line, NULL, 200, "\"sender\":\"Desk 3\"");
	desk_close(&o.desk);
}

#define MAIL_FROM(address, more)                                                                                       \
	"{\"from\":{\"email\":\"" address "\"},\"to\":{\"email\":\"c@example.com\"},\"subject\":\"s\",\"text\":"       \
	"\"t\"" more "}"

static void test_nobody_sends_in_a_colleagues_name(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	expect_of(&o, o.member, "POST /messages", MAIL_FROM("a@agency.example", ",\"sender\":\"owner@agency.example\""),
		  403, "\"pointer\":\"/sender\"");
	expect_of(&o, o.member, "POST /messages", MAIL_FROM("Owner@Agency.example", ""), 403, "\"pointer\":\"/from\"");
	expect_of(&o, o.member, "POST /messages", MAIL_FROM(MEMBER, ""), 202, "");
	expect_of(&o, o.key, "POST /messages", MAIL_FROM("owner@agency.example", ""), 202, "");
	struct desk_answer batch = ask(
	    &o, o.member, "POST /messages/batch",
	    "{\"messages\":[" MAIL_FROM("a@agency.example", ",\"sender\":\"Owner\"") "," MAIL_FROM(MEMBER, "") "]}");
	expect(&batch, 202, "in nobody else's name");
	expect(&batch, 202, "\"status\":\"queued\"");
	desk_close(&o.desk);
}

static void test_a_campaign_is_changed_by_whose_mail_alone_is_in_it_and_never_tracked_more(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	expect_of(&o, o.member, "PUT /campaigns/mine", "{\"name\":\"N\"}", 404, "nothing here");
	(void)send(&o, o.member, "c@example.com", ",\"campaign\":{\"id\":\"mine\",\"name\":\"Mine\"}");
	expect_of(&o, o.member, "GET /campaigns/mine", NULL, 404, "nothing here");
	has_left(&o);
	expect_of(&o, o.member, "GET /campaigns/mine", NULL, 200, "\"name\":\"Mine\"");
	expect_of(&o, o.member, "PUT /campaigns/mine",
		  "{\"name\":\"N\",\"track\":{\"opens\":\"off\",\"clicks\":\"off\"}}", 200, "\"name\":\"N\"");
	expect_of(&o, o.member, "PUT /campaigns/mine", "{\"track\":{\"opens\":\"off\",\"clicks\":\"full\"}}", 403,
		  "tracked less");
	(void)send(&o, o.key, "c@example.com", ",\"campaign\":{\"id\":\"mine\"}");
	expect_of(&o, o.member, "PUT /campaigns/mine", "{\"name\":\"M\"}", 404, "nothing here");
	expect_of(&o, o.member, "GET /campaigns/mine", NULL, 200, "\"name\":\"N\"");
	desk_close(&o.desk);
}

static void test_an_answer_that_was_kept_is_for_who_asked_the_first_time(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	struct desk_request request = {.method = HTTP_POST,
				       .path = "/messages",
				       .body = SLICE(MAIL_FROM("a@agency.example", "")),
				       .key = o.key,
				       .idempotency_key = SLICE("once")};
	struct desk_answer first = desk_ask(&o.desk, &request);
	expect(&first, 202, "\"id\"");
	request.key = SLICE_EMPTY;
	request.cookie = o.member;
	struct desk_answer second = desk_ask(&o.desk, &request);
	expect(&second, 409, "another body");
	desk_close(&o.desk);
}

static void test_a_key_that_may_only_send_reads_nobody_by_changing_him(void **state)
{
	static const struct {
		const char *line, *body;
	} changes[] = {
	    {"PUT /contacts/crm-17", "{}"},
	    {"PUT /contacts/crm-17/consent", "{\"opens\":\"off\",\"clicks\":\"off\",\"method\":\"m\"}"},
	    {"PUT /campaigns/spring", "{}"},
	};
	struct office o;
	(void)state;
	office_open(&o);
	add_victim(&o);
	struct slice sends = desk_key(&o.desk, o.desk.world.tenant, SCOPE_SEND);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct desk_answer answer = ask(&o, sends, changes[i].line, changes[i].body);
		expect(&answer, 204, "");
		assert_int_equal(answer.body.n, 0);
	}
	desk_close(&o.desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_contact_is_not_had_by_scheduling_a_mail_to_its_id),
	    cmocka_unit_test(test_nor_by_sending_to_its_id_at_another_address),
	    cmocka_unit_test(test_nor_by_instrumenting_a_mail_to_its_address),
	    cmocka_unit_test(test_nor_by_sending_to_an_id_before_there_is_a_contact),
	    cmocka_unit_test(test_an_id_alone_does_not_tell_the_address_behind_it),
	    cmocka_unit_test(test_mail_that_has_left_for_a_contacts_address_makes_it_ones_own),
	    cmocka_unit_test(test_an_agents_contacts_are_his_by_address_or_id),
	    cmocka_unit_test(test_who_sends_without_a_sender_is_the_sender_and_sees_it),
	    cmocka_unit_test(test_a_sender_is_a_user_by_address_in_any_case_or_by_id),
	    cmocka_unit_test(test_nobody_sends_in_a_colleagues_name),
	    cmocka_unit_test(test_a_campaign_is_changed_by_whose_mail_alone_is_in_it_and_never_tracked_more),
	    cmocka_unit_test(test_an_answer_that_was_kept_is_for_who_asked_the_first_time),
	    cmocka_unit_test(test_a_key_that_may_only_send_reads_nobody_by_changing_him),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
