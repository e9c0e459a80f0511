/* SPDX-License-Identifier: Apache-2.0 */
/* local_writer: the writer of an installation that nobody serves, for a command that must write much. The data
 * directory is locked as a server would lock it, and what the journal holds is applied first or meanwhile. */
#ifndef PUGMARK_PROG_LOCAL_WRITER_H
#define PUGMARK_PROG_LOCAL_WRITER_H

#include "engine/ledger/writer.h"
#include "prog/serve/installation.h"

struct local_writer {
	struct journal *journal;
	struct network_watch *networks; /* NULL: none are configured */
	struct tenant_policies *policies;
	struct apply *apply; /* of the writer */
	struct writer *writer;
};

/* The installation is open and outlives it. Anything but STATUS_OK: local_writer_stop has nothing to do, but may be
 * called. */
enum status local_writer_start(const struct installation *installation, struct local_writer *ret,
			       struct err *err) MUST_CHECK;
/* Ends what is under way; zero is fine. */
void local_writer_stop(struct local_writer *local);

#endif
