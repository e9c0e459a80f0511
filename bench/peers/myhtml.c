/* SPDX-License-Identifier: Apache-2.0 */
/* MyHTML (Debian: libmodest-dev), the ancestor of lexbor. On one thread, one tree for all files. It keeps where each
 * attribute stood in its input. */
#include "peer.h"

#include <myhtml/api.h>

static bool parse(void *context, struct slice file)
{
	/* Cleans what the tree held before. */
	return myhtml_parse(context, MyENCODING_UTF_8, file.p, file.n) == MyHTML_STATUS_OK;
}

static void look_at(myhtml_tree_node_t *node, struct peer_found *found)
{
	myhtml_tag_id_t tag = myhtml_node_tag_id(node);
	if (tag != MyHTML_TAG_A && tag != MyHTML_TAG_AREA)
		return;
	myhtml_tree_attr_t *href = myhtml_attribute_by_key(node, "href", 4);
	const char *value = href ? myhtml_attribute_value(href, NULL) : NULL;
	if (!value || !peer_is_http(value))
		return;
	myhtml_position_t at = myhtml_attribute_value_raw_position(href);
	peer_add(found, at.begin, at.begin + at.length);
}

static myhtml_tree_node_t *next_node(myhtml_tree_node_t *node)
{
	myhtml_tree_node_t *next = myhtml_node_child(node);
	while (!next && node) {
		next = myhtml_node_next(node);
		node = myhtml_node_parent(node);
	}
	return next;
}

static bool find(void *context, struct slice file, struct peer_found *found)
{
	if (!parse(context, file))
		return false;
	for (myhtml_tree_node_t *node = myhtml_tree_get_document(context); node; node = next_node(node))
		look_at(node, found);
	return true;
}

int main(int argc, char **argv)
{
	myhtml_t *myhtml = myhtml_create();
	myhtml_tree_t *tree = myhtml_tree_create();
	if (myhtml_init(myhtml, MyHTML_OPTIONS_PARSE_MODE_SINGLE, 1, 0) != MyHTML_STATUS_OK ||
	    myhtml_tree_init(tree, myhtml) != MyHTML_STATUS_OK)
		return 1;
	const struct peer peer = {"myhtml", tree, parse, find};
	int code = peer_main(argc, argv, &peer);
	myhtml_tree_destroy(tree);
	myhtml_destroy(myhtml);
	return code;
}
