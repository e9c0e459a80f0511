/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what to whose rows: every route, asked by every role and by keys of every scope, for a row of one's own, a
 * peer's and another tenant's. What is expected stands here and not in the program: a route that has no line fails. */
#include "desk.h"

#include "store/people/held_unsubscribes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- Who asks, and about whose row */

enum asker {
	OWNER,
	ADMIN,
	PARTNER,
	SALES_REP,
	MEMBER,
	KEY_TO_SEND,
	KEY_TO_READ,
	KEY_TO_ADMINISTER,
	KEY_TO_TRACK,
	KEY_TO_ALL,
	OTHERS_OWNER, /* of the other tenant, which is not the first */
	ASKER_COUNT
};
enum whose { ONES_OWN, A_PEERS, FOREIGN, WHOSE_COUNT };
static const char *const WHOSE[] = {"one's own", "a peer's", "another tenant's"};

static const struct {
	const char *name, *email; /* a key has no address */
	enum role role;
	unsigned scopes;
} askers[ASKER_COUNT] = {
    [OWNER] = {"owner", "owner@agency.example", ROLE_OWNER, SCOPE_SEND | SCOPE_READ | SCOPE_ADMIN},
    [ADMIN] = {"admin", "admin@agency.example", ROLE_ADMIN, SCOPE_SEND | SCOPE_READ | SCOPE_ADMIN},
    [PARTNER] = {"partner", "partner@agency.example", ROLE_PARTNER, SCOPE_SEND | SCOPE_READ},
    [SALES_REP] = {"sales_rep", "rep@agency.example", ROLE_SALES_REP, SCOPE_SEND | SCOPE_READ},
    [MEMBER] = {"member", "member@agency.example", ROLE_MEMBER, SCOPE_SEND | SCOPE_READ},
    [KEY_TO_SEND] = {"key with send", NULL, 0, SCOPE_SEND},
    [KEY_TO_READ] = {"key with read", NULL, 0, SCOPE_READ},
    [KEY_TO_ADMINISTER] = {"key with admin", NULL, 0, SCOPE_ADMIN},
    [KEY_TO_TRACK] = {"key with track", NULL, 0, SCOPE_TRACK},
    [KEY_TO_ALL] = {"key with everything", NULL, 0, SCOPE_ALL},
    [OTHERS_OWNER] = {"owner elsewhere", "owner@other.example", ROLE_OWNER, SCOPE_SEND | SCOPE_READ | SCOPE_ADMIN},
};
#define PEER "peer@agency.example"

static bool is_scoped(enum asker a)
{
	return a == PARTNER || a == SALES_REP || a == MEMBER;
}

/* ---- What is expected */

enum rule {
	ANYBODYS,     /* no row of anybody's */
	THE_ROW,      /* there for whom it belongs to, and for who runs its tenant */
	CAN_BE_MADE,  /* the same; who runs a tenant makes what is not there, under the same name as elsewhere */
	THE_LIST,     /* of what belongs to one; of the tenant's for who runs it */
	THE_NUMBERS,  /* of the same */
	THE_SENDER,   /* oneself; anybody for who runs the tenant */
	EVERYBODYS,   /* in the tenant; not for scoped roles */
	THE_TENANT,   /* one's own, or any for who administers the first */
	INSTALLATION, /* who administers the first tenant */
	PERSONAL,     /* a person's; a key is none */
};

/* In paths and bodies: @MESSAGE, @EVENT, @CONTACT, @CAMPAIGN, @GONE (an address that gets no mail), @SENDER, @TENANT of
 * whose row it is. `scopes`: one of these is needed of who asks. */
