/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: mails as files in a directory, for try-outs without a mail account.
 *
 * The order is SMTP's: the bytes are on disk under a name nobody looks at, the barrier, the rename. A reader sees a
 * whole mail or none, and what was not renamed was not sent. The file's disk writes block transport_run for as long as
 * an fsync takes.
 */
#include "base/mem.h"
#include "transport/transport_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_MAX = 128 };

struct outbox {
	struct transport transport;
	int directory; /* the open directory */
};

struct outbox_delivery {
	struct delivery delivery;
	char temporary[ID_MAX + 8];
	char name[ID_MAX + 8];
	bool written;
};

/* The id becomes a file name: no way out of the directory, no hidden files. */
static bool is_file_name(struct slice id)
{
	if (id.n == 0 || id.n > ID_MAX || id.p[0] == '.')
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return true;
}

static struct delivery *outbox_start(struct transport *transport, const struct transport_mail *mail)
{
	struct outbox_delivery *d = MEM_NEW(struct outbox_delivery);
	(void)transport;
	if (is_file_name(mail->id)) {
		(void)snprintf(d->name, sizeof d->name, "%.*s.eml", SLICE_FMT(mail->id));
		(void)snprintf(d->temporary, sizeof d->temporary, ".%.*s.tmp", SLICE_FMT(mail->id));
	}
	return &d->delivery;
}

static bool write_all(int file, struct slice bytes)
{
	while (bytes.n) {
		ssize_t n = write(file, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes = slice_from(bytes, (size_t)n);
	}
	return true;
}

/* The whole mail, on disk, under its temporary name. */
static bool write_file(struct outbox *o, struct outbox_delivery *d)
{
	int file = openat(o->directory, d->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return false;
	d->written = true;
	bool ok = write_all(file, d->delivery.mail.bytes) && fsync(file) == 0;
	int why = errno;
	if (close(file) != 0 && ok) {
		why = errno;
		ok = false;
	}
	errno = why;
	return ok;
}

static void fail(struct outbox_delivery *d, enum status status, const char *what)
{
	struct err err;
	(void)err_set_errno(&err, errno, "%s", what); /* for its words only */
	delivery_fail(&d->delivery, status, err.text);
}

static void publish(struct outbox *o, struct outbox_delivery *d)
{
	if (renameat(o->directory, d->temporary, o->directory, d->name) != 0) {
		fail(d, STATUS_IO, "cannot give the mail its name in the outbox");
		return;
	}
	d->written = false;
	/* Seen by readers already, but a power cut may still undo it. */
	if (fsync(o->directory) != 0) {
		fail(d, STATUS_UNCERTAIN, "cannot write the outbox directory to disk");
		return;
	}
	struct transport_outcome outcome = {
	    .status = STATUS_OK, .reply = SLICE("written to the outbox"), .remote_id = slice_from_cstr(d->name)};
	delivery_end(&d->delivery, &outcome);
}

static void outbox_advance(struct delivery *delivery)
{
	struct outbox *o = (struct outbox *)delivery->transport;
	struct outbox_delivery *d = (struct outbox_delivery *)delivery;
	if (!d->name[0])
		delivery_fail(delivery, STATUS_BAD_INPUT, "the message id cannot be a file name");
	else if (delivery->state == DELIVERY_PASSED)
		publish(o, d);
	else if (write_file(o, d))
		delivery_reach_barrier(delivery);
	else
		fail(d, STATUS_IO, "cannot write to the outbox");
}

static void outbox_discard(struct delivery *delivery)
{
	struct outbox *o = (struct outbox *)delivery->transport;
	struct outbox_delivery *d = (struct outbox_delivery *)delivery;
	if (d->written)
		(void)unlinkat(o->directory, d->temporary, 0); /* one that stays is overwritten by the next attempt */
	mem_free(d);
}

static void outbox_free(struct transport *transport)
{
	struct outbox *o = (struct outbox *)transport;
	(void)close(o->directory); /* only read from */
	mem_free(o);
}

static const struct transport_class outbox_class = {
    .start = outbox_start,
    .advance = outbox_advance,
    .discard = outbox_discard,
    .free = outbox_free,
};

enum status transport_outbox_new(struct transport_loop *loop, const char *directory, struct transport **ret,
				 struct err *err)
{
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return err_set_errno(err, errno, "cannot make the outbox directory %s", directory);
	int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0)
		return err_set_errno(err, errno, "cannot open the outbox directory %s", directory);
	struct outbox *o = MEM_NEW(struct outbox);
	o->transport = (struct transport){.class = &outbox_class, .loop = loop};
	o->directory = file;
	*ret = &o->transport;
	return STATUS_OK;
}
