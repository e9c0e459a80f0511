/* SPDX-License-Identifier: Apache-2.0 */
/* The size is said twice, since some clients read the attributes and others the style; border="0" is for old Outlook,
 * which draws one around an image in a link. The empty alt keeps screen readers silent. */
#include "codec/html/open_pixel.h"

void open_pixel_begin(struct buf *b)
{
	buf_append_cstr(b, "<img src=\"");
}

void open_pixel_end(struct buf *b)
{
	buf_append_cstr(b,
			"\" width=\"1\" height=\"1\" alt=\"\" border=\"0\" style=\"height:1px;width:1px;border:0\">");
}

struct slice open_pixel_gif(void)
{
	static const char gif[43] =
	    "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\x2c"
	    "\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";
	return slice_of(gif, sizeof gif);
}