static const struct expectation {
	enum http_method method;
	const char *pattern;
	enum rule rule;
	unsigned scopes;
	const char *path; /* NULL: the pattern */
	const char *body;
} expectations[] = {
#define ADDRESSES "\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"c@example.com\"},"
#define MAIL "{" ADDRESSES "\"sender\":\"@SENDER\",\"subject\":\"Hello\",\"html\":\"<p>Hi</p>\"}"
#define CONSENT "{\"opens\":\"off\",\"clicks\":\"off\",\"method\":\"phone\"}"
    {HTTP_POST, "/messages", THE_SENDER, SCOPE_SEND, NULL, MAIL},
    {HTTP_POST, "/messages/batch", THE_SENDER, SCOPE_SEND, NULL, "{\"messages\":[" MAIL "]}"},
    {HTTP_POST, "/instrument", THE_SENDER, SCOPE_SEND, NULL, MAIL},
    {HTTP_POST, "/sign", THE_ROW, SCOPE_SEND | SCOPE_TRACK, NULL, "{\"message\":\"@MESSAGE\"}"},
    {HTTP_POST, "/lint", ANYBODYS, SCOPE_SEND, NULL, "{\"html\":\"<p>Hi</p>\"}"},
    {HTTP_GET, "/messages", THE_LIST, SCOPE_READ, NULL, NULL},
    {HTTP_GET, "/messages", THE_LIST, SCOPE_READ, "/messages?sender=@SENDER", NULL},
    {HTTP_GET, "/messages/in-doubt", THE_LIST, SCOPE_READ, NULL, NULL},
    {HTTP_GET, "/messages/{id}", THE_ROW, SCOPE_READ, "/messages/@MESSAGE", NULL},
    {HTTP_GET, "/messages/{id}/preview", THE_ROW, SCOPE_READ, "/messages/@MESSAGE/preview", NULL},
    {HTTP_POST, "/messages/{id}/cancel", THE_ROW, SCOPE_SEND, "/messages/@MESSAGE/cancel", NULL},
    {HTTP_POST, "/messages/{id}/resolve", THE_ROW, SCOPE_SEND | SCOPE_ADMIN, "/messages/@MESSAGE/resolve",
     "{\"as\":\"failed\"}"},
    {HTTP_GET, "/events", THE_LIST, SCOPE_READ, NULL, NULL},
    {HTTP_GET, "/events", THE_LIST, SCOPE_READ, "/events?message=@MESSAGE&sender=@SENDER", NULL},
    {HTTP_GET, "/events/stream", THE_LIST, SCOPE_READ, "/events/stream?sender=@SENDER", NULL},
    {HTTP_GET, "/events/export", THE_LIST, SCOPE_READ, NULL, NULL},
    {HTTP_GET, "/events/export", THE_LIST, SCOPE_READ, "/events/export?format=csv&sender=@SENDER", NULL},
    {HTTP_GET, "/events/{id}", THE_ROW, SCOPE_READ, "/events/@EVENT", NULL},
    {HTTP_GET, "/unsubscribes/held", THE_LIST, SCOPE_READ, NULL, NULL},
    {HTTP_POST, "/unsubscribes/held/{id}/confirm", THE_ROW, SCOPE_SEND | SCOPE_ADMIN,
     "/unsubscribes/held/@MESSAGE/confirm", NULL},
    {HTTP_POST, "/unsubscribes/held/{id}/dismiss", THE_ROW, SCOPE_SEND | SCOPE_ADMIN,
     "/unsubscribes/held/@MESSAGE/dismiss", NULL},
    {HTTP_GET, "/contacts/{id}", THE_ROW, SCOPE_READ, "/contacts/@CONTACT", NULL},
    {HTTP_PUT, "/contacts/{id}", CAN_BE_MADE, SCOPE_SEND | SCOPE_ADMIN, "/contacts/@CONTACT", "{\"name\":\"N\"}"},
    {HTTP_DELETE, "/contacts/{id}", EVERYBODYS, SCOPE_ADMIN, "/contacts/@CONTACT", NULL},
    {HTTP_GET, "/contacts/{id}/export", EVERYBODYS, SCOPE_ADMIN, "/contacts/@CONTACT/export", NULL},
    {HTTP_PUT, "/contacts/{id}/consent", CAN_BE_MADE, SCOPE_SEND | SCOPE_ADMIN, "/contacts/@CONTACT/consent", CONSENT},
    {HTTP_GET, "/campaigns/{id}", THE_ROW, SCOPE_READ, "/campaigns/@CAMPAIGN", NULL},
    {HTTP_PUT, "/campaigns/{id}", CAN_BE_MADE, SCOPE_SEND | SCOPE_ADMIN, "/campaigns/@CAMPAIGN", "{\"name\":\"N\"}"},
    {HTTP_GET, "/audit", EVERYBODYS, SCOPE_ADMIN, NULL, NULL},
    {HTTP_GET, "/audit", THE_TENANT, SCOPE_ADMIN, "/audit?tenant=@TENANT", NULL},
    {HTTP_GET, "/suppressions", EVERYBODYS, SCOPE_READ | SCOPE_ADMIN, "/suppressions?limit=500", NULL},
    {HTTP_POST, "/suppressions", EVERYBODYS, SCOPE_ADMIN, NULL, "{\"address\":\"new@example.com\"}"},
    {HTTP_DELETE, "/suppressions/{id}", EVERYBODYS, SCOPE_ADMIN, "/suppressions/@GONE?why=asked", NULL},
    {HTTP_GET, "/tenants", INSTALLATION, SCOPE_ADMIN, NULL, NULL},
    {HTTP_POST, "/tenants", INSTALLATION, SCOPE_ADMIN, NULL, "{\"name\":\"t@NUMBER\"}"},
    {HTTP_GET, "/tenants/{id}", THE_TENANT, SCOPE_READ | SCOPE_ADMIN, "/tenants/@TENANT", NULL},
    {HTTP_PATCH, "/tenants/{id}", THE_TENANT, SCOPE_ADMIN, "/tenants/@TENANT", "{\"settings\":{\"opens\":\"full\"}}"},
    {HTTP_GET, "/stats/summary", THE_NUMBERS, SCOPE_READ, "/stats/summary?sender=@SENDER", NULL},
    {HTTP_GET, "/stats/summary", THE_NUMBERS, SCOPE_READ, NULL, NULL},
    {HTTP_GET, "/queue", THE_NUMBERS, SCOPE_READ, NULL, NULL},
    {HTTP_POST, "/session", ANYBODYS, 0, NULL, "{\"email\":\"\"}"},
    {HTTP_DELETE, "/session", ANYBODYS, 0, NULL, NULL},
    {HTTP_GET, "/me", PERSONAL, 0, NULL, NULL},
};
enum { EXPECTATION_COUNT = sizeof expectations / sizeof expectations[0] };

