/* SPDX-License-Identifier: Apache-2.0 */
/* With a persistent stream the content of a part is a window on the message, whose bounds are what is wanted. */
#include "gmime_adapter.h"

#include "base/arena.h"
#include "base/mem.h"
#include <gmime/gmime.h>

enum { HTMLS_MAX = 128 };

void gmime_adapter_init(void)
{
	g_mime_init();
}

static bool is_html(GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	return g_mime_content_type_is_type(type, "text", "html") ||
	       g_mime_content_type_is_type(type, "text", "x-amp-html");
}

static struct slice decode(GMimeDataWrapper *content, struct arena *arena)
{
	GMimeStream *to = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(content, to);
	GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(to));
	struct slice copy = arena_copy(arena, slice_of(bytes->data, bytes->len));
	g_object_unref(to);
	return copy;
}

static void take_part(GMimePart *part, size_t size, bool decodes, struct arena *arena, struct gmime_htmls *to)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	struct gmime_html *html = &to->htmls[to->count];
	if (!content)
		return;
	BUG_IF(to->count == HTMLS_MAX);
	GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
	html->body = (size_t)stream->bound_start;
	html->end = stream->bound_end < 0 ? size : (size_t)stream->bound_end;
	if (decodes)
		html->decoded = decode(content, arena);
	to->count++;
}

void gmime_read(struct slice message, bool decodes, struct arena *arena, struct gmime_htmls *ret)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(message.p, message.n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	GMimeMessage *read = g_mime_parser_construct_message(parser, NULL);
	*ret = (struct gmime_htmls){.htmls = arena_alloc_array(arena, HTMLS_MAX, sizeof(struct gmime_html))};
	if (read) {
		GMimePartIter *iter = g_mime_part_iter_new(GMIME_OBJECT(read));
		do {
			GMimeObject *object = g_mime_part_iter_get_current(iter);
			if (!object || !GMIME_IS_PART(object))
				continue;
			ret->parts++;
			if (is_html(object))
				take_part(GMIME_PART(object), message.n, decodes, arena, ret);
		} while (g_mime_part_iter_next(iter));
		g_mime_part_iter_free(iter);
		g_object_unref(read);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}
