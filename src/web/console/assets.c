/* SPDX-License-Identifier: Apache-2.0 */
/* Looks a path up in the table that console/embed.mjs made: a binary search, because the table is sorted by bytes. */
#include "web/console/assets.h"

const struct asset *asset_find(struct slice path)
{
	size_t low = 0;
	size_t high = asset_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct asset *asset = &asset_table[middle];
		int order = slice_compare(path, slice_from_cstr(asset->path));

		if (order == 0)
			return asset;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
