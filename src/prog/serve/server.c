/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a running installation, made from the bottom up and taken down from the top: nobody may be handed
 * something that is not there yet, or not there any more. Each part gets a struct of what it needs, translated here
 * from the configuration; below this file nobody knows that there is one.
 *
 * What a role (server.roles) leaves out is simply NULL, and everybody who might use it says so in his header. */
#include "prog/serve/server.h"
#include "engine/apply/send_fence.h"
#include "engine/ledger/writer.h"

#include "base/byte_budget.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mem.h"
#include "codec/url/url.h"
#include "engine/accounts/key_use.h"
#include "engine/accounts/password_queue.h"
#include "engine/apply/apply.h"
#include "engine/dispatch/dispatch.h"
#include "engine/feed/live.h"
#include "engine/judge/network_watch.h"
#include "engine/keys/key_watch.h"
#include "engine/upkeep/held_confirmation.h"
#include "engine/upkeep/store_watch.h"
#include "prog/serve/capacity.h"
#include "prog/serve/control.h"
#include "prog/serve/event_days.h"
#include "prog/serve/openapi.h"
#include "prog/serve/registration.h"
#include "prog/serve/server_settings.h"
#include "prog/serve/stop_deadline.h"
#include "web/sign_in/host_names.h"
#include "web/sign_in/sign_in_guard.h"
#include "web/web.h"
#include <arpa/inet.h>
#include <unistd.h>

#define DAY_US INT64_C(86400000000)
#define FAILURES_EVERY_US INT64_C(60000000)

/* Each part has its time, and all of them together have STOP_MS: a supervisor that waits for ten seconds kills. */
enum { STOP_MS = 9500, WEB_STOP_MS = 4000, DISPATCH_STOP_MS = 3000, WRITER_STOP_MS = 2000 };
enum { PROXIES_MAX = 64, SETTINGS_MAX = 12, WHY_MAX = 200 };

struct server {
	struct installation *installation;
	struct journal *journal;
	struct node node;
	struct live *live;
	struct live *applied;      /* tells how far the journal is in the store, not of events */
	struct store_watch *watch; /* NULL: nobody else has the store */
	struct tenant_policies *policies;
	struct apply *apply; /* what the writer's records mean; NULL without the role */
	struct writer *writer;
	struct dispatcher *dispatcher;
	struct retention *retention;
	struct held_confirmation *confirmation; /* NULL when this process does not apply */
	struct control *control;
	struct network_watch *networks; /* NULL: none */
	struct key_watch *key_watch;
	struct capacity capacity;
	struct byte_budget *budget;
	struct sign_in_guard *guard;
	struct password_queue *passwords;
	struct key_uses *key_uses;
	struct log_limit *failures;
	struct web *web;
	struct sending sending;
	struct send_fence *fence;
	struct api_services services;
	struct ip_address_range proxies[PROXIES_MAX];
	size_t proxy_count;
	struct host_names hosts;
	struct listen_settings listens; /* port: the one that was chosen */
	enum journal_health seen_health;
	uint64_t seen_failures, seen_damaged; /* of the journal */
	bool seen_failing;
};

/* ---- Configuration into the shapes that the parts want. */

static bool has_role(const struct server *s, const char *role)
{
	return server_roles_have(s->installation->config.roles, role);
}

/* Whose headers are believed decides whose address a hit has, so a word that is no network stops the start. */
static enum status parse_proxies(struct server *s, struct err *err)
{
	struct slice rest = slice_from_cstr(s->installation->config.trusted_proxies);
	while (rest.n) {
		struct slice text = slice_trim(slice_cut(&rest, ','));
		if (!text.n)
			continue;
		if (s->proxy_count == PROXIES_MAX || !ip_address_range_parse(text, &s->proxies[s->proxy_count]))
			return err_set(err, STATUS_BAD_INPUT, "server.trusted_proxies: '%.*s' is no address or network",
				       SLICE_FMT(slice_sub(text, 0, 60)));
		s->proxy_count++;
	}
	return STATUS_OK;
}

