/* SPDX-License-Identifier: Apache-2.0 */
#include "hit_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct hit_record hit_of_row(struct world *w, const struct hit_row *row)
{
	struct hit_record hit = world_hit(w, row->message, row->kind);
	hit.link_index = row->link;
	if (row->link == LINK_TOKEN_HONEYPOT)
		hit.destination = SLICE_EMPTY; /* such a link leads nowhere */
	if (row->ip)
		assert_true(ip_address_parse(slice_from_cstr(row->ip), &hit.client));
	if (row->agent.n)
		hit.user_agent = row->agent;
	hit.purpose = row->purpose;
	hit.has_sec_fetch = row->has_fetch_headers;
	hit.accept_language = row->has_fetch_headers ? SLICE("en") : SLICE_EMPTY;
	if (row->is_anonymous)
		hit.consent = LINK_TOKEN_CONSENT_ANONYMOUS;
	return hit;
}

void apply_rows(struct world *w, const struct hit_row *rows, size_t count)
{
	struct world_feed *feed = world_feed_open(w);
	for (size_t i = 0; i < count; i++) {
		struct hit_record hit = hit_of_row(w, &rows[i]);
		world_put_hit(feed, WORLD_NOW_US + rows[i].after_us, &hit);
	}
	world_feed_close(&feed);
	world_apply_all(w);
}
