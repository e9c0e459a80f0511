/* SPDX-License-Identifier: Apache-2.0 */
/* What the API refuses, route by route. A route that is not in the table fails, a kind of mistake that can be made at a
 * route and is not in the table fails, and what is answered is what doc/openapi.yaml says. */
#include "desk.h"

#include "prog/serve/openapi.h"
#include "store/mail/queue_claim.h"
#include "store/people/held_unsubscribes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum kind { UNKNOWN_FIELD, WRONG_TYPE, MISSING, TOO_LONG, UNKNOWN_ID, OTHERS_ID, BAD_QUERY, BAD_VALUE, KIND_COUNT };
static const char *const KIND_NAMES[] = {"unknown field", "wrong type",        "missing",   "too long",
					 "unknown id",    "other tenant's id", "bad query", "bad value"};

/* In paths and bodies: @MESSAGE, @EVENT of the tenant, @THEIRS, @THEIR_EVENT of the other one, @LONG (5,000 letters),
 * @MANY (1,001 things of a list), @NOBODY (an id of nothing). */
enum by {
	BY_KEY,      /* that may do everything */
	BY_OTHER,    /* who administers the other tenant */
	BY_MEMBER,   /* who sees what he sent, and has sent nothing */
	BY_STRANGER, /* a page of another site */
};
struct row {
	enum http_method method;
	const char *path;
	enum kind kind;
	const char *body; /* NULL: none */
	unsigned status;
	const char *says;
	enum by by;
	const char *idempotency; /* "used" was used for another mail */
};

#define ADDRESSES "\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"c@example.com\"},"
#define MAIL "{" ADDRESSES "\"subject\":\"Hello\",\"html\":\"<p>Hi</p>\"}"