/* A free port when 0 was asked for: mails need the address before the server runs. */
static enum status choose_port(struct server *s, struct err *err)
{
	if (s->listens.port)
		return STATUS_OK;
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	bool is_v4 = inet_pton(AF_INET, s->listens.host, &v4.sin_addr) == 1;
	if (!is_v4 && inet_pton(AF_INET6, s->listens.host, &v6.sin6_addr) != 1)
		return err_set(err, STATUS_BAD_INPUT, "server.listen: '%.60s' is no address", s->listens.host);
	struct sockaddr *address = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t size = is_v4 ? sizeof v4 : sizeof v6;
	/* Somebody may take it before we listen; then the start fails and says so, and is tried again. */
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && bind(fd, address, size) == 0 && getsockname(fd, address, &size) == 0;
	if (fd >= 0)
		(void)close(fd); /* it was only asked which port is free */
	if (!good)
		return err_set(err, STATUS_IO, "no free port could be found on %.60s", s->listens.host);
	s->listens.port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
	return STATUS_OK;
}

/* For who tries it out. No link can begin with an IPv6 address (server_base_url_parse), and this machine has a name. */
static struct slice own_address(const struct server *s)
{
	struct arena *arena = s->installation->arena;
	if (strcmp(s->listens.host, "::1") == 0 || strcmp(s->listens.host, "::") == 0)
		return arena_printf(arena, "http://localhost:%u", s->listens.port);
	bool is_v6 = strchr(s->listens.host, ':') != NULL;
	return arena_printf(arena, is_v6 ? "http://[%s]:%u" : "http://%s:%u", s->listens.host, s->listens.port);
}

static enum status choose_base_url(struct server *s, struct err *err)
{
	struct arena *arena = s->installation->arena;
	struct slice url = slice_from_cstr(s->installation->config.base_url);
	if (!url.n)
		url = own_address(s);
	enum status status = server_base_url_parse(url, &url, err);
	if (status == STATUS_OK)
		s->sending.base_url = arena_cstr(arena, url);
	return status;
}

static enum status read_configuration(struct server *s, struct err *err)
{
	struct installation *i = s->installation;
	enum status status = server_listen_parse(i->config.listen, i->config.admin_listen, i->arena, &s->listens, err);
	if (status == STATUS_OK)
		status = server_roles_check(i->config.roles, err);
	if (status == STATUS_OK)
		status = server_provider_check(i->config.provider, i->config.smtp_host, err);
	if (status == STATUS_OK)
		status = parse_proxies(s, err);
	if (status == STATUS_OK)
		status = host_names_parse(slice_from_cstr(i->config.hosts), slice_from_cstr(i->config.base_url),
					  &s->hosts, err);
	if (status == STATUS_OK)
		status = choose_port(s, err);
	if (status == STATUS_OK)
		status = choose_base_url(s, err);
	return status == STATUS_OK ? capacity_find(&i->config, &s->capacity, err) : status;
}

/* ---- Parts. */

static enum status start_journal(struct server *s, struct err *err)
{
	const struct config *c = &s->installation->config;
	enum status status = registration_open_journal(s->installation, c->roles, &s->journal, &s->node, err);
	if (status == STATUS_OK)
		s->seen_damaged = journal_losses(s->journal).applied_count; /* said already */
	return status;
}

/* On the writer's thread: only a number is handed over. */
static void on_committed(void *user, uint64_t horizon)
{
	struct server *s = user;
	live_publish(s->live, horizon);
}

static void on_applied(void *user, uint64_t sequence)
{
	struct server *s = user;
	live_publish(s->applied, sequence);
}

/* On the writer's thread. When another process has our node, each hit that is answered from here on is one that nobody
 * counts, so nothing is brought to a good end: what is not answered comes again, to the other. A newer schema is no
 * such haste; the main thread ends us in order. */
static void on_halted(void *user, enum writer_halt why, const char *words)
{
	(void)user;
	(void)words; /* logged already */
	if (why == WRITER_FENCED)
		_exit(EXIT_FAILED);
}

static enum status start_networks(struct server *s, struct err *err)
{
	s->networks = installation_networks(s->installation);
	return s->networks ? network_watch_start(s->networks, err) : STATUS_OK;
}

/* Only where role `apply` is: it is the one writer of the store in this process, and it moves the journal's cursor. */
static enum status start_writer(struct server *s, struct err *err)
{
	struct writer_config config = {.store = s->installation->store,
				       .journal = s->journal,
				       .clock = clock_system(),
				       .node = &s->node,
				       .keep_seconds = (uint32_t)s->installation->config.journal_keep_seconds,
				       .stop_ms = WRITER_STOP_MS,
				       .applies_at_once = strcmp(s->installation->config.answer_after, "applied") == 0,
				       .halted = on_halted,
				       .applied = on_applied,
				       .committed = on_committed,
				       .user = s};
	s->apply = installation_apply(s->installation, s->journal, s->policies, s->networks);
	apply_join_writer(s->apply, &config);
	return writer_start(&config, &s->writer, err);
}

