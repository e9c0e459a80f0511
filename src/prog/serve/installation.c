/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a command needs of a data directory, opened in the order in which its absence is easiest to explain:
 * directory, keys, store. The words say what to run next, because most who read them see the program for the first
 * time.
 *
 * Reading keys or the store beside a running server is fine and takes no lock. What must be alone with them takes the
 * journal's (local_writer.h); whoever makes them, one on the directory itself, which is there before anything in it. */
#include "prog/serve/installation.h"

#include "base/log.h"
#include "engine/keys/key_agreement.h"
#include "engine/keys/key_file.h"
#include "prog/serve/event_days.h"
#include "prog/show/progress_line.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum status installation_configure(struct installation *i, struct err *err)
{
	if (!i->arena)
		i->arena = arena_new();
	if (!i->data)
		i->data = DATA_DEFAULT;
	enum status status = config_load(i->config_path, i->data, i->arena, &i->config, err);
	if (status != STATUS_OK)
		return status;
	i->keys_path = arena_printf(i->arena, "%s/keys", i->data).p;
	i->journal_path = arena_printf(i->arena, "%s/journal", i->data).p;
	i->outbox_path = arena_printf(i->arena, "%s/outbox", i->data).p;
	i->port_path = arena_printf(i->arena, "%s/port", i->data).p;
	if (!*i->config.store_url)
		i->config.store_url = arena_printf(i->arena, "sqlite:%s/pugmark.db", i->data).p;
	return STATUS_OK;
}

/* One that is not there and one that may not be entered are told apart; both look like "no keys" otherwise. */
static enum status check_directory(const struct installation *i, struct err *err)
{
	struct stat info;
	if (stat(i->data, &info) != 0 && errno == ENOENT)
		return err_set(err, STATUS_NOT_FOUND,
			       "there is no data directory '%s'; make one with 'pugmark init --data %s'", i->data,
			       i->data);
	if (access(i->data, R_OK | W_OK | X_OK) != 0)
		return err_set_errno(err, errno, "the data directory '%s' cannot be used", i->data);
	if (stat(i->data, &info) == 0 && !S_ISDIR(info.st_mode))
		return err_set(err, STATUS_BAD_INPUT, "'%s' is not a directory", i->data);
	return STATUS_OK;
}

/* A restore gives the keys their name last (backup_restore.c). */
static enum status check_whole(const struct installation *i, struct err *err)
{
	if (access(arena_printf(i->arena, "%s.part", i->keys_path).p, F_OK) != 0)
		return STATUS_OK;
	return err_set(err, STATUS_NOT_FOUND, "a restore into '%s' was broken off: remove it, and restore again",
		       i->data);
}

/* Keys are made by `init` alone. A server that made new ones where it found none would start, and break every link ever
 * sent. */
static enum status open_keys(struct installation *i, bool create, struct err *err)
{
	enum status status = key_file_load(i->keys_path, &i->keys, &i->newest_key, err);
	if (status != STATUS_NOT_FOUND || !create)
		return status;
	status = check_whole(i, err);
	if (status == STATUS_OK)
		status = key_agreement_may_begin(i->store, i->keys_path, err);
	if (status == STATUS_OK)
		status = key_file_create(i->keys_path, err);
	return status == STATUS_OK ? key_file_load(i->keys_path, &i->keys, &i->newest_key, err) : status;
}

/* ---- Migrating: mostly a moment; one that carries all events over may take minutes */

struct migrating {
	struct progress_line line;
	char part[64];      /* that was last logged */
	uint32_t per_mille; /* and how far it was then */
};

/* In the log each part begins with a line, and each tenth of it has one. */
static bool show_migration(void *user, const struct migration_progress *progress)
{
	struct migrating *m = user;
	bool is_new = strcmp(m->part, progress->part) != 0;
	progress_line_show(&m->line, progress->per_mille, (uint64_t)progress->version, progress->part);
	if (m->line.is_terminal || (!is_new && progress->per_mille < m->per_mille + 100))
		return true;
	(void)snprintf(m->part, sizeof m->part, "%s", progress->part);
	m->per_mille = progress->per_mille;
	log_info("store.migrating", LOG_CSTR("step", progress->name), LOG_CSTR("part", progress->part),
		 LOG_INT("percent", progress->per_mille / 10));
	return true;
}