enum heard { REACHED, DENIED, HIDDEN };
static const char *const HEARD[] = {"reached", "denied (403)", "not there (404)"};

static enum heard expected(const struct expectation *e, enum asker a, enum whose whose)
{
	bool runs_all = a != OTHERS_OWNER && (askers[a].scopes & SCOPE_ADMIN);
	if (e->scopes && !(e->scopes & askers[a].scopes))
		return DENIED;
	switch (e->rule) {
	case ANYBODYS:
	case THE_LIST:
	case THE_NUMBERS: return REACHED;
	case THE_ROW: return whose == FOREIGN || (whose == A_PEERS && is_scoped(a)) ? HIDDEN : REACHED;
	case CAN_BE_MADE: return whose != ONES_OWN && is_scoped(a) ? HIDDEN : REACHED;
	case THE_SENDER:
		return whose == A_PEERS && is_scoped(a) ? DENIED : REACHED; /* the third has one's own address */
	case EVERYBODYS:
		if (is_scoped(a))
			return DENIED;
		return whose == FOREIGN && e->path && strchr(e->path, '@') ? HIDDEN : REACHED;
	case THE_TENANT: return whose == FOREIGN && !runs_all ? DENIED : REACHED;
	case INSTALLATION: return runs_all ? REACHED : DENIED;
	case PERSONAL: return askers[a].email ? REACHED : DENIED;
	}
	return DENIED;
}

/* ---- Rows */

/* One row of each kind, of one sender, all with a mark that says whose they are. */
struct rows_of {
	struct slice mark, sender, tenant, message, event, contact, campaign, gone, number;
};

struct office {
	struct desk desk;
	struct slice of[ASKER_COUNT]; /* key or cookie */
	struct slice keys[2];         /* with everything, of the first and the other tenant */
	unsigned rows;
	size_t kept_count; /* what was made for a route that changes nothing serves several who ask */
	struct rows_of *kept;
};