/* Once the node has its row, and before anything is sealed. */
static enum status start_key_watch(struct server *s, struct err *err)
{
	struct key_watch_config config = {.store = s->installation->store,
					  .writer = s->writer,
					  .keys = s->installation->keys,
					  .path = s->installation->keys_path,
					  .node = {s->node.number, s->node.epoch}};
	return key_watch_start(&config, &s->key_watch, err);
}

static enum status start_watch(struct server *s, struct err *err)
{
	struct store_watch_config config = {.store = s->installation->store,
					    .live = s->live,
					    .delivers = has_role(s, "deliver"),
					    .accepts_late = s->installation->config.accept_async};
	return store_is_shared(config.store) ? store_watch_start(&config, &s->watch, err) : STATUS_OK;
}

static enum status make_retention(struct server *s, struct err *err)
{
	struct retention_config config = {.store = s->installation->store,
					  .writer = s->writer,
					  .clock = clock_system(),
					  .bodies_days = (uint32_t)s->installation->config.retain_bodies_days};
	enum status status = event_days_parse(&s->installation->config, s->installation->arena, &config.events, err);
	if (status == STATUS_OK && s->writer)
		s->retention = retention_new(&config);
	return status;
}

/* Empty means: as the provider has it by itself. */
static void add_setting(struct provider_setting *settings, size_t *count, const char *key, const char *value)
{
	if (*value)
		settings[(*count)++] = (struct provider_setting){slice_from_cstr(key), slice_from_cstr(value)};
}

/* Settings as text, because the provider checks them itself and says what is wrong with which (provider/). */
static size_t smtp_settings(const struct server *s, struct provider_setting *settings)
{
	const struct config *c = &s->installation->config;
	size_t n = 0;
	add_setting(settings, &n, "host", c->smtp_host);
	add_setting(settings, &n, "port", arena_printf(s->installation->arena, "%lld", (long long)c->smtp_port).p);
	add_setting(settings, &n, "tls", c->smtp_tls);
	add_setting(settings, &n, "auth", c->smtp_auth);
	add_setting(settings, &n, "user", c->smtp_user);
	add_setting(settings, &n, "secret", c->smtp_secret);
	add_setting(settings, &n, "verify", c->smtp_verify ? "on" : "off");
	add_setting(settings, &n, "ca_file", c->smtp_ca_file);
	add_setting(settings, &n, "helo", c->smtp_helo);
	return n;
}

/* All that have an account are there whatever the default is, so that mail queued for another still leaves. */
static enum status start_dispatcher(struct server *s, struct err *err)
{
	const struct config *c = &s->installation->config;
	struct provider_setting smtp[SETTINGS_MAX];
	struct provider_setting outbox[] = {{SLICE("directory"), slice_from_cstr(s->installation->outbox_path)}};
	struct outlet_config providers[] = {{"outbox", outbox, 1}, {"smtp", smtp, smtp_settings(s, smtp)}};
	struct dispatch_config config = {.sending = &s->sending,
					 .journal = s->journal,
					 .providers = providers,
					 .provider_count = *c->smtp_host ? 2 : 1,
					 .concurrency = (uint32_t)c->sending_concurrency,
					 .attempts_max = (uint32_t)c->sending_attempts_max,
					 .retry_base_ms = c->retry_base_ms,
					 .retry_cap_ms = c->retry_cap_ms,
					 .resend_in_doubt = c->resend_in_doubt};
	return has_role(s, "deliver") ? dispatch_start(&config, &s->dispatcher, err) : STATUS_OK;
}

/* On the thread that accepted a mail. */
static void on_queued(void *user)
{
	struct server *s = user;
	if (s->dispatcher)
		dispatch_wake(s->dispatcher);
}

static enum status start_web(struct server *s, struct err *err)
{
	const struct config *c = &s->installation->config;
	struct web_config config = {
	    .address = s->listens.host,
	    .port = s->listens.port,
	    .admin_address = s->listens.admin_host,
	    .admin_port = s->listens.admin_port,
	    .hosts = &s->hosts,
	    .loops = (unsigned)c->loops,
	    .limits = {.connections = s->capacity.connections,
		       .connections_per_address = (uint32_t)c->connections_per_address,
		       .header_timeout_ms = (uint32_t)c->header_timeout_ms,
		       .idle_timeout_ms = (uint32_t)c->idle_timeout_ms,
		       .body_bytes = (uint64_t)c->body_mb << 20},
	    .trusted_proxies = s->proxies,
	    .trusted_proxy_count = s->proxy_count,
	    .has_edge = has_role(s, "edge"),
	    .has_api = has_role(s, "api"),
	    .max_wait_ms = c->journal_max_wait_ms,
	    .waits_for_store = strcmp(c->answer_after, "applied") == 0,
	    .services = &s->services,
	    .keys = s->installation->keys,
	    .key_watch = s->key_watch,
	};
	return web_start(&config, &s->web, err);
}