static const struct row rows[] = {
    {HTTP_POST, "/messages", UNKNOWN_FIELD, "{" ADDRESSES "\"subject\":\"s\",\"html\":\"h\",\"x\":1}", 422, "/x"},
    {HTTP_POST, "/messages", WRONG_TYPE, "{" ADDRESSES "\"subject\":1,\"html\":\"h\"}", 422, "/subject"},
    {HTTP_POST, "/messages", MISSING, "{\"subject\":\"s\",\"html\":\"h\"}", 422, "/from"},
    {HTTP_POST, "/messages", TOO_LONG,
     "{" ADDRESSES "\"subject\":\"s\",\"html\":\"h\",\"campaign\":{\"id\":\"@LONG\"}}", 422, "/campaign/id"},
    {HTTP_POST, "/messages", BAD_VALUE,
     "{\"contact\":{\"id\":\"shy\"},\"track\":{\"opens\":\"full\"}," ADDRESSES "\"subject\":\"s\",\"html\":\"h\"}", 403,
     "has not agreed"},
    {HTTP_POST, "/messages", BAD_VALUE, "{}", 409, "another body", BY_KEY, "used"},
    {HTTP_POST, "/messages", TOO_LONG, MAIL, 422, "256 bytes", BY_KEY, "@LONG"},
    {HTTP_POST, "/messages/batch", BAD_VALUE, "{\"messages\":[" MAIL "]}", 409, "another body", BY_KEY, "used"},
    {HTTP_POST, "/instrument", BAD_VALUE, "{}", 409, "another body", BY_KEY, "used"},
    {HTTP_POST, "/messages/batch", UNKNOWN_FIELD, "{\"messages\":[" MAIL "],\"x\":1}", 422, "nothing else"},
    {HTTP_POST, "/messages/batch", WRONG_TYPE, "{\"messages\":1}", 422, "nothing else"},
    {HTTP_POST, "/messages/batch", MISSING, "{}", 422, "nothing else"},
    {HTTP_POST, "/messages/batch", TOO_LONG, "{\"messages\":[@MANY]}", 422, "1 to 1,000"},
    {HTTP_POST, "/messages/batch", BAD_VALUE, "{\"messages\":[]}", 422, "1 to 1,000"},
    {HTTP_POST, "/instrument", UNKNOWN_FIELD, "{" ADDRESSES "\"html\":\"h\",\"x\":1}", 422, "/x"},
    {HTTP_POST, "/instrument", WRONG_TYPE, "{" ADDRESSES "\"html\":1}", 422, "/html"},
    {HTTP_POST, "/instrument", MISSING, "{" ADDRESSES "\"subject\":\"s\"}", 422, "html"},
    {HTTP_POST, "/instrument", TOO_LONG, "{" ADDRESSES "\"html\":\"h\",\"campaign\":{\"id\":\"@LONG\"}}", 422,
     "/campaign/id"},
    {HTTP_POST, "/instrument", BAD_VALUE,
     "{\"contact\":{\"id\":\"shy\"},\"track\":{\"opens\":\"full\"}," ADDRESSES "\"html\":\"h\"}", 403,
     "has not agreed"},
    {HTTP_POST, "/sign", UNKNOWN_FIELD, "{\"message\":\"@MESSAGE\",\"x\":1}", 422, "url may be left out"},
    {HTTP_POST, "/sign", WRONG_TYPE, "{\"message\":1}", 422, "url may be left out"},
    {HTTP_POST, "/sign", MISSING, "{}", 422, "url may be left out"},
    {HTTP_POST, "/sign", TOO_LONG, "{\"message\":\"@MESSAGE\",\"url\":\"https://example.com/@LONG\"}", 422, "2,048"},
    {HTTP_POST, "/sign", UNKNOWN_ID, "{\"message\":\"@NOBODY\"}", 404, "nothing here"},
    {HTTP_POST, "/sign", OTHERS_ID, "{\"message\":\"@THEIRS\"}", 404, "nothing here"},
    {HTTP_POST, "/sign", BAD_VALUE, "{\"message\":\"@MESSAGE\",\"url\":\"javascript:1\"}", 422, "http or https"},
    {HTTP_POST, "/lint", UNKNOWN_FIELD, "{\"html\":\"h\",\"x\":1}", 422, "/x"},
    {HTTP_POST, "/lint", WRONG_TYPE, "{\"html\":1}", 422, "/html"},
    {HTTP_POST, "/lint", MISSING, "{}", 422, "must have one of"},
    {HTTP_POST, "/lint", TOO_LONG, "{\"html\":\"h\",\"charset\":\"@LONG\"}", 422, "/charset"},
    {HTTP_POST, "/lint", BAD_VALUE, "{\"html\":\"h\",\"kind\":\"weekly\"}", 422, "/kind"},
    {HTTP_GET, "/messages?limit=0", BAD_QUERY, NULL, 422, "'limit'"},
    {HTTP_GET, "/messages?limit=501", BAD_QUERY, NULL, 422, "'limit'"},
    {HTTP_GET, "/messages?status=lost", BAD_QUERY, NULL, 422, "'status'"},
    {HTTP_GET, "/messages?from=yesterday", BAD_QUERY, NULL, 422, "'from'"},
    {HTTP_GET, "/messages?cursor=2", BAD_QUERY, NULL, 422, "'cursor'"},
    {HTTP_GET, "/messages?q=%zz", BAD_QUERY, NULL, 422, "'q'"},
    {HTTP_GET, "/messages/in-doubt?limit=many", BAD_QUERY, NULL, 422, "'limit'"},
    {HTTP_GET, "/messages/@NOBODY", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/messages/first", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/messages/@THEIRS", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/messages/@NOBODY/preview", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/messages/@THEIRS/preview", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/messages/@MESSAGE/preview?frame=%z", BAD_QUERY, NULL, 422, "'frame'"},
    {HTTP_POST, "/messages/@NOBODY/cancel", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_POST, "/messages/@THEIRS/cancel", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_POST, "/messages/@CANCELED/cancel", BAD_VALUE, NULL, 409, "canceled"},
    {HTTP_POST, "/messages/@MESSAGE/resolve", UNKNOWN_FIELD, "{\"as\":\"sent\",\"x\":1}", 422, "resend"},
    {HTTP_POST, "/messages/@MESSAGE/resolve", WRONG_TYPE, "{\"as\":1}", 422, "resend"},
    {HTTP_POST, "/messages/@MESSAGE/resolve", MISSING, "{}", 422, "resend"},
    {HTTP_POST, "/messages/@MESSAGE/resolve", TOO_LONG, "{\"as\":\"@LONG\"}", 422, "resend"},
    {HTTP_POST, "/messages/@NOBODY/resolve", UNKNOWN_ID, "{\"as\":\"sent\"}", 404, "nothing here"},
    {HTTP_POST, "/messages/@THEIRS/resolve", OTHERS_ID, "{\"as\":\"sent\"}", 404, "nothing here"},
    {HTTP_POST, "/messages/@MESSAGE/resolve", BAD_VALUE, "{\"as\":\"sent\"}", 409, "not in doubt"},
    {HTTP_GET, "/events?type=opened", BAD_QUERY, NULL, 422, "event type"},
    {HTTP_GET, "/events?actor=dog", BAD_QUERY, NULL, 422, "actor"},
    {HTTP_GET, "/events?cursor=x", BAD_QUERY, NULL, 422, "cursor"},
    {HTTP_GET, "/events?message=x", BAD_QUERY, NULL, 422, "'message'"},
    {HTTP_GET, "/events/stream?type=opened", BAD_QUERY, NULL, 422, "event type"},
    {HTTP_GET, "/events/export?type=opened", BAD_QUERY, NULL, 422, "event type"},
    {HTTP_GET, "/events/export?format=xlsx", BAD_QUERY, NULL, 422, "'format'"},
    {HTTP_GET, "/events/@NOBODY", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/events/@THEIR_EVENT", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/unsubscribes/held?state=lost", BAD_QUERY, NULL, 422, "'state'"},
    {HTTP_GET, "/unsubscribes/held?cursor=x", BAD_QUERY, NULL, 422, "'cursor'"},
    {HTTP_POST, "/unsubscribes/held/@NOBODY/confirm", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_POST, "/unsubscribes/held/@THEIRS/confirm", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_POST, "/unsubscribes/held/@NOBODY/dismiss", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_POST, "/unsubscribes/held/@THEIRS/dismiss", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_POST, "/unsubscribes/held/@CANCELED/confirm", BAD_VALUE, NULL, 409, "waiting"},
    {HTTP_POST, "/unsubscribes/held/@CANCELED/dismiss", BAD_VALUE, NULL, 409, "waiting"},
    {HTTP_GET, "/contacts/nobody", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/contacts/theirs", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_PUT, "/contacts/ann", UNKNOWN_FIELD, "{\"x\":1}", 422, "/x"},
    {HTTP_PUT, "/contacts/ann", WRONG_TYPE, "{\"name\":1}", 422, "/name"},
    {HTTP_PUT, "/contacts/ann", TOO_LONG, "{\"name\":\"@LONG\"}", 422, "/name"},
    {HTTP_PUT, "/contacts/@LONG", TOO_LONG, "{}", 422, "320"},
    {HTTP_PUT, "/contacts/a%0Ab", BAD_VALUE, "{}", 422, "control"},
    {HTTP_PUT, "/contacts/ann", BAD_VALUE, "{\"email\":\"ann\"}", 422, "/email"},
    {HTTP_DELETE, "/contacts/nobody", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_DELETE, "/contacts/theirs", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_DELETE, "/contacts/busy", BAD_VALUE, NULL, 409, "under way"},
    {HTTP_GET, "/contacts/nobody/export", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/contacts/theirs/export", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_PUT, "/contacts/ann/consent", UNKNOWN_FIELD,
     "{\"opens\":\"off\",\"clicks\":\"off\",\"method\":\"form\",\"x\":1}", 422, "/x"},
    {HTTP_PUT, "/contacts/ann/consent", WRONG_TYPE, "{\"opens\":1,\"clicks\":\"off\",\"method\":\"form\"}", 422,
     "/opens"},
    {HTTP_PUT, "/contacts/ann/consent", MISSING, "{\"opens\":\"off\",\"clicks\":\"off\"}", 422, "/method"},
    {HTTP_PUT, "/contacts/ann/consent", TOO_LONG, "{\"opens\":\"off\",\"clicks\":\"off\",\"method\":\"@LONG\"}", 422,
     "/method"},
    {HTTP_PUT, "/contacts/ann/consent", BAD_VALUE, "{\"opens\":\"full\",\"clicks\":\"full\",\"method\":\"form\"}", 422,
     "proof"},
    {HTTP_GET, "/campaigns/nothing", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/campaigns/theirs", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_PUT, "/campaigns/spring", UNKNOWN_FIELD, "{\"x\":1}", 422, "/x"},
    {HTTP_PUT, "/campaigns/spring", WRONG_TYPE, "{\"track\":1}", 422, "/track"},
    {HTTP_PUT, "/campaigns/spring", MISSING, "{\"track\":{\"opens\":\"off\"}}", 422, "/track/clicks"},
    {HTTP_PUT, "/campaigns/spring", TOO_LONG, "{\"name\":\"@LONG\"}", 422, "/name"},
    {HTTP_PUT, "/campaigns/@LONG", TOO_LONG, "{}", 422, "200"},
    {HTTP_PUT, "/contacts/busy", BAD_VALUE, "{}", 404, "nothing here", BY_MEMBER},
    {HTTP_PUT, "/contacts/busy/consent", BAD_VALUE, "{\"opens\":\"off\",\"clicks\":\"off\",\"method\":\"form\"}", 404,
     "nothing here", BY_MEMBER},
    {HTTP_PUT, "/campaigns/theirs", BAD_VALUE, "{}", 404, "nothing here", BY_MEMBER},
    {HTTP_GET, "/suppressions", BAD_VALUE, NULL, 403, "everybody's", BY_MEMBER},
    {HTTP_POST, "/messages", BAD_VALUE,
     "{\"sender\":\"owner@agency.example\"," ADDRESSES "\"subject\":\"s\",\"html\":\"h\"}", 403,
     "in nobody else's name", BY_MEMBER},
    {HTTP_GET, "/audit?cursor=x", BAD_QUERY, NULL, 422, "'cursor'"},
    {HTTP_GET, "/audit?tenant=nobody", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/audit?tenant=default", OTHERS_ID, NULL, 403, "first tenant", BY_OTHER},
    {HTTP_GET, "/suppressions?limit=0", BAD_QUERY, NULL, 422, "'limit'"},
    {HTTP_POST, "/suppressions", UNKNOWN_FIELD, "{\"address\":\"a@example.com\",\"x\":1}", 422, "/x"},
    {HTTP_POST, "/suppressions", WRONG_TYPE, "{\"address\":1}", 422, "/address"},
    {HTTP_POST, "/suppressions", MISSING, "{}", 422, "/address"},
    {HTTP_POST, "/suppressions", TOO_LONG, "{\"address\":\"a@example.com\",\"why\":\"@LONG\"}", 422, "/why"},
    {HTTP_POST, "/suppressions", BAD_VALUE, "{\"address\":\"a@example.com\",\"reason\":\"mood\"}", 422, "/reason"},
    {HTTP_DELETE, "/suppressions/nobody%40example.com", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_DELETE, "/suppressions/theirs%40example.com", OTHERS_ID, NULL, 404, "nothing here"},
    {HTTP_DELETE, "/suppressions/gone%40example.com", BAD_VALUE, NULL, 422, "'why'"},
    {HTTP_DELETE, "/suppressions/gone%40example.com?why=@LONG", TOO_LONG, NULL, 422, "1000"},
    {HTTP_GET, "/tenants?limit=0", BAD_QUERY, NULL, 422, "'limit'"},
    {HTTP_GET, "/tenants", BAD_VALUE, NULL, 403, "first tenant", BY_OTHER},
    {HTTP_POST, "/tenants", UNKNOWN_FIELD, "{\"name\":\"new\",\"x\":1}", 422, "/x"},
    {HTTP_POST, "/tenants", WRONG_TYPE, "{\"name\":1}", 422, "/name"},
    {HTTP_POST, "/tenants", MISSING, "{}", 422, "/name"},
    {HTTP_POST, "/tenants", TOO_LONG, "{\"name\":\"@LONG\"}", 422, "/name"},
    {HTTP_POST, "/tenants", BAD_VALUE, "{\"name\":\"default\"}", 409, ""},
    {HTTP_POST, "/tenants", BAD_VALUE, "{\"name\":\"a b\"}", 422, "/name"},
    {HTTP_POST, "/tenants", BAD_VALUE, "{\"name\":\"new\"}", 403, "first tenant", BY_OTHER},
    {HTTP_GET, "/tenants/nobody", UNKNOWN_ID, NULL, 404, "nothing here"},
    {HTTP_GET, "/tenants/default", OTHERS_ID, NULL, 403, "first tenant", BY_OTHER},
    {HTTP_PATCH, "/tenants/default", UNKNOWN_FIELD, "{\"settings\":{\"x\":1}}", 422, "/settings/x"},
    {HTTP_PATCH, "/tenants/default", WRONG_TYPE, "{\"settings\":{\"opens\":[]}}", 422, "/settings/opens"},
    {HTTP_PATCH, "/tenants/default", MISSING, "{}", 422, "must have settings"},
    {HTTP_PATCH, "/tenants/default", BAD_VALUE, "{\"time_zone\":\"Mars/Olympus\"}", 422, "/time_zone"},
    {HTTP_PATCH, "/tenants/default", TOO_LONG, "{\"settings\":{\"opens\":\"@LONG\"}}", 422, "/settings/opens"},
    {HTTP_PATCH, "/tenants/nobody", UNKNOWN_ID, "{\"settings\":{}}", 404, "nothing here"},
    {HTTP_PATCH, "/tenants/default", OTHERS_ID, "{\"settings\":{}}", 403, "first tenant", BY_OTHER},
    {HTTP_GET, "/stats/summary?from=2026-02-02&to=2026-02-01", BAD_QUERY, NULL, 422, "'from'"},
    {HTTP_GET, "/stats/summary?compare=next", BAD_QUERY, NULL, 422, "'compare'"},
    {HTTP_POST, "/session", UNKNOWN_FIELD, "{\"email\":\"a@b.c\",\"password\":\"p\",\"x\":1}", 422, "/x"},
    {HTTP_POST, "/session", WRONG_TYPE, "{\"email\":1,\"password\":\"p\"}", 422, "/email"},
    {HTTP_POST, "/session", MISSING, "{\"email\":\"a@b.c\"}", 422, "/password"},
    {HTTP_POST, "/session", TOO_LONG, "{\"email\":\"a@b.c\",\"password\":\"@LONG\"}", 422, "/password"},
    {HTTP_POST, "/session", BAD_VALUE, "{\"email\":\"a@b.c\",\"password\":\"p\"}", 401, "not right"},
    {HTTP_POST, "/session", BAD_VALUE, "{\"email\":\"a@b.c\",\"password\":\"p\"}", 403, "another page", BY_STRANGER},
    {HTTP_GET, "/me", BAD_VALUE, NULL, 403, "not to a person"},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* Mistakes that cannot be made there. */
static const struct {
	enum http_method method;
	const char *pattern;
	enum kind kind;
	const char *because;
} exceptions[] = {
    {HTTP_PUT, "/contacts/{id}", MISSING, "every field may be left out"},
    {HTTP_PUT, "/contacts/{id}", UNKNOWN_ID, "it is made"},
    {HTTP_PUT, "/contacts/{id}", OTHERS_ID, "each tenant has its own names"},
    {HTTP_PUT, "/contacts/{id}/consent", UNKNOWN_ID, "it is made"},
    {HTTP_PUT, "/contacts/{id}/consent", OTHERS_ID, "each tenant has its own names"},
    {HTTP_PUT, "/campaigns/{id}", UNKNOWN_ID, "it is made"},
    {HTTP_PUT, "/campaigns/{id}", OTHERS_ID, "each tenant has its own names"},
};

/* ---- The table against the store */

struct office {
	struct desk desk;
	struct slice key, others_key, member;
	struct slice message, canceled, event, theirs, their_event;
	struct slice many, too_long;
};

static struct desk_answer ask(struct office *o, enum http_method method, const char *path, const char *body,
			      struct slice key)
{
	struct desk_request request = {
	    .method = method, .path = path, .key = key, .body = body ? slice_from_cstr(body) : SLICE_EMPTY};
	struct desk_answer answer = desk_ask(&o->desk, &request);
	if (answer.status >= 300)
		fail_msg("%s: %u %.*s", path, answer.status, SLICE_FMT(answer.body));
	return answer;
}

static struct slice send(struct office *o, struct slice key)
{
	struct desk_answer answer = ask(o, HTTP_POST, "/messages", MAIL, key);
	return desk_field(&o->desk, &answer, "id");
}

static struct slice first_event(struct office *o, struct slice key)
{
	struct desk_answer answer = ask(o, HTTP_GET, "/events", NULL, key);
	return desk_field(&o->desk, &answer, "data/0/id");
}

/* Somebody's mail is being sent while this runs. */
static void send_to_busy(struct office *o)
{
	struct err err = {0};
	struct queue_entry *entries = NULL;
	size_t count = 0;
	int64_t now_us = clock_now_us(clock_system());
	struct queue_claim claim = {.now_us = now_us, .lease_until_us = now_us + INT64_C(600000000), .limit = 100};
	(void)ask(o, HTTP_POST, "/messages",
		  "{\"contact\":{\"id\":\"busy\"}," ADDRESSES "\"subject\":\"s\",\"html\":\"h\"}", o->key);
	assert_int_equal(store_queue_claim(o->desk.world.session, &claim, o->desk.arena, &entries, &count, &err),
			 STATUS_OK);
	assert_true(count > 0);
}

/* An unsubscribe that was held, and decided about. */
static void decide_held(struct office *o)
{
	struct err err = {0};
	bool was_added = false;
	struct held_unsubscribe held = {.tenant = o->desk.world.tenant, .held_us = WORLD_NOW_US};
	struct held_decision decision = {.state = HELD_DISMISSED, .by = SLICE("api_key"), .now_us = WORLD_NOW_US + 1};
	assert_true(uuid_parse(o->canceled, &held.message));
	decision.message = held.message;
	assert_int_equal(store_held_unsubscribe_add(o->desk.world.session, &held, &was_added, &err), STATUS_OK);
	assert_int_equal(store_held_unsubscribe_decide(o->desk.world.session, &decision, &err), STATUS_OK);
}

static void fill_store(struct office *o)
{
	o->key = desk_key(&o->desk, o->desk.world.tenant, SCOPE_ALL);
	o->others_key = desk_key(&o->desk, o->desk.other_tenant, SCOPE_ALL);
	o->member = desk_user(&o->desk, o->desk.world.tenant, ROLE_MEMBER, "member@agency.example");
	struct desk_request first = {.method = HTTP_POST,
				     .path = "/messages",
				     .body = SLICE(MAIL),
				     .key = o->key,
				     .idempotency_key = SLICE("used")};
	assert_int_equal(desk_ask(&o->desk, &first).status, 202);
	o->message = send(o, o->key);
	o->canceled = send(o, o->key);
	o->theirs = send(o, o->others_key);
	o->event = first_event(o, o->key);
	o->their_event = first_event(o, o->others_key);
	const char *cancel = arena_printf(o->desk.arena, "/messages/%.*s/cancel", SLICE_FMT(o->canceled)).p;
	(void)ask(o, HTTP_POST, cancel, NULL, o->key);
	decide_held(o);
	send_to_busy(o);
	(void)ask(o, HTTP_PUT, "/contacts/shy/consent", "{\"opens\":\"off\",\"clicks\":\"off\",\"method\":\"phone\"}",
		  o->key);
	(void)ask(o, HTTP_PUT, "/contacts/theirs", "{\"name\":\"T\"}", o->others_key);
	(void)ask(o, HTTP_PUT, "/campaigns/theirs", "{\"name\":\"T\"}", o->others_key);
	(void)ask(o, HTTP_POST, "/suppressions", "{\"address\":\"theirs@example.com\"}", o->others_key);
	(void)ask(o, HTTP_POST, "/suppressions", "{\"address\":\"gone@example.com\",\"reason\":\"unsubscribed\"}",
		  o->key);
}

static void office_open(struct office *o)
{
	*o = (struct office){0};
	desk_open(&o->desk);
	char *text = arena_alloc(o->desk.arena, 5000);
	memset(text, 'x', 5000);
	o->too_long = slice_of(text, 5000);
	struct buf many;
	buf_init(&many, 1 << 16);
	for (int i = 0; i < 1001; i++)
		buf_append_cstr(&many, i ? ",{}" : "{}");
	o->many = arena_copy(o->desk.arena, buf_slice(&many));
	buf_done(&many);
	fill_store(o);
}

/* @NAME replaced by what it stands for. */
static struct slice fill_in(const struct office *o, const char *text)
{
	const struct {
		struct slice name, value;
	} names[] = {{SLICE("@MESSAGE"), o->message},
		     {SLICE("@CANCELED"), o->canceled},
		     {SLICE("@EVENT"), o->event},
		     {SLICE("@THEIRS"), o->theirs},
		     {SLICE("@THEIR_EVENT"), o->their_event},
		     {SLICE("@LONG"), o->too_long},
		     {SLICE("@MANY"), o->many},
		     {SLICE("@NOBODY"), SLICE("01890000-0000-7000-8000-000000000000")}};
	struct buf b;
	struct slice rest = slice_from_cstr(text);
	buf_init(&b, 1 << 20);
	while (rest.n) {
		size_t taken = 0;
		for (size_t i = 0; !taken && i < sizeof names / sizeof names[0]; i++) {
			if (!slice_starts_with(rest, names[i].name))
				continue;
			taken = names[i].name.n;
			buf_append(&b, names[i].value);
		}
		if (!taken)
			buf_append_byte(&b, rest.p[0]);
		rest = slice_from(rest, taken ? taken : 1);
	}
	struct slice filled = slice_from_cstr(arena_cstr(o->desk.arena, buf_slice(&b)));
	buf_done(&b);
	return filled;
}

static int64_t everything(struct office *o)
{
	return world_sql(&o->desk.world,
			 "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM contacts) + (SELECT count(*) "
			 "FROM campaigns) + (SELECT count(*) FROM suppressions) + (SELECT count(*) FROM audit) + "
			 "(SELECT count(*) FROM tenants) + (SELECT count(*) FROM sessions)");
}

/* Answers of each route, by status: bit n for 400 + n. */
static uint64_t seen[128];

static size_t index_of(const struct route *route)
{
	size_t count;
	const struct route *all = routes_all(&count);
	assert_true(count <= sizeof seen / sizeof seen[0]);
	return (size_t)(route - all);
}

static void check(struct office *o, const struct desk_request *request, unsigned status, const char *says,
		  const char *what)
{
	int64_t before = everything(o);
	const struct route *route = desk_route(request);
	if (!route)
		fail_msg("%s is no route", request->path);
	struct desk_answer answer = desk_ask(&o->desk, request);
	if (answer.status != status || !slice_contains(answer.body, slice_from_cstr(says)))
		fail_msg("%s %.60s, %s: %u instead of %u, or without '%s': %.300s", routes_method_name(request->method),
			 request->path, what, answer.status, status, says, arena_cstr(o->desk.arena, answer.body));
	assert_true(slice_equal(answer.type, SLICE("application/problem+json")));
	if (everything(o) != before)
		fail_msg("%s %.60s, %s: something was written", routes_method_name(request->method), request->path,
			 what);
	if (status < 464)
		seen[index_of(route)] |= UINT64_C(1) << (status - 400);
}

static void check_row(struct office *o, const struct row *row)
{
	struct desk_request request = {.method = row->method,
				       .path = fill_in(o, row->path).p,
				       .body = row->body ? fill_in(o, row->body) : SLICE_EMPTY,
				       .key = row->by == BY_KEY     ? o->key
					      : row->by == BY_OTHER ? o->others_key
								    : SLICE_EMPTY,
				       .cookie = row->by == BY_MEMBER ? o->member : SLICE_EMPTY,
				       .site = row->by == BY_STRANGER ? "cross-site" : NULL,
				       .idempotency_key =
					   row->idempotency ? fill_in(o, row->idempotency) : SLICE_EMPTY};
	check(o, &request, row->status, row->says, KIND_NAMES[row->kind]);
}

/* "/messages/{id}" with something for {id}. */
static const char *some_path(struct office *o, const struct route *route)
{
	struct slice rest = slice_from_cstr(route->pattern);
	struct slice start = slice_cut(&rest, '{');
	(void)slice_cut(&rest, '}');
	bool has_id = start.n < strlen(route->pattern);
	return arena_printf(o->desk.arena, "%.*s%s%.*s", SLICE_FMT(start), has_id ? "x" : "", SLICE_FMT(rest)).p;
}

/* What every route refuses by its flags alone. */
static void check_gates(struct office *o, const struct route *route)
{
	struct desk_request request = {.method = route->method, .path = some_path(o, route)};
	bool takes_json = route->flags & ROUTE_TAKES_JSON;
	unsigned others = SCOPE_ALL & ~route->scopes;
	if (!(route->flags & ROUTE_OPEN))
		check(o, &request, 401, "", "nobody asks");
	request.key = slice_from_cstr("Bearer pmk_unknown");
	if (!(route->flags & ROUTE_OPEN))
		check(o, &request, 401, "not known", "a key that is not known");
	request.key = desk_key(&o->desk, o->desk.world.tenant, others);
	if (route->scopes)
		check(o, &request, 403, "may not do that", "a key without the scope");
	request.key = o->key;
	request.body = SLICE("{\"a\":");
	if (takes_json)
		check(o, &request, 400, "not JSON", "no JSON");
	request.body = SLICE("[]");
	if (takes_json)
		check(o, &request, 422, "must be a JSON object", "no object");
	request.content_type = "text/plain";
	if (takes_json)
		check(o, &request, 415, "application/json", "another type");
}

static bool is_excepted(const struct route *route, enum kind kind)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (exceptions[i].method == route->method && strcmp(exceptions[i].pattern, route->pattern) == 0 &&
		    exceptions[i].kind == kind)
			return true;
	return false;
}

static bool has_row(struct office *o, const struct route *route, enum kind kind)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct desk_request request = {.method = rows[i].method, .path = fill_in(o, rows[i].path).p};
		if (rows[i].kind == kind && desk_route(&request) == route)
			return true;
	}
	return false;
}

static void need_rows(struct office *o, const struct route *route)
{
	bool takes_json = route->flags & ROUTE_TAKES_JSON;
	bool has_id = strchr(route->pattern, '{') != NULL;
	for (enum kind kind = UNKNOWN_FIELD; kind <= OTHERS_ID; kind++) {
		bool is_needed = kind <= TOO_LONG ? takes_json : has_id;
		bool is_there = has_row(o, route, kind);
		if (is_needed && !is_there && !is_excepted(route, kind))
			fail_msg("%s %s has no row for: %s", routes_method_name(route->method), route->pattern,
				 KIND_NAMES[kind]);
		if (is_there && is_excepted(route, kind))
			fail_msg("%s %s needs no exception for: %s", routes_method_name(route->method), route->pattern,
				 KIND_NAMES[kind]);
	}
}

/* ---- The document */

static bool is_documented(const json_t *responses, unsigned status)
{
	char text[8];
	(void)snprintf(text, sizeof text, "%u", status);
	return json_object_get(responses, text) != NULL;
}

/* 413 is the server's for any body, 429 needs many tries: tests of their own show both. */
static void compare(const struct route *route, const json_t *responses)
{
	for (unsigned status = 400; status < 464; status++) {
		bool is_seen = (seen[index_of(route)] >> (status - 400)) & 1;
		if (status != 413 && status != 429 && is_seen != is_documented(responses, status))
			fail_msg("%s %s: %u is %s", routes_method_name(route->method), route->pattern, status,
				 is_seen ? "answered, but not in doc/openapi.yaml"
					 : "in doc/openapi.yaml, but no row shows it");
	}
	if (!is_documented(responses, 503) || json_object_get(responses, "default"))
		fail_msg("%s %s: doc/openapi.yaml says every status, 503 among them", routes_method_name(route->method),
			 route->pattern);
	if ((route->flags & ROUTE_TAKES_JSON) && !is_documented(responses, 413))
		fail_msg("%s %s: a body may be too large (413)", routes_method_name(route->method), route->pattern);
}

static const json_t *operation_of(const json_t *document, const struct route *route)
{
	static const char *const names[] = {[HTTP_GET] = "get",
					    [HTTP_POST] = "post",
					    [HTTP_PUT] = "put",
					    [HTTP_PATCH] = "patch",
					    [HTTP_DELETE] = "delete"};
	const json_t *path = json_object_get(json_object_get(document, "paths"), route->pattern);
	return json_object_get(path, names[route->method]);
}

/* A list: whoever may ask for a part of it may misspell how. */
static void check_unknown_parameter(struct office *o, const struct route *route, const json_t *operation)
{
	bool is_list = route->method == HTTP_GET && !strchr(route->pattern, '{') &&
		       json_array_size(json_object_get(operation, "parameters")) > 0;
	struct desk_request request = {
	    .method = HTTP_GET, .path = arena_printf(o->desk.arena, "%s?frm=1", route->pattern).p, .key = o->key};
	if (is_list)
		check(o, &request, 400, "There is no query parameter 'frm' here", "an unknown parameter");
}

static void test_every_route_refuses_what_it_must_as_the_document_says_and_changes_nothing(void **state)
{
	struct office o;
	size_t count;
	const struct route *routes = routes_all(&count);
	struct slice text = openapi_json();
	json_t *document = json_loadb(text.p, text.n, 0, NULL);
	(void)state;
	assert_non_null(document);
	office_open(&o);
	for (size_t i = 0; i < ROW_COUNT; i++)
		check_row(&o, &rows[i]);
	for (size_t i = 0; i < count; i++) {
		check_gates(&o, &routes[i]);
		check_unknown_parameter(&o, &routes[i], operation_of(document, &routes[i]));
		need_rows(&o, &routes[i]);
	}
	for (size_t i = 0; i < count; i++)
		compare(&routes[i], json_object_get(operation_of(document, &routes[i]), "responses"));
	json_decref(document);
	desk_close(&o.desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_route_refuses_what_it_must_as_the_document_says_and_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
