/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_change: tenants are added, and their settings and zones changed, with a note of who did it (audit.h). What may
 * be set is checked before, by tenant_setting_check and time_zone_check. */
#ifndef PUGMARK_ENGINE_TENANT_CHANGE_H
#define PUGMARK_ENGINE_TENANT_CHANGE_H

#include "engine/ledger/writer.h"
#include "engine/mail/sending.h"
#include "store/house/accounts.h"
#include "store/house/tenant_settings.h"

enum { TENANT_NAME_MAX = 64 };
/* 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit: it stands in URLs and in the configuration.
 */
bool tenant_name_is_good(struct slice name);

struct tenant_change {
	struct slice tenant; /* its name */
	struct slice actor;  /* see struct audit_entry */
	bool is_new;         /* to be added */
	/* Whose days its numbers are kept in from now on, good for time_zone_check; empty: as it is, and UTC for a new
	 * one. */
	struct slice time_zone;
	/* Names and values; an empty value: as the installation again. Their tenant is not looked at. */
	const struct tenant_setting_row *settings;
	size_t count;
};

/* In the session's transaction, where no writer runs or it is another process's. STATUS_CONFLICT: it is new and the
 * name is taken. STATUS_NOT_FOUND: there is no such tenant. */
enum status tenant_change_write(struct store_session *session, int64_t now_us, const struct tenant_change *change,
				struct err *err) MUST_CHECK;
/* The same by the writer; `policies` hold it before this returns. Blocks; any thread but the writer's. Else as
 * writer_submit_and_wait. */
enum status tenant_change_commit(const struct sending *sending, struct tenant_policies *policies,
				 const struct tenant_change *change, struct err *err) MUST_CHECK;
/* The same as a command in the arena, to be submitted (writer.h); `policies` hold it when it has ended. `change` and
 * what it points to outlive it. */
struct writer_command *tenant_change_command(struct arena *arena, struct tenant_policies *policies,
					     const struct tenant_change *change);

#endif
