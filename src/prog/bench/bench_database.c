/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL has one process for each session, so what the server did for a session is what the kernel says of a
 * process. Sessions are told apart by when they began: those of the measurement itself, which only asks how far the
 * others are, began earlier and do not count. What the server does for all (checkpoints, the log's writer, vacuum) is
 * nobody's and does not count either. */
#include "prog/bench/bench_database.h"

#include "base/mem.h"
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIME_TEXT_MAX = 64, STAT_LINE_MAX = 1024 };

struct bench_database {
	PGconn *pg;
	char marked[TIME_TEXT_MAX]; /* by the server's clock */
};

static enum status failed(const struct bench_database *d, struct err *err)
{
	return err_set(err, STATUS_IO, "PostgreSQL: %.200s", PQerrorMessage(d->pg));
}

enum status bench_database_open(const char *url, struct bench_database **ret, struct err *err)
{
	struct bench_database *d = MEM_NEW(struct bench_database);
	d->pg = PQconnectdb(url);
	if (PQstatus(d->pg) == CONNECTION_OK) {
		*ret = d;
		return STATUS_OK;
	}
	enum status status = failed(d, err);
	bench_database_close(&d);
	return status;
}

void bench_database_close(struct bench_database **database)
{
	struct bench_database *d = *database;
	if (!d)
		return;
	PQfinish(d->pg);
	mem_free(d);
	*database = NULL;
}

static enum status ask(struct bench_database *d, const char *sql, PGresult **ret, struct err *err)
{
	PGresult *result = PQexec(d->pg, sql);
	if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK) {
		*ret = result;
		return STATUS_OK;
	}
	PQclear(result);
	return failed(d, err);
}

enum status bench_database_tidy(struct bench_database *d, struct err *err)
{
	PGresult *result;
	enum status status = ask(d, "VACUUM ANALYZE", &result, err);
	if (status == STATUS_OK)
		PQclear(result);
	return status;
}

enum status bench_database_bytes(struct bench_database *d, uint64_t *ret, struct err *err)
{
	PGresult *result;
	enum status status = ask(d, "SELECT pg_database_size(current_database())", &result, err);
	if (status != STATUS_OK)
		return status;
	*ret = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return STATUS_OK;
}

/* ---- Processor time */

enum status bench_database_mark(struct bench_database *d, struct err *err)
{
	PGresult *result;
	enum status status = ask(d, "SELECT clock_timestamp()", &result, err);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(d->marked, sizeof d->marked, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return STATUS_OK;
}

/* Of a line of /proc/PID/stat, proc(5): "PID (name) state …", user and kernel time being the 14th and 15th field. -1
 * unless it is a process of PostgreSQL: the number may be another process's on this machine. */
static int64_t ticks_of(const char *line)
{
	unsigned long user, kernel;
	const char *name = strchr(line, '(');
	const char *rest = strrchr(line, ')');
	if (!name || !rest || strncmp(name, "(postgres", 9) != 0 ||
	    sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		return -1;
	return (int64_t)(user + kernel);
}

static int64_t process_cpu_us(const char *pid)
{
	char path[64];
	char line[STAT_LINE_MAX] = "";
	(void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	int64_t ticks = fgets(line, sizeof line, f) ? ticks_of(line) : -1;
	(void)fclose(f);
	return ticks < 0 ? -1 : ticks * 1000000 / sysconf(_SC_CLK_TCK);
}

static enum status ask_sessions(struct bench_database *d, PGresult **ret, struct err *err)
{
	const char *const in[] = {d->marked};
	PGresult *result = PQexecParams(d->pg,
					"SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
					"AND backend_type IN ('client backend', 'parallel worker') "
					"AND backend_start > $1::timestamptz",
					1, NULL, in, NULL, NULL, 0);
	*ret = result;
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return STATUS_OK;
	PQclear(result);
	return failed(d, err);
}

enum status bench_database_cpu_us(struct bench_database *d, int64_t *ret, struct err *err)
{
	PGresult *pids;
	int64_t sum_us = 0;
	enum status status = ask_sessions(d, &pids, err);
	if (status != STATUS_OK)
		return status;
	bool is_seen = PQntuples(pids) > 0;
	for (int i = 0; is_seen && i < PQntuples(pids); i++) {
		int64_t us = process_cpu_us(PQgetvalue(pids, i, 0));
		is_seen = us >= 0;
		sum_us += us;
	}
	PQclear(pids);
	if (!is_seen)
		return err_set(err, STATUS_NOT_FOUND, "the server's processes cannot be seen");
	*ret = sum_us;
	return STATUS_OK;
}
