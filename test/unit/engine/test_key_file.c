/* SPDX-License-Identifier: Apache-2.0 */
/* key_file: the file that every link ever sent depends on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "../../harness/sync_count.h"
#include "base/buf.h"
#include "engine/keys/key_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct fixture {
	char directory[64], path[96];
	struct link_token_keys *keys;
	uint8_t newest;
	struct err err;
};

static int set_up(void **state)
{
	static struct fixture f;
	f = (struct fixture){.directory = "/tmp/pugmark-keys-XXXXXX"};
	if (!mkdtemp(f.directory))
		return 1;
	snprintf(f.path, sizeof f.path, "%s/keys", f.directory);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	link_token_keys_free(&f->keys);
	(void)unlink(f->path);
	return rmdir(f->directory); /* fails when something was left beside the file */
}

static enum status load(struct fixture *f)
{
	link_token_keys_free(&f->keys);
	f->err = (struct err){0};
	return key_file_load(f->path, &f->keys, &f->newest, &f->err);
}

static enum status load_text(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return load(f);
}

static size_t read_file(const struct fixture *f, char *room, size_t size)
{
	FILE *file = fopen(f->path, "r");
	assert_non_null(file);
	size_t n = fread(room, 1, size - 1, file);
	assert_int_equal(fclose(file), 0);
	room[n] = '\0';
	return n;
}

/* Whatever digit of whatever key it is. */
static void test_key_file_with_one_digit_changed_is_refused_with_the_number_of_the_key(void **state)
{
	struct fixture *f = *state;
	char good[512], bad[512], words[64];
	uint8_t newest;
	assert_int_equal(key_file_create(f->path, &f->err), STATUS_OK);
	assert_int_equal(key_file_rotate(f->path, &newest, &f->err), STATUS_OK);
	size_t n = read_file(f, good, sizeof good);
	unsigned id = 0, tried = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_line = i > 0 && good[i - 1] == '\n';
		id = is_line ? (unsigned)(good[i] - '0') : id;
		if (!id || is_line || good[i] == ' ' || good[i] == '\n')
			continue;
		memcpy(bad, good, n + 1);
		bad[i] = good[i] == '0' ? '1' : '0';
		assert_int_equal(load_text(f, bad), STATUS_CORRUPT);
		(void)snprintf(words, sizeof words, "key %u is damaged", id);
		assert_non_null(strstr(f->err.text, words));
		tried++;
	}
	assert_int_equal(tried, 2 * (64 + 8));
}

static void test_key_file_from_before_check_values_is_read(void **state)
{
	struct fixture *f = *state;
	bool checked[LINK_TOKEN_KEYS_MAX];
	assert_int_equal(load_text(f, "1 " HEX_A "\n2 " HEX_B "\n"), STATUS_OK);
	link_token_keys_free(&f->keys);
	assert_int_equal(key_file_load_checked(f->path, &f->keys, &f->newest, checked, &f->err), STATUS_OK);
	assert_false(checked[1] || checked[2]);
}

/* A token sealed by one set of keys opens by another. */
static void expect_opens(const struct link_token_keys *sealing, uint8_t id, const struct link_token_keys *opening)
{
	const struct link_token t = {.kind = LINK_TOKEN_OPEN, .tenant = 1};
	char text[256], room[LINK_TOKEN_TEXT_MAX];
	struct link_token opened;
	uint8_t opened_id;
	struct buf b;
	struct link_token_sealer *seal = link_token_sealer_new(sealing), *open = link_token_sealer_new(opening);
	buf_init_fixed(&b, text, sizeof text);
	assert_int_equal(link_token_seal(seal, id, &t, &b), STATUS_OK);
	assert_int_equal(link_token_open(open, buf_slice(&b), room, &opened, &opened_id), STATUS_OK);
	assert_int_equal(opened_id, id);
	link_token_sealer_free(&seal);
	link_token_sealer_free(&open);
}

