/* SPDX-License-Identifier: Apache-2.0 */
/* milter_rules: which mails that pass the mail server are tracked. Pure.
 *
 * A mail must be ours (signed in, or from one of our networks, or by one of our daemons), come from a sender that is to
 * be tracked, and be neither a notification of the mail system itself nor made by Pugmark. What is not ours is never
 * tracked, so that a server that also takes mail from the world does not put links into it.
 */
#ifndef PUGMARK_MILTER_MILTER_RULES_H
#define PUGMARK_MILTER_MILTER_RULES_H

#include "base/arena.h"
#include "base/status.h"
#include "codec/judge/ip_address.h"

/* Lists are separated by commas; NULL or empty: see each. */
struct milter_rules_config {
	const char *senders;      /* addresses, domains, or either with "*" for any characters; empty: all */
	const char *skip_senders; /* the same; empty: none */
	const char *networks;     /* addresses and prefixes whose mail is ours without signing in; empty: none */
	const char *daemons;      /* values of {daemon_name} whose mail is ours; empty: none */
	bool require_header;      /* only mail that has an X-Pugmark-* header */
	size_t size_max;          /* bytes of a whole mail */
};

struct milter_rules;
/* Everything lives in the arena; the lists are copied. STATUS_BAD_INPUT with words. */
enum status milter_rules_new(const struct milter_rules_config *config, struct arena *arena, struct milter_rules **ret,
			     struct err *err) MUST_CHECK;

/* A mail as the rules see it. */
struct milter_subject {
	struct slice envelope_from;      /* without brackets; empty: <> */
	struct slice header_from;        /* the address; empty: none */
	const struct ip_address *client; /* NULL: no address, so this machine itself */
	bool is_signed_in;
	struct slice daemon; /* {daemon_name} */
	bool has_header;     /* X-Pugmark-* */
	bool is_own;         /* Pugmark composed it itself */
};

enum milter_verdict {
	MILTER_TRACK = 0,
	MILTER_OWN,
	MILTER_NOT_OURS,
	MILTER_NULL_SENDER,
	MILTER_SENDER,
	MILTER_NO_HEADER,
	MILTER_TOO_BIG,
	MILTER_NO_HTML, /* there is nothing to track, and no header says that it is to be counted */
};
enum { MILTER_VERDICT_COUNT = 8 };

/* By envelope and headers, so all but size and content. Thread-safe. */
enum milter_verdict milter_rules_judge(const struct milter_rules *rules, const struct milter_subject *subject);
size_t milter_rules_size_max(const struct milter_rules *rules);

#endif
