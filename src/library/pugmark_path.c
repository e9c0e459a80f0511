/* SPDX-License-Identifier: Apache-2.0 */
#include "library/argument.h"

enum pugmark_status pugmark_path_read(const char *path, size_t path_size, enum pugmark_kind *ret_kind,
				      struct pugmark_text *ret_token)
{
	static const struct {
		struct slice prefix;
		enum pugmark_kind kind;
	} paths[] = {
	    {{"/o/", 3}, PUGMARK_OPEN},
	    {{"/c/", 3}, PUGMARK_CLICK},
	    {{"/u/", 3}, PUGMARK_UNSUBSCRIBE},
	};
	struct slice rest;
	if (!ret_kind || !ret_token || !argument_slice(path, path_size, &rest))
		return PUGMARK_MISUSE;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (!slice_starts_with(rest, paths[i].prefix))
			continue;
		struct slice token = slice_from(rest, paths[i].prefix.n);
		/* No token has a dot in it; the pixel's path has, for those who look at names to know images. */
		if (paths[i].kind == PUGMARK_OPEN && slice_ends_with(token, SLICE(".gif")))
			token.n -= 4;
		*ret_kind = paths[i].kind;
		*ret_token = argument_text_of(token);
		return PUGMARK_OK;
	}
	return PUGMARK_NOT_FOUND;
}
