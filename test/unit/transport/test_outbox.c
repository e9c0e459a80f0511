/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../harness/sync_count.h"

static const struct slice mail = {"Subject: s\r\n\r\n.body\r\n", 21};

struct bench {
	char directory[64];
	char outbox[80];
	struct transport_loop *loop;
	struct transport *transport;
};

static void set_up(struct bench *b)
{
	struct err err = {0};
	*b = (struct bench){.loop = transport_loop_new()};
	(void)snprintf(b->directory, sizeof b->directory, "/tmp/pugmark-outbox-XXXXXX");
	assert_non_null(mkdtemp(b->directory));
	(void)snprintf(b->outbox, sizeof b->outbox, "%s/outbox", b->directory);
	assert_int_equal(transport_outbox_new(b->loop, b->outbox, &b->transport, &err), STATUS_OK);
}

/* The number of files; the name of the last one seen, with its directory. */
static int list(const struct bench *b, char *name, size_t size)
{
	int count = 0;
	DIR *directory = opendir(b->outbox);
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		if (entry->d_type != DT_REG)
			continue;
		count++;
		(void)snprintf(name, size, "%s/%s", b->outbox, entry->d_name);
	}
	if (directory)
		closedir(directory);
	return count;
}

static void tear_down(struct bench *b)
{
	char name[400];
	transport_free(&b->transport);
	transport_loop_free(&b->loop);
	while (list(b, name, sizeof name))
		(void)unlink(name);
	(void)rmdir(b->outbox);
	(void)rmdir(b->directory);
}

static void test_outbox_writes_the_exact_bytes_under_the_messages_id(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {0};
	char name[400];
	char bytes[100] = {0};
	set_up(&b);
	syncs = (struct sync_counts){0};
	attempt_start(&a, b.transport, mail);
	attempt_run_to_end(&a, b.loop);
	assert_int_equal(a.status, STATUS_OK);
	/* What is said to be in the outbox is still there after a power cut. */
	assert_int_equal(syncs.files, 1);
	assert_int_equal(syncs.directories, 1);
	assert_string_equal(a.remote_id, "0192f0c0-0000-7000-8000-000000000001.eml");
	assert_int_equal(list(&b, name, sizeof name), 1);
	assert_non_null(strstr(name, "/0192f0c0-0000-7000-8000-000000000001.eml"));
	FILE *file = fopen(name, "r");
	assert_int_equal(fread(bytes, 1, sizeof bytes, file), mail.n);
	(void)fclose(file);
	assert_memory_equal(bytes, mail.p, mail.n);
	tear_down(&b);
}

static void test_outbox_shows_nothing_before_the_barrier_is_passed(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {.at_barrier = ATTEMPT_WAITS};
	char name[400];
	set_up(&b);
	attempt_start(&a, b.transport, mail);
	attempt_run_to_barrier(&a, b.loop);
	transport_run(b.loop, 1);
	assert_int_equal(list(&b, name, sizeof name), 1);
	assert_null(strstr(name, ".eml"));
	transport_pass_barrier(a.delivery);
	attempt_run_to_end(&a, b.loop);
	assert_int_equal(list(&b, name, sizeof name), 1);
	assert_non_null(strstr(name, ".eml"));
	tear_down(&b);
}

static void test_outbox_leaves_nothing_of_an_abandoned_mail(void **state)
{
	(void)state;
	for (int barrier = 0; barrier < 2; barrier++) {
		struct bench b;
		struct attempt a = {.at_barrier = ATTEMPT_WAITS};
		char name[400];
		set_up(&b);
		attempt_start(&a, b.transport, mail);
		if (barrier)
			attempt_run_to_barrier(&a, b.loop);
		transport_abandon(a.delivery);
		assert_int_equal(a.status, STATUS_AGAIN);
		assert_int_equal(list(&b, name, sizeof name), 0);
		tear_down(&b);
	}
}

static void test_outbox_writes_no_file_outside_of_its_directory(void **state)
{
	(void)state;
	static const char *const ids[] = {"../x", "a/b", ".hidden", "", "a b", "a\nb"};
	struct bench b;
	char name[400];
	set_up(&b);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct attempt a = {.mail = {.id = slice_from_cstr(ids[i])}};
		if (!ids[i][0])
			a.mail.id = slice_of("/", 1);
		attempt_start(&a, b.transport, mail);
		attempt_run_to_end(&a, b.loop);
		assert_int_equal(a.status, STATUS_BAD_INPUT);
	}
	assert_int_equal(list(&b, name, sizeof name), 0);
	tear_down(&b);
}

static void test_outbox_fails_certainly_when_it_cannot_write(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {0};
	set_up(&b);
	assert_int_equal(rmdir(b.outbox), 0); /* nothing can be made in a directory that is gone */
	attempt_start(&a, b.transport, mail);
	attempt_run_to_end(&a, b.loop);
	assert_int_equal(a.status, STATUS_IO);
	assert_int_equal(a.barriers, 0);
	tear_down(&b);
}

static void test_outbox_says_why_it_cannot_be_opened(void **state)
{
	(void)state;
	struct err err = {0};
	struct transport *transport = NULL;
	struct transport_loop *loop = transport_loop_new();
	assert_int_equal(transport_outbox_new(loop, "/nonexistent/outbox", &transport, &err), STATUS_IO);
	assert_null(transport);
	assert_non_null(strstr(err.text, "/nonexistent/outbox"));
	transport_loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outbox_writes_the_exact_bytes_under_the_messages_id),
	    cmocka_unit_test(test_outbox_shows_nothing_before_the_barrier_is_passed),
	    cmocka_unit_test(test_outbox_leaves_nothing_of_an_abandoned_mail),
	    cmocka_unit_test(test_outbox_writes_no_file_outside_of_its_directory),
	    cmocka_unit_test(test_outbox_fails_certainly_when_it_cannot_write),
	    cmocka_unit_test(test_outbox_says_why_it_cannot_be_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
