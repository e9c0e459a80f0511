/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in to the console, signing out, and who one is. */
#include "codec/text/json_text.h"
#include "engine/ledger/writer.h"
#include "engine/tenant/tenant_policy.h"
#include "web/api/api_handlers.h"
#include "web/sign_in/auth.h"
#include "web/sign_in/password.h"
#include "web/sign_in/sign_in_guard.h"

enum { SESSION_SECONDS = SESSION_DAYS * 86400 };

static struct slice json_text_field(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value)) : SLICE_EMPTY;
}

struct session_command {
	struct writer_command command;
	struct console_session session;
};

static enum status run_add_session(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct session_command *c = (const struct session_command *)command;
	return store_console_session_add(batch_session(batch), &c->session, err);
}

static enum status run_end_session(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct session_command *c = (const struct session_command *)command;
	return store_console_session_end(batch_session(batch), c->session.hash, err);
}

static void put_me(struct api_call *call, const struct user *user, struct slice tenant_name, bool first_run)
{
	struct tenant_policy policy = tenant_policies_of(call->services->policies, user->tenant);
	struct json_text w = api_answer(call, 200);
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

static void start_session(struct api_call *call, const struct user *user, struct slice tenant_name)
{
	uint8_t hash[SECRET_HASH_SIZE];
	struct err err = {0};
	int64_t now_us = clock_now_us(call->services->clock);
	struct slice secret = auth_new_secret(SLICE(""), call->arena, hash);
	struct session_command c = {
	    .command.run = run_add_session,
	    .session = {slice_of(hash, sizeof hash), user->id, now_us, now_us + SESSION_SECONDS * INT64_C(1000000)},
	};
	enum status status = writer_submit_and_wait(call->services->writer, &c.command, &err);
	if (status != STATUS_OK) {
		api_problem_status(call, status, &err);
		return;
	}
	api_header(call, SLICE("Set-Cookie"), auth_cookie(call, secret, SESSION_SECONDS));
	put_me(call, user, tenant_name, user->last_sign_in_us == 0);
}

static bool must_wait(struct api_call *call, struct slice email, struct slice client, int64_t now_us)
{
	uint32_t by_email = sign_in_guard_wait_s(call->services->guard, email, now_us);
	uint32_t by_client = sign_in_guard_wait_s(call->services->guard, client, now_us);
	uint32_t wait_s = by_email > by_client ? by_email : by_client;
	if (!wait_s)
		return false;
	api_header(call, SLICE("Retry-After"), arena_printf(call->arena, "%u", wait_s));
	api_problem(call, 429, "Too many tries", arena_printf(call->arena, "Wait %u seconds and try again.", wait_s).p);
	return true;
}

/* Never says which of the two was wrong, and takes as long when there is no such address. */
void api_post_session(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct user user = {0};
	struct tenant tenant = {0};
	struct slice email = arena_copy_lower(call->arena, slice_trim(json_text_field(call->json, "email")));
	struct slice password = json_text_field(call->json, "password");
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
		api_problem_status(call, status, &err);
		return;
	}
	struct slice hash = status == STATUS_OK ? user.password_hash : SLICE_EMPTY;
	if (!password_is_right(password, hash)) {
		sign_in_guard_failed(call->services->guard, email, now_us);
		sign_in_guard_failed(call->services->guard, buf_slice(&client), now_us);
		api_problem(call, 401, "Not signed in", "Address or password is not right.");
		return;
	}
	sign_in_guard_succeeded(call->services->guard, email);
	start_session(call, &user, tenant.name);
}

void api_delete_session(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	struct session_command c = {.command.run = run_end_session, .session.hash = call->who.session_hash};
	(void)worker;
	if (call->who.is_console) {
		enum status status = writer_submit_and_wait(call->services->writer, &c.command, &err);
		if (status != STATUS_OK) {
			api_problem_status(call, status, &err);
			return;
		}
	}
	api_header(call, SLICE("Set-Cookie"), auth_cookie(call, SLICE(""), 0));
	call->status = 204;
}

void api_get_me(struct api_call *call, struct api_worker *worker)
{
	struct err err = {0};
	bool any = true;
	enum status status = store_user_any_signed_in(worker->session, &any, &err);
	if (status != STATUS_OK) {
		api_problem_status(call, status, &err);
		return;
	}
	if (!call->who.is_console) {
		api_problem(call, 403, "Not allowed", "An API key belongs to a tenant, not to a person.");
		return;
	}
	put_me(call, &call->who.user, call->who.tenant_name, !any);
}
