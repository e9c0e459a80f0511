/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing and trimming. The work between is that of recover.c, writer.c and rotate.c, which know nothing of
 * this file.
 *
 * The order at the start is the order of doubt: the directory's own name is made durable first, then the lock keeps a
 * second process out, and only then is anything read; recovery rewrites the end, which two must not do at once. */
#include "journal/journal_state.h"

#include "base/mem.h"
#include "journal/recover.h"
#include "journal/rotate.h"
#include "journal/writer.h"

#include <errno.h>

#define LOCK_NAME "lock"

enum { RETRY_MS = 1000 };
#define SEGMENT_BYTES_DEFAULT (64u << 20)
#define SEGMENT_BYTES_MIN (1u << 20)
#define RESERVE_BYTES_DEFAULT (4u << 20)

static size_t segment_bytes(uint64_t wanted)
{
	if (wanted == 0)
		return SEGMENT_BYTES_DEFAULT;
	if (wanted < SEGMENT_BYTES_MIN)
		return SEGMENT_BYTES_MIN;
	return wanted < SEGMENT_BYTES_MAX ? (size_t)wanted : SEGMENT_BYTES_MAX;
}

static enum status journal_new(const struct journal_config *config, struct journal **ret, struct err *err)
{
	struct journal *journal;

	if (strlen(config->directory) >= JOURNAL_DIRECTORY_BYTES)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	journal = MEM_NEW(struct journal);
	memcpy(journal->directory, config->directory, strlen(config->directory) + 1);
	journal->disk = config->disk ? config->disk : disk_posix();
	journal->segment_bytes = segment_bytes(config->segment_bytes);
	journal->reserve_bytes = config->reserve_bytes ? config->reserve_bytes : RESERVE_BYTES_DEFAULT;
	journal->retry_us = (int64_t)(config->retry_ms ? config->retry_ms : RETRY_MS) * 1000;
	journal->give_node = config->give_node;
	journal->give_known = config->give_known;
	journal->user = config->user;
	journal->lock = -1;
	journal->writer.file = -1;
	journal->writer.next_file = -1;
	journal->writer.marker.file = -1;
	journal->writer.marker.is_synced = true;
	index_init(&journal->index);
	list_init(&journal->feeds);
	/* None of these fails with default attributes. */
	(void)pthread_mutex_init(&journal->feeds_lock, NULL);
	(void)pthread_mutex_init(&journal->health_lock, NULL);
	(void)sem_init(&journal->wake, 0, 0);
	*ret = journal;
	return STATUS_OK;
}

static void close_handle(const struct journal *journal, int file)
{
	/* What has to be durable was synced. */
	if (file >= 0)
		(void)journal->disk->close(journal->disk->self, file);
}

static void journal_delete(struct journal *journal)
{
	close_handle(journal, journal->writer.file);
	close_handle(journal, journal->writer.next_file);
	end_marker_close(&journal->writer.marker);
	close_handle(journal, journal->lock);
	(void)sem_destroy(&journal->wake);
	(void)pthread_mutex_destroy(&journal->health_lock);
	(void)pthread_mutex_destroy(&journal->feeds_lock);
	index_done(&journal->index);
	mem_free(journal);
}

/* Makes the directory when absent, and its name durable in the directory above in any case: the process may have died
 * right after making it. */
static enum status make_directory(const struct journal *journal, struct err *err)
{
	const struct disk *disk = journal->disk;
	char above[SEGMENT_PATH_BYTES];
	int result = disk->mkdir(disk->self, journal->directory);

	if (result < 0 && result != -EEXIST)
		return err_set_errno(err, -result, "cannot create the directory %s", journal->directory);
	if (segment_path(journal->directory, "..", above) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	result = disk->fsync_directory(disk->self, above);
	if (result < 0)
		return err_set_errno(err, -result, "cannot sync the directory above %s", journal->directory);
	return STATUS_OK;
}

static enum status take_lock(struct journal *journal, struct err *err)
{
	char path[SEGMENT_PATH_BYTES];

	if (segment_path(journal->directory, LOCK_NAME, path) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	journal->lock = journal->disk->lock(journal->disk->self, path);
	if (journal->lock == -EWOULDBLOCK)
		return err_set(err, STATUS_CONFLICT,
			       "another process has the journal in %.80s open, a server or a command: stop it, or give "
			       "this one a directory of its own",
			       journal->directory);
	if (journal->lock < 0)
		return err_set_errno(err, -journal->lock, "cannot lock %s", path);
	return STATUS_OK;
}

static void open_marker(struct journal *journal)
{
	struct end_mark mark = {journal->node, journal_durable_sequence(journal)};

	end_marker_open(&journal->writer.marker, journal->disk, journal->directory, &mark);
}

enum status journal_open(const struct journal_config *config, struct journal **ret, struct err *err)
{
	struct journal *journal = NULL;
	enum status status = journal_new(config, &journal, err);
	int result;

	if (status != STATUS_OK)
		return status;
	status = make_directory(journal, err);
	if (status == STATUS_OK)
		status = take_lock(journal, err);
	if (status == STATUS_OK)
		status = journal_recover(journal, err);
	if (status == STATUS_OK) {
		/* Only now: until the segments say as much, the mark is what knows how far they went. */
		open_marker(journal);
		reserve_hold(journal);
		result = pthread_create(&journal->thread, NULL, writer_run, journal);
		if (result != 0)
			status = err_set_errno(err, result, "cannot start the journal thread");
	}
	if (status != STATUS_OK) {
		journal_delete(journal);
		return status;
	}
	*ret = journal;
	return STATUS_OK;
}

void journal_close(struct journal **journal_at)
{
	struct journal *journal = *journal_at;

	if (!journal)
		return;
	atomic_store(&journal->stopping, true);
	journal_wake(journal);
	(void)pthread_join(journal->thread, NULL); /* started by journal_open, joined nowhere else */
	BUG_IF(!list_is_empty(&journal->feeds));
	journal_delete(journal);
	*journal_at = NULL;
}

static enum status delete_segment(struct journal *journal, uint64_t first, struct err *err)
{
	const struct disk *disk = journal->disk;
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	int result;

	segment_name(first, name);
	if (segment_path(journal->directory, name, path) != STATUS_OK)
		return err_set(err, STATUS_IO, "the path of the journal is too long");
	result = disk->unlink(disk->self, path);
	if (result < 0 && result != -ENOENT)
		return err_set_errno(err, -result, "cannot delete %s", path);
	/* One at a time, oldest first: a power cut never leaves a hole between segments. */
	result = disk->fsync_directory(disk->self, journal->directory);
	if (result == 0)
		return STATUS_OK;
	err_set_errno(err, -result, "cannot sync the directory %s", journal->directory);
	/* A later sync of the directory proves nothing of what this one was for (R2), and the current segment's name
	 * may be among that. */
	atomic_store(&journal->directory_failed, true);
	journal_wake(journal);
	return STATUS_IO;
}

enum status journal_trim(struct journal *journal, uint64_t applied, struct err *err)
{
	enum status status = STATUS_OK;
	uint64_t first;

	while (status == STATUS_OK && index_oldest(&journal->index, applied, &first)) {
		status = delete_segment(journal, first, err);
		if (status == STATUS_OK)
			index_remove_oldest(&journal->index, first);
	}
	return status;
}
