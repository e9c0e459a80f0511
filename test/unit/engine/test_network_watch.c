/* SPDX-License-Identifier: Apache-2.0 */
/* network_watch: lists in files, changed in every way in which operators change files. The looks are made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "engine/judge/network_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLE "172.224.224.0/27,US,US-CA,\n"
#define APPLE_NEW "2a02:26f7::/48,GB,EU,\n"
#define AMAZON "198.51.100.0,198.51.100.255,16509,Amazon\n"

struct fixture {
	char directory[64], egress[96], systems[96], spare[96];
	struct network_watch *watch;
	struct network_lists *taken;
};

static int set_up(void **state)
{
	static struct fixture f;
	f = (struct fixture){.directory = "/tmp/pugmark-networks-XXXXXX"};
	if (!mkdtemp(f.directory))
		return 1;
	snprintf(f.egress, sizeof f.egress, "%s/egress.csv", f.directory);
	snprintf(f.systems, sizeof f.systems, "%s/asn.csv", f.directory);
	snprintf(f.spare, sizeof f.spare, "%s/new.tmp", f.directory);
	struct network_watch_config config = {
	    .paths = {[NETWORK_LIST_EGRESS] = f.egress, [NETWORK_LIST_SYSTEMS] = f.systems}, .clock = clock_system()};
	f.watch = network_watch_new(&config);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	network_watch_free(&f->watch);
	network_lists_free(&f->taken);
	(void)unlink(f->egress);
	(void)unlink(f->systems);
	(void)unlink(f->spare);
	return rmdir(f->directory);
}

static void write_text(const char *path, const char *mode, const char *text)
{
	FILE *file = fopen(path, mode);
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* As doc/operations.md tells operators to do it. */
static void replace_file(const struct fixture *f, const char *path, const char *text)
{
	write_text(f->spare, "w", text);
	assert_int_equal(rename(f->spare, path), 0);
}

/* A change is seen at the first look, and read at the second when nothing more has happened. */
static void look_twice(struct fixture *f)
{
	network_watch_look(f->watch);
	network_watch_look(f->watch);
	network_watch_take(f->watch, &f->taken);
}

static bool is_egress(const struct fixture *f, const char *text)
{
	struct ip_address address;
	assert_true(ip_address_parse(slice_from_cstr(text), &address));
	return network_lists_is_egress(f->taken, &address);
}

static struct network_watch_figures egress_figures(const struct fixture *f)
{
	return network_watch_figures(f->watch, NETWORK_LIST_EGRESS);
}

static void test_files_that_are_there_at_the_start_are_read_at_the_first_look(void **state)
{
	struct fixture *f = *state;
	write_text(f->egress, "w", APPLE);
	write_text(f->systems, "w", AMAZON);
	network_watch_look(f->watch);
	network_watch_take(f->watch, &f->taken);
	assert_true(is_egress(f, "172.224.224.5"));
	assert_false(is_egress(f, "172.224.224.32"));
	assert_int_equal(network_lists_system_count(f->taken), 1);
	assert_int_equal(egress_figures(f).rows, 1);
	assert_true(egress_figures(f).read_us > 0 && !egress_figures(f).is_refused);
}

static void test_without_any_good_file_there_is_nothing_to_take(void **state)
{
	struct fixture *f = *state;
	write_text(f->systems, "w", "<html>not found</html>\n");
	look_twice(f);
	assert_null(f->taken);
	assert_true(egress_figures(f).is_refused && egress_figures(f).rows == 0 && egress_figures(f).read_us == 0);
	assert_true(network_watch_figures(f->watch, NETWORK_LIST_SYSTEMS).is_refused);
}

static void test_a_file_that_is_put_in_place_of_another_is_read(void **state)
{
	struct fixture *f = *state;
	write_text(f->egress, "w", APPLE);
	look_twice(f);
	replace_file(f, f->egress, APPLE_NEW);
	look_twice(f);
	assert_false(is_egress(f, "172.224.224.5"));
	assert_true(is_egress(f, "2a02:26f7::1"));
}

static void test_a_file_that_comes_later_is_read(void **state)
{
	struct fixture *f = *state;
	network_watch_look(f->watch);
	write_text(f->egress, "w", APPLE);
	look_twice(f);
	assert_true(is_egress(f, "172.224.224.5"));
	assert_false(egress_figures(f).is_refused);
}

static void test_a_file_that_is_still_being_written_is_left_alone(void **state)
{
	struct fixture *f = *state;
	write_text(f->egress, "w", APPLE);
	network_watch_look(f->watch);
	network_watch_take(f->watch, &f->taken);
	write_text(f->egress, "w", "203.0.113.0/24,");
	network_watch_look(f->watch);
	write_text(f->egress, "a", "US\n192.0.2.0/24,US\n");
	network_watch_look(f->watch);
	network_watch_take(f->watch, &f->taken);
	assert_true(is_egress(f, "172.224.224.5"));
	assert_false(is_egress(f, "203.0.113.1"));
	network_watch_look(f->watch);
	network_watch_take(f->watch, &f->taken);
	assert_true(is_egress(f, "203.0.113.1") && is_egress(f, "192.0.2.1"));
	assert_false(is_egress(f, "172.224.224.5"));
}

