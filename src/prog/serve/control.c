/* SPDX-License-Identifier: Apache-2.0 */
/* One thread, one request at a time: what is asked for here is rare, and two passes over all events at once would only
 * be in each other's way. A socket in the data directory needs no port, no key and no configuration: who may open the
 * directory owns the installation already. */
#include "prog/serve/control.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/upkeep/catch_up.h"
#include "prog/serve/change_line.h"
#include "prog/show/rejudge_lines.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char SOCKET_NAME[] = "control";
enum { BACKLOG = 8, TIMEOUT_S = 1, DAYS_MAX = 36500, PAUSE_MAX_MS = 200 };
static const int64_t TELL_EVERY_US = 100000;

struct control {
	struct control_config config;
	int directory; /* O_PATH */
	int listener;
	int stopping; /* an eventfd */
	pthread_t thread;
};

/* ---- Both sides */

/* A socket's address has 107 bytes; a data directory's path may have more. */
static struct sockaddr_un address_in(int directory)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, SOCKET_NAME);
	return address;
}

/* The errors of connect() are told apart because each has another remedy: start a server, be another user, or look at
 * the disk. */
enum status control_connect(const char *data_directory, int *ret_fd, struct err *err)
{
	int directory = open(data_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return err_set_errno(err, errno, "cannot open %s", data_directory);
	struct sockaddr_un address = address_in(directory);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed = fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ? errno : 0;
	(void)close(directory);
	if (!failed) {
		*ret_fd = fd;
		return STATUS_OK;
	}
	if (fd >= 0)
		(void)close(fd);
	if (failed == ENOENT || failed == ECONNREFUSED)
		return err_set(err, STATUS_NOT_FOUND, "no server runs on %s", data_directory);
	if (failed == EACCES || failed == EPERM)
		return err_set(err, STATUS_DENIED, "the server on %s belongs to another user", data_directory);
	return err_set_errno(err, failed, "the server on %s cannot be asked", data_directory);
}

static enum status listen_to(FILE *answers, control_take_line *take, void *user, struct err *err)
{
	char line[CONTROL_LINE_MAX];
	enum status status = STATUS_OK;
	while (fgets(line, sizeof line, answers)) {
		line[strcspn(line, "\n")] = '\0';
		if (!take(user, line, &status, err))
			return status;
	}
	return err_set(err, STATUS_IO, "the server hung up before it was through");
}

enum status control_outcome(const char *line, uint64_t *ret_count, struct err *err)
{
	int words = 0;
	if (sscanf(line, "done %" SCNu64, ret_count) == 1)
		return STATUS_OK;
	if (sscanf(line, "failed %" SCNu64 " %n", ret_count, &words) == 1 && words)
		return err_set(err, STATUS_IO, "%s", line + words);
	return err_set(err, STATUS_IO, "the server said something else: %.80s", line);
}

enum status control_ask(int fd, const char *request, control_take_line *take, void *user, struct err *err)
{
	size_t n = strlen(request);
	FILE *answers = fdopen(fd, "r");
	if (!answers) {
		(void)close(fd);
		return err_set(err, STATUS_IO, "no memory to listen to the server");
	}
	enum status status = send(fd, request, n, MSG_NOSIGNAL) == (ssize_t)n
				 ? listen_to(answers, take, user, err)
				 : err_set_errno(err, errno, "the server does not listen");
	(void)fclose(answers); /* only read from */
	return status;
}

/* ---- Talking */

struct talk {
	int fd;
	int stopping;    /* as in struct control */
	int64_t told_us; /* when progress was told last, monotonic */
};

/* False: the other side is gone. What does not fit now is not said: the last line is, within a time. */
static bool say(const struct talk *talk, int flags, const char *line)
{
	ssize_t n = send(talk->fd, line, strlen(line), MSG_NOSIGNAL | flags);
	return n >= 0 || errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Ctrl-C at the command ends the work in the server: nobody is left who wants it. */
static bool has_hung_up(const struct talk *talk)
{
	struct pollfd p = {.fd = talk->fd, .events = POLLRDHUP};
	return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Ten times a second at most, and without waiting: a terminal that was stopped must not stop the pruning. */
static bool tell_progress(struct talk *talk, uint64_t count, uint32_t per_mille)
{
	char line[CONTROL_LINE_MAX];
	int64_t now_us = clock_monotonic_us(clock_system());
	if (has_hung_up(talk))
		return false;
	if (now_us - talk->told_us < TELL_EVERY_US)
		return true;
	talk->told_us = now_us;
	(void)snprintf(line, sizeof line, "progress %llu %u\n", (unsigned long long)count, per_mille);
	return say(talk, MSG_DONTWAIT, line);
}

/* The last line. The one line that is waited for, within the socket's timeout. */
static void tell_end(const struct talk *talk, enum status status, uint64_t count, const struct err *err)
{
	char line[CONTROL_LINE_MAX];
	if (status == STATUS_OK)
		(void)snprintf(line, sizeof line, "done %llu\n", (unsigned long long)count);
	else
		(void)snprintf(line, sizeof line, "failed %llu %s\n", (unsigned long long)count, err->text);
	(void)say(talk, 0, line);
}

/* ---- Pruning */

static bool tell_sweep(void *user, const struct event_sweep_progress *progress)
{
	return tell_progress(user, progress->count, progress->per_mille);
}

/* Strict in every word: a request that is half understood deletes the wrong events. */
static bool parse_prune(struct slice line, struct retention_request *ret)
{
	uint64_t days;
	if (!slice_to_u64(slice_cut(&line, ' '), DAYS_MAX, &days))
		return false;
	bool only_count = slice_equal(line, SLICE("count"));
	*ret = (struct retention_request){.days = (uint32_t)days, .only_count = only_count};
	return only_count || slice_equal(line, SLICE("delete"));
}

static void prune(struct control *c, struct talk *talk, struct retention_request *request)
{
	struct err err = {0};
	uint64_t count = 0;
	request->step = tell_sweep;
	request->user = talk;
	if (!request->only_count && retention_figures(c->config.retention).is_running)
		(void)say(talk, 0, "waiting\n");
	enum status status = retention_run(c->config.retention, request, &count, &err);
	if (!request->only_count)
		log_info("events.pruned_by_command", LOG_INT("count", count), LOG_INT("days", request->days),
			 LOG_CSTR("status", status_name(status)));
	tell_end(talk, status, count, &err);
}

/* ---- Judging again */

static bool parse_rejudge(struct slice line, const struct control *c, struct rejudge_config *ret)
{
	uint64_t since_us;
	if (!slice_to_u64(slice_cut(&line, ' '), INT64_MAX, &since_us))
		return false;
	*ret = c->config.rejudge;
	ret->since_us = (int64_t)since_us;
	if (slice_equal(line, SLICE("look")))
		ret->writer = NULL;
	return !ret->writer || slice_equal(line, SLICE("apply"));
}

/* Gives the writer to others for four times as long as the step took. */
static bool tell_and_wait(void *user, const struct rejudge_progress *progress)
{
	struct talk *talk = user;
	struct pollfd p = {.fd = talk->stopping, .events = POLLIN};
	int64_t pause_ms = progress->step_us * 4 / 1000;
	return tell_progress(talk, progress->hits, progress->per_mille) &&
	       poll(&p, 1, pause_ms < PAUSE_MAX_MS ? (int)pause_ms : PAUSE_MAX_MS) <= 0;
}

static void tell_report(const struct talk *talk, const struct rejudge_report *report)
{
	struct buf lines;
	buf_init(&lines, REJUDGE_LINES_MAX);
	rejudge_lines_append(&lines, report);
	(void)say(talk, 0, buf_cstr(&lines));
	buf_done(&lines);
}

/* With the lists as they are now; verdicts that rested on one that cannot be read would all change. */
static enum status rejudge_with_lists(struct control *c, struct talk *talk, struct rejudge_config *config,
				      struct rejudge_report *report, struct err *err)
{
	struct network_lists *lists = NULL;
	struct rejudge_watch watch = {.step = tell_and_wait, .user = talk};
	enum status status = installation_read_networks(c->config.installation, &lists, err);
	config->lists = lists;
	if (status == STATUS_OK)
		status = rejudge_run(config, &watch, report, err);
	network_lists_free(&lists);
	return status;
}

/* The report has a square of all kinds against all kinds, too large for the stack of a thread that may be small. */
static void rejudge(struct control *c, struct talk *talk, struct rejudge_config *config)
{
	struct err err = {0};
	struct rejudge_report *report = MEM_NEW(struct rejudge_report);
	enum status status = rejudge_with_lists(c, talk, config, report, &err);
	if (config->writer)
		log_info("events.rejudged_by_command", LOG_INT("hits", report->hits),
			 LOG_INT("changed", report->changed), LOG_CSTR("status", status_name(status)));
	if (status == STATUS_OK)
		tell_report(talk, report);
	tell_end(talk, status, report->hits, &err);
	mem_free(report);
}

/* ---- Applying what was received, for a backup */

static bool tell_records_left(void *user, uint64_t left, uint32_t per_mille)
{
	struct talk *talk = user;
	struct pollfd p = {.fd = talk->stopping, .events = POLLIN};
	return tell_progress(talk, left, per_mille) && poll(&p, 1, 0) <= 0;
}

static void catch_up(struct control *c, struct talk *talk)
{
	struct err err = {0};
	uint64_t sequence = 0;
	const struct catch_up_watch watch = {.step = tell_records_left, .user = talk};
	enum status status = catch_up_run(c->config.writer, &watch, &sequence, &err);
	tell_end(talk, status, sequence, &err);
}

/* ---- Accounts and tenants */

static const struct slice ACTOR = {"command line", 12};

static void change_account(struct control *c, struct talk *talk, struct slice line)
{
	struct err err = {0};
	struct arena *arena = arena_new();
	struct account_change change;
	enum status status = change_line_read_account(line, arena, &change, &err);
	change.actor = ACTOR;
	if (status == STATUS_OK)
		status = account_change_commit(c->config.writer, &change, &err);
	tell_end(talk, status, status == STATUS_OK, &err);
	arena_free(&arena);
}

static void change_tenant(struct control *c, struct talk *talk, struct slice line)
{
	struct err err = {0};
	struct arena *arena = arena_new();
	struct tenant_change change;
	enum status status = change_line_read_tenant(line, arena, &change, &err);
	change.actor = ACTOR;
	if (status == STATUS_OK)
		status = tenant_change_commit(c->config.sending, c->config.policies, &change, &err);
	tell_end(talk, status, status == STATUS_OK, &err);
	arena_free(&arena);
}

/* ---- One request */

/* The request line without its end; empty when none came in time. A client that connects and says nothing is cut off
 * after a second; requests are served one by one. */
static struct slice read_request(int fd, char *room, size_t size)
{
	size_t n = 0;
	while (n < size) {
		ssize_t got = recv(fd, room + n, size - n, 0);
		if (got <= 0)
			return SLICE_EMPTY;
		n += (size_t)got;
		if (memchr(room, '\n', n))
			break;
	}
	struct slice rest = slice_of(room, n);
	return slice_cut(&rest, '\n');
}

/* The directory is closed to others already; this holds when somebody opened it. */
static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static void answer(struct control *c, struct talk *talk, struct slice line)
{
	struct retention_request pruning;
	struct rejudge_config rejudging;
	struct slice verb = slice_cut(&line, ' ');
	if (slice_equal(verb, SLICE("prune")) && parse_prune(line, &pruning))
		prune(c, talk, &pruning);
	else if (slice_equal(verb, SLICE("rejudge")) && parse_rejudge(line, c, &rejudging))
		rejudge(c, talk, &rejudging);
	else if (slice_equal(verb, SLICE("account")))
		change_account(c, talk, line);
	else if (slice_equal(verb, SLICE("tenant")))
		change_tenant(c, talk, line);
	else if (slice_equal(verb, SLICE("catch-up")) && !line.n)
		catch_up(c, talk);
	else
		(void)say(talk, 0, "failed 0 this server does not know what was asked; is it another version?\n");
}

/* Timeouts on both sides of the socket: a client that hangs must not hold up the next one for long. */
static void serve_one(struct control *c, int fd)
{
	const struct timeval timeout = {TIMEOUT_S, 0};
	struct talk talk = {.fd = fd, .stopping = c->stopping};
	char room[CONTROL_LINE_MAX];
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	if (is_ours(fd))
		answer(c, &talk, read_request(fd, room, sizeof room));
}

/* ---- The thread */

static void *run(void *user)
{
	struct control *c = user;
	for (;;) {
		struct pollfd p[2] = {{.fd = c->listener, .events = POLLIN}, {.fd = c->stopping, .events = POLLIN}};
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (p[1].revents)
			return NULL;
		int fd = p[0].revents ? accept4(c->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
		if (fd >= 0) {
			serve_one(c, fd);
			(void)close(fd);
		}
	}
}

static void close_all(struct control *c)
{
	const int fds[] = {c->listener, c->stopping, c->directory};
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	mem_free(c);
}

static enum status listen_in(struct control *c, struct err *err)
{
	struct sockaddr_un address = address_in(c->directory);
	if (unlinkat(c->directory, SOCKET_NAME, 0) != 0 && errno != ENOENT)
		return err_set_errno(err, errno, "an old control socket cannot be removed");
	c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	c->stopping = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->listener < 0 || c->stopping < 0 || bind(c->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    fchmodat(c->directory, SOCKET_NAME, 0600, 0) != 0 || listen(c->listener, BACKLOG) != 0)
		return err_set_errno(err, errno, "the control socket cannot be made");
	return STATUS_OK;
}

enum status control_start(const struct control_config *config, struct control **ret, struct err *err)
{
	const char *data_directory = config->installation->data;
	struct control *c = MEM_NEW(struct control);
	c->config = *config;
	c->listener = c->stopping = -1;
	c->directory = open(data_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum status status =
	    c->directory < 0 ? err_set_errno(err, errno, "cannot open %s", data_directory) : listen_in(c, err);
	int failed = status == STATUS_OK ? pthread_create(&c->thread, NULL, run, c) : 0;
	if (failed)
		status = err_set_errno(err, failed, "cannot start the thread of the control socket");
	if (status != STATUS_OK) {
		close_all(c);
		return status;
	}
	(void)pthread_setname_np(c->thread, "control"); /* for those who watch; works without */
	*ret = c;
	return STATUS_OK;
}

void control_stop(struct control **control)
{
	struct control *c = *control;
	if (!c)
		return;
	retention_end_passes(c->config.retention);
	(void)eventfd_write(c->stopping, 1);
	(void)pthread_join(c->thread, NULL);
	(void)unlinkat(c->directory, SOCKET_NAME, 0);
	close_all(c);
	*control = NULL;
}
