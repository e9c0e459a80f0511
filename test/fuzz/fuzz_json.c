/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from strangers, read twice: what json_find gives is what jansson gives, and a tree never has more nodes, or lies
 * deeper, than json_shape foresaw. json_find takes less than jansson (depth, a name twice). */
#include "base/mem.h"
#include "codec/text/json_find.h"
#include "codec/text/json_shape.h"
#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tree {
	size_t containers, values, depth;
};

static void count(const json_t *node, size_t depth, struct tree *tree)
{
	const char *name;
	json_t *value;
	size_t i;

	if (!json_is_object(node) && !json_is_array(node)) {
		tree->values++;
		return;
	}
	tree->containers++;
	tree->depth = depth + 1 > tree->depth ? depth + 1 : tree->depth;
	json_array_foreach(node, i, value) count(value, depth + 1, tree);
	json_object_foreach((json_t *)(uintptr_t)node, name, value)
	{
		tree->values++; /* the name */
		count(value, depth + 1, tree);
	}
}

static void check_shape(const json_t *root, struct slice text)
{
	struct json_shape shape = json_shape_of(text);
	struct tree tree = {0};

	count(root, 0, &tree);
	BUG_IF(tree.containers > shape.containers || tree.values > shape.values || tree.depth > shape.depth);
}

/* Of a member that both find, both find the same. */
static void check_members(const json_t *root, struct slice text)
{
	struct arena *arena = arena_new();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)root, name, value)
	{
		struct slice raw, found;

		if (json_find(text, slice_from_cstr(name), &raw) != STATUS_OK)
			continue;
		BUG_IF(raw.p < text.p || raw.p + raw.n > text.p + text.n);
		if (!json_is_string(value))
			continue;
		if (json_find_string(text, slice_from_cstr(name), arena, &found) == STATUS_OK)
			BUG_IF(!slice_equal(found, slice_of(json_string_value(value), json_string_length(value))));
	}
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size), raw;
	json_t *root = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	/* Neither may fall over what is no JSON, either. */
	(void)json_shape_of(text);
	(void)!json_find(text, SLICE("a"), &raw);
	if (!root)
		return 0;
	check_shape(root, text);
	if (json_is_object(root))
		check_members(root, text);
	json_decref(root);
	return 0;
}
