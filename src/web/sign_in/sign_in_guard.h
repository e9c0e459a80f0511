/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in_guard: how often passwords may be tried. Thread-safe; its memory is fixed at birth.
 *
 * A try is counted when it begins, so that a thousand at once are no way around it, and taken back when the password
 * was right or was not looked at. What slows a try down:
 *
 *   account and network  five tries, then a wait of 15 s that doubles with each further one, up to five minutes;
 *                        forgotten the sooner the fewer there were
 *   network              60 tries, then one every 10 s; and for what is around it (an IPv6 /48, an IPv4 /24) 300, then
 *                        one every 2 s
 *   account              100 tries from networks that it does not know, then one a minute
 *
 * A network is an IPv6 /64 or one IPv4 address. One from which the account was signed in to within 90 days is its own:
 * tries from there are slowed down by the first rule only, whatever anybody does elsewhere. */
#ifndef PUGMARK_WEB_SIGN_IN_GUARD_H
#define PUGMARK_WEB_SIGN_IN_GUARD_H

#include "base/slice.h"
#include "codec/judge/ip_address.h"

struct sign_in_guard;
struct sign_in_guard *sign_in_guard_new(void);
void sign_in_guard_free(struct sign_in_guard **guard);

struct sign_in_try {
	struct slice name; /* as it was typed, in lower case; whether there is such an account makes no difference */
	struct ip_address client;
	int64_t now_us;
};

struct sign_in_leave {
	uint32_t wait_s;  /* before it may be tried again; 0: it may now, and is counted */
	bool is_at_home;  /* the account's own network */
	const char *rule; /* when it has to wait: "account_and_network", "network", "account" */
};
struct sign_in_leave sign_in_guard_enter(struct sign_in_guard *guard, const struct sign_in_try *try);

enum sign_in_outcome {
	SIGN_IN_RIGHT,
	SIGN_IN_WRONG,
	SIGN_IN_NOT_TRIED, /* the password was not looked at */
};
/* Once for each try that was let in; `try` as it was then. */
void sign_in_guard_leave(struct sign_in_guard *guard, const struct sign_in_try *try, enum sign_in_outcome outcome);

/* Whether one more line may go to the log: 20, then one a second. *ret_left_out: how many might not since the last. */
bool sign_in_guard_may_log(struct sign_in_guard *guard, int64_t now_us, uint64_t *ret_left_out);

#endif
