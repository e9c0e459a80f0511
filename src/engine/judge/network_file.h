/* SPDX-License-Identifier: Apache-2.0 */
/* network_file: one of an operator's lists of networks (codec/judge/known_network.h), in its file. */
#ifndef PUGMARK_ENGINE_NETWORK_FILE_H
#define PUGMARK_ENGINE_NETWORK_FILE_H

#include "codec/judge/known_network.h"

enum network_list {
	NETWORK_LIST_EGRESS,  /* Apple's egress addresses */
	NETWORK_LIST_SYSTEMS, /* autonomous systems */
	NETWORK_LIST_COUNT
};
const char *network_list_name(enum network_list which); /* "apple_egress", "asn" */

/* What tells one state of a file from the next. */
struct network_file_mark {
	int os_errno; /* not 0: it cannot be looked at, for this reason */
	uint64_t device, inode;
	int64_t size_bytes, modified_ns, changed_ns; /* changed: also its name and its permissions */
};
struct network_file_mark network_file_look(const char *path);
bool network_file_mark_equal(const struct network_file_mark *a, const struct network_file_mark *b);

/* Replaces that list in `lists` by the file's rows; blocks for as long as the disk and the sorting take. STATUS_AGAIN:
 * the file changed meanwhile. Else as network_lists_read_egress, and STATUS_IO, STATUS_FULL. The lists stay as they
 * were unless it is STATUS_OK. */
enum status network_file_read(const char *path, enum network_list which, struct network_lists *lists,
			      struct err *err) MUST_CHECK;

#endif
