/* SPDX-License-Identifier: Apache-2.0 */
/* A limit that only the kernel knows is noticed at the worst moment: the journal cannot open its next segment because
 * clients hold every descriptor, or the kernel ends the process because it has more memory than its unit may have. So
 * both are asked for at the start, and what clients may take is less by what the rest of the server needs. */
#include "prog/serve/capacity.h"

#include "base/log.h"
#include "base/slice.h"
#include "prog/serve/config.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	OWN_DESCRIPTORS = 128,   /* journal, store, listeners, event loops, log */
	DESCRIPTORS_A_LOOP = 64, /* accepted in a turn before idle ones have closed (net/http_accept.c) */
	CONNECTIONS_MAX = 20000, /* by default: so many at most, */
	CONNECTIONS_FEW = 1000,  /* and fewer than these are worth a line */
	CONNECTIONS_MIN = 16,    /* with fewer descriptors than that nothing works anyway */
	BODIES_MIN = 4,          /* a body, what is parsed of it, what is built of it, and something for others */
	REQUEST_MB_MIN = 160,    /* by default */
};

/* ---- Descriptors */

/* The soft limit is 1,024 nearly everywhere, for programs that use select(), which this one does not. */
static rlim_t raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	rlim_t soft = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : soft;
}

static uint64_t descriptors_needed(const struct config *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t loops = c->loops > 0 ? (uint64_t)c->loops : cores > 0 ? (uint64_t)cores : 1;
	return OWN_DESCRIPTORS + loops * DESCRIPTORS_A_LOOP + (uint64_t)c->sending_concurrency;
}

static uint32_t find_connections(const struct config *c)
{
	uint64_t have = raise_descriptors();
	uint64_t need = descriptors_needed(c);
	uint64_t fit = have > need + CONNECTIONS_MIN ? have - need : CONNECTIONS_MIN;
	uint64_t wanted = c->connections > 0 ? (uint64_t)c->connections : CONNECTIONS_MAX;
	if (fit >= wanted)
		return (uint32_t)wanted;
	if (c->connections > 0 || fit < CONNECTIONS_FEW)
		log_warn("serve.few_descriptors", LOG_INT("connections", (int64_t)fit),
			 LOG_INT("wanted", (int64_t)wanted), LOG_INT("descriptors", (int64_t)have),
			 LOG_CSTR("do", "raise the limit (LimitNOFILE= or ulimit -n), or lower server.connections"));
	return (uint32_t)fit;
}

/* ---- Memory */

/* One line of a small file, without its end; empty when it cannot be read. */
static void read_line(const char *path, char *line, size_t room)
{
	FILE *file = fopen(path, "re");
	if (!file || !fgets(line, (int)room, file))
		line[0] = 0;
	line[strcspn(line, "\n")] = 0;
	if (file)
		(void)fclose(file);
}

/* What the system lets this process have: memory.max of its control group (cgroup v2), as MemoryMax= sets it. 0: there
 * is no limit, or none that is told. */
static uint64_t memory_limit(void)
{
	char group[512], path[600], text[32];
	uint64_t bytes = 0;
	read_line("/proc/self/cgroup", group, sizeof group);
	if (strncmp(group, "0::/", 4) != 0)
		return 0;
	(void)snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group + 3);
	read_line(path, text, sizeof text);
	return sscanf(text, "%" SCNu64, &bytes) == 1 ? bytes : 0;
}

/* A half, because requests are not all: the store's cache, the journal and what is being applied are there as well. */
static size_t within_limit(uint64_t bytes)
{
	uint64_t limit = memory_limit();
	if (!limit || bytes <= limit / 2)
		return (size_t)bytes;
	log_warn("serve.little_memory", LOG_INT("request_mb", (int64_t)(limit / 2 >> 20)),
		 LOG_INT("configured_mb", (int64_t)(bytes >> 20)), LOG_INT("limit_mb", (int64_t)(limit >> 20)),
		 LOG_CSTR("do", "raise the limit (MemoryMax=), or lower server.memory_mb and server.body_mb"));
	return (size_t)(limit / 2);
}

enum status capacity_find(const struct config *c, struct capacity *ret, struct err *err)
{
	int64_t least_mb = c->body_mb * BODIES_MIN;
	int64_t memory_mb = c->memory_mb;
	if (memory_mb == 0)
		memory_mb = least_mb > REQUEST_MB_MIN ? least_mb : REQUEST_MB_MIN;
	if (memory_mb < least_mb)
		return err_set(err, STATUS_BAD_INPUT,
			       "server.memory_mb: %lld is too little for bodies of %lld MB (server.body_mb); it takes "
			       "%lld, or leave it out",
			       (long long)memory_mb, (long long)c->body_mb, (long long)least_mb);
	*ret = (struct capacity){find_connections(c), within_limit((uint64_t)memory_mb << 20)};
	return STATUS_OK;
}
