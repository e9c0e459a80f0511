/* SPDX-License-Identifier: Apache-2.0 */
/* provider_priv: what each provider's file gives to the table, and how it reads its settings. For this folder only. */
#ifndef PUGMARK_PROVIDER_PROVIDER_PRIV_H
#define PUGMARK_PROVIDER_PROVIDER_PRIV_H

#include "base/arena.h"
#include "provider/provider.h"
#include "transport/transport.h"

struct provider_class {
	struct provider_info info;
	/* The keys are known, there once, and the required ones are not empty. `loop` NULL: only check. */
	enum status (*open)(struct transport_loop *loop, const struct provider_request *request, struct transport **ret,
			    struct err *err);
};

extern const struct provider_class provider_outbox;
extern const struct provider_class provider_smtp;

/* The value of a setting, or its default, or the empty slice. */
struct slice provider_value(const struct provider_class *provider, const struct provider_request *request,
			    const char *key);
/* A setting that is one of a few words. */
struct provider_choice {
	const char *key;
	const char *const *words; /* ended by NULL */
};
/* The place of the setting's value among the words. STATUS_BAD_INPUT names the choices. */
enum status provider_choose(const struct provider_class *provider, const struct provider_request *request,
			    const struct provider_choice *choice, int *ret, struct err *err) MUST_CHECK;

#endif
