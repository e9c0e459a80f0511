/* SPDX-License-Identifier: Apache-2.0 */
/* A handful of names, compared one after the other: this is asked for the API and the console, never for a hit. */
#include "web/sign_in/host_names.h"

#include "codec/judge/ip_address.h"
#include "codec/url/url.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 }; /* RFC 1035, 2.3.4 */

static bool is_label(struct slice label)
{
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];
		bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
		if (!is_word && c != '-')
			return false;
	}
	return label.n > 0 && label.n <= LABEL_MAX_BYTES;
}

static bool is_name(struct slice name)
{
	bool is_good = name.n > 0 && name.n <= NAME_MAX_BYTES && !slice_ends_with(name, SLICE("."));
	while (is_good && name.n)
		is_good = is_label(slice_cut(&name, '.'));
	return is_good;
}

static enum status add_name(struct host_names *names, struct slice name, struct err *err)
{
	if (!is_name(name))
		return err_set(err, STATUS_BAD_INPUT,
			       "server.hosts: '%.*s' is no host name; give names alone, without scheme and port",
			       SLICE_FMT(slice_sub(name, 0, 60)));
	if (names->count == HOST_NAMES_MAX)
		return err_set(err, STATUS_BAD_INPUT, "server.hosts has more than %d names", HOST_NAMES_MAX - 1);
	names->names[names->count++] = name;
	return STATUS_OK;
}

enum status host_names_parse(struct slice list, struct slice base_url, struct host_names *ret, struct err *err)
{
	struct host_names names = {.any = slice_equal(slice_trim(list), SLICE("*"))};
	struct slice own = url_host(base_url);
	enum status status = STATUS_OK;
	if (own.n)
		names.names[names.count++] = own;
	while (status == STATUS_OK && !names.any && list.n) {
		struct slice name = slice_trim(slice_cut(&list, ','));
		if (name.n)
			status = add_name(&names, name, err);
	}
	if (status != STATUS_OK)
		return status;
	names.any = names.any || names.count == 0;
	*ret = names;
	return STATUS_OK;
}

/* Without port, and without the dot that makes a name absolute. */
static struct slice without_port(struct slice host)
{
	size_t colon = host.n && host.p[0] == '[' ? slice_index(host, ']') + 1 : slice_index(host, ':');
	host = slice_sub(host, 0, colon);
	return slice_ends_with(host, SLICE(".")) ? slice_sub(host, 0, host.n - 1) : host;
}

static bool read_address(struct slice host, struct ip_address *ret)
{
	bool is_v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	return ip_address_parse(is_v6 ? slice_sub(host, 1, host.n - 1) : host, ret);
}

static bool is_localhost(struct slice name)
{
	struct slice end = SLICE(".localhost");
	return slice_equal_nocase(name, SLICE("localhost")) ||
	       (name.n > end.n && slice_equal_nocase(slice_from(name, name.n - end.n), end));
}

bool host_names_have(const struct host_names *names, struct slice host)
{
	struct ip_address address;
	if (names->any || !host.p)
		return true;
	host = without_port(host);
	if (is_localhost(host) || read_address(host, &address))
		return true;
	for (size_t i = 0; i < names->count; i++)
		if (slice_equal_nocase(host, names->names[i]))
			return true;
	return false;
}

bool host_is_loopback(struct slice host)
{
	struct ip_address address;
	host = without_port(host);
	return is_localhost(host) || (read_address(host, &address) && ip_address_is_loopback(&address));
}
