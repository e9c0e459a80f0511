/* SPDX-License-Identifier: Apache-2.0 */
/* Every segment of a journal mended (mend.c), with the server stopped. */
#include "journal/inspect.h"

#include "base/mem.h"
#include "journal/end_mark.h"
#include "journal/mend.h"
#include "journal/segment.h"

#include <errno.h>

static enum status salvage_all(const struct disk *disk, const char *directory, struct salvage_summary *sum,
			       struct err *err)
{
	struct mend mend = {.disk = disk, .directory = directory, .sum = sum};
	struct end_mark mark = {0};
	uint64_t *firsts;
	size_t count;
	enum status status = segment_list(disk, directory, &firsts, &count, err);

	if (status != STATUS_OK)
		return status;
	mend.node = mend_find_node(disk, directory, firsts, count);
	if (end_mark_read(disk, directory, &mark) && (mend.node == 0 || mend.node == mark.node)) {
		mend.node = mark.node;
		mend.acknowledged = mark.sequence;
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		mend.first = firsts[i];
		mend.next_first = i + 1 < count ? firsts[i + 1] : 0;
		status = mend_segment(&mend, err);
	}
	mem_free(firsts);
	return status;
}

enum status journal_salvage(const struct disk *disk, const char *directory, struct salvage_summary *ret,
			    struct err *err)
{
	struct salvage_summary sum = {0};
	char path[SEGMENT_PATH_BYTES];
	enum status status;
	int lock;

	if (segment_path(directory, "lock", path) != STATUS_OK)
		return err_set(err, STATUS_TOO_BIG, "the path of the journal is too long");
	lock = disk->lock(disk->self, path);
	if (lock == -EWOULDBLOCK)
		return err_set(err, STATUS_CONFLICT, "a server has the journal in %s open; stop it first", directory);
	if (lock == -ENOENT)
		return err_set(err, STATUS_NOT_FOUND, "%s is not there", directory);
	if (lock < 0)
		return err_set_errno(err, -lock, "cannot lock %s", path);
	status = salvage_all(disk, directory, &sum, err);
	(void)disk->close(disk->self, lock); /* holds no data */
	if (status == STATUS_OK)
		*ret = sum;
	return status;
}