static struct slice made(struct office *o, enum http_method method, const char *path, struct slice body,
			 struct slice key, const char *field)
{
	struct desk_request request = {.method = method, .path = path, .body = body, .key = key};
	struct desk_answer answer = desk_ask(&o->desk, &request);
	if (answer.status >= 300)
		fail_msg("%s: %u %.*s", path, answer.status, SLICE_FMT(answer.body));
	return desk_field(&o->desk, &answer, field);
}

static bool is_elsewhere(enum asker a, enum whose whose)
{
	return (a == OTHERS_OWNER) != (whose == FOREIGN);
}

static struct slice sender_of(enum asker a, enum whose whose)
{
	if (whose == A_PEERS || !askers[a].email)
		return SLICE(PEER);
	return slice_from_cstr(askers[a].email); /* another tenant's mail may have the same one */
}

static void hold_unsubscribe(struct office *o, uint32_t tenant, struct slice message)
{
	struct err err = {0};
	bool was_added = false;
	struct held_unsubscribe held = {.tenant = tenant, .held_us = WORLD_NOW_US};
	assert_true(uuid_parse(message, &held.message));
	assert_int_equal(store_held_unsubscribe_add(o->desk.world.session, &held, &was_added, &err), STATUS_OK);
}

static struct slice without_dashes(struct arena *arena, struct slice id)
{
	struct slice hex = SLICE("");
	while (id.n) {
		struct slice part = slice_cut(&id, '-');
		hex = arena_printf(arena, "%.*s%.*s", SLICE_FMT(hex), SLICE_FMT(part));
	}
	return hex;
}

/* It has left, for what is to be one's own by that; and is in doubt where that is asked for. */
static void has_left(struct office *o, struct slice message, bool in_doubt)
{
	struct slice sql = arena_printf(
	    o->desk.arena, "UPDATE messages SET sent_at = created_at, state = '%s' WHERE id = x'%.*s' RETURNING 1",
	    in_doubt ? "in_doubt" : "sent", SLICE_FMT(without_dashes(o->desk.arena, message)));
	(void)world_sql(&o->desk.world, sql.p);
}

/* What stands in everything of somebody's, and in nothing else: "mark-default-member-". */
static struct slice mark_of(struct office *o, enum asker a, enum whose whose)
{
	struct slice sender = sender_of(a, whose);
	struct slice name = slice_cut(&sender, '@');
	return arena_printf(o->desk.arena, "mark-%s-%.*s-", is_elsewhere(a, whose) ? "other" : "default",
			    SLICE_FMT(name));
}

static void make_message(struct office *o, struct rows_of *r, struct slice mark, struct slice key)
{
	struct arena *arena = o->desk.arena;
	struct slice mail =
	    arena_printf(arena,
			 "{\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":"
			 "\"%.*s@example.com\"},\"subject\":\"%.*s\",\"html\":\"%.*s\",\"sender\":\"%.*s\","
			 "\"contact\":{\"id\":\"%.*s\"},\"campaign\":{\"id\":\"%.*s\"}}",
			 SLICE_FMT(r->contact), SLICE_FMT(mark), SLICE_FMT(mark), SLICE_FMT(r->sender),
			 SLICE_FMT(r->contact), SLICE_FMT(r->campaign));
	r->message = made(o, HTTP_POST, "/messages", mail, key, "id");
	r->event = made(o, HTTP_GET, arena_printf(arena, "/events?message=%.*s", SLICE_FMT(r->message)).p, SLICE_EMPTY,
			key, "data/0/id");
}

