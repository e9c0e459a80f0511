/* SPDX-License-Identifier: Apache-2.0 */
/* sending: the installation as everything that sends or answers for mail sees it. Filled once at the start by whoever
 * joins the parts; immutable from then on. It owns nothing: everything it points to must outlive it. */
#ifndef PUGMARK_ENGINE_SENDING_H
#define PUGMARK_ENGINE_SENDING_H

#include "base/clock.h"
#include "codec/token/link_token.h"
#include "store/people/consents.h"

struct store;
struct send_fence;
struct tenant_policies;
struct writer;

struct sending {
	struct store *store;
	struct writer *writer;
	const struct clock *clock;
	const struct link_token_keys *keys;
	const char *base_url;                   /* tracking URLs start with it; no slash at the end */
	const char *default_provider;           /* one of the providers */
	const char *providers;                  /* those that have an account, parted by spaces: mail may name them */
	bool tracking_enabled;                  /* tracking.enabled */
	struct campaign_limit limit;            /* tracking.opens, tracking.clicks: what any mail is tracked at most */
	const struct tenant_policies *policies; /* and what each tenant's; NULL: the same */
	/* What is canceled does not leave (apply/send_fence.h). NULL, where no deliverer runs in this process. */
	struct send_fence *fence;
	/* Called after a commit that queued something: dispatch_wake. On the accepting thread; must not block. May be
	 * NULL, where no deliverer runs in this process. */
	void (*queued)(void *user);
	void *queued_user;
};

#endif
