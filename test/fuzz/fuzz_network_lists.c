/* SPDX-License-Identifier: Apache-2.0 */
/* An operator's list of networks with anything in it: it is read whole or not at all, and what was there before stays
 * when it is not. */
#include "codec/judge/known_network.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct slice GOOD_EGRESS = SLICE("172.224.224.0/27,GB,GB-EN,London,\n2a02:26f7::/32,US,,,\n");
static const struct slice GOOD_SYSTEMS = SLICE("198.51.100.0,198.51.100.255,16509,AMAZON-02\n");

static struct network_lists *good_lists(void)
{
	struct err err;
	struct network_lists *lists = network_lists_new();
	if (network_lists_read_egress(lists, GOOD_EGRESS, &err) != STATUS_OK ||
	    network_lists_read_systems(lists, GOOD_SYSTEMS, &err) != STATUS_OK)
		abort();
	return lists;
}

static void look_up(const struct network_lists *lists, struct slice text)
{
	struct ip_address address;
	while (text.n) {
		struct slice line = slice_cut(&text, '\n');
		if (!ip_address_parse(slice_cut(&line, '/'), &address))
			continue;
		(void)network_lists_is_egress(lists, &address);
		(void)known_network_of(&address, lists);
	}
}

static void check(enum status status, size_t before, size_t after)
{
	if (status != STATUS_OK && status != STATUS_BAD_INPUT && status != STATUS_TOO_BIG && status != STATUS_NOT_FOUND)
		abort();
	if (status != STATUS_OK && before != after)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct slice text = slice_of(data, size);
	struct network_lists *lists = good_lists();
	struct network_lists *second = network_lists_share(lists);
	size_t egress = network_lists_egress_count(lists);
	size_t systems = network_lists_system_count(lists);
	check(network_lists_read_egress(lists, text, &err), egress, network_lists_egress_count(lists));
	check(network_lists_read_systems(lists, text, &err), systems, network_lists_system_count(lists));
	look_up(lists, text);
	if (network_lists_egress_count(second) != egress || network_lists_system_count(second) != systems)
		abort();
	network_lists_free(&lists);
	look_up(second, text);
	network_lists_free(&second);
	return 0;
}
