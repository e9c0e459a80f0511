/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the console that are part of the program: found by their path, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "web/console/assets.h"

static void test_each_file_is_found_by_its_path(void **state)
{
	(void)state;
	assert_true(asset_count >= 4);
	for (size_t i = 0; i < asset_count; i++)
		assert_ptr_equal(asset_find(slice_from_cstr(asset_table[i].path)), &asset_table[i]);
}

static void test_what_the_console_needs_is_there_with_its_type(void **state)
{
	static const struct {
		const char *path;
		const char *content_type;
	} files[] = {
	    {"/index.html", "text/html; charset=utf-8"},    {"/app.js", "text/javascript; charset=utf-8"},
	    {"/app.css", "text/css; charset=utf-8"},        {"/favicon.svg", "image/svg+xml"},
	    {"/licenses.txt", "text/plain; charset=utf-8"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const struct asset *asset = asset_find(slice_from_cstr(files[i].path));
		assert_non_null(asset);
		assert_string_equal(asset->content_type, files[i].content_type);
		assert_true(asset->size > 0);
	}
}

static void test_other_paths_are_not_found(void **state)
{
	static const char *const paths[] = {"",       "/",       "/app",       "/app.j", "/app.jss",
					    "app.js", "/APP.JS", "/../app.js", "/~"};
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		assert_null(asset_find(slice_from_cstr(paths[i])));
	assert_null(asset_find(SLICE("/app.js\0")));
}

static void test_compressed_bytes_are_fewer_and_are_gzip(void **state)
{
	(void)state;
	for (size_t i = 0; i < asset_count; i++) {
		const struct asset *asset = &asset_table[i];
		if (!asset->gzip_bytes)
			continue;
		assert_true(asset->gzip_size < asset->size);
		assert_int_equal(asset->gzip_bytes[0], 0x1f);
		assert_int_equal(asset->gzip_bytes[1], 0x8b);
	}
}

static void test_tags_are_quoted_and_all_different(void **state)
{
	(void)state;
	for (size_t i = 0; i < asset_count; i++) {
		struct slice tag = slice_from_cstr(asset_table[i].etag);
		assert_true(tag.n > 10 && tag.p[0] == '"' && tag.p[tag.n - 1] == '"');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(asset_table[i].etag, asset_table[j].etag);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_file_is_found_by_its_path),
	    cmocka_unit_test(test_what_the_console_needs_is_there_with_its_type),
	    cmocka_unit_test(test_other_paths_are_not_found),
	    cmocka_unit_test(test_compressed_bytes_are_fewer_and_are_gzip),
	    cmocka_unit_test(test_tags_are_quoted_and_all_different),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
