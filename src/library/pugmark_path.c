/* SPDX-License-Identifier: Apache-2.0 */
/* The paths are the codec layer's, so that what a server answers and what a library writes into mails cannot drift
 * apart. */
#include "codec/token/tracking_url.h"
#include "library/argument.h"

enum pugmark_status pugmark_path_read(const char *path, size_t path_size, enum pugmark_kind *ret_kind,
				      struct pugmark_text *ret_token)
{
	struct slice rest;
	struct slice token;
	enum link_token_kind kind;
	if (!ret_kind || !ret_token || !argument_slice(path, path_size, &rest))
		return PUGMARK_MISUSE;
	if (!tracking_path_read(rest, &kind, &token))
		return PUGMARK_NOT_FOUND;
	*ret_kind = (enum pugmark_kind)kind; /* pugmark_token.c asserts that they are the same */
	*ret_token = argument_text_of(token);
	return PUGMARK_OK;
}
