/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the first three first */
#include <cmocka.h>

bool corpus_find(const char *name, char path[CORPUS_PATH_ROOM])
{
	const char *given = getenv("PUGMARK_CORPUS");
	(void)snprintf(path, CORPUS_PATH_ROOM, "%s/%s", given ? given : PUGMARK_SOURCE_ROOT "/../shared/corpus", name);
	if (access(path, R_OK) == 0)
		return true;
	printf("SKIP: no corpus at %s (set PUGMARK_CORPUS)\n", path);
	return false;
}

void corpus_need(const char *name, char path[CORPUS_PATH_ROOM])
{
	if (!corpus_find(name, path))
		skip();
}