static void test_a_bad_file_leaves_the_rows_that_were_read_before(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"<html>", "", "# nothing\n", APPLE "17.0.0.0/1", APPLE "oops\n"};
	write_text(f->egress, "w", APPLE);
	look_twice(f);
	int64_t read_us = egress_figures(f).read_us;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		replace_file(f, f->egress, bad[i]);
		look_twice(f);
		assert_true(is_egress(f, "172.224.224.5"));
		assert_true(egress_figures(f).is_refused);
		assert_int_equal(egress_figures(f).rows, 1);
		assert_int_equal(egress_figures(f).read_us, read_us);
	}
	replace_file(f, f->egress, APPLE_NEW);
	look_twice(f);
	assert_true(is_egress(f, "2a02:26f7::1"));
	assert_false(egress_figures(f).is_refused);
}

static void test_a_file_that_is_gone_leaves_the_rows_that_were_read_before(void **state)
{
	struct fixture *f = *state;
	write_text(f->egress, "w", APPLE);
	look_twice(f);
	assert_int_equal(unlink(f->egress), 0);
	look_twice(f);
	assert_true(is_egress(f, "172.224.224.5"));
	assert_true(egress_figures(f).is_refused);
}

static void test_what_is_no_file_is_refused_and_holds_nobody_up(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(mkfifo(f->egress, 0600), 0);
	assert_int_equal(mkdir(f->systems, 0700), 0);
	look_twice(f);
	assert_true(egress_figures(f).is_refused);
	assert_true(network_watch_figures(f->watch, NETWORK_LIST_SYSTEMS).is_refused);
	assert_int_equal(rmdir(f->systems), 0);
}

static void test_one_list_keeps_its_rows_when_the_other_changes(void **state)
{
	struct fixture *f = *state;
	write_text(f->egress, "w", APPLE);
	write_text(f->systems, "w", AMAZON);
	look_twice(f);
	replace_file(f, f->systems, AMAZON "203.0.113.0,203.0.113.255,16509,Amazon\n");
	look_twice(f);
	assert_true(is_egress(f, "172.224.224.5"));
	assert_int_equal(network_lists_system_count(f->taken), 2);
}

static void test_what_was_taken_stays_whole_while_a_file_is_read_again(void **state)
{
	struct fixture *f = *state;
	write_text(f->egress, "w", APPLE);
	look_twice(f);
	for (int i = 0; i < 3; i++) {
		replace_file(f, f->egress, i % 2 ? APPLE : APPLE_NEW);
		network_watch_look(f->watch);
		network_watch_look(f->watch);
		assert_true(is_egress(f, "172.224.224.5"));
	}
	network_watch_take(f->watch, &f->taken);
	assert_true(is_egress(f, "2a02:26f7::1"));
}

static void test_a_file_that_did_not_change_is_not_read_again(void **state)
{
	struct fixture *f = *state;
	write_text(f->egress, "w", APPLE);
	look_twice(f);
	const struct network_lists *before = f->taken;
	look_twice(f);
	assert_ptr_equal(f->taken, before);
}

static void test_the_taker_gets_the_lists_of_the_start_however_long_they_take(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	FILE *file = fopen(f->egress, "w");
	assert_non_null(file);
	for (unsigned i = 0; i < 50000; i++)
		assert_true(fprintf(file, "10.%u.%u.0/25,US,,\n", i / 256, i % 256) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(network_watch_start(f->watch, &err), STATUS_OK);
	network_watch_take(f->watch, &f->taken);
	assert_int_equal(network_lists_egress_count(f->taken), 50000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_files_that_are_there_at_the_start_are_read_at_the_first_look),
	    TEST(test_without_any_good_file_there_is_nothing_to_take),
	    TEST(test_a_file_that_is_put_in_place_of_another_is_read),
	    TEST(test_a_file_that_comes_later_is_read),
	    TEST(test_a_file_that_is_still_being_written_is_left_alone),
	    TEST(test_a_bad_file_leaves_the_rows_that_were_read_before),
	    TEST(test_a_file_that_is_gone_leaves_the_rows_that_were_read_before),
	    TEST(test_what_is_no_file_is_refused_and_holds_nobody_up),
	    TEST(test_one_list_keeps_its_rows_when_the_other_changes),
	    TEST(test_what_was_taken_stays_whole_while_a_file_is_read_again),
	    TEST(test_a_file_that_did_not_change_is_not_read_again),
	    TEST(test_the_taker_gets_the_lists_of_the_start_however_long_they_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
