/* SPDX-License-Identifier: Apache-2.0 */
#include "post.h"
#include "engine/ledger/writer.h"

#include "base/mem.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

enum { WAIT_MAX_MS = 60000, POLL_MS = 2 };

static int64_t hand_now_us(void *self)
{
	struct post *p = self;
	return atomic_load(&p->now_us);
}

static int64_t machine_monotonic_us(void *self)
{
	struct post *p = self;
	return clock_monotonic_us(clock_system()) + atomic_load(&p->monotonic_ahead_us);
}

static void wake(void *user)
{
	struct post *p = user;
	if (p->dispatcher)
		dispatch_wake(p->dispatcher);
}

static void start(struct post *p)
{
	(void)snprintf(p->outbox, sizeof p->outbox, "%s/outbox", p->world.directory);
	p->clock = (struct clock){hand_now_us, machine_monotonic_us, p};
	p->world.clock = &p->clock;
	p->fence = send_fence_new();
	p->sending = (struct sending){
	    .store = p->world.store,
	    .clock = &p->clock,
	    .keys = p->world.keys,
	    .base_url = "http://127.0.0.1:8420",
	    .default_provider = "outbox",
	    .providers = p->smtp_port ? "outbox smtp" : "outbox",
	    .tracking_enabled = true,
	    .limit = {CONSENT_FULL, CONSENT_FULL},
	    .fence = p->fence,
	    .queued = wake,
	    .queued_user = p,
	};
	p->sending.writer = world_start_writer(&p->world);
	p->sealer = link_token_sealer_new(p->world.keys);
	p->arena = arena_new();
	p->bodies = json_array();
}

static void stop(struct post *p)
{
	post_stop_dispatcher(p);
	writer_stop(&p->sending.writer);
	send_fence_free(&p->fence);
	link_token_sealer_free(&p->sealer);
	arena_free(&p->arena);
	json_decref(p->bodies);
}

void post_open_handles(struct post *p)
{
	world_open_handles(&p->world);
	start(p);
}

void post_open(struct post *p)
{
	memset(p, 0, sizeof *p);
	world_open(&p->world);
	atomic_store(&p->now_us, WORLD_NOW_US);
	start(p);
}

struct smtp_peer *post_open_with_peer(struct post *p, const struct smtp_peer_script *script)
{
	post_open(p);
	struct smtp_peer *peer = smtp_peer_start(script);
	p->smtp_port = smtp_peer_port(peer);
	p->sending.providers = "outbox smtp";
	return peer;
}

void post_close(struct post *p)
{
	stop(p);
	world_close(&p->world);
}

void post_restart(struct post *p)
{
	stop(p);
	world_reopen(&p->world);
	start(p);
}

void post_check_sums(struct post *p)
{
	stop(p);
	world_check_sums(&p->world);
	start(p);
}

void post_start_dispatcher(struct post *p)
{
	char port[8];
	struct err err = {0};
	(void)snprintf(port, sizeof port, "%u", p->smtp_port);
	struct provider_setting outbox[] = {{SLICE("directory"), slice_from_cstr(p->outbox)}};
	struct provider_setting smtp[] = {
	    {SLICE("host"), SLICE("127.0.0.1")}, {SLICE("port"), slice_from_cstr(port)}, {SLICE("tls"), SLICE("none")}};
	struct outlet_config providers[] = {{"outbox", outbox, 1}, {"smtp", smtp, 3}};
	struct dispatch_config config = {
	    .sending = &p->sending,
	    .journal = p->world.journal,
	    .providers = providers,
	    .provider_count = p->smtp_port ? 2 : 1,
	    .attempts_max = p->attempts_max,
	    .built_bytes_max = p->built_bytes_max,
	    .resend_in_doubt = p->resend_in_doubt,
	};
	if (dispatch_start(&config, &p->dispatcher, &err) != STATUS_OK)
		fail_msg("dispatcher: %s", err.text);
}

void post_stop_dispatcher(struct post *p)
{
	dispatch_stop(&p->dispatcher, 10000);
}

void post_advance(struct post *p, int64_t seconds)
{
	atomic_fetch_add(&p->now_us, seconds * 1000000);
	wake(p);
}

void post_advance_both(struct post *p, int64_t seconds)
{
	atomic_fetch_add(&p->monotonic_ahead_us, seconds * 1000000);
	post_advance(p, seconds);
}

enum status post_run(struct post *p, struct writer_command *command)
{
	struct err err = {0};
	return writer_submit_and_wait(p->sending.writer, command, &err);
}

