/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_view: a tenant as it is shown: what it has set, what the installation allows, and what holds. */
#ifndef PUGMARK_ENGINE_TENANT_VIEW_H
#define PUGMARK_ENGINE_TENANT_VIEW_H

#include "codec/text/json_text.h"
#include "engine/tenant/tenant_policy.h"
#include "store/house/accounts.h"
#include "store/house/tenant_settings.h"

struct tenant_view {
	struct tenant tenant;
	struct tenant_setting_list own;
	struct tenant_policy limit, effective;
};
/* From the store, not from memory: what was just changed is there. Everything lives in the arena and in `tenant`. */
enum status tenant_view_read(struct store_session *session, const struct tenant_policies *policies,
			     const struct tenant *tenant, struct arena *arena, struct tenant_view *ret,
			     struct err *err) MUST_CHECK;
/* The tenant has set it itself. */
bool tenant_view_has_own(const struct tenant_view *view, const struct tenant_setting *setting);
/* {"name","time_zone","created_at","settings":{…},"effective":{…},"installation":{…}}; in settings null stands for what
 * is not set.
 */
void tenant_view_put(struct json_text *w, const struct tenant_view *view);

#endif
