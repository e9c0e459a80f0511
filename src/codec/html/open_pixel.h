/* SPDX-License-Identifier: Apache-2.0 */
/* open_pixel: the image that tells of an open: its markup in the mail, and its bytes. */
#ifndef PUGMARK_CODEC_OPEN_PIXEL_H
#define PUGMARK_CODEC_OPEN_PIXEL_H

#include "base/buf.h"

/* What stands in front of the address and what stands behind it in an <img> of one pixel. The address needs no escaping
 * in an attribute. Not hidden: Gmail does not load what has display:none. */
void open_pixel_begin(struct buf *b);
void open_pixel_end(struct buf *b);

/* A transparent GIF89a of one pixel, image/gif. */
struct slice open_pixel_gif(void);

#endif
