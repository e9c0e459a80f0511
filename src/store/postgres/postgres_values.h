/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_values: values in PostgreSQL's binary format, both ways. Private to the driver. */
#ifndef PUGMARK_STORE_POSTGRES_POSTGRES_VALUES_H
#define PUGMARK_STORE_POSTGRES_POSTGRES_VALUES_H

#include "store/core/driver.h"

#include <libpq-fe.h>

/* What libpq wants to be told of parameters; points into itself, into `packed` and into the values. */
struct bound {
	Oid types[VALUES_MAX];
	const char *at[VALUES_MAX];
	int lengths[VALUES_MAX];
	int formats[VALUES_MAX];
	char fixed[VALUES_MAX][8];
	struct buf packed; /* what is not sent as it is: jsonb (a version byte and the text) and lists */
};

/* STATUS_TOO_BIG: more than libpq can send. */
enum status postgres_bind(struct bound *b, struct values in, struct err *err);
void postgres_column(const PGresult *result, int row, int column, struct value *ret);

#endif
