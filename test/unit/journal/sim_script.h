/* SPDX-License-Identifier: Apache-2.0 */
/* sim_script: a journal on a simulated disk, a script that uses it, and the truth about what was promised. */
#ifndef PUGMARK_TEST_UNIT_JOURNAL_SIM_SCRIPT_H
#define PUGMARK_TEST_UNIT_JOURNAL_SIM_SCRIPT_H

#include "../../harness/sim_disk.h"
#include "journal/journal.h"

#define SIM_DIRECTORY "journal"

enum { SCRIPT_RECORDS_MAX = 8192 };

/* What a test knows. Payloads follow from `content`, which is different for every append, also of the same number. */
struct truth {
	uint64_t acked;    /* last sequence number that was acknowledged */
	uint64_t possible; /* last that may be found: acked, and what a cut or an error left open */
	uint64_t trimmed;  /* what readers do not need any more */
	uint64_t appends;
	uint64_t content[SCRIPT_RECORDS_MAX]; /* by sequence number */
};

struct script {
	unsigned commits;
	unsigned records; /* in each */
	unsigned reopen_every;
	unsigned trim_every;
	bool until_failure; /* stop at the first commit that is not STATUS_OK; else heal the disk and go on */
};

struct journal_config sim_config(struct sim_disk *sim);
/* Runs the script, or what of it is possible; true when it came to its end. *truth goes on from what it says. */
bool script_run(struct sim_disk *sim, const struct script *script, struct truth *truth);

/* One commit of `records` records through a feed of its own. */
enum status script_commit(struct journal *journal, unsigned records, struct truth *truth);
/* Waits until the journal is healthy again. */
void script_wait_until_healthy(struct journal *journal);

/* Opens, reads everything, holds it against the truth. NULL when all is well, else what is wrong. *ret_read is the last
 * record that was read. */
const char *script_check(struct sim_disk *sim, const struct truth *truth, uint64_t *ret_read);
/* The same; then more records are appended, power is cut, and everything is checked again. `sim` is changed. */
const char *script_check_more(struct sim_disk *sim, const struct truth *truth);
/* script_check, and after a power cut that loses everything unsynced script_check_more: what was read once must be read
 * again. */
const char *script_check_twice(struct sim_disk *sim, const struct truth *truth);

#endif
