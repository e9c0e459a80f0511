/* SPDX-License-Identifier: Apache-2.0 */
/* migrations: the files of migrations/, embedded by tools/embed-migrations.py. Private to the store. */
#ifndef PUGMARK_STORE_MIGRATIONS_H
#define PUGMARK_STORE_MIGRATIONS_H

#include <stddef.h>

struct migration {
	int version; /* from 1, without gaps */
	const char *name;
	const char *sql;
};
extern const struct migration store_migrations[];
extern const size_t store_migrations_count;

#endif
