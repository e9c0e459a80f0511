/* SPDX-License-Identifier: Apache-2.0 */
/* open_pixel: the image that tells of an open: its markup in the mail, and its bytes. */
#ifndef PUGMARK_CODEC_OPEN_PIXEL_H
#define PUGMARK_CODEC_OPEN_PIXEL_H

#include "base/buf.h"

/* An <img> of one pixel. `url` needs no escaping in an attribute. Not hidden: what sees display:none does not load it.
 */
void open_pixel_append(struct buf *b, struct slice url);

/* A transparent GIF89a of one pixel, image/gif. */
struct slice open_pixel_gif(void);

#endif
