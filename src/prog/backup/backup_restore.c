/* SPDX-License-Identifier: Apache-2.0 */
/* In this order: everything out of the backup under other names; the configuration, which says where the store is to
 * be; the store, migrated and as a new incarnation, with what may have left in doubt, and only then under its name; the
 * keys. A kill at any point leaves a directory that does not start and that a second restore refuses, and the backup as
 * it was. Whoever puts the keys into such a directory by hand has a store that sends nothing twice, or none. */
#include "prog/backup/backup_restore.h"

#include "base/random.h"
#include "prog/backup/backup_unpack.h"
#include "prog/backup/durable_file.h"
#include "prog/serve/local_writer.h"
#include "prog/serve/registration.h"
#include "store/core/store_copy.h"
#include "store/house/incarnation.h"
#include "store/house/nodes.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct restoring {
	struct installation *i;
	const struct backup_watch *watch;
	struct arena *arena;
	bool with_database;
	bool made_directory;
	const char *store_path; /* once it has its name */
	const char *wanted_keys;
	struct unpacked unpacked;
	struct restore_result result;
};

static const char *in_data(const struct restoring *r, const char *name)
{
	return arena_printf(r->arena, "%s/%s", r->i->data, name).p;
}

/* ---- The directory */

static bool is_empty(DIR *directory)
{
	for (const struct dirent *e = readdir(directory); e; e = readdir(directory))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return true;
}

static enum status take_directory(struct restoring *r, struct err *err)
{
	r->made_directory = mkdir(r->i->data, 0700) == 0;
	if (r->made_directory)
		return STATUS_OK;
	DIR *directory = errno == EEXIST ? opendir(r->i->data) : NULL;
	if (!directory)
		return err_set_errno(err, errno, "the data directory '%s' cannot be used", r->i->data);
	bool can_be_taken = is_empty(directory);
	(void)closedir(directory); /* only read from */
	if (can_be_taken)
		return STATUS_OK;
	if (access(in_data(r, BACKUP_KEYS ".part"), F_OK) == 0)
		return err_set(err, STATUS_CONFLICT, "a restore into '%s' was broken off: remove it, and restore again",
			       r->i->data);
	return err_set(
	    err, STATUS_CONFLICT,
	    "'%s' is not empty: a backup is restored into an empty data directory; name another one, or move "
	    "this one away",
	    r->i->data);
}

/* Only what this call has made; the directory was empty. */
static void undo(struct restoring *r)
{
	static const char *const NAMES[] = {BACKUP_KEYS ".part",
					    BACKUP_CONFIG ".part",
					    BACKUP_STORE ".part",
					    BACKUP_STORE ".part-wal",
					    BACKUP_STORE ".part-shm",
					    BACKUP_CONFIG,
					    "node"};
	for (size_t n = 0; n < sizeof NAMES / sizeof NAMES[0]; n++)
		(void)unlink(in_data(r, NAMES[n])); /* those that were not made are not there */
	if (r->store_path)
		(void)unlink(r->store_path);
	if (r->made_directory)
		(void)rmdir(r->i->data); /* not when a journal was begun: that is refused the next time, with words */
}

/* ---- The store */

/* Where the store is to be, and nothing is yet. */
static enum status find_place(struct restoring *r, const char **ret, struct err *err)
{
	struct store *store = NULL;
	enum status status = store_open(r->i->config.store_url, &store, err);
	if (status != STATUS_OK)
		return status;
	const char *path = store_file(store);
	if (!path)
		status = err_set(err, STATUS_BAD_INPUT,
				 "the backup has a store of SQLite, and store.url names a PostgreSQL database");
	else if (access(path, F_OK) == 0)
		status = err_set(err, STATUS_CONFLICT, "%s is there already: move it away", path);
	else
		*ret = arena_printf(r->arena, "%s", path).p;
	store_close(&store);
	return status;
}

static enum status begin_incarnation(struct restoring *r, struct err *err)
{
	struct store_session *s = NULL;
	struct uuid id;
	random_bytes(id.bytes, sizeof id.bytes);
	enum status status = store_session_open(r->i->store, STORE_WRITE, &s, err);
	if (status == STATUS_OK)
		status = store_incarnation_begin(s, id, &r->result.node, err);
	store_session_close(&s);
	return status == STATUS_OK ? registration_become(r->i, id, err) : status;
}

static void tell_doubt(void *user, uint64_t done)
{
	const struct restoring *r = user;
	if (r->watch->step)
		r->watch->step(r->watch->user, 0, done, "mails looked at");
}

static enum status doubt(struct restoring *r, struct err *err)
{
	struct local_writer local = {0};
	enum status status = local_writer_start(r->i, &local, err);
	if (status != STATUS_OK)
		return status;
	const struct restored_doubt_config config = {.store = r->i->store,
						     .writer = local.writer,
						     .resend_transactional = r->i->config.resend_in_doubt,
						     .now_us = r->result.restored_us,
						     .step = tell_doubt,
						     .user = r};
	status = restored_doubt_run(&config, &r->result.mail, err);
	local_writer_stop(&local);
	return status;
}

