/* SPDX-License-Identifier: Apache-2.0 */
/* status: how a call ended, and the words for it.
 *
 * One closed list for the whole program. A function that can fail returns `enum status` and, where words help, fills
 * the caller's `struct err` at the place where the fault is known. Lower layers never log; the top logs once.
 */
#ifndef PUGMARK_BASE_STATUS_H
#define PUGMARK_BASE_STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_AGAIN,        /* not now; the same call may work later */
	STATUS_END,          /* nothing more to read */
	STATUS_BAD_INPUT,    /* what was given is not valid */
	STATUS_TOO_BIG,      /* past a limit */
	STATUS_NOT_FOUND,    /* */
	STATUS_CONFLICT,     /* exists already, or somebody else was first */
	STATUS_DENIED,       /* known, but not allowed */
	STATUS_IO,           /* the disk, the network or a database said no */
	STATUS_FULL,         /* no space left on the disk */
	STATUS_CORRUPT,      /* bytes at rest are not what was written */
	STATUS_TIMEOUT,      /* */
	STATUS_FAULT,        /* this program is wrong, or what it stands on is not what it takes it for: nobody can
			      * try again */
	STATUS_UNCERTAIN,    /* it may or may not have happened, and nobody here can know */
	STATUS_REFUSED_TEMP, /* the other side refused for now */
	STATUS_REFUSED_PERM, /* the other side refused for good */
};

/* Room for the words of one failure. */
struct err {
	enum status status;
	int os_errno; /* 0 when no system call was at fault */
	char text[200];
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* The lower-case name: "ok", "too_big"… Never NULL. */
const char *status_name(enum status status);

/* Fills `err` (NULL is allowed) and returns `status`, so that a failing function can end with it. Text that does not
 * fit is cut. */
enum status err_set(struct err *err, enum status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with the words of `os_errno` behind the text. ENOSPC and EDQUOT give STATUS_FULL, all others STATUS_IO. */
enum status err_set_errno(struct err *err, int os_errno, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
