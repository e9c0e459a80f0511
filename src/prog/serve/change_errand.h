/* SPDX-License-Identifier: Apache-2.0 */
/* change_errand: a change of accounts or tenants, by the server that runs or else here, in a transaction of its own;
 * noted in the audit as the command line's either way.
 *
 * Here it needs no writer and not the journal: this is what must work when nobody can sign in, a damaged or a full
 * disk's journal included (doc/decisions/0021). */
#ifndef PUGMARK_PROG_CHANGE_ERRAND_H
#define PUGMARK_PROG_CHANGE_ERRAND_H

#include "engine/accounts/account_change.h"
#include "engine/tenant/tenant_change.h"
#include "prog/serve/installation.h"

#define COMMAND_LINE_ACTOR SLICE("command line")

/* The installation is configured, and may be open. As errand_run, account_change_write and tenant_change_write. */
enum status change_errand_account(struct installation *installation, const struct account_change *change,
				  struct err *err) MUST_CHECK;
enum status change_errand_tenant(struct installation *installation, const struct tenant_change *change,
				 struct err *err) MUST_CHECK;

#endif
