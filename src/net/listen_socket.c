/* SPDX-License-Identifier: Apache-2.0 */
/* Each loop has a socket of its own on the same port (SO_REUSEPORT), so that the kernel spreads connections and loops
 * share no lock. The option has a price that is paid here: two servers of one user would share a port in silence, each
 * with half of the hits. */
#include "net/listen_socket.h"
#include "base/slice.h"
#include "codec/judge/ip_address.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum status listen_address_read(struct listen_address *at, const char *address, uint16_t port, struct err *err)
{
	struct slice text = slice_from_cstr(address);
	struct ip_address parsed;
	memset(at, 0, sizeof *at);
	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = slice_sub(text, 1, text.n - 1);
	if (!ip_address_parse(text, &parsed))
		return err_set(err, STATUS_BAD_INPUT, "\"%.60s\" is not an IP address", address ? address : "");
	if (slice_index(text, ':') == text.n) {
		at->to.v4.sin_family = AF_INET;
		at->to.v4.sin_port = htons(port);
		memcpy(&at->to.v4.sin_addr, parsed.bytes + 12, 4);
		at->size = sizeof at->to.v4;
	} else {
		at->to.v6.sin6_family = AF_INET6;
		at->to.v6.sin6_port = htons(port);
		memcpy(&at->to.v6.sin6_addr, parsed.bytes, 16);
		at->size = sizeof at->to.v6;
	}
	return STATUS_OK;
}

uint16_t listen_address_port(const struct listen_address *at)
{
	return ntohs(at->to.any.sa_family == AF_INET6 ? at->to.v6.sin6_port : at->to.v4.sin_port);
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

/* The first socket binds without SO_REUSEPORT, so that the kernel refuses a port anybody else listens on, and gets the
 * option afterwards, for the others of this server to join: no moment is left in between. */
static int bind_socket(int fd, struct listen_address *at, bool first, bool shared)
{
	int failed = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	/* One socket for both families: what `::` means without it is a setting of the machine
	 * (net.ipv6.bindv6only). */
	if (!failed && at->to.any.sa_family == AF_INET6)
		failed = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (!failed && !first)
		failed = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!failed && bind(fd, &at->to.any, at->size) != 0)
		failed = errno;
	if (!failed && first && shared)
		failed = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!failed && getsockname(fd, &at->to.any, &at->size) != 0)
		failed = errno;
	return failed;
}

enum status listen_socket_open(struct listen_address *at, bool first, bool shared, int *ret_fd, struct err *err)
{
	int fd = socket(at->to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot make a socket");
	int failed = bind_socket(fd, at, first, shared);
	if (failed) {
		close(fd);
		if (failed == EADDRINUSE)
			return err_set(err, STATUS_CONFLICT,
				       "port %u is in use: stop the program that has it, or choose another port",
				       listen_address_port(at));
		if (failed == EADDRNOTAVAIL)
			return err_set(err, STATUS_BAD_INPUT, "this machine has no such address to listen on");
		return err_set_errno(err, failed, "cannot listen on port %u", listen_address_port(at));
	}
	*ret_fd = fd;
	return STATUS_OK;
}
