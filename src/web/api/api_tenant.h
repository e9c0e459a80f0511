/* SPDX-License-Identifier: Apache-2.0 */
/* api_tenant: what the handlers share that look beyond one tenant. */
#ifndef PUGMARK_WEB_API_TENANT_H
#define PUGMARK_WEB_API_TENANT_H

#include "web/api/api.h"

/* Who asks administers the installation: he has the scope admin in its first tenant, the one that `init` makes. Answers
 * 403 itself. */
bool api_runs_installation(struct api_call *call, struct api_worker *worker);

#endif
