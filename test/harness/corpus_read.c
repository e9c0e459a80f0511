/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/corpus.h"

#include "base/buf.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka wants the two in front of stdio first */
#include <cmocka.h>

void file_read(const char *path, struct buf *to)
{
	char block[65536];
	size_t n;
	FILE *file = fopen(path, "rb");
	if (!file)
		fail_msg("%s cannot be read", path);
	buf_clear(to);
	while ((n = fread(block, 1, sizeof block, file)) > 0)
		buf_append_bytes(to, block, n);
	bool is_read = !ferror(file);
	(void)fclose(file);
	if (!is_read || buf_failed(to))
		fail_msg("%s cannot be read, or is too large", path);
}

size_t corpus_each_file(const char *folder, corpus_file_fn *each, void *user)
{
	size_t count = 0;
	struct buf content;
	buf_init(&content, CORPUS_FILE_MAX);
	DIR *directory = opendir(folder);
	if (!directory)
		fail_msg("%s is no folder", folder);
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		char path[CORPUS_PATH_ROOM + sizeof entry->d_name];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		file_read(path, &content);
		each(user, entry->d_name, buf_slice(&content));
		count++;
	}
	(void)closedir(directory);
	buf_done(&content);
	return count;
}