static enum status migrate(struct store *store, struct err *err)
{
	struct migrating migrating = {.line = progress_line_new()};
	struct migration_watch watch = {.step = show_migration, .user = &migrating};
	enum status status = store_migrate_watched(store, &watch, err);
	progress_line_end(&migrating.line);
	return status;
}

/* Two that make keys at once leave a file of one and a store of the other, and no server ever starts. The lock ends
 * with the process, however it ends. A file system that has none for directories (NFS) is used without. */
static enum status lock_directory(struct installation *i, struct err *err)
{
	i->lock = open(i->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (i->lock < 0)
		return err_set_errno(err, errno, "the data directory '%s' cannot be used", i->data);
	i->is_locked = true;
	while (flock(i->lock, LOCK_EX) != 0 && errno == EINTR)
		;
	return STATUS_OK;
}

enum status installation_create(struct installation *i, struct err *err)
{
	if (mkdir(i->data, 0700) != 0 && errno != EEXIST)
		return err_set_errno(err, errno, "the data directory '%s' cannot be made", i->data);
	enum status status = check_directory(i, err);
	if (status == STATUS_OK)
		status = lock_directory(i, err);
	if (status == STATUS_OK)
		status = store_open(i->config.store_url, &i->store, err);
	if (status == STATUS_OK && (status = store_check(i->store, err)) != STATUS_CONFLICT)
		status = migrate(i->store, err);
	if (status == STATUS_OK)
		status = open_keys(i, true, err);
	struct held_keys mine = {i->keys, i->keys_path};
	return status == STATUS_OK ? key_agreement_reach(i->store, &mine, err) : status;
}

/* A store that is there had its keys made: new ones would open none of its links. */
static enum status say_what_is_missing(struct installation *i, struct err *err)
{
	struct err ignored;
	enum status status = check_whole(i, err);
	if (status != STATUS_OK)
		return status;
	status = store_open(i->config.store_url, &i->store, &ignored);
	if (status == STATUS_OK)
		status = store_check(i->store, &ignored);
	if (status == STATUS_OK || status == STATUS_AGAIN || status == STATUS_CONFLICT)
		return err_set(
		    err, STATUS_NOT_FOUND,
		    "%s is missing, and the store is there: copy the file from another server of it, or out of "
		    "your backup",
		    i->keys_path);
	return err_set(err, STATUS_NOT_FOUND, "'%s' is not set up yet; run 'pugmark init --data %s'", i->data, i->data);
}

/* An older store is brought up to date by whichever command opens it first; a newer one is refused by store_check. */
enum status installation_open(struct installation *i, struct err *err)
{
	enum status status = check_directory(i, err);
	if (status == STATUS_OK)
		status = open_keys(i, false, err);
	if (status == STATUS_NOT_FOUND)
		return say_what_is_missing(i, err);
	if (status == STATUS_OK)
		status = store_open(i->config.store_url, &i->store, err);
	if (status != STATUS_OK)
		return status;
	status = store_check(i->store, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no store yet; run 'pugmark init --data %s'", i->data);
	return status == STATUS_AGAIN ? migrate(i->store, err) : status;
}

enum status installation_versions(const struct installation *i, int *ret_from, int *ret_to, struct err *err)
{
	struct store *store = NULL;
	enum status status = store_open(i->config.store_url, &store, err);
	if (status == STATUS_OK)
		status = store_versions(store, ret_from, ret_to, err);
	store_close(&store);
	return status;
}

void installation_close(struct installation *i)
{
	store_close(&i->store);
	link_token_keys_free(&i->keys);
	if (i->is_locked)
		(void)close(i->lock); /* a directory: there is nothing to be written */
	i->is_locked = false;
	arena_free(&i->arena);
}

static enum status check_time_zone(const struct config *config, struct err *err)
{
	struct err why = {0};
	enum status status = time_zone_check(slice_from_cstr(config->time_zone), &why);
	return status == STATUS_OK ? status : err_set(err, STATUS_BAD_INPUT, "tracking.time_zone: %s", why.text);
}

/* The words of the configuration go through the same check as a tenant's own settings: one list of values for both. */
enum status installation_policies(const struct installation *i, struct tenant_policies **ret, struct err *err)
{
	const struct config *c = &i->config;
	const struct {
		const char *name, *value;
	} words[] = {
	    {"opens", c->track_opens}, {"clicks", c->track_clicks},           {"keep_client", c->keep_client},
	    {"gpc", c->gpc},           {"headline_opens", c->headline_opens}, {"honeypot", c->honeypot ? "on" : "off"}};
	struct event_retention retention;
	struct tenant_policy policy = tenant_policy_default();
	policy.dedupe_seconds = (uint32_t)c->dedupe_seconds;
	policy.provider_dedupe_minutes = (uint32_t)c->provider_dedupe_minutes;
	policy.events_days = (uint32_t)c->retain_events_days;
	enum status status = event_days_parse(c, i->arena, &retention, err);
	for (size_t k = 0; status == STATUS_OK && k < sizeof words / sizeof words[0]; k++)
		status =
		    tenant_setting_set(&policy, slice_from_cstr(words[k].name), slice_from_cstr(words[k].value), err);
	if (status == STATUS_OK)
		status = check_time_zone(c, err);
	if (status == STATUS_OK)
		*ret = tenant_policies_new(&policy, &retention, c->time_zone);
	return status;
}

static const char *network_path(const struct installation *i, enum network_list which)
{
	return which == NETWORK_LIST_EGRESS ? i->config.apple_egress_file : i->config.asn_file;
}

struct network_watch *installation_networks(const struct installation *i)
{
	struct network_watch_config config = {.clock = clock_system()};
	bool is_any = false;
	for (int which = 0; which < NETWORK_LIST_COUNT; which++) {
		config.paths[which] = network_path(i, (enum network_list)which);
		is_any = is_any || *config.paths[which];
	}
	return is_any ? network_watch_new(&config) : NULL;
}

struct apply *installation_apply(const struct installation *i, struct journal *journal,
				 struct tenant_policies *policies, struct network_watch *networks)
{
	return apply_new(&(struct apply_config){.node = journal_node(journal),
						.keys = i->keys,
						.policies = policies,
						.counts_every_press = i->config.hold_days == 0,
						.networks = networks,
						.is_shared = store_is_shared(i->store),
						.clock = clock_system()});
}

/* A list that cannot be read is an error here and a warning in a server: a command's verdicts would silently be other
 * ones. */
enum status installation_read_networks(const struct installation *i, struct network_lists **ret, struct err *err)
{
	struct network_lists *lists = NULL;
	struct err why = {0};
	for (int which = 0; which < NETWORK_LIST_COUNT; which++) {
		const char *path = network_path(i, (enum network_list)which);
		if (!*path)
			continue;
		if (!lists)
			lists = network_lists_new();
		enum status status = network_file_read(path, (enum network_list)which, lists, &why);
		if (status == STATUS_OK)
			continue;
		network_lists_free(&lists);
		return err_set(err, status, "%.80s: %s", path, why.text);
	}
	*ret = lists;
	return STATUS_OK;
}

int installation_failed(const char *command, const struct err *err)
{
	(void)fprintf(stderr, "pugmark %s: %s\n", command, err->text);
	return EXIT_FAILED;
}

/* From the last colon, so that "[::1]:8420" and "::1:8420" both mean what they say. */
enum status parse_listen(const char *text, struct arena *arena, const char **ret_host, uint16_t *ret_port,
			 struct err *err)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;
	if (!colon || !slice_to_u64(slice_from_cstr(colon + 1), 65535, &port))
		return err_set(err, STATUS_BAD_INPUT, "'%.80s' is not ADDRESS:PORT", text);
	struct slice host = slice_of(text, (size_t)(colon - text));
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_sub(host, 1, host.n - 1);
	if (!host.n)
		return err_set(err, STATUS_BAD_INPUT, "'%.80s' has no address in front of the port", text);
	*ret_host = arena_cstr(arena, host);
	*ret_port = (uint16_t)port;
	return STATUS_OK;
}
