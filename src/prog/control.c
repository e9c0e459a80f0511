/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/control.h"

#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char SOCKET_NAME[] = "control";
enum { BACKLOG = 8, TIMEOUT_S = 1, DAYS_MAX = 36500 };
static const int64_t TELL_EVERY_US = 100000;

struct control {
	struct retention *retention;
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

/* ---- One request */

struct talk {
	int fd;
	int64_t told_us; /* when progress was told last, monotonic */
};

/* False: the other side is gone. What does not fit now is not said: the last line is, within a time. */
static bool say(const struct talk *talk, int flags, const char *line)
{
	ssize_t n = send(talk->fd, line, strlen(line), MSG_NOSIGNAL | flags);
	return n >= 0 || errno == EAGAIN || errno == EWOULDBLOCK;
}

static bool has_hung_up(const struct talk *talk)
{
	struct pollfd p = {.fd = talk->fd, .events = POLLRDHUP};
	return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static bool tell_progress(void *user, const struct event_sweep_progress *progress)
{
	struct talk *talk = user;
	char line[CONTROL_LINE_MAX];
	int64_t now_us = clock_monotonic_us(clock_system());
	if (has_hung_up(talk))
		return false;
	if (now_us - talk->told_us < TELL_EVERY_US)
		return true;
	talk->told_us = now_us;
	(void)snprintf(line, sizeof line, "progress %llu %u\n", (unsigned long long)progress->count,
		       progress->per_mille);
	return say(talk, MSG_DONTWAIT, line);
}

static void prune(struct control *c, struct talk *talk, struct retention_request *request)
{
	struct err err = {0};
	char line[CONTROL_LINE_MAX];
	uint64_t count = 0;
	request->step = tell_progress;
	request->user = talk;
	if (!request->only_count && retention_figures(c->retention).is_running)
		(void)say(talk, 0, "waiting\n");
	enum status status = retention_run(c->retention, request, &count, &err);
	if (status == STATUS_OK)
		(void)snprintf(line, sizeof line, "done %llu\n", (unsigned long long)count);
	else
		(void)snprintf(line, sizeof line, "failed %llu %s\n", (unsigned long long)count, err.text);
	if (!request->only_count)
		log_info("events.pruned_by_command", LOG_INT("count", count), LOG_INT("days", request->days),
			 LOG_CSTR("status", status_name(status)));
	(void)say(talk, 0, line);
}

/* The request line without its end; empty when none came in time. */
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

static bool parse_prune(struct slice line, struct retention_request *ret)
{
	uint64_t days;
	if (!slice_equal(slice_cut(&line, ' '), SLICE("prune")) ||
	    !slice_to_u64(slice_cut(&line, ' '), DAYS_MAX, &days))
		return false;
	bool only_count = slice_equal(line, SLICE("count"));
	*ret = (struct retention_request){.days = (uint32_t)days, .only_count = only_count};
	return only_count || slice_equal(line, SLICE("delete"));
}

/* The directory is closed to others already; this holds when somebody opened it. */
static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static void serve_one(struct control *c, int fd)
{
	const struct timeval timeout = {TIMEOUT_S, 0};
	struct talk talk = {.fd = fd};
	struct retention_request request;
	char room[CONTROL_LINE_MAX];
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	if (!is_ours(fd))
		return;
	if (parse_prune(read_request(fd, room, sizeof room), &request))
		prune(c, &talk, &request);
	else
		(void)say(&talk, 0, "failed 0 this server does not know what was asked; is it another version?\n");
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

enum status control_start(const char *data_directory, struct retention *retention, struct control **ret,
			  struct err *err)
{
	struct control *c = MEM_NEW(struct control);
	c->retention = retention;
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
	retention_end_passes(c->retention);
	(void)eventfd_write(c->stopping, 1);
	(void)pthread_join(c->thread, NULL);
	(void)unlinkat(c->directory, SOCKET_NAME, 0);
	close_all(c);
	*control = NULL;
}
