/* SPDX-License-Identifier: Apache-2.0 */
/* What the file and the row of the node may say to one another at a start:
 *
 *   row's installation is another        the journal is a copy, or DATA/node is gone: refuse
 *   row's epoch above the file's         a copy of this directory was started since: refuse, unless it is this very
 *                                        directory (the same machine, device and inode), put back from a backup
 *   row's cursor behind the journal's end, its epoch above the file's
 *                                        an old copy: refuse
 *   row's cursor behind the journal's end, and the file is as new as the row
 *                                        this directory was here last, and its journal has lost its end: the journal
 *                                        says which records (recover.c), and so do we
 *   the installation had a node, and there is no journal
 *                                        it was taken away: a new node, and what the old one had not applied is lost
 *   row seen alive at another place      refuse while it is; a disk that moved to another machine waits a moment
 *   file's epoch above the row's         the process died between file and row, or a standby without our last seconds
 *                                        took over: go on
 *   no row, or one that nobody claimed   a new store, or a journal from before there were installations: claim it
 *
 * The file is written before the row, so that the first refusal above is never said of ourselves. It is overwritten in
 * place: one line within one sector, which a full disk does not hinder, and a torn write is what it was or what it
 * becomes. */
#include "prog/serve/registration.h"

#include "base/log.h"
#include "base/random.h"
#include "codec/text/uuid.h"
#include "engine/keys/key_agreement.h"
#include "journal/disk.h"
#include "journal/end_mark.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A server tells that it is there once a second; three are enough for a slow one. */
enum { WATCH_MS = 3000, LOOK_EVERY_MS = 100, LINE_MAX_BYTES = 128, HOST_MAX = 64 };

struct identity {
	struct uuid installation; /* zero: none yet */
	uint64_t epoch;           /* of the last start */
};

struct registering {
	const struct installation *installation;
	const char *path; /* of DATA/node */
	struct identity identity;
	struct slice place;
	uint64_t epoch;               /* of this start; 0: not known yet */
	struct journal_losses former; /* of a journal that is not here any more */
};

/* ---- The file */

static enum status read_identity(const char *path, struct identity *ret, struct err *err)
{
	char line[LINE_MAX_BYTES + 1], id[UUID_TEXT_SIZE];
	struct identity identity = {0};
	FILE *f = fopen(path, "re");
	if (!f && errno == ENOENT)
		return *ret = identity, STATUS_OK;
	if (!f)
		return err_set_errno(err, errno, "%s cannot be read", path);
	bool is_read = fgets(line, sizeof line, f) != NULL;
	(void)fclose(f); /* only read from */
	if (!is_read || sscanf(line, "installation %36s epoch %" SCNu64, id, &identity.epoch) != 2 ||
	    !uuid_parse(slice_from_cstr(id), &identity.installation))
		return err_set(err, STATUS_CORRUPT,
			       "%s is not what this program wrote there; put it back from a backup", path);
	*ret = identity;
	return STATUS_OK;
}