/* What all parts share, and what does not change from now on. Writer, dispatcher and retention come in as they start.
 */
static void join_parts(struct server *s)
{
	struct installation *i = s->installation;
	const char *base_url = s->sending.base_url;
	struct tenant_policy most = tenant_policies_limit(s->policies, SLICE_EMPTY);
	s->live = live_new();
	s->applied = live_new();
	s->budget = byte_budget_new(s->capacity.request_bytes);
	s->failures = log_limit_new(FAILURES_EVERY_US);
	s->guard = sign_in_guard_new();
	s->fence = send_fence_new();
	s->sending = (struct sending){.store = i->store,
				      .clock = clock_system(),
				      .keys = i->keys,
				      .base_url = base_url,
				      .default_provider = i->config.provider,
				      .providers = *i->config.smtp_host ? "outbox smtp" : "outbox",
				      .tracking_enabled = i->config.tracking_enabled,
				      .limit = {most.opens, most.clicks},
				      .policies = s->policies,
				      .fence = s->fence,
				      .queued = on_queued,
				      .queued_user = s};
	s->services = (struct api_services){.sending = &s->sending,
					    .policies = s->policies,
					    .store = i->store,
					    .journal = s->journal,
					    .live = s->live,
					    .applied = s->applied,
					    .budget = s->budget,
					    .guard = s->guard,
					    .failures = s->failures,
					    .clock = clock_system(),
					    .base_url = base_url,
					    .hold_us = i->config.hold_days * DAY_US,
					    .openapi_json = openapi_json()};
}

/* Last: a server that cannot start deletes nothing. */
static enum status start_retention(struct server *s, struct err *err)
{
	struct control_config config = {
	    .installation = s->installation,
	    .writer = s->writer,
	    .sending = &s->sending,
	    .policies = s->policies,
	    .retention = s->retention,
	    .rejudge = {.store = s->installation->store, .writer = s->writer, .clock = clock_system()}};
	if (!s->retention)
		return STATUS_OK;
	if (control_start(&config, &s->control, err) != STATUS_OK)
		log_warn("control.off", LOG_ERR(err)); /* it serves all the same */
	return retention_start(s->retention, err);
}

/* In the order of who needs whom. What failed half way is taken down by server_stop, which is why that allows NULL
 * everywhere. */
static enum status start_parts(struct server *s, struct err *err)
{
	enum status status = start_journal(s, err);
	if (status == STATUS_OK)
		status = installation_policies(s->installation, &s->policies, err);
	if (status != STATUS_OK)
		return status;
	join_parts(s);
	status = start_networks(s, err);
	s->services.networks = s->networks;
	if (status == STATUS_OK)
		status = start_writer(s, err);
	s->sending.writer = s->writer;
	s->services.writer = s->writer;
	s->key_uses = key_uses_new(s->writer);
	s->services.key_uses = s->key_uses;
	if (s->writer)
		s->confirmation = held_confirmation_new(s->writer, clock_system(), s->services.hold_us);
	s->services.apply = s->apply;
	if (status == STATUS_OK)
		status = start_key_watch(s, err);
	if (status == STATUS_OK)
		status = start_watch(s, err);
	s->services.store_watch = s->watch;
	if (status == STATUS_OK)
		status = make_retention(s, err);
	s->services.retention = s->retention;
	if (status == STATUS_OK)
		status = start_dispatcher(s, err);
	s->services.dispatcher = s->dispatcher;
	if (status == STATUS_OK)
		status = password_queue_start(NULL, &s->passwords, err);
	s->services.passwords = s->passwords;
	if (status == STATUS_OK)
		status = start_web(s, err);
	return status == STATUS_OK ? start_retention(s, err) : status;
}

enum status server_start(struct installation *installation, struct server **ret, struct err *err)
{
	struct server *s = MEM_NEW(struct server);
	s->installation = installation;
	enum status status = read_configuration(s, err);
	if (status == STATUS_OK)
		status = start_parts(s, err);
	if (status != STATUS_OK)
		server_stop(&s);
	else
		*ret = s;
	if (status == STATUS_OK)
		log_info("node.registered", LOG_INT("node", s->node.number), LOG_INT("epoch", s->node.epoch),
			 LOG_STR("place", s->node.place));
	return status;
}

