/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters are cut out first and decoded afterwards, so that an encoded `&` or `=` belongs to its value. Nothing is
 * kept: who looks for one name walks the text, which is shorter than any table of it would be. */
#include "codec/url/query.h"

enum status query_next(struct query *query, struct arena *arena, struct query_parameter *ret)
{
	struct query_parameter parameter;
	struct slice pair = SLICE_EMPTY;
	while (pair.n == 0) {
		if (query->rest.n == 0)
			return STATUS_END;
		pair = slice_cut(&query->rest, '&');
	}
	struct slice name = slice_cut(&pair, '=');
	enum status status = percent_decode(name, PERCENT_QUERY, arena, &parameter.name);
	if (status == STATUS_OK)
		status = percent_decode(pair, PERCENT_QUERY, arena, &parameter.value);
	if (status == STATUS_OK)
		*ret = parameter;
	return status;
}

enum status query_find(struct slice text, struct slice name, struct arena *arena, struct slice *ret_value)
{
	while (text.n > 0) {
		struct slice pair = slice_cut(&text, '&');
		struct slice key = slice_cut(&pair, '=');
		if (key.n == 0 && pair.n == 0)
			continue;
		enum status status = percent_decode(key, PERCENT_QUERY, arena, &key);
		if (status != STATUS_OK)
			return status;
		if (slice_equal(key, name))
			return percent_decode(pair, PERCENT_QUERY, arena, ret_value);
	}
	return STATUS_NOT_FOUND;
}
