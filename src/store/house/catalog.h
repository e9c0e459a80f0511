/* SPDX-License-Identifier: Apache-2.0 */
/* catalog: names of campaigns and templates. What a campaign allows is in people/consents.h. Part of the store (see
 * store.h). */
#ifndef PUGMARK_STORE_CATALOG_H
#define PUGMARK_STORE_CATALOG_H

#include "store/core/store.h"

/* Created on first use, renamed when a name is given that differs. */
enum status store_campaign_use(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err) MUST_CHECK;
enum status store_template_use(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err) MUST_CHECK;
/* Created on first use; one that is there stays as it is. */
enum status store_campaign_add(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err) MUST_CHECK;
enum status store_template_add(struct store_session *s, uint32_t tenant, struct slice id, struct slice name,
			       int64_t now_us, struct err *err) MUST_CHECK;
/* STATUS_NOT_FOUND: never used. */
enum status store_campaign_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
				struct slice *ret_name, struct err *err) MUST_CHECK;
enum status store_template_find(struct store_session *s, uint32_t tenant, struct slice id, struct arena *arena,
				struct slice *ret_name, struct err *err) MUST_CHECK;

#endif