static enum status write_identity(const struct registering *r, struct err *err)
{
	char line[LINE_MAX_BYTES], id[UUID_TEXT_SIZE];
	uuid_format(r->identity.installation, id);
	int n = snprintf(line, sizeof line, "installation %s epoch %020" PRIu64 "\n", id, r->identity.epoch);
	int fd = open(r->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set_errno(err, errno, "%s cannot be written", r->path);
	bool bad = pwrite(fd, line, (size_t)n, 0) != n || fsync(fd) != 0;
	int failed = errno;
	(void)close(fd); /* synced */
	int directory = open(r->installation->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!bad && (directory < 0 || fsync(directory) != 0)) {
		bad = true;
		failed = errno;
	}
	if (directory >= 0)
		(void)close(directory); /* opened for its fsync only */
	return bad ? err_set_errno(err, failed, "%s cannot be written", r->path) : STATUS_OK;
}

enum status registration_become(const struct installation *i, struct uuid id, struct err *err)
{
	struct registering r = {
	    .installation = i, .path = arena_printf(i->arena, "%s/node", i->data).p, .identity = {.installation = id}};
	return write_identity(&r, err);
}

enum status registration_find(const struct installation *i, struct node *ret, struct err *err)
{
	struct store_session *s = NULL;
	struct identity identity = {0};
	enum status status = read_identity(arena_printf(i->arena, "%s/node", i->data).p, &identity, err);
	if (status == STATUS_OK && uuid_is_zero(identity.installation))
		return err_set(err, STATUS_NOT_FOUND, "%s is no node of its store yet", i->data);
	if (status == STATUS_OK)
		status = store_session_open(i->store, STORE_READ, &s, err);
	if (status == STATUS_OK)
		status = store_node_of(s, identity.installation, i->arena, ret, err);
	store_session_close(&s);
	return status;
}

/* Which directory of which machine: a restart is at the same place, a copy is not. */
static struct slice place_of(const struct installation *i)
{
	char host[HOST_MAX] = "";
	struct stat info = {0};
	(void)gethostname(host, sizeof host - 1); /* an empty name is one, too */
	(void)stat(i->data, &info);               /* it was opened a moment ago */
	return arena_printf(i->arena, "%s:%" PRIx64 ":%" PRIx64, host, (uint64_t)info.st_dev, (uint64_t)info.st_ino);
}

/* ---- A new journal */

static enum status new_number(struct registering *r, struct store_session *session, uint16_t *ret, struct err *err)
{
	if (uuid_is_zero(r->identity.installation))
		random_bytes(r->identity.installation.bytes, sizeof r->identity.installation.bytes);
	/* Known here before there: whatever is interrupted, the next start asks for the same. */
	enum status status = write_identity(r, err);
	return status == STATUS_OK ? store_node_new(session, r->identity.installation, ret, err) : status;
}

static void tell_losses(uint16_t node, const struct journal_losses *losses)
{
	if (losses->count > 0)
		log_error("journal.records_lost", LOG_INT("node", node), LOG_INT("records", losses->count),
			  LOG_INT("first", losses->first), LOG_INT("last", losses->last),
			  LOG_CSTR("do", "read 'Lost records' in doc/operations.md"));
	if (losses->applied_count > 0)
		log_warn("journal.applied_damaged", LOG_INT("node", node), LOG_INT("records", losses->applied_count),
			 LOG_CSTR("do", "nothing is lost; look at the disk"));
}

/* Before a new one takes its place: what the store and the mark beside the directory know of the journal that was here.
 * Its number is not given again, so its numbers cannot be, either. */
static enum status look_for_former(struct registering *r, struct store_session *session, struct err *err)
{
	struct node row;
	struct end_mark mark;
	enum status status = store_node_of(session, r->identity.installation, r->installation->arena, &row, err);
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	uint64_t end = row.durable;
	if (end_mark_read(disk_posix(), r->installation->journal_path, &mark) && mark.node == row.number &&
	    mark.sequence > end)
		end = mark.sequence;
	if (end > row.applied)
		r->former = (struct journal_losses){.count = end - row.applied, .first = row.applied + 1, .last = end};
	tell_losses(row.number, &r->former);
	return STATUS_OK;
}

static enum status give_node(void *user, uint16_t *ret, struct err *err)
{
	struct registering *r = user;
	struct store_session *session = NULL;
	enum status status = store_session_open(r->installation->store, STORE_WRITE, &session, err);
	if (status != STATUS_OK)
		return status;
	status = new_number(r, session, ret, err);
	if (status == STATUS_CONFLICT) {
		/* The journal was taken away, and the installation's number had one: its events have ids with it. */
		status = look_for_former(r, session, err);
		r->identity = (struct identity){0};
		if (status == STATUS_OK)
			status = new_number(r, session, ret, err);
	}
	store_session_close(&session);
	return status;
}

/* ---- One of before */

static enum status refuse_other(const struct registering *r, const struct node *row, struct err *err)
{
	return err_set(
	    err, STATUS_CONFLICT,
	    "the journal in '%.60s' is that of node %u, which is another installation: a copy; move journal and "
	    "node away to make this a server of its own",
	    r->installation->data, row->number);
}

static enum status check_epoch(const struct registering *r, const struct node *row, uint64_t durable, struct err *err)
{
	if (!uuid_is_zero(row->installation) && !uuid_equal(row->installation, r->identity.installation))
		return refuse_other(r, row, err);
	if (row->epoch > r->identity.epoch && row->epoch > 0 && !slice_equal(row->place, r->place))
		return err_set(err, STATUS_CONFLICT,
			       "a copy of '%.60s' was started since, as %.40s (node %u): run that one, or read 'Two "
			       "directories, one journal' in doc/scale.md",
			       r->installation->data, arena_cstr(r->installation->arena, row->place), row->number);
	if (row->applied > durable && row->epoch > r->identity.epoch)
		return err_set(
		    err, STATUS_CONFLICT,
		    "the store has applied node %u up to record %llu, its journal in '%.60s' ends at %llu: this "
		    "is an old copy",
		    row->number, (unsigned long long)row->applied, r->installation->data, (unsigned long long)durable);
	return STATUS_OK;
}

static void wait_a_moment(void)
{
	struct timespec t = {0, LOOK_EVERY_MS * 1000000L};
	(void)nanosleep(&t, NULL); /* a shorter one does no harm */
}

/* Two who have the same number are told apart by who still speaks. Not by comparing times: the clocks are different
 * ones, and whether the row changes needs none. */
static enum status check_silence(const struct registering *r, struct store_session *session, const struct node *row,
				 struct err *err)
{
	enum status status = STATUS_OK;
	struct node now = *row;
	if (!store_is_shared(r->installation->store) || row->seen_us == 0 || slice_equal(row->place, r->place))
		return STATUS_OK;
	log_info("node.waits", LOG_INT("node", row->number), LOG_STR("was_at", row->place));
	for (int ms = 0; status == STATUS_OK && ms < WATCH_MS && now.seen_us == row->seen_us; ms += LOOK_EVERY_MS) {
		wait_a_moment();
		status = store_node_find(session, row->number, r->installation->arena, &now, err);
	}
	if (status == STATUS_OK && now.seen_us != row->seen_us && now.seen_us != 0)
		return err_set(err, STATUS_CONFLICT,
			       "node %u runs already, at %.40s: '%.60s' is a copy; move its journal and node away to "
			       "make it a server "
			       "of its own",
			       row->number, arena_cstr(r->installation->arena, now.place), r->installation->data);
	return status;
}

static enum status check_row(struct registering *r, struct store_session *session, const struct journal_found *found,
			     struct journal_known *ret, struct err *err)
{
	struct node row;
	enum status status = store_node_find(session, found->node, r->installation->arena, &row, err);
	r->epoch = r->identity.epoch + 1;
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK)
		status = check_epoch(r, &row, found->durable, err);
	if (status == STATUS_OK)
		status = check_silence(r, session, &row, err);
	if (status != STATUS_OK)
		return status;
	if (row.epoch > r->identity.epoch)
		r->epoch = row.epoch + 1;
	*ret = (struct journal_known){.acknowledged = row.durable, .applied = row.applied};
	return STATUS_OK;
}

