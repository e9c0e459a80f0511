/* SPDX-License-Identifier: Apache-2.0 */
/* corpus: the mails, pages and lists that tests run over. They are not part of the project: PUGMARK_CORPUS names their
 * folder, without it ../shared/corpus beside the checkout is tried. A test that does not find them says so and is
 * skipped.
 *
 * corpus.c needs neither src/ nor more than cmocka, so the tests of the library have it too; what reads files is in
 * corpus_read.c. A file that is there but cannot be read fails the test.
 */
#ifndef PUGMARK_TEST_HARNESS_CORPUS_H
#define PUGMARK_TEST_HARNESS_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;   /* base/buf.h */
struct slice; /* base/slice.h */

enum { CORPUS_PATH_ROOM = 4096, CORPUS_FILE_MAX = 64 << 20 };

/* Writes the path of a file or folder of the corpus, "html" or "ua/mailproxies.tsv", into `path`. False, with a line
 * that says SKIP and the path, when it is not there. */
bool corpus_find(const char *name, char path[CORPUS_PATH_ROOM]);

/* The same, and a test without it is skipped: then this does not return. */
void corpus_need(const char *name, char path[CORPUS_PATH_ROOM]);

/* Puts the whole file in place of what is in `to`; larger than the buffer's max fails the test. */
void file_read(const char *path, struct buf *to);

/* `name` is without the folder; both are lent for the call. */
typedef void corpus_file_fn(void *user, const char *name, struct slice content);

/* Calls `each` for every file of a folder that corpus_need gave, in any order and without hidden ones; how many there
 * were. At most CORPUS_FILE_MAX bytes each. */
size_t corpus_each_file(const char *folder, corpus_file_fn *each, void *user);

#endif
