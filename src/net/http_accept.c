/* SPDX-License-Identifier: Apache-2.0 */
/* A connection is counted against the limits before a byte of it is read. When there are as many as may be, the one
 * that is worth least makes room (http_evict.c): whoever opens thousands of connections, whatever is begun on them,
 * keeps nobody out. Where those that have just come would have to, the new one waits in the kernel's queue until they
 * were read. One for which there is no room all the same is closed without an answer, since an answer would take the
 * memory and the writes that the limit is there to save.
 *
 * The socket is polled and accepted from here, and not by libuv's listener. When the process has no descriptor left,
 * that one closes a spare, accepts, closes, and opens the spare again; if another thread was quicker there is none from
 * then on, and a connection that can neither be taken nor refused keeps the loop busy for good (1,024 descriptors and
 * 4,000 idle connections: two cores at 100 %, no answers, no end at SIGTERM). Here polling stops until a connection has
 * closed or a tick has passed. */
#include "base/mem.h"
#include "net/http_connection.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum {
	ACCEPTS_IN_A_TURN = 64, /* then those that are there already have their turn */
	NOT_SENT_MAX = 128 << 10,
};

static void set_peer(struct http_connection *connection, const struct sockaddr_storage *peer)
{
	uint8_t *to = connection->peer.address.bytes;
	if (peer->ss_family == AF_INET6) {
		memcpy(to, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
	} else {
		/* As an IPv4-mapped address (RFC 4291, 2.5.5.2): one form for both families, in limits and lists
		 * alike. */
		memset(to + 10, 0xff, 2);
		memcpy(to + 12, &((const struct sockaddr_in *)peer)->sin_addr, 4);
	}
}

static bool enter_address(struct http_connection *connection)
{
	struct http_server *server = connection->loop->server;
	const struct ip_address *address = &connection->peer.address;
	connection->trusted = ip_address_in_any(address, server->trusted.ranges, server->trusted.count);
	/* A proxy is many people behind one address. */
	if (connection->trusted || ip_address_is_loopback(address))
		return true;
	connection->counted =
	    address_count_enter(server->by_address, address, server->config.limits.connections_per_address);
	return connection->counted;
}

/* Whether the limits allow one more; counts it then. One that makes room is still counted until it is closed, at the
 * end of this turn. Nobody makes room for an address that has enough. */
static bool enter(struct http_connection *connection)
{
	struct http_server *server = connection->loop->server;
	if (!enter_address(connection))
		return false;
	uint32_t before = atomic_fetch_add_explicit(&server->open_now, 1, memory_order_relaxed);
	if (before < server->config.limits.connections || http_evict_one(connection->loop))
		return true;
	atomic_fetch_sub_explicit(&server->open_now, 1, memory_order_relaxed);
	if (connection->counted)
		address_count_leave(server->by_address, &connection->peer.address);
	return false;
}

static bool must_wait(const struct http_loop *loop)
{
	struct http_server *server = loop->server;
	uint32_t now = atomic_load_explicit(&server->open_now, memory_order_relaxed);
	return now >= server->config.limits.connections && http_evict_is_soon(loop);
}

static struct http_connection *connection_new(struct http_loop *loop)
{
	struct http_connection *connection = MEM_NEW(struct http_connection);
	connection->loop = loop;
	connection->wheel_ms = UINT64_MAX;
	connection->since_ms = uv_now(&loop->uv);
	list_init(&connection->in_loop);
	list_init(&connection->in_wheel);
	list_init(&connection->in_flush);
	list_init(&connection->in_rest);
	(void)uv_tcp_init(&loop->uv, &connection->tcp); /* cannot fail without a socket */
	return connection;
}

/* Without the second, the kernel takes megabytes of answers for a client that reads none. */
static void set_options(int fd)
{
	static const int one = 1, not_sent = NOT_SENT_MAX;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* slower without, not wrong */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof not_sent);
}

static void on_refused(uv_handle_t *handle)
{
	mem_free(handle);
}

static void begin(struct http_loop *loop, int fd, const struct sockaddr_storage *peer)
{
	struct http_connection *connection = connection_new(loop);
	set_peer(connection, peer);
	if (!enter(connection)) {
		http_count(&loop->counters.refused);
		(void)close(fd);
		uv_close((uv_handle_t *)&connection->tcp, on_refused);
		return;
	}
	http_count(&loop->counters.accepted);
	set_options(fd);
	http_evict_place(connection);
	loop->connection_count++;
	if (uv_tcp_open(&connection->tcp, fd) != 0) {
		(void)close(fd);
		http_connection_close(connection);
		return;
	}
	http_connection_start(connection);
	http_deadline_set(connection);
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void poll_on(struct http_loop *loop)
{
	(void)uv_poll_start(&loop->listener, UV_READABLE, on_acceptable); /* cannot fail on a handle that is open */
}

/* What is not a fault of one connection (ECONNABORTED) but of ours: it will not pass by trying again at once. */
static bool is_exhausted(int os_errno)
{
	return os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOBUFS || os_errno == ENOMEM;
}

static void pause_accepting(struct http_loop *loop)
{
	loop->accept_paused = true;
	(void)uv_poll_stop(&loop->listener);
	(void)http_evict_one(loop);
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
	struct http_loop *loop = poll->data;
	(void)status; /* accept says what is wrong */
	(void)events;
	for (unsigned i = 0; i < ACCEPTS_IN_A_TURN && !must_wait(loop); i++) {
		struct sockaddr_storage peer;
		socklen_t size = sizeof peer;
		int fd = accept4(loop->socket, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			begin(loop, fd, &peer);
		} else if (is_exhausted(errno)) {
			pause_accepting(loop);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

enum status http_accept_start(struct http_loop *loop, struct err *err)
{
	if (listen(loop->socket, 4096) != 0)
		return err_set_errno(err, errno, "cannot listen");
	int failed = uv_poll_init(&loop->uv, &loop->listener, loop->socket);
	if (failed)
		return err_set_errno(err, -failed, "cannot listen");
	loop->listener.data = loop;
	poll_on(loop);
	return STATUS_OK;
}

void http_accept_resume(struct http_loop *loop)
{
	if (!loop->accept_paused || loop->socket < 0)
		return;
	loop->accept_paused = false;
	poll_on(loop);
}

void http_accept_stop(struct http_loop *loop)
{
	if (loop->socket < 0)
		return;
	if (loop->listener.data)
		uv_close((uv_handle_t *)&loop->listener, NULL);
	(void)close(loop->socket);
	loop->socket = -1;
}
