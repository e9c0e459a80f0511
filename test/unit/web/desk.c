/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include "codec/url/query.h"
#include "engine/accounts/key_use.h"
#include "engine/accounts/new_account.h"
#include "engine/accounts/password.h"
#include "engine/accounts/password_queue.h"
#include "engine/accounts/secret.h"
#include "engine/feed/live.h"
#include "store/events/events.h"
#include "web/sign_in/sign_in_guard.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BASE_URL "http://127.0.0.1:8420"

static void start_writer(struct desk *d)
{
	struct err err = {0};
	struct tenant_policy policy = tenant_policy_default();
	struct event_retention retention = {.days = 365};
	d->policies = tenant_policies_new(&policy, &retention, "UTC");
	d->world.policies = d->policies;
	struct writer_config config = world_writer_config(&d->world);
	if (writer_start(&config, &d->writer, &err) != STATUS_OK)
		fail_msg("writer: %s", err.text);
}

static void join(struct desk *d)
{
	d->sending = (struct sending){.store = d->world.store,
				      .writer = d->writer,
				      .clock = clock_system(),
				      .keys = d->world.keys,
				      .base_url = BASE_URL,
				      .default_provider = "outbox",
				      .providers = "outbox",
				      .tracking_enabled = true,
				      .limit = {CONSENT_FULL, CONSENT_FULL},
				      .policies = d->policies};
	d->services = (struct api_services){.sending = &d->sending,
					    .policies = d->policies,
					    .store = d->world.store,
					    .journal = d->world.journal,
					    .writer = d->writer,
					    .live = live_new(),
					    .guard = sign_in_guard_new(),
					    .key_uses = key_uses_new(d->writer),
					    .clock = clock_system(),
					    .base_url = BASE_URL,
					    .hold_us = 1};
	d->worker = worker_new(&d->services, d->world.keys);
}

void desk_open(struct desk *d)
{
	struct err err = {0};
	*d = (struct desk){0};
	world_open(&d->world);
	struct tenant other = {.name = SLICE("other"), .time_zone = SLICE("UTC"), .created_us = WORLD_NOW_US};
	assert_int_equal(store_tenant_add(d->world.session, &other, &d->other_tenant, &err), STATUS_OK);
	d->arena = arena_new();
	start_writer(d);
	join(d);
}

void desk_close(struct desk *d)
{
	worker_free(&d->worker);
	writer_stop(&d->writer);
	live_free(&d->services.live);
	sign_in_guard_free(&d->services.guard);
	key_uses_free(&d->services.key_uses);
	arena_free(&d->arena);
	world_close(&d->world);
}

struct slice desk_key(struct desk *d, uint32_t tenant, unsigned scopes)
{
	struct err err = {0};
	uint8_t hash[SECRET_HASH_SIZE];
	struct slice secret = secret_new(API_KEY_PREFIX, d->arena, hash);
	struct api_key key = {.tenant = tenant,
			      .name = SLICE("test"),
			      .prefix = slice_sub(secret, 0, 10),
			      .hash = slice_of(hash, sizeof hash),
			      .scopes = scopes,
			      .created_us = WORLD_NOW_US};
	memcpy(key.id.bytes, hash, sizeof key.id.bytes);
	assert_int_equal(store_api_key_add(d->world.session, &key, &err), STATUS_OK);
	return arena_printf(d->arena, "Bearer %.*s", SLICE_FMT(secret));
}

struct slice desk_sign_in(struct desk *d, const char *email)
{
	struct err err = {0};
	struct slice secret;
	struct account_change change = {0};
	assert_int_equal(
	    store_user_find_by_email(d->world.session, slice_from_cstr(email), d->arena, &change.user, &err),
	    STATUS_OK);
	new_account_session(&change, clock_now_us(clock_system()), d->arena, &secret);
	assert_int_equal(store_console_session_add(d->world.session, &change.session, &err), STATUS_OK);
	return arena_printf(d->arena, "pugmark=%.*s", SLICE_FMT(secret));
}