/* As `e` needs them. */
static struct rows_of make_rows(struct office *o, const struct expectation *e, enum asker a, enum whose whose)
{
	struct arena *arena = o->desk.arena;
	bool elsewhere = is_elsewhere(a, whose);
	struct slice key = o->keys[elsewhere];
	struct rows_of r = {.mark = mark_of(o, a, whose),
			    .sender = sender_of(a, whose),
			    .tenant = elsewhere ? SLICE("other") : SLICE("default")};
	r.number = arena_printf(arena, "%u", o->rows++);
	r.contact = arena_printf(arena, "%.*scontact-%.*s", SLICE_FMT(r.mark), SLICE_FMT(r.number));
	r.campaign = arena_printf(arena, "%.*scampaign-%.*s", SLICE_FMT(r.mark), SLICE_FMT(r.number));
	r.gone = arena_printf(arena, "%.*sgone-%.*s@example.com", SLICE_FMT(r.mark), SLICE_FMT(r.number));
	make_message(o, &r, r.mark, key);
	has_left(o, r.message, strstr(e->pattern, "in-doubt") || strstr(e->pattern, "resolve"));
	if (strstr(e->pattern, "unsubscribes"))
		hold_unsubscribe(o, elsewhere ? o->desk.other_tenant : o->desk.world.tenant, r.message);
	if (strstr(e->pattern, "suppressions"))
		(void)made(o, HTTP_POST, "/suppressions",
			   arena_printf(arena, "{\"address\":\"%.*s\"}", SLICE_FMT(r.gone)), key, "reason");
	return r;
}

static struct rows_of rows_for(struct office *o, const struct expectation *e, enum asker a, enum whose whose)
{
	struct slice mark = mark_of(o, a, whose);
	bool is_kept = e->method == HTTP_GET;
	for (size_t i = 0; is_kept && i < o->kept_count; i++)
		if (slice_equal(o->kept[i].mark, mark) && slice_equal(o->kept[i].sender, sender_of(a, whose)))
			return o->kept[i];
	struct rows_of r = make_rows(o, e, a, whose);
	if (is_kept)
		o->kept[o->kept_count++] = r;
	return r;
}

static void office_open(struct office *o)
{
	struct desk *d = &o->desk;
	*o = (struct office){0};
	desk_open(d);
	o->kept = arena_alloc_array(d->arena, (size_t)ASKER_COUNT * WHOSE_COUNT, sizeof *o->kept);
	o->keys[0] = desk_key(d, d->world.tenant, SCOPE_ALL);
	o->keys[1] = desk_key(d, d->other_tenant, SCOPE_ALL);
	for (enum asker a = 0; a < ASKER_COUNT; a++) {
		uint32_t tenant = a == OTHERS_OWNER ? d->other_tenant : d->world.tenant;
		o->of[a] = askers[a].email ? desk_user(d, tenant, askers[a].role, askers[a].email)
					   : desk_key(d, tenant, askers[a].scopes);
	}
	(void)desk_user(d, d->world.tenant, ROLE_SALES_REP, PEER);
}

