/* SPDX-License-Identifier: Apache-2.0 */
/* change_line: changes of accounts and tenants as one line of JSON: how a command hands them to the server (control.h).
 * Passwords and keys are in it as hashes only. Who made the change is not in it; the server knows whom it listens to.
 */
#ifndef PUGMARK_PROG_CHANGE_LINE_H
#define PUGMARK_PROG_CHANGE_LINE_H

#include "base/buf.h"
#include "engine/accounts/account_change.h"
#include "engine/tenant/tenant_change.h"

/* Users and keys; sessions are made by the server itself. */
void change_line_append_account(struct buf *to, const struct account_change *change);
void change_line_append_tenant(struct buf *to, const struct tenant_change *change);

/* What the other side wrote; everything in the arena, `actor` is left empty. STATUS_BAD_INPUT: it is no such line
 * (another version wrote it). */
enum status change_line_read_account(struct slice line, struct arena *arena, struct account_change *ret,
				     struct err *err) MUST_CHECK;
enum status change_line_read_tenant(struct slice line, struct arena *arena, struct tenant_change *ret,
				    struct err *err) MUST_CHECK;

#endif