uint16_t server_port(const struct server *server)
{
	return web_port(server->web);
}

const char *server_base_url(const struct server *server)
{
	return server->sending.base_url;
}

/* What it got over by itself, and somebody should know of all the same. */
static void watch_disk(struct server *s)
{
	uint64_t failures = journal_failures(s->journal);
	uint64_t damaged = journal_losses(s->journal).applied_count;
	if (failures != s->seen_failures && journal_health(s->journal) == JOURNAL_HEALTHY)
		log_warn("journal.new_segment", LOG_INT("errors", failures - s->seen_failures),
			 LOG_CSTR("do", "look at the disk: a write or a sync of the journal failed there"));
	if (damaged != s->seen_damaged)
		log_warn("journal.applied_damaged", LOG_INT("records", damaged - s->seen_damaged),
			 LOG_CSTR("do", "nothing is lost; look at the disk"));
	s->seen_failures = failures;
	s->seen_damaged = damaged;
}

/* Once for each change: a full disk is one line and not one a second. What to do stands in it. */
static void watch_journal(struct server *s)
{
	char why[WHY_MAX];
	enum journal_health health = journal_health(s->journal);
	if (health == s->seen_health)
		return;
	s->seen_health = health;
	journal_health_text(s->journal, why, sizeof why);
	if (health == JOURNAL_HEALTHY)
		log_info("journal.healthy");
	else if (health == JOURNAL_FULL)
		log_error("journal.full", LOG_CSTR("error", why),
			  LOG_CSTR("do", "free disk space; it goes on by itself"));
	else
		log_error("journal.failed", LOG_CSTR("error", why),
			  LOG_CSTR("do", "check the disk; it goes on by itself"));
}

/* Only tells; what is wrong mends itself where it is (the writer tries again, the journal looks at the disk), but for a
 * store that this program may no longer write. */
bool server_watch(struct server *s)
{
	char why[WHY_MAX] = "";
	watch_journal(s);
	watch_disk(s);
	bool failing = writer_is_failing(s->writer, why, sizeof why);
	if (failing && !s->seen_failing)
		log_error("store.away", LOG_CSTR("error", why));
	if (!failing && s->seen_failing)
		log_info("store.back");
	s->seen_failing = failing;
	if (writer_halted(s->writer) == WRITER_RUNS) {
		held_confirmation_tick(s->confirmation);
		return true;
	}
	log_error("serve.outdated", LOG_CSTR("error", why), LOG_CSTR("do", "start the newer program"));
	return false;
}

static void stop_watchers(struct server *s, struct stop_deadline *deadline)
{
	stop_deadline_enter(deadline, "control");
	control_stop(&s->control);
	stop_deadline_enter(deadline, "keys");
	key_watch_stop(&s->key_watch);
	stop_deadline_enter(deadline, "store watch");
	store_watch_stop(&s->watch);
	stop_deadline_enter(deadline, "retention");
	retention_free(&s->retention);
}

/* What has no thread. */
static void free_parts(struct server *s)
{
	held_confirmation_free(&s->confirmation);
	apply_free(&s->apply);
	network_watch_free(&s->networks);
	tenant_policies_free(&s->policies);
	if (s->live)
		live_free(&s->live);
	if (s->applied)
		live_free(&s->applied);
	password_queue_free(&s->passwords);
	sign_in_guard_free(&s->guard);
	byte_budget_free(&s->budget);
	send_fence_free(&s->fence);
	key_uses_free(&s->key_uses);
	log_limit_free(&s->failures);
}

/* Web first: then nobody submits commands any more (net/worker_pool.h waits for those who did), and the writer may end.
 */
void server_stop(struct server **server)
{
	struct server *s = *server;
	if (!s)
		return;
	struct stop_deadline *deadline = stop_deadline_open(STOP_MS);
	stop_deadline_enter(deadline, "requests");
	if (s->web)
		web_stop(&s->web, WEB_STOP_MS);
	stop_watchers(s, deadline);
	stop_deadline_enter(deadline, "deliverer");
	if (s->dispatcher)
		dispatch_stop(&s->dispatcher, DISPATCH_STOP_MS);
	stop_deadline_enter(deadline, "writer");
	if (s->writer)
		writer_stop(&s->writer);
	free_parts(s);
	stop_deadline_enter(deadline, "journal");
	journal_close(&s->journal);
	stop_deadline_close(&deadline);
	mem_free(s);
	*server = NULL;
}