/* @NAME replaced by what it stands for. */
static struct slice fill_in(struct office *o, const char *text, const struct rows_of *r)
{
	const struct {
		struct slice name, value;
	} names[] = {{SLICE("@MESSAGE"), r->message},   {SLICE("@EVENT"), r->event},  {SLICE("@CONTACT"), r->contact},
		     {SLICE("@CAMPAIGN"), r->campaign}, {SLICE("@GONE"), r->gone},    {SLICE("@SENDER"), r->sender},
		     {SLICE("@TENANT"), r->tenant},     {SLICE("@NUMBER"), r->number}};
	struct buf b;
	struct slice rest = slice_from_cstr(text);
	buf_init(&b, 1 << 16);
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

/* ---- Asking */

/* All that is wrong is told, and not only the first of it. */
static unsigned wrong;

static struct desk_answer ask(struct office *o, const struct expectation *e, enum asker a, const struct rows_of *r)
{
	struct desk_request request = {.method = e->method,
				       .path = fill_in(o, e->path ? e->path : e->pattern, r).p,
				       .body = e->body ? fill_in(o, e->body, r) : SLICE_EMPTY};
	if (askers[a].email)
		request.cookie = o->of[a];
	else
		request.key = o->of[a];
	if (!desk_route(&request) || strcmp(desk_route(&request)->pattern, e->pattern) != 0)
		fail_msg("%s does not lead to %s", request.path, e->pattern);
	return desk_ask(&o->desk, &request);
}

static enum heard heard_of(const struct desk_answer *answer)
{
	if (answer->status == 403 || slice_contains(answer->body, SLICE("\"status\":403")))
		return DENIED;
	return answer->status == 404 ? HIDDEN : REACHED;
}

/* Whatever can change, as one number. */
static int64_t everything(struct office *o)
{
	return world_sql(
	    &o->desk.world,
	    "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM audit) + (SELECT count(*) FROM tenants) + "
	    "(SELECT count(*) FROM suppressions) + (SELECT count(*) FROM sessions) + (SELECT count(*) FROM send_queue) "
	    "+ "
	    "(SELECT coalesce(sum(1 + length(email || name || category || agent || consent_opens)), 0) FROM contacts) "
	    "+ "
	    "(SELECT coalesce(sum(1 + length(name)), 0) FROM campaigns) + "
	    "(SELECT coalesce(sum(length(state)), 0) FROM messages) + "
	    "(SELECT count(*) FROM held_unsubscribes WHERE decided_at IS NOT NULL)");
}

static void expect(bool is_right, const struct expectation *e, enum asker a, enum whose whose,
		   const struct desk_answer *answer, const char *what)
{
	if (!is_right)
		wrong++;
	if (!is_right)
		print_error("%s %s, by %s, of %s: %s; %u %.*s\n", routes_method_name(e->method),
			    e->path ? e->path : e->pattern, askers[a].name, WHOSE[whose], what, answer->status,
			    (int)(answer->body.n > 300 ? 300 : answer->body.n), answer->body.p);
}

static void check_list(struct office *o, const struct expectation *e, enum asker a, enum whose whose,
		       const struct desk_answer *answer)
{
	bool is_there = whose == ONES_OWN || (whose == A_PEERS && !is_scoped(a));
	if (answer->is_stream)
		expect(!is_scoped(a) || slice_equal(answer->only_of, slice_from_cstr(askers[a].email)), e, a, whose,
		       answer, "the stream has others' events");
	else
		expect(!is_there || slice_contains(answer->body, mark_of(o, a, whose)), e, a, whose, answer,
		       "what belongs in it is not in it");
}

/* Of a tenant, or of one person in it. Names that are the same in two tenants may come from one's own. */
static void check_marks(struct office *o, const struct expectation *e, enum asker a, enum whose whose,
			const struct desk_answer *answer)
{
	struct slice allowed = mark_of(o, a, ONES_OWN);
	struct slice rest = answer->body;
	if (!is_scoped(a))
		allowed = a == OTHERS_OWNER ? SLICE("mark-other-") : SLICE("mark-default-");
	for (const char *at; (at = memmem(rest.p, rest.n, "mark-", 5));) {
		rest = slice_from(rest, (size_t)(at - rest.p));
		bool is_named_by_oneself = e->rule == CAN_BE_MADE;
		expect(slice_starts_with(rest, allowed) || is_named_by_oneself, e, a, whose, answer,
		       "it shows what is another's");
		rest = slice_from(rest, 1);
	}
}

/* Rows that are not there for somebody change none of his numbers. */
static void check_numbers(struct office *o, const struct expectation *e, enum asker a, enum whose whose,
			  const struct rows_of *r)
{
	struct desk_answer before = ask(o, e, a, r);
	struct rows_of more = {.sender = r->sender, .contact = r->contact, .campaign = r->campaign};
	struct slice key = o->keys[is_elsewhere(a, whose)];
	struct slice mail = arena_printf(
	    o->desk.arena, "{\"html\":\"h\",\"contact\":{\"id\":\"more\"},\"sender\":\"%.*s\"}", SLICE_FMT(r->sender));
	make_message(o, &more, SLICE("more"), key);
	(void)made(o, HTTP_POST, "/instrument", mail, key, "id"); /* counted at once */
	struct desk_answer after = ask(o, e, a, r);
	bool is_counted = whose == ONES_OWN || (whose == A_PEERS && !is_scoped(a));
	expect(slice_equal(before.body, after.body) != is_counted, e, a, whose, &after,
	       is_counted ? "it is not counted" : "it is counted");
}

static void check(struct office *o, const struct expectation *e, enum asker a, enum whose whose)
{
	struct rows_of r = rows_for(o, e, a, whose);
	bool may_write = e->method != HTTP_GET;
	int64_t before = may_write ? everything(o) : 0;
	struct desk_answer answer = ask(o, e, a, &r);
	enum heard heard = heard_of(&answer);
	enum heard wanted = expected(e, a, whose);
	expect(heard == wanted, e, a, whose, &answer, HEARD[wanted]);
	expect(heard == REACHED || !may_write || everything(o) == before, e, a, whose, &answer,
	       "something was written");
	check_marks(o, e, a, whose, &answer);
	if (e->rule == THE_LIST && heard == REACHED)
		check_list(o, e, a, whose, &answer);
	if (e->rule == THE_NUMBERS && heard == REACHED)
		check_numbers(o, e, a, whose, &r);
}

static void test_every_route_gives_everybody_what_is_theirs_and_nothing_else(void **state)
{
	struct office o;
	(void)state;
	office_open(&o);
	for (size_t i = 0; i < EXPECTATION_COUNT; i++, o.kept_count = 0)
		for (enum asker a = 0; a < ASKER_COUNT; a++)
			for (enum whose whose = 0; whose < WHOSE_COUNT; whose++) {
				check(&o, &expectations[i], a, whose);
				if (askers[a].email && strcmp(expectations[i].pattern, "/session") == 0)
					o.of[a] = desk_sign_in(&o.desk, askers[a].email);
			}
	desk_close(&o.desk);
	assert_int_equal(wrong, 0);
}

static void says_everything(struct api_call *call, struct api_worker *worker)
{
	(void)worker;
	call->status = 200;
	buf_append_cstr(&call->response, "everybody's rows");
}

static void test_a_handler_that_does_not_ask_whose_rows_it_shows_shows_nothing(void **state)
{
	static const enum touch touches[] = {TOUCHES_NEW_MAIL, TOUCHES_MAIL,   TOUCHES_CONTACT,
					     TOUCHES_CAMPAIGN, TOUCHES_TENANT, TOUCHES_INSTALLATION};
	struct desk d;
	(void)state;
	desk_open(&d);
	struct slice cookie = desk_user(&d, d.world.tenant, ROLE_OWNER, "owner@agency.example");
	for (size_t i = 0; i < sizeof touches / sizeof touches[0]; i++) {
		struct api_call call;
		struct route route = {HTTP_GET, "/x", SCOPE_READ, touches[i], 0, says_everything};
		call_init(&call, &d.services);
		call.asker = (struct auth_request){
		    .method = HTTP_GET, .cookie = cookie, .time_us = clock_now_us(clock_system())};
		call_run(&call, &route, d.worker);
		assert_int_equal(call.status, 500);
		assert_false(slice_contains(buf_slice(&call.response), SLICE("everybody's rows")));
		call_done(&call);
	}
	desk_close(&d);
}

static void test_a_route_that_does_not_say_what_it_touches_is_for_nobody(void **state)
{
	struct user owner = {.role = ROLE_OWNER};
	struct caller callers[] = {{.tenant = 1, .scopes = SCOPE_ALL},
				   {.tenant = 1, .scopes = SCOPE_ALL, .user = &owner}};
	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_non_null(permission_refusal(&callers[i], 0, (enum touch)0));
}

static void test_every_route_has_an_expectation(void **state)
{
	size_t count;
	const struct route *routes = routes_all(&count);
	(void)state;
	for (size_t r = 0; r < count; r++) {
		size_t i = 0;
		while (i < EXPECTATION_COUNT && (expectations[i].method != routes[r].method ||
						 strcmp(expectations[i].pattern, routes[r].pattern) != 0))
			i++;
		if (i == EXPECTATION_COUNT)
			fail_msg("%s %s: say here who may do that to whose rows", routes_method_name(routes[r].method),
				 routes[r].pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_route_has_an_expectation),
	    cmocka_unit_test(test_a_route_that_does_not_say_what_it_touches_is_for_nobody),
	    cmocka_unit_test(test_a_handler_that_does_not_ask_whose_rows_it_shows_shows_nothing),
	    cmocka_unit_test(test_every_route_gives_everybody_what_is_theirs_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
