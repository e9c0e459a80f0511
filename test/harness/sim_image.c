/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file as a table of shared pages. */
#include "sim_disk_priv.h"

#include "base/mem.h"

#include <string.h>

static void page_drop(struct sim_page **at)
{
	if (*at && --(*at)->refs == 0)
		mem_free(*at);
	*at = NULL;
}

void sim_page_share(struct sim_page **to, struct sim_page *from)
{
	if (from)
		from->refs++;
	page_drop(to);
	*to = from;
}

void sim_image_copy(struct sim_image *to, const struct sim_image *from)
{
	to->size = from->size;
	for (size_t i = 0; i < SIM_PAGES_MAX; i++)
		sim_page_share(&to->pages[i], from->pages[i]);
}

void sim_image_clear(struct sim_image *image)
{
	for (size_t i = 0; i < SIM_PAGES_MAX; i++)
		page_drop(&image->pages[i]);
	image->size = 0;
}

static struct sim_page *page_for_writing(struct sim_image *image, size_t i)
{
	struct sim_page *old = image->pages[i], *page;

	if (old && old->refs == 1)
		return old;
	page = MEM_NEW(struct sim_page);
	page->refs = 1;
	if (old)
		memcpy(page->bytes, old->bytes, SIM_PAGE);
	page_drop(&image->pages[i]);
	return image->pages[i] = page;
}

void sim_image_write(struct sim_image *image, size_t at, const char *bytes, size_t n)
{
	static const char zeros[SIM_PAGE];

	BUG_IF(at + n > (size_t)SIM_PAGE * SIM_PAGES_MAX);
	while (n > 0) {
		size_t in = at % SIM_PAGE, part = SIM_PAGE - in < n ? SIM_PAGE - in : n;

		if (image->pages[at / SIM_PAGE] || memcmp(bytes, zeros, part) != 0)
			memcpy(page_for_writing(image, at / SIM_PAGE)->bytes + in, bytes, part);
		at += part;
		bytes += part;
		n -= part;
	}
	if (at > image->size)
		image->size = at;
}

void sim_image_read(const struct sim_image *image, size_t at, char *to, size_t n)
{
	while (n > 0) {
		size_t in = at % SIM_PAGE, part = SIM_PAGE - in < n ? SIM_PAGE - in : n;
		const struct sim_page *page = image->pages[at / SIM_PAGE];

		if (page)
			memcpy(to, page->bytes + in, part);
		else
			memset(to, 0, part);
		at += part;
		to += part;
		n -= part;
	}
}
