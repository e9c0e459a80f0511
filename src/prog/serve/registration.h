/* SPDX-License-Identifier: Apache-2.0 */
/* registration: a data directory as one of the nodes of its store (store/house/nodes.h).
 *
 * DATA/node holds who this installation is and the epoch of its last start. Together with the journal's number and the
 * store's row it tells a restart from a copy: of two directories with the same journal at most one may write, and a
 * second one is refused with a sentence that says what to do. Blocks; for a start, one thread.
 */
#ifndef PUGMARK_PROG_REGISTRATION_H
#define PUGMARK_PROG_REGISTRATION_H

#include "journal/journal.h"
#include "prog/serve/installation.h"
#include "store/house/nodes.h"

/* Opens the journal, and says in the log which of its records are lost; new ones under a number of the store's, and
 * says as which node, under which epoch, a writer is to be started on it (struct writer_config); the store does not
 * know of the epoch before that. Waits up to three seconds when the directory was elsewhere before, for a server there
 * to show that it lives. `roles`: for people. Texts of *ret_node live in the installation's arena.
 *
 * STATUS_CONFLICT: a copy, or the directory is in use, or its keys are not those of the store (key_agreement.h);
 * STATUS_CORRUPT and the like as journal_open. */
enum status registration_open_journal(const struct installation *installation, const char *roles,
				      struct journal **ret_journal, struct node *ret_node, struct err *err) MUST_CHECK;

/* Which node of its store the data directory is, without changing anything. STATUS_NOT_FOUND: none yet. */
enum status registration_find(const struct installation *installation, struct node *ret, struct err *err) MUST_CHECK;

/* For a data directory that has no journal yet: whose number in the store the next start takes. Durable when it
 * returns. STATUS_IO, STATUS_FULL. */
enum status registration_become(const struct installation *installation, struct uuid id, struct err *err) MUST_CHECK;

#endif
