/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_settings: what tenants have set for themselves, as names and values in text. Part of the store (see store.h).
 *
 * Names and values, not a column each: what is not set must stay apart from what is set to the same as the
 * configuration says, and a further setting needs no migration. What they mean, and which values are good, is
 * engine/tenant/tenant_setting.h's business.
 */
#ifndef PUGMARK_STORE_TENANT_SETTINGS_H
#define PUGMARK_STORE_TENANT_SETTINGS_H

#include "store/core/store.h"

struct tenant_setting_row {
	uint32_t tenant;
	struct slice name, value;
};
struct tenant_setting_list {
	struct tenant_setting_row *items;
	size_t count;
};

/* Of all tenants, in the order of their numbers. */
enum status store_tenant_setting_list(struct store_session *s, struct arena *arena, struct tenant_setting_list *ret,
				      struct err *err) MUST_CHECK;
enum status store_tenant_setting_list_of(struct store_session *s, uint32_t tenant, struct arena *arena,
					 struct tenant_setting_list *ret, struct err *err) MUST_CHECK;
/* Sets one; an empty value takes it away (STATUS_OK also when it was not set). */
enum status store_tenant_setting_put(struct store_session *s, const struct tenant_setting_row *row, int64_t now_us,
				     struct err *err) MUST_CHECK;
/* Something about a tenant changed that others have in memory. For tenants.c. */
enum status store_tenant_version_raise(struct store_session *s, struct err *err) MUST_CHECK;
/* Higher after every change of any tenant's settings or zone, and when one was added. Cheap: one row by its key. */
enum status store_tenant_setting_version(struct store_session *s, uint64_t *ret, struct err *err) MUST_CHECK;

#endif
