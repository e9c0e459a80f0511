/* SPDX-License-Identifier: Apache-2.0 */
/* A connection is counted against the limits before a byte of it is read. One above them is closed without an answer,
 * since an answer would take the memory and the writes that the limit is there to save. */
#include "base/mem.h"
#include "net/http_connection.h"
#include <netinet/in.h>

static bool read_peer(struct http_connection *connection)
{
	struct sockaddr_storage peer;
	int size = sizeof peer;
	if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&peer, &size) != 0)
		return false;
	uint8_t *to = connection->peer.address.bytes;
	if (peer.ss_family == AF_INET6) {
		memcpy(to, &((const struct sockaddr_in6 *)&peer)->sin6_addr, 16);
	} else {
		/* As an IPv4-mapped address (RFC 4291, 2.5.5.2): one form for both families, in limits and lists
		 * alike. */
		memset(to + 10, 0xff, 2);
		memcpy(to + 12, &((const struct sockaddr_in *)&peer)->sin_addr, 4);
	}
	return true;
}

/* Whether the limits allow one more; counts it then. */
static bool enter(struct http_connection *connection)
{
	struct http_server *server = connection->loop->server;
	const struct ip_address *address = &connection->peer.address;
	uint32_t before = atomic_fetch_add_explicit(&server->open_now, 1, memory_order_relaxed);
	if (before < server->config.limits.connections) {
		connection->trusted = ip_address_in_any(address, server->trusted.ranges, server->trusted.count);
		/* A proxy is many people behind one address. */
		if (connection->trusted || ip_address_is_loopback(address))
			return true;
		connection->counted =
		    address_count_enter(server->by_address, address, server->config.limits.connections_per_address);
		if (connection->counted)
			return true;
	}
	atomic_fetch_sub_explicit(&server->open_now, 1, memory_order_relaxed);
	return false;
}

static void on_refused(uv_handle_t *handle)
{
	mem_free(handle);
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
	(void)uv_tcp_init(&loop->uv, &connection->tcp); /* cannot fail without a socket */
	return connection;
}

void http_accept(uv_stream_t *listener, int status)
{
	struct http_loop *loop = listener->data;
	if (status < 0)
		return;
	struct http_connection *connection = connection_new(loop);
	if (uv_accept(listener, (uv_stream_t *)&connection->tcp) != 0 || !read_peer(connection) || !enter(connection)) {
		http_count(&loop->counters.refused);
		uv_close((uv_handle_t *)&connection->tcp, on_refused);
		return;
	}
	http_count(&loop->counters.accepted);
	(void)uv_tcp_nodelay(&connection->tcp, 1); /* slower without, not wrong */
	list_append(&loop->connections, &connection->in_loop);
	loop->connection_count++;
	http_connection_start(connection);
	http_deadline_set(connection);
}