struct slice desk_user(struct desk *d, uint32_t tenant, enum role role, const char *email)
{
	struct err err = {0};
	uint8_t hash[SECRET_HASH_SIZE];
	struct user user = {
	    .tenant = tenant, .email = slice_from_cstr(email), .role = role, .created_us = WORLD_NOW_US};
	secret_hash(user.email, hash);
	memcpy(user.id.bytes, hash, sizeof user.id.bytes);
	assert_int_equal(store_user_add(d->world.session, &user, &err), STATUS_OK);
	return desk_sign_in(d, email);
}

static const struct route *find(const struct desk_request *request, struct slice raw[API_PATH_PARAMETERS_MAX])
{
	bool is_known;
	struct slice path = slice_from(slice_from_cstr(request->path), 1);
	return routes_find(request->method, slice_cut(&path, '?'), raw, &is_known);
}

const struct route *desk_route(const struct desk_request *request)
{
	struct slice raw[API_PATH_PARAMETERS_MAX] = {{NULL, 0}};
	return find(request, raw);
}

static void fill(struct api_call *call, const struct desk_request *request, const struct slice *raw)
{
	struct slice query = slice_from_cstr(request->path);
	call->path = slice_cut(&query, '?');
	call->query = query;
	call->body = request->body;
	call->asker.method = request->method;
	call->asker.authorization = request->key;
	call->asker.cookie = request->cookie;
	if (request->site)
		call->asker.sec_fetch_site = slice_from_cstr(request->site);
	else if (request->cookie.n)
		call->asker.sec_fetch_site = SLICE("same-origin");
	call->asker.time_us = clock_now_us(clock_system());
	call->idempotency_key = request->idempotency_key;
	call->last_event_id = request->last_event_id;
	call->content_type = request->content_type ? slice_from_cstr(request->content_type) : (struct slice){NULL, 0};
	for (size_t i = 0; i < API_PATH_PARAMETERS_MAX; i++)
		if (raw[i].p)
			assert_int_equal(percent_decode(raw[i], PERCENT_PATH, call->arena, &call->parameters[i]),
					 STATUS_OK);
}

/* What the call waits for; the continuation is told of a failure by the thing itself. */
static void see_to(struct desk *d, struct api_call *call)
{
	struct err err = {0};
	if (call->command) {
		enum status status = writer_submit_and_wait(d->writer, call->command, &err);
		assert_int_equal(status, call->command->status);
		return;
	}
	call->check->status = STATUS_OK;
	call->check->is_right = password_is_right(call->check->password, call->check->hash);
}

struct desk_answer desk_ask(struct desk *d, const struct desk_request *request)
{
	struct api_call call;
	struct slice raw[API_PATH_PARAMETERS_MAX] = {{NULL, 0}};
	const struct route *route = find(request, raw);
	struct desk_answer answer = {.status = 404};
	if (!route)
		return answer;
	call_init(&call, &d->services);
	fill(&call, request, raw);
	call_run(&call, route, d->worker);
	while (call_is_waiting(&call)) {
		see_to(d, &call);
		call_go_on(&call, d->worker);
	}
	answer.status = call.status;
	answer.type = arena_copy(d->arena, call.response_type);
	answer.body = arena_copy(d->arena, buf_slice(&call.response));
	answer.is_stream = call.stream_filter != NULL;
	answer.reset = arena_copy(d->arena, call.stream_reset);
	if (answer.is_stream && call.stream_filter->sender.p)
		answer.only_of = arena_copy(d->arena, call.stream_filter->sender);
	call_done(&call);
	return answer;
}

struct slice desk_field(struct desk *d, const struct desk_answer *answer, const char *path)
{
	json_t *json = json_loadb(answer->body.p, answer->body.n, 0, NULL);
	const json_t *at = json;
	struct slice rest = slice_from_cstr(path);
	while (at && rest.n) {
		struct slice name = slice_cut(&rest, '/');
		uint64_t index = 0;
		if (json_is_array(at) && slice_to_u64(name, 1000, &index))
			at = json_array_get(at, (size_t)index);
		else
			at = json_object_get(at, arena_cstr(d->arena, name));
	}
	if (!json_is_string(at))
		fail_msg("no %s in %.*s", path, SLICE_FMT(answer->body));
	struct slice text = slice_from_cstr(arena_cstr(d->arena, slice_from_cstr(json_string_value(at))));
	json_decref(json);
	return text;
}
