/* SPDX-License-Identifier: Apache-2.0 */
/* assets: the files of the web console, part of the program.
 *
 * The table itself is made at build time by console/embed.mjs. Everything here is constant and lives as long as the
 * program; nothing allocates, blocks or fails.
 */
#ifndef PUGMARK_WEB_ASSETS_H
#define PUGMARK_WEB_ASSETS_H

#include <stddef.h>

#include "base/slice.h"

struct asset {
	const char *path; /* with the leading slash: "/app.js" */
	const char *content_type;
	const unsigned char *bytes; /* as they are */
	size_t size;
	const unsigned char *gzip_bytes; /* Content-Encoding: gzip; NULL when that would not be shorter */
	size_t gzip_size;
	const char *etag; /* strong, with its quotes, of `bytes`; answer with it and `Cache-Control: no-cache` */
};

/* All files, sorted by path. Made by console/embed.mjs. */
extern const struct asset asset_table[];
extern const size_t asset_count;

/* The file at `path`, a request path without its query; NULL when there is none. "/" is not a file: the page of every
 * console address is "/index.html". */
const struct asset *asset_find(struct slice path);

#endif