/* Of whatever the configuration names. Opening migrates it, and refuses one of a newer program. */
static enum status bring_up_opened(struct restoring *r, struct err *err)
{
	enum status status = begin_incarnation(r, err);
	return status == STATUS_OK ? doubt(r, err) : status;
}

/* Under another name, which nobody opens by mistake. Closing it leaves one file: SQLite takes its log back then. */
static enum status bring_up_part(struct restoring *r, struct err *err)
{
	struct installation *i = r->i;
	const char *url = i->config.store_url;
	i->config.store_url = arena_printf(r->arena, "sqlite:%s", in_data(r, BACKUP_STORE ".part")).p;
	enum status status = installation_open(i, err);
	if (status == STATUS_OK)
		status = bring_up_opened(r, err);
	store_close(&i->store);
	i->config.store_url = url;
	if (status == STATUS_OK && access(in_data(r, BACKUP_STORE ".part-wal"), F_OK) == 0)
		status = err_set(err, STATUS_IO, "the store was not closed: %s-wal is there", BACKUP_STORE ".part");
	return status;
}

static enum status bring_up_store(struct restoring *r, struct err *err)
{
	const char *path = NULL;
	enum status status = find_place(r, &path, err);
	if (status == STATUS_OK)
		status = bring_up_part(r, err);
	if (status == STATUS_OK)
		status = durable_file_rename(in_data(r, BACKUP_STORE ".part"), path, err);
	if (status == STATUS_OK)
		r->store_path = path;
	return status;
}

/* ---- A database that was put back by its own means */

static enum status expect_silence(struct restoring *r, struct err *err)
{
	struct store_session *s = NULL;
	uint16_t alive = 0;
	enum status status = store_session_open(r->i->store, STORE_READ, &s, err);
	if (status == STATUS_OK)
		status = store_node_alive(s, &alive, err);
	store_session_close(&s);
	if (status != STATUS_OK || alive == 0)
		return status;
	return err_set(
	    err, STATUS_CONFLICT,
	    "the database was in use less than two minutes ago, by node %u: stop the servers; if the database is "
	    "as it was put back a moment ago, wait for two minutes",
	    alive);
}

static enum status take_over_database(struct restoring *r, struct err *err)
{
	enum status status = installation_open(r->i, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is nothing in the database yet: put it back first");
	if (status == STATUS_OK)
		status = expect_silence(r, err);
	return status == STATUS_OK ? bring_up_opened(r, err) : status;
}

/* ---- All of it */

static enum status bring_up(struct restoring *r, struct err *err)
{
	if (r->unpacked.has_store && r->with_database)
		return err_set(err, STATUS_BAD_INPUT,
			       "--database is for a PostgreSQL database, and this backup has its store in it");
	if (r->unpacked.has_store)
		return bring_up_store(r, err);
	return r->with_database ? take_over_database(r, err) : STATUS_OK;
}

static enum status configure(struct restoring *r, struct err *err)
{
	enum status status = STATUS_OK;
	if (r->unpacked.has_config)
		status = durable_file_rename(in_data(r, BACKUP_CONFIG ".part"), in_data(r, BACKUP_CONFIG), err);
	if (status == STATUS_OK)
		status = installation_configure(r->i, err);
	r->wanted_keys = r->i->keys_path;
	r->i->keys_path = in_data(r, BACKUP_KEYS ".part");
	return status;
}

static enum status restore(struct restoring *r, const char *path, struct err *err)
{
	enum status status = backup_unpack(path, r->i->data, r->watch, &r->unpacked, err);
	if (status == STATUS_OK)
		status = configure(r, err);
	if (status == STATUS_OK)
		status = bring_up(r, err);
	return status == STATUS_OK ? durable_file_rename(r->i->keys_path, r->wanted_keys, err) : status;
}

enum status backup_restore(struct installation *installation, const char *path, bool with_database,
			   const struct backup_watch *watch, struct restore_result *ret, struct err *err)
{
	struct restoring r = {.i = installation, .watch = watch, .with_database = with_database, .arena = arena_new()};
	if (!installation->data)
		installation->data = DATA_DEFAULT;
	r.result.restored_us = clock_now_us(clock_system());
	enum status status = take_directory(&r, err);
	if (status == STATUS_OK) {
		status = restore(&r, path, err);
		if (status != STATUS_OK)
			undo(&r);
	}
	if (status == STATUS_OK) {
		r.result.made_us = r.unpacked.made_us;
		r.result.has_store = r.unpacked.has_store || with_database;
		r.result.has_config = r.unpacked.has_config;
		installation->keys_path = r.wanted_keys;
		*ret = r.result;
	}
	arena_free(&r.arena);
	return status;
}
