/* SPDX-License-Identifier: Apache-2.0 */
/* The console's session: made by address and password, kept in a cookie that no script can read, ended by signing out,
 * by a new password or by time. Nobody learns whether an address exists: both mistakes have one answer and take one
 * time (password.h), and how often may be tried is the same (sign_in_guard.h).
 *
 * The log has every try that failed, and never what was typed: people type their password into the field for the
 * address, so an address stands there only if it is an account's. */
#include "web/api/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "codec/text/json_text.h"
#include "engine/accounts/new_account.h"
#include "engine/accounts/password.h"
#include "engine/accounts/password_queue.h"
#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"
#include "engine/request/json_fields.h"
#include "engine/tenant/tenant_policy.h"
#include "engine/tenant/time_zone.h"
#include "store/house/accounts.h"
#include "web/api/answer.h"
#include "web/api/services.h"
#include "web/sign_in/sign_in_guard.h"

enum { EMAIL_MAX = 320 };

struct session_body {
	struct slice email, password;
};

static const struct json_field fields[] = {
    {"email", FIELD_TEXT, offsetof(struct session_body, email), EMAIL_MAX, true, NULL},
    {"password", FIELD_TEXT, offsetof(struct session_body, password), PASSWORD_MAX, true, NULL},
    {0},
};

/* False after having answered. As strict as everywhere: a client that misspells "password" hears that, and not that it
 * is wrong. */
static bool read_body(struct api_call *call, struct session_body *ret)
{
	struct json_reading r = {.arena = call->arena};
	json_fields_read(&r, call->json, NULL, fields, ret);
	if (r.problems.count)
		answer_problem_list(call, 422, "The body has problems.", &r.problems);
	return r.problems.count == 0;
}

/* What the console needs to draw itself: who, which tenant, and how its numbers are headed. */
static void put_me(struct api_call *call, const struct user *user, struct slice tenant_name, bool first_run)
{
	struct tenant_policy policy = tenant_policies_of(call->services->policies, user->tenant);
	struct json_text w = answer_json(call, 200);
	json_open(&w, '{');
	json_key(&w, "user");
	json_open(&w, '{');
	JSON_FIELD(&w, "id", uuid, user->id);
	JSON_FIELD(&w, "email", string, user->email);
	JSON_FIELD(&w, "name", string_or_null, user->name);
	JSON_FIELD(&w, "role", cstring, role_name(user->role));
	json_close(&w, '}');
	json_key(&w, "tenant");
	json_open(&w, '{');
	JSON_FIELD(&w, "id", string, tenant_name);
	JSON_FIELD(&w, "name", string, tenant_name);
	JSON_FIELD(&w, "time_zone", cstring, time_zone_name(policy.zone));
	json_close(&w, '}');
	JSON_FIELD(&w, "base_url", cstring, call->services->base_url);
	JSON_FIELD(&w, "provider", cstring, call->services->sending->default_provider);
	JSON_FIELD(&w, "headline_opens", cstring, policy.headline_opens == HEADLINE_STRICT ? "strict" : "likely_human");
	JSON_FIELD(&w, "first_run", bool, first_run);
	json_close(&w, '}');
}

/* A request to sign in, from one worker to the next. */
struct signing_in {
	struct sign_in_try try;
	struct password_check check;
	struct user user; /* all of it empty where there is none of that address */
	struct slice tenant_name;
	struct account_change change;
	struct slice secret;
};

static void answer_signed_in(struct api_call *call, struct api_worker *worker)
{
	const struct signing_in *in = call->state;
	const struct user *user = &in->user;
	(void)worker;
	if (call->command->status != STATUS_OK) {
		answer_status(call, call->command->status, &call->command->err);
		return;
	}
	answer_header(call, SLICE("Set-Cookie"),
		      auth_cookie(call->asker.is_https, in->secret, SESSION_SECONDS, call->arena));
	put_me(call, user, in->tenant_name, user->last_sign_in_us == 0);
}

static void start_session(struct api_call *call, struct signing_in *in)
{
	in->change = (struct account_change){.tenant = in->user.tenant,
					     .actor = arena_printf(call->arena, "user:%.*s", SLICE_FMT(in->user.email)),
					     .user = in->user};
	new_account_session(&in->change, clock_now_us(call->services->clock), call->arena, &in->secret);
	call_commit(call, account_change_command(call->arena, &in->change), answer_signed_in);
}

/* `left_out` says how many tries before it were too many for the log. */
static void log_try(const struct api_call *call, const struct signing_in *in, const char *event, const char *why)
{
	uint64_t left_out;
	char client_text[64];
	struct buf client;
	bool is_account = in->user.email.n != 0;
	if (!sign_in_guard_may_log(call->services->guard, in->try.now_us, &left_out))
		return;
	buf_init_fixed(&client, client_text, sizeof client_text);
	ip_address_append(&client, &call->client);
	log_info(event, LOG_STR("user", is_account ? in->user.email : SLICE("unknown")),
		 LOG_STR("client", buf_slice(&client)), LOG_CSTR("why", why), LOG_INT("left_out", left_out));
}

