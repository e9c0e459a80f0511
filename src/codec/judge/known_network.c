/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in networks are few and stand with the longest prefix first, so that the first that fits is the longest;
 * all of them together are looked through in some nanoseconds. The operator's lists are sorted ranges without overlap,
 * searched by halves. Ranges that touch and say the same are joined, which makes Apple's list a good deal shorter. */
#include "codec/judge/known_network.h"

#include "base/mem.h"
#include <stdatomic.h>
#include <stdlib.h> /* qsort */

struct ipv4_network {
	uint32_t base, mask;
	enum network_role role;
	const char *label;
};

struct ipv6_network {
	uint64_t base, mask; /* of the upper half: no list has longer prefixes */
	enum network_role role;
	const char *label;
};

struct autonomous_system {
	uint32_t number;
	enum network_role role;
	const char *label;
};

#include "codec/judge/network_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An address as a number, so that it compares fast. */
struct position {
	uint64_t upper, lower;
};

struct range {
	struct position first, last;
	uint32_t as_number;
};

/* Does not change once it is in a list, so that several may hold it; the last one frees it. */
struct range_list {
	struct range *ranges;
	size_t count, room;
	atomic_uint holders;
};

struct network_lists {
	struct range_list *egress, *systems; /* NULL: nothing was read */
};

/* Network byte order, so that numbers sort as addresses do. */
static uint64_t read_u64(const uint8_t *p)
{
	uint64_t value = 0;
	for (int i = 0; i < 8; i++)
		value = value << 8 | p[i];
	return value;
}

static struct position position_of(const struct ip_address *address)
{
	return (struct position){read_u64(address->bytes), read_u64(address->bytes + 8)};
}

static int compare(struct position a, struct position b)
{
	if (a.upper != b.upper)
		return a.upper < b.upper ? -1 : 1;
	return a.lower == b.lower ? 0 : a.lower < b.lower ? -1 : 1;
}

static struct position following(struct position p)
{
	p.lower++;
	p.upper += p.lower == 0;
	return p;
}

/* ---- Reading lists */

/* What a reader of rows does with one. `line` is cut behind what it took. */
typedef bool read_row(struct slice *line, struct range *ret);

static void add_range(struct range_list *list, const struct range *range)
{
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 1024;
		list->ranges = mem_resize(list->ranges, list->room * sizeof *list->ranges);
	}
	list->ranges[list->count++] = *range;
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a;
	const struct range *y = b;
	return compare(x->first, y->first);
}

/* Sorts, joins what touches, and lets the earlier of two that overlap have what both want. */
static void tidy(struct range_list *list)
{
	size_t kept = 0;
	if (list->count)
		qsort(list->ranges, list->count, sizeof *list->ranges, by_first);
	for (size_t i = 0; i < list->count; i++) {
		struct range next = list->ranges[i];
		struct range *before = kept ? &list->ranges[kept - 1] : NULL;
		if (before && compare(next.first, before->last) <= 0) {
			if (compare(next.last, before->last) <= 0)
				continue;
			next.first = following(before->last);
		}
		bool touches = before && compare(following(before->last), next.first) == 0;
		if (touches && before->as_number == next.as_number)
			before->last = next.last;
		else
			list->ranges[kept++] = next;
	}
	list->count = kept;
	if (kept && kept < list->room) {
		list->room = kept;
		list->ranges = mem_resize(list->ranges, kept * sizeof *list->ranges);
	}
}

static enum status read_rows(struct range_list *list, struct slice text, read_row *read, struct err *err)
{
	size_t rows = 0;
	if (text.n > NETWORK_LIST_BYTES_MAX)
		return err_set(err, STATUS_TOO_BIG, "more than %zu MB", NETWORK_LIST_BYTES_MAX >> 20);
	bool ends = text.n && text.p[text.n - 1] == '\n';
	for (size_t number = 1; text.n; number++) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		struct slice rest = line;
		struct range range = {0};
		if (!line.n || line.p[0] == '#')
			continue;
		if (!read(&rest, &range) || compare(range.first, range.last) > 0)
			return err_set(err, STATUS_BAD_INPUT, "line %zu has no range of addresses: '%.*s'", number,
				       SLICE_FMT(slice_sub(line, 0, 60)));
		/* 17.0.0.0/1 may be what is left of 17.0.0.0/16. */
		if (!ends && !text.n && !rest.n)
			return err_set(err, STATUS_BAD_INPUT, "line %zu has no end, the file may be cut off: '%.*s'",
				       number, SLICE_FMT(slice_sub(line, 0, 60)));
		if (++rows > NETWORK_LIST_ROWS_MAX)
			return err_set(err, STATUS_TOO_BIG, "more than %d lines", NETWORK_LIST_ROWS_MAX);
		if (range.as_number != UINT32_MAX)
			add_range(list, &range);
	}
	return rows ? STATUS_OK : err_set(err, STATUS_NOT_FOUND, "no range of addresses in it");
}