/* Before anything in the journal is changed: a copy stays as it is. */
static enum status give_known(void *user, const struct journal_found *found, struct journal_known *ret, struct err *err)
{
	struct registering *r = user;
	struct store_session *session = NULL;
	struct journal_known known = {0};
	enum status status = store_session_open(r->installation->store, STORE_READ, &session, err);
	if (status == STATUS_OK)
		status = check_row(r, session, found, &known, err);
	store_session_close(&session);
	if (status == STATUS_OK)
		*ret = known;
	return status;
}

/* The file is new where the journal is from before. */
static enum status begin_epoch(struct registering *r, uint64_t epoch, struct err *err)
{
	if (uuid_is_zero(r->identity.installation))
		random_bytes(r->identity.installation.bytes, sizeof r->identity.installation.bytes);
	r->identity.epoch = epoch;
	return write_identity(r, err);
}

enum status registration_open_journal(const struct installation *i, const char *roles, struct journal **ret_journal,
				      struct node *ret_node, struct err *err)
{
	struct registering r = {.installation = i, .path = arena_printf(i->arena, "%s/node", i->data).p};
	struct journal_config config = {.directory = i->journal_path,
					.segment_bytes = (uint64_t)i->config.journal_segment_mb << 20,
					.give_node = give_node,
					.give_known = give_known,
					.user = &r};
	struct journal *journal = NULL;
	r.place = place_of(i);
	/* Before the journal gets a number: who is refused leaves nothing behind. */
	enum status status = key_agreement_reach(i->store, &(struct held_keys){i->keys, i->keys_path}, err);
	if (status == STATUS_OK)
		status = read_identity(r.path, &r.identity, err);
	if (status == STATUS_OK)
		status = journal_open(&config, &journal, err);
	/* A new journal's epoch is that of a new installation, or of one whose start failed before. */
	if (status == STATUS_OK)
		status = begin_epoch(&r, r.epoch ? r.epoch : r.identity.epoch + 1, err);
	if (status != STATUS_OK) {
		journal_close(&journal);
		return status;
	}
	struct journal_losses losses = journal_losses(journal);
	tell_losses(journal_node(journal), &losses);
	journal_tell_losses(journal, &r.former);
	*ret_journal = journal;
	*ret_node = (struct node){.number = journal_node(journal),
				  .installation = r.identity.installation,
				  .epoch = r.identity.epoch,
				  .place = r.place,
				  .roles = slice_from_cstr(roles),
				  .version = SLICE(PUGMARK_VERSION)};
	return STATUS_OK;
}