static void test_key_file_are_made_for_their_owner_only(void **state)
{
	struct fixture *f = *state;
	struct stat info;

	assert_int_equal(load(f), STATUS_NOT_FOUND);
	assert_null(f->keys);
	assert_int_equal(key_file_create(f->path, &f->err), STATUS_OK);
	assert_int_equal(stat(f->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(load(f), STATUS_OK);
	assert_int_equal(f->newest, 1);
	assert_true(link_token_keys_has(f->keys, 1));
	assert_false(link_token_keys_has(f->keys, 2));
}

/* A key that a power cut takes back takes with it every link that was sealed with it meanwhile. */
static void test_key_file_and_its_name_are_on_disk_before_anybody_uses_them(void **state)
{
	struct fixture *f = *state;
	uint8_t newest;

	syncs = (struct sync_counts){0};
	assert_int_equal(key_file_create(f->path, &f->err), STATUS_OK);
	assert_int_equal(syncs.files, 1);
	assert_int_equal(syncs.directories, 1);
	assert_int_equal(key_file_rotate(f->path, &newest, &f->err), STATUS_OK);
	assert_int_equal(syncs.files, 2);
	assert_int_equal(syncs.directories, 2);
}

static void test_key_file_rotated_still_open_what_the_old_ones_sealed(void **state)
{
	struct fixture *f = *state;
	struct link_token_keys *before;
	uint8_t newest = 0;
	struct stat info;

	assert_int_equal(key_file_create(f->path, &f->err), STATUS_OK);
	assert_int_equal(key_file_load(f->path, &before, &f->newest, &f->err), STATUS_OK);
	for (uint8_t i = 2; i < 5; i++) {
		assert_int_equal(key_file_rotate(f->path, &newest, &f->err), STATUS_OK);
		assert_int_equal(newest, i);
		assert_int_equal(load(f), STATUS_OK);
		assert_int_equal(f->newest, i);
		expect_opens(before, 1, f->keys);
	}
	assert_int_equal(stat(f->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	link_token_keys_free(&before);
}

static void test_key_file_rotate_after_an_editor_left_the_last_line_open(void **state)
{
	struct fixture *f = *state;
	struct link_token_keys *before;
	uint8_t newest;

	assert_int_equal(load_text(f, "1 " HEX_A), STATUS_OK);
	assert_int_equal(key_file_load(f->path, &before, &newest, &f->err), STATUS_OK);
	assert_int_equal(key_file_rotate(f->path, &newest, &f->err), STATUS_OK);
	assert_int_equal(load(f), STATUS_OK);
	assert_int_equal(f->newest, 2);
	expect_opens(before, 1, f->keys);
	link_token_keys_free(&before);
}

static void test_key_file_of_255_ids_cannot_be_rotated_further(void **state)
{
	struct fixture *f = *state;
	uint8_t newest = 9;

	assert_int_equal(load_text(f, "254 " HEX_A "\n"), STATUS_OK);
	assert_int_equal(key_file_rotate(f->path, &newest, &f->err), STATUS_OK);
	assert_int_equal(newest, 255);
	assert_int_equal(key_file_rotate(f->path, &newest, &f->err), STATUS_CONFLICT);
	assert_int_equal(newest, 255);
	assert_int_equal(load(f), STATUS_OK);
	assert_int_equal(f->newest, 255);
}

static void test_key_file_with_comments_spaces_and_in_any_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, "# keys\r\n\n 7  " HEX_A " \r\n\t# old\n3 " HEX_B "\n"), STATUS_OK);
	assert_int_equal(f->newest, 7);
	assert_true(link_token_keys_has(f->keys, 3));
	assert_int_equal(load_text(f, "1 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n"),
			 STATUS_OK);
}

static void test_key_file_bad_lines_are_named_and_nothing_is_loaded(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"", "holds no key"},
	    {"# only words\n", "holds no key"},
	    {"1 " HEX_A "\n2\n", "line 2"},
	    {"\n\n0 " HEX_A "\n", "line 3"},
	    {"256 " HEX_A "\n", "line 1"},
	    {"-1 " HEX_A "\n", "line 1"},
	    {"1 " HEX_A "0\n", "line 1"},
	    {"1 0011\n", "line 1"},
	    {"1 g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", "line 1"},
	    {"1 " HEX_A "\n1 " HEX_B "\n", "line 2 names key 1 a second time"},
	    {"1 " HEX_A "2 " HEX_B "\n", "line 1"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		f->newest = 99;
		assert_int_equal(load_text(f, cases[i].text), STATUS_BAD_INPUT);
		if (!strstr(f->err.text, cases[i].words))
			fail_msg("'%s' is not in '%s'", cases[i].words, f->err.text);
		assert_null(strstr(f->err.text, "0112233")); /* no key in words that are logged */
		assert_null(f->keys);
		assert_int_equal(f->newest, 99);
	}
}

static void test_key_file_in_a_file_too_large_to_be_read_whole_are_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t newest;
	struct buf b;

	buf_init(&b, 100000);
	buf_append_cstr(&b, "1 " HEX_A "\n");
	for (int i = 0; i < 40000; i++)
		buf_append_cstr(&b, "#\n");
	buf_append_cstr(&b, "2 " HEX_B "\n");
	assert_int_equal(load_text(f, buf_cstr(&b)), STATUS_BAD_INPUT);
	assert_int_equal(key_file_rotate(f->path, &newest, &f->err), STATUS_BAD_INPUT);
	buf_done(&b);
}

static void test_key_file_that_cannot_be_written_are_reported(void **state)
{
	struct fixture *f = *state;
	char path[128];

	snprintf(path, sizeof path, "%s/missing/keys", f->directory);
	assert_int_equal(key_file_create(path, &f->err), STATUS_IO);
	assert_non_null(strstr(f->err.text, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_key_file_are_made_for_their_owner_only, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_with_one_digit_changed_is_refused_with_the_number_of_the_key,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_from_before_check_values_is_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_and_its_name_are_on_disk_before_anybody_uses_them, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_rotated_still_open_what_the_old_ones_sealed, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_rotate_after_an_editor_left_the_last_line_open, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_of_255_ids_cannot_be_rotated_further, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_with_comments_spaces_and_in_any_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_bad_lines_are_named_and_nothing_is_loaded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_in_a_file_too_large_to_be_read_whole_are_refused, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_key_file_that_cannot_be_written_are_reported, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