/* The thread that reads files and the one that judges have lists of their own which share their rows; whoever lets go
 * last frees them. */
static void let_go(struct range_list *list)
{
	if (!list || atomic_fetch_sub(&list->holders, 1) != 1)
		return;
	mem_free(list->ranges);
	mem_free(list);
}

static enum status replace(struct range_list **list, struct slice text, read_row *read, struct err *err)
{
	struct range_list *fresh = MEM_NEW(struct range_list);
	atomic_init(&fresh->holders, 1);
	enum status status = read_rows(fresh, text, read, err);
	if (status != STATUS_OK) {
		let_go(fresh);
		return status;
	}
	tidy(fresh);
	let_go(*list);
	*list = fresh;
	return STATUS_OK;
}

static void set_range(const struct ip_address_range *network, struct range *ret)
{
	struct ip_address first = network->base;
	struct ip_address last = network->base;
	for (unsigned bit = network->prefix; bit < 128; bit++) {
		uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
		first.bytes[bit / 8] &= (uint8_t)~mask;
		last.bytes[bit / 8] |= mask;
	}
	ret->first = position_of(&first);
	ret->last = position_of(&last);
}

/* Of Apple's list only the network is read; where its users are is not needed. */
static bool read_egress_row(struct slice *line, struct range *ret)
{
	struct ip_address_range network;
	if (!ip_address_range_parse(slice_trim(slice_cut(line, ',')), &network))
		return false;
	set_range(&network, ret);
	return true;
}

static struct slice unquoted(struct slice field)
{
	field = slice_trim(field);
	return field.n >= 2 && field.p[0] == '"' && field.p[field.n - 1] == '"' ? slice_sub(field, 1, field.n - 1)
										: field;
}

/* Text, or an IPv4 address as the number that it is. */
static bool read_address(struct slice field, struct position *ret)
{
	struct ip_address address;
	uint64_t number;
	if (slice_to_u64(field, UINT32_MAX, &number)) {
		*ret = (struct position){0, UINT64_C(0xffff00000000) | number};
		return true;
	}
	if (!ip_address_parse(field, &address))
		return false;
	*ret = position_of(&address);
	return true;
}