enum status post_accept(struct post *p, const struct accept_request *request, struct accept_item *items, size_t count)
{
	struct accept_context context = {&p->sending, p->world.session, p->sealer, request, clock_now_us(&p->clock)};
	struct writer_command *command;
	enum status status = accept_begin(&context, items, count, &command);
	if (status != STATUS_OK || !command)
		return status;
	status = post_run(p, command);
	return status == STATUS_OK ? accept_end(&p->sending, command) : status;
}

enum status post_resolve(struct post *p, struct uuid id, enum resolve_as as)
{
	enum status status = post_run(p, resolve_doubt_command(&p->sending, p->arena, p->world.tenant, id, as));
	if (status == STATUS_OK)
		resolve_doubt_end(&p->sending, as);
	return status;
}

enum status post_try(struct post *p, enum accept_kind kind, const char *json, struct accept_result *ret,
		     struct problem_list *ret_problems)
{
	json_error_t fault;
	json_t *body = json_loads(json, 0, &fault);
	if (!body)
		fail_msg("%s: %s", fault.text, json);
	struct accept_request request = {.tenant = p->world.tenant, .kind = kind, .arena = p->arena};
	struct accept_item item = {.body = body};
	enum status status = post_accept(p, &request, &item, 1);
	json_array_append_new(p->bodies, body); /* results point into it */
	if (status != STATUS_OK)
		return status;
	*ret_problems = item.problems;
	if (item.status == STATUS_OK)
		*ret = item.result;
	return item.status;
}

struct accept_result post_send(struct post *p, enum accept_kind kind, const char *json)
{
	struct accept_result result = {0};
	struct problem_list problems = {0};
	enum status status = post_try(p, kind, json, &result, &problems);
	if (status != STATUS_OK) {
		struct problem_item none = {SLICE_EMPTY, SLICE_EMPTY};
		const struct problem_item *first = problems.count ? problems.items : &none;
		fail_msg("%s: %.*s %.*s", status_name(status), SLICE_FMT(first->pointer), SLICE_FMT(first->detail));
	}
	return result;
}

struct uuid post_mail(struct post *p, const char *provider, const char *to)
{
	char json[512];
	(void)snprintf(json, sizeof json,
		       "{\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"%s\"},\"subject\":\"Hello\","
		       "\"html\":\"<p><a href='https://example.com/'>go</a></p>\",\"text\":\"go\",\"provider\":\"%s\"}",
		       to, provider);
	return post_send(p, ACCEPT_SEND, json).id;
}

const struct message *post_message(struct post *p, struct uuid id)
{
	struct message *m = ARENA_NEW(p->world.arena, struct message);
	struct err err = {0};
	if (store_message_find(p->world.session, p->world.tenant, id, p->world.arena, m, &err) != STATUS_OK)
		fail_msg("message: %s", err.text);
	return m;
}

/* States come by way of two other threads and a disk; there is nothing to wait on but the state itself. */
void post_wait_until_reached(struct smtp_peer *peer, enum smtp_peer_step step, unsigned times)
{
	for (int i = 0; i < WAIT_MAX_MS / POLL_MS && smtp_peer_seen(peer).reached[step] < times; i++) {
		struct timespec pause = {0, POLL_MS * 1000000};
		nanosleep(&pause, NULL);
	}
	assert_int_equal(smtp_peer_seen(peer).reached[step], times);
}

void post_wait(struct post *p, struct uuid id, enum message_state state)
{
	enum message_state is = MESSAGE_SCHEDULED;
	for (int waited_ms = 0; waited_ms < WAIT_MAX_MS; waited_ms += POLL_MS) {
		is = post_message(p, id)->state;
		if (is == state)
			return;
		struct timespec pause = {0, POLL_MS * 1000000L};
		nanosleep(&pause, NULL);
	}
	fail_msg("is %s, not %s", message_state_name(is), message_state_name(state));
}

size_t post_events(struct post *p, struct uuid id, const struct event **ret)
{
	struct event_filter filter = {.tenant = p->world.tenant, .message = id, .oldest_first = true, .limit = 100};
	struct event *events = NULL;
	size_t count = 0;
	struct err err = {0};
	if (store_event_list(p->world.session, &filter, p->world.arena, &events, &count, &err) != STATUS_OK)
		fail_msg("events: %s", err.text);
	*ret = events;
	return count;
}

size_t post_outbox_count(struct post *p)
{
	DIR *directory = opendir(p->outbox);
	size_t count = 0;
	struct dirent *entry;
	while (directory && (entry = readdir(directory)))
		count += slice_ends_with(slice_from_cstr(entry->d_name), SLICE(".eml"));
	if (directory)
		closedir(directory);
	return count;
}
