/* SPDX-License-Identifier: Apache-2.0 */
/* Gumbo (Debian: libgumbo-dev). It keeps where each attribute stood in its input. */
#include "peer.h"

#include <gumbo.h>

static bool parse(void *context, struct slice file)
{
	(void)context;
	GumboOutput *output = gumbo_parse_with_options(&kGumboDefaultOptions, file.p, file.n);
	if (output)
		gumbo_destroy_output(&kGumboDefaultOptions, output);
	return output != NULL;
}

/* original_value includes the quotes, if there are any. */
static void add_value(struct slice file, const GumboAttribute *attribute, struct peer_found *found)
{
	GumboStringPiece raw = attribute->original_value;
	bool is_quoted = raw.length >= 2 && (raw.data[0] == '"' || raw.data[0] == '\'');
	size_t start = (size_t)(raw.data - file.p);
	peer_add(found, start + is_quoted, start + raw.length - is_quoted);
}

static const GumboVector *children_of(const GumboNode *node)
{
	if (node->type == GUMBO_NODE_DOCUMENT)
		return &node->v.document.children;
	return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE ? &node->v.element.children : NULL;
}

/* Without recursion: the parser puts no bound on the depth. */
static const GumboNode *next_node(const GumboNode *node)
{
	const GumboVector *children = children_of(node);
	if (children && children->length > 0)
		return children->data[0];
	while (node->parent) {
		const GumboVector *siblings = children_of(node->parent);
		if (node->index_within_parent + 1 < siblings->length)
			return siblings->data[node->index_within_parent + 1];
		node = node->parent;
	}
	return NULL;
}

static bool find(void *context, struct slice file, struct peer_found *found)
{
	(void)context;
	GumboOutput *output = gumbo_parse_with_options(&kGumboDefaultOptions, file.p, file.n);
	if (!output)
		return false;
	for (const GumboNode *node = output->root; node; node = next_node(node)) {
		if (node->type != GUMBO_NODE_ELEMENT ||
		    (node->v.element.tag != GUMBO_TAG_A && node->v.element.tag != GUMBO_TAG_AREA))
			continue;
		const GumboAttribute *href = gumbo_get_attribute(&node->v.element.attributes, "href");
		if (href && peer_is_http(href->value))
			add_value(file, href, found);
	}
	gumbo_destroy_output(&kGumboDefaultOptions, output);
	return true;
}

int main(int argc, char **argv)
{
	const struct peer peer = {"gumbo", NULL, parse, find};
	return peer_main(argc, argv, &peer);
}
