/* SPDX-License-Identifier: Apache-2.0 */
#include "postgres_server.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 512, START_SECONDS = 60, ARGUMENTS_MAX = 32 };

struct postgres_server {
	pid_t pid;
	char bin[PATH_SIZE];
	char directory[PATH_SIZE];
	char url[PATH_SIZE * 2];
	unsigned schemas;
};

static int find_binaries(char bin[PATH_SIZE])
{
	const char *given = getenv("PUGMARK_POSTGRES_BIN");
	glob_t found = {0};
	if (given) {
		(void)snprintf(bin, PATH_SIZE, "%s", given);
		return 0;
	}
	int result = glob("/usr/lib/postgresql/*/bin", 0, NULL, &found);
	if (result == 0)
		(void)snprintf(bin, PATH_SIZE, "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return result;
}

/* The user that the server runs as when we are root; NULL when we are not. */
static const struct passwd *server_user(void)
{
	if (geteuid() != 0)
		return NULL;
	const struct passwd *user = getpwnam("postgres");
	return user ? user : getpwnam("nobody");
}

/* In the child: becomes the program, with its output in the directory's log. */
static _Noreturn void become(const struct postgres_server *s, const char *program, const char *const argv[])
{
	char path[PATH_SIZE * 2];
	const struct passwd *user = server_user();
	if (user && (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
		_exit(126);
	/* After setuid, which takes it back. A test that dies takes its server along. */
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
	(void)snprintf(path, sizeof path, "%s/log", s->directory);
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir(s->directory) != 0)
		_exit(126);
	(void)snprintf(path, sizeof path, "%s/%s", s->bin, program);
	/* By its whole path: initdb looks for the other programs beside what it was called as. */
	const char *called[ARGUMENTS_MAX] = {path};
	for (size_t i = 1; i + 1 < ARGUMENTS_MAX && argv[i]; i++)
		called[i] = argv[i];
	(void)execv(path, (char *const *)called);
	_exit(127);
}

static int make_cluster(const struct postgres_server *s)
{
	char data[PATH_SIZE * 2];
	int status = -1;
	(void)snprintf(data, sizeof data, "%s/data", s->directory);
	const char *const argv[] = {"initdb", "--no-sync", "--no-instructions", "-A", "trust", "-U", "pugmark",
				    "-E",     "UTF8",      "--locale=C",        "-D", data,    NULL};
	pid_t pid = fork();
	if (pid == 0)
		become(s, "initdb", argv);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static pid_t start(const struct postgres_server *s)
{
	char data[PATH_SIZE * 2], socket[PATH_SIZE * 2];
	(void)snprintf(data, sizeof data, "%s/data", s->directory);
	(void)snprintf(socket, sizeof socket, "unix_socket_directories=%s", s->directory);
	const char *const argv[] = {"postgres",
				    "-D",
				    data,
				    "-c",
				    "listen_addresses=",
				    "-c",
				    socket,
				    "-c",
				    "fsync=off",
				    "-c",
				    "shared_buffers=64MB",
				    "-c",
				    "max_connections=30",
				    "-c",
				    "autovacuum=off",
				    "-c",
				    "max_wal_size=4GB",
				    NULL};
	pid_t pid = fork();
	if (pid == 0)
		become(s, "postgres", argv);
	return pid;
}

static int wait_until_it_answers(const struct postgres_server *s)
{
	for (int i = 0; i < START_SECONDS * 50; i++) {
		int status;
		if (PQping(s->url) == PQPING_OK)
			return 0;
		if (waitpid(s->pid, &status, WNOHANG) == s->pid)
			return -1;
		(void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return -1;
}

static int make_directory(struct postgres_server *s)
{
	const char *base = getenv("TMPDIR");
	const struct passwd *user = server_user();
	(void)snprintf(s->directory, sizeof s->directory, "%s/pugmark-postgres-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(s->directory))
		return -1;
	return user ? chown(s->directory, user->pw_uid, user->pw_gid) : 0;
}

static struct postgres_server *skip(struct postgres_server *s, const char *why)
{
	(void)printf("SKIP PostgreSQL: %s\n", why);
	(void)fflush(stdout);
	postgres_server_stop(&s);
	return NULL;
}

struct postgres_server *postgres_server_start(void)
{
	struct postgres_server *s = calloc(1, sizeof *s);
	if (!s || find_binaries(s->bin) != 0)
		return skip(s, "not installed");
	if (make_directory(s) != 0)
		return skip(s, "no temporary directory");
	if (make_cluster(s) != 0)
		return skip(s, "initdb failed");
	(void)snprintf(s->url, sizeof s->url, "postgresql://pugmark@/postgres?host=%s", s->directory);
	s->pid = start(s);
	if (s->pid < 0 || wait_until_it_answers(s) != 0)
		return skip(s, "it does not start");
	return s;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(path);
}

void postgres_server_stop(struct postgres_server **server)
{
	struct postgres_server *s = *server;
	if (!s)
		return;
	if (s->pid > 0) {
		(void)kill(s->pid, SIGQUIT); /* at once: nothing of it is kept */
		(void)waitpid(s->pid, NULL, 0);
	}
	if (s->directory[0])
		(void)nftw(s->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s);
	*server = NULL;
}

int postgres_server_sql(struct postgres_server *s, const char *sql)
{
	PGconn *pg = PQconnectdb(s->url);
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		(void)fprintf(stderr, "%s", PQerrorMessage(pg));
	PQclear(result);
	PQfinish(pg);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : -1;
}

const char *postgres_server_fresh_url(struct postgres_server *s)
{
	char sql[64];
	unsigned n = ++s->schemas;
	(void)snprintf(sql, sizeof sql, "CREATE SCHEMA test_%u", n);
	if (postgres_server_sql(s, sql) != 0)
		abort();
	(void)snprintf(s->url, sizeof s->url, "postgresql://pugmark@/postgres?host=%s&options=-csearch_path%%3Dtest_%u",
		       s->directory, n);
	return s->url;
}