/* The wait itself tells nothing: it is the same for addresses that do not exist. */
static void answer_wait(struct api_call *call, const struct signing_in *in, const struct sign_in_leave *leave)
{
	log_try(call, in, "sign_in.slowed_down", leave->rule);
	answer_header(call, SLICE("Retry-After"), arena_printf(call->arena, "%u", leave->wait_s));
	answer_problem(call, 429, "Too many tries",
		       arena_printf(call->arena, "Wait %u seconds and try again.", leave->wait_s).p);
}

/* Never says which of the two was wrong. */
static void go_on_checked(struct api_call *call, struct api_worker *worker)
{
	struct signing_in *in = call->state;
	(void)worker;
	if (in->check.status != STATUS_OK) {
		sign_in_guard_leave(call->services->guard, &in->try, SIGN_IN_NOT_TRIED);
		log_try(call, in, "sign_in.refused", "busy");
		answer_header(call, SLICE("Retry-After"), SLICE("2"));
		answer_problem(call, 503, "Busy", "Too many people are signing in. Try again in a moment.");
	} else if (!in->check.is_right) {
		sign_in_guard_leave(call->services->guard, &in->try, SIGN_IN_WRONG);
		log_try(call, in, "sign_in.failed", in->user.email.n ? "password" : "address");
		answer_problem(call, 401, "Not signed in", "Address or password is not right.");
	} else {
		sign_in_guard_leave(call->services->guard, &in->try, SIGN_IN_RIGHT);
		start_session(call, in);
	}
}

/* False after having answered. Nobody of that address is no failure. */
static bool find_user(struct api_call *call, struct api_worker *worker, struct signing_in *in)
{
	struct err err = {0};
	struct user user = {0};
	struct tenant tenant = {0};
	enum status status = store_user_find_by_email(worker->session, in->try.name, call->arena, &user, &err);
	if (status == STATUS_OK)
		status = store_tenant_find(worker->session, user.tenant, call->arena, &tenant, &err);
	if (status == STATUS_OK) {
		in->user = user;
		in->tenant_name = tenant.name;
	} else if (status != STATUS_NOT_FOUND) {
		answer_status(call, status, &err);
	}
	return status == STATUS_OK || status == STATUS_NOT_FOUND;
}

/* The guard comes before the password, and the password is checked elsewhere: a flood of tries holds no worker. */
void session_start(struct api_call *call, struct api_worker *worker)
{
	struct session_body body = {0};
	if (!read_body(call, &body))
		return;
	struct signing_in *in = ARENA_NEW(call->arena, struct signing_in);
	in->try = (struct sign_in_try){.name = arena_copy_lower(call->arena, slice_trim(body.email)),
				       .client = call->client,
				       .now_us = clock_now_us(call->services->clock)};
	if (!find_user(call, worker, in))
		return;
	struct sign_in_leave leave = sign_in_guard_enter(call->services->guard, &in->try);
	if (leave.wait_s) {
		answer_wait(call, in, &leave);
		return;
	}
	in->check = (struct password_check){
	    .password = body.password,
	    .hash = in->user.password_hash,
	    .goes_first = leave.is_at_home && in->user.email.n,
	};
	call->state = in;
	call_check_password(call, &in->check, go_on_checked);
}

static void answer_signed_out(struct api_call *call, struct api_worker *worker)
{
	(void)worker;
	if (call->command && call->command->status != STATUS_OK) {
		answer_status(call, call->command->status, &call->command->err);
		return;
	}
	answer_header(call, SLICE("Set-Cookie"), auth_cookie(call->asker.is_https, SLICE_EMPTY, 0, call->arena));
	call->status = 204;
}

void session_end(struct api_call *call, struct api_worker *worker)
{
	if (!call->who.is_console) { /* a key has no session; its cookie, if it came with one, goes all the same */
		answer_signed_out(call, worker);
		return;
	}
	struct account_change *change = ARENA_NEW(call->arena, struct account_change);
	*change = (struct account_change){.action = ACCOUNT_SESSION_ENDED,
					  .tenant = call->who.tenant,
					  .actor = auth_actor(&call->who, call->arena),
					  .user = call->who.user,
					  .session.hash = call->who.secret_hash};
	call_commit(call, account_change_command(call->arena, change), answer_signed_out);
}

/* A key has no person; the console would not know whom to greet. */
void session_me(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	bool any = true;
	enum status status = store_user_any_signed_in(worker->session, &any, &err);
	if (status != STATUS_OK) {
		answer_status(call, status, &err);
		return;
	}
	if (!call->who.is_console) {
		answer_problem(call, 403, "Not allowed", "An API key belongs to a tenant, not to a person.");
		return;
	}
	put_me(call, &call->who.user, call->who.tenant_name, !any);
}
