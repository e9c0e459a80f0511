/* SPDX-License-Identifier: Apache-2.0 */
/* known_network: whose network an address is in, as far as that says something about who asks.
 *
 * Built in: networks from which nobody but mail security asks, and what is known of some eighty autonomous systems. To
 * find an address's autonomous system, and Apple's egress addresses, lists are needed that an operator supplies; they
 * are read once into a snapshot that does not change and may be used from any thread. */
#ifndef PUGMARK_CODEC_KNOWN_NETWORK_H
#define PUGMARK_CODEC_KNOWN_NETWORK_H

#include "base/slice.h"
#include "base/status.h"
#include "codec/judge/ip_address.h"

enum network_role {
	NETWORK_UNKNOWN,
	NETWORK_SCANNER,           /* nobody browses or reads mail from there */
	NETWORK_CLICK_SCANNER,     /* nobody clicks from there; images may be fetched for people */
	NETWORK_PROBABLE_SCANNER,  /* mail security; its isolation browsers carry people */
	NETWORK_GATEWAY,           /* a secure web gateway: people browse through it */
	NETWORK_DATA_CENTRE,       /* machines, and people behind VPNs */
	NETWORK_CLOUD_WITH_PEOPLE, /* the same; mailboxes' image proxies are there, too, so that it says nothing on
				      opens */
	NETWORK_APPLE_RELAY,       /* carries, among much else, Mail Privacy Protection and iCloud Private Relay */
	NETWORK_MAIL_HOST,
};

struct network {
	enum network_role role;
	uint32_t as_number; /* 0: not known */
	const char *label;  /* "microsoft_365_protection"; static; "" for NETWORK_UNKNOWN */
};

/* The largest list that is read, in bytes of text and in rows. */
#define NETWORK_LIST_BYTES_MAX ((size_t)128 << 20)
enum { NETWORK_LIST_ROWS_MAX = 4000000 };

/* What an operator supplied. */
struct network_lists;
struct network_lists *network_lists_new(void);
void network_lists_free(struct network_lists **lists);
/* The same rows for a second owner, who may be on another thread; they are not copied. Reading into one of the two
 * leaves the other as it is. */
struct network_lists *network_lists_share(const struct network_lists *lists);

/* Apple's egress-ip-ranges.csv: a network a line, whatever stands behind the first comma is passed over. Empty lines
 * and lines that begin with # as well. A second call replaces the first one's rows. STATUS_BAD_INPUT with the line's
 * number in the words, also when the last line has no end and its numbers might have gone on; STATUS_TOO_BIG;
 * STATUS_NOT_FOUND: not one row, which no good file has. The lists stay as they were unless it is STATUS_OK. */
enum status network_lists_read_egress(struct network_lists *lists, struct slice text, struct err *err) MUST_CHECK;
/* Address ranges and their autonomous systems: "first,last,number,…" as in ip-location-db (addresses as text or, for
 * IPv4, as numbers), the same with tabs as in iptoasn, or "network,number". Only what known_network_of has a role for
 * is kept. Results as above. */
enum status network_lists_read_systems(struct network_lists *lists, struct slice text, struct err *err) MUST_CHECK;

/* `lists` may be NULL in each: nothing was supplied. */
bool network_lists_have_egress(const struct network_lists *lists);
bool network_lists_have_systems(const struct network_lists *lists);
bool network_lists_is_egress(const struct network_lists *lists, const struct ip_address *address);
/* Rows that are kept, for logs. */
size_t network_lists_egress_count(const struct network_lists *lists);
size_t network_lists_system_count(const struct network_lists *lists);

/* Every label that there is, some of them more than once; NULL behind the last. */
const char *known_network_label_at(size_t index);

/* The longest built-in network that holds the address; else its autonomous system, if the lists tell it. */
struct network known_network_of(const struct ip_address *address, const struct network_lists *lists);

#endif