static const struct autonomous_system *find_system(uint32_t number)
{
	size_t low = 0;
	size_t high = COUNT(AUTONOMOUS_SYSTEMS);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (AUTONOMOUS_SYSTEMS[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < COUNT(AUTONOMOUS_SYSTEMS) && AUTONOMOUS_SYSTEMS[low].number == number ? &AUTONOMOUS_SYSTEMS[low]
											   : NULL;
}

/* As the public tables have it: a network, or two addresses; then the number, with or without "AS"; commas or tabs,
 * quotes or none. UINT32_MAX as the number: a good row that nobody asks for. */
static bool read_system_row(struct slice *line, struct range *ret)
{
	char separator = slice_index(*line, '\t') < line->n ? '\t' : ',';
	struct ip_address_range network;
	uint64_t number;
	struct slice first = unquoted(slice_cut(line, separator));
	if (slice_index(first, '/') < first.n) {
		if (!ip_address_range_parse(first, &network))
			return false;
		set_range(&network, ret);
	} else if (!read_address(first, &ret->first) ||
		   !read_address(unquoted(slice_cut(line, separator)), &ret->last)) {
		return false;
	}
	struct slice text = unquoted(slice_cut(line, separator));
	if (slice_starts_with_nocase(text, SLICE("AS")))
		text = slice_from(text, 2);
	if (!slice_to_u64(text, UINT32_MAX, &number))
		return false;
	ret->as_number = find_system((uint32_t)number) ? (uint32_t)number : UINT32_MAX;
	return true;
}

enum status network_lists_read_egress(struct network_lists *lists, struct slice text, struct err *err)
{
	return replace(&lists->egress, text, read_egress_row, err);
}

enum status network_lists_read_systems(struct network_lists *lists, struct slice text, struct err *err)
{
	return replace(&lists->systems, text, read_system_row, err);
}

struct network_lists *network_lists_new(void)
{
	return MEM_NEW(struct network_lists);
}

void network_lists_free(struct network_lists **lists)
{
	if (!*lists)
		return;
	let_go((*lists)->egress);
	let_go((*lists)->systems);
	mem_free(*lists);
	*lists = NULL;
}

static struct range_list *hold(struct range_list *list)
{
	if (list)
		atomic_fetch_add(&list->holders, 1);
	return list;
}

struct network_lists *network_lists_share(const struct network_lists *lists)
{
	struct network_lists *shared = network_lists_new();
	shared->egress = hold(lists->egress);
	shared->systems = hold(lists->systems);
	return shared;
}

/* ---- Asking */

static const struct range *find_range(const struct range_list *list, struct position at)
{
	size_t low = 0;
	size_t high = list ? list->count : 0;
	while (low < high) { /* the first that begins behind it */
		size_t middle = (low + high) / 2;
		if (compare(list->ranges[middle].first, at) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && compare(at, list->ranges[low - 1].last) <= 0 ? &list->ranges[low - 1] : NULL;
}

size_t network_lists_egress_count(const struct network_lists *lists)
{
	return lists && lists->egress ? lists->egress->count : 0;
}

size_t network_lists_system_count(const struct network_lists *lists)
{
	return lists && lists->systems ? lists->systems->count : 0;
}

bool network_lists_have_egress(const struct network_lists *lists)
{
	return network_lists_egress_count(lists) > 0;
}

bool network_lists_have_systems(const struct network_lists *lists)
{
	return network_lists_system_count(lists) > 0;
}

bool network_lists_is_egress(const struct network_lists *lists, const struct ip_address *address)
{
	return lists && find_range(lists->egress, position_of(address));
}

/* NETWORK_UNKNOWN: in none of them. */
static struct network built_in(const struct ip_address *address)
{
	struct position at = position_of(address);
	if (ip_address_is_ipv4(address)) {
		for (size_t i = 0; i < COUNT(IPV4_NETWORKS); i++)
			if (((uint32_t)at.lower & IPV4_NETWORKS[i].mask) == IPV4_NETWORKS[i].base)
				return (struct network){.role = IPV4_NETWORKS[i].role, .label = IPV4_NETWORKS[i].label};
	} else {
		for (size_t i = 0; i < COUNT(IPV6_NETWORKS); i++)
			if ((at.upper & IPV6_NETWORKS[i].mask) == IPV6_NETWORKS[i].base)
				return (struct network){.role = IPV6_NETWORKS[i].role, .label = IPV6_NETWORKS[i].label};
	}
	return (struct network){.label = ""};
}

struct network known_network_of(const struct ip_address *address, const struct network_lists *lists)
{
	struct network network = built_in(address);
	if (network.role != NETWORK_UNKNOWN)
		return network;
	const struct range *range = lists ? find_range(lists->systems, position_of(address)) : NULL;
	const struct autonomous_system *system = range ? find_system(range->as_number) : NULL;
	if (!system)
		return network;
	return (struct network){.role = system->role, .as_number = system->number, .label = system->label};
}

const char *known_network_label_at(size_t index)
{
	if (index < COUNT(IPV4_NETWORKS))
		return IPV4_NETWORKS[index].label;
	index -= COUNT(IPV4_NETWORKS);
	if (index < COUNT(IPV6_NETWORKS))
		return IPV6_NETWORKS[index].label;
	index -= COUNT(IPV6_NETWORKS);
	return index < COUNT(AUTONOMOUS_SYSTEMS) ? AUTONOMOUS_SYSTEMS[index].label : NULL;
}
