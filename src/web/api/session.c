/* SPDX-License-Identifier: Apache-2.0 */
/* The console's session: made by address and password, kept in a cookie that no script can read, ended by signing out,
 * by a new password or by time. Nobody learns whether an address exists: both mistakes have one answer and take one
 * time (password.h), and tries are counted by address and by client, so that neither many passwords for one address nor
 * one password for many addresses gets far. */
#include "web/api/session.h"

#include "base/clock.h"
#include "codec/text/json_text.h"
#include "engine/accounts/new_account.h"
#include "engine/accounts/password.h"
#include "engine/ledger/writer.h"
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
	JSON_FIELD(&w, "headline_opens", cstring, policy.headline_opens == HEADLINE_STRICT ? "strict" : "likely_human");
	JSON_FIELD(&w, "first_run", bool, first_run);
	json_close(&w, '}');
}

struct signing_in {
	struct account_change change;
	struct slice tenant_name;
	struct slice secret;
};

static void answer_signed_in(struct api_call *call, struct api_worker *worker)
{
	const struct signing_in *in = call->state;
	const struct user *user = &in->change.user;
	(void)worker;
	if (call->command->status != STATUS_OK) {
		answer_status(call, call->command->status, &call->command->err);
		return;
	}
	answer_header(call, SLICE("Set-Cookie"),
		      auth_cookie(call->asker.is_https, in->secret, SESSION_SECONDS, call->arena));
	put_me(call, user, in->tenant_name, user->last_sign_in_us == 0);
}

static void start_session(struct api_call *call, const struct user *user, struct slice tenant_name)
{
	struct signing_in *in = ARENA_NEW(call->arena, struct signing_in);
	in->tenant_name = tenant_name;
	in->change = (struct account_change){.tenant = user->tenant,
					     .actor = arena_printf(call->arena, "user:%.*s", SLICE_FMT(user->email)),
					     .user = *user};
	new_account_session(&in->change, clock_now_us(call->services->clock), call->arena, &in->secret);
	call->state = in;
	call_commit(call, account_change_command(call->arena, &in->change), answer_signed_in);
}

/* By address and by client, the longer of the two. The wait itself tells nothing: it is the same for addresses that do
 * not exist. */
static bool must_wait(struct api_call *call, struct slice email, struct slice client, int64_t now_us)
{
	uint32_t by_email = sign_in_guard_wait_s(call->services->guard, email, now_us);
	uint32_t by_client = sign_in_guard_wait_s(call->services->guard, client, now_us);
	uint32_t wait_s = by_email > by_client ? by_email : by_client;
	if (!wait_s)
		return false;
	answer_header(call, SLICE("Retry-After"), arena_printf(call->arena, "%u", wait_s));
	answer_problem(call, 429, "Too many tries",
		       arena_printf(call->arena, "Wait %u seconds and try again.", wait_s).p);
	return true;
}

/* Never says which of the two was wrong, and takes as long when there is no such address. */
void session_start(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct user user = {0};
	struct tenant tenant = {0};
	struct session_body body = {0};
	if (!read_body(call, &body))
		return;
	struct slice email = arena_copy_lower(call->arena, slice_trim(body.email));
	int64_t now_us = clock_now_us(call->services->clock);
	char client_text[64];
	struct buf client;
	buf_init_fixed(&client, client_text, sizeof client_text);
	ip_address_append(&client, &call->client);
	if (must_wait(call, email, buf_slice(&client), now_us))
		return;
	enum status status = store_user_find_by_email(worker->session, email, call->arena, &user, &err);
	if (status == STATUS_OK)
		status = store_tenant_find(worker->session, user.tenant, call->arena, &tenant, &err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		answer_status(call, status, &err);
		return;
	}
	struct slice hash = status == STATUS_OK ? user.password_hash : SLICE_EMPTY;
	if (!password_is_right(body.password, hash)) {
		sign_in_guard_failed(call->services->guard, email, now_us);
		sign_in_guard_failed(call->services->guard, buf_slice(&client), now_us);
		answer_problem(call, 401, "Not signed in", "Address or password is not right.");
		return;
	}
	/* The client's count stays: one right password does not excuse a hundred wrong ones for other addresses. */
	sign_in_guard_succeeded(call->services->guard, email);
	start_session(call, &user, tenant.name);
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
