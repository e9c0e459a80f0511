/* SPDX-License-Identifier: Apache-2.0 */
/* How long a hostile document takes is measured by `pugmark bench rewrite --hostile`; a test has no clock to trust.
 * What a test can count is memory: it, too, must grow with the document and no faster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/html/html_rewrite.h"
#include "prog/bench/hostile_html.h"

enum { SHORT_BYTES = 20000, LONG_BYTES = 4 * SHORT_BYTES, VALUE_MEMORY_BYTES = 65536 };

struct run {
	size_t calls; /* of the track function */
	size_t memory;
	size_t document_bytes;
	bool is_same; /* output equals input when every link is set to itself */
};

static bool put_address(void *user, const struct html_link *link, struct buf *to)
{
	(void)link;
	((struct run *)user)->calls++;
	buf_append(to, SLICE("https://track.example.com/c/0"));
	return true;
}

static struct run run_document(const struct hostile_html *h, size_t size)
{
	struct run run = {0};
	struct html_rewrite_options options = {
	    .track = put_address, .user = &run, .pixel = SLICE("<img>"), .pixel_place = HTML_PIXEL_BOTTOM, .vml = true};
	struct html_report report;
	struct buf document;
	struct buf out;
	struct arena *arena = arena_new();
	buf_init(&document, 2 * size);
	buf_init(&out, 64 * size);
	hostile_html_write(h, size, &document);
	assert_false(buf_failed(&document));
	assert_int_equal(html_rewrite(&options, buf_slice(&document), arena, &out, &report), STATUS_OK);
	run.memory = arena_used(arena);
	run.document_bytes = document.n;
	assert_true(run.calls >= report.tracked_count);
	arena_reset(arena);
	buf_clear(&out);
	options.identity = true;
	assert_int_equal(html_rewrite(&options, buf_slice(&document), arena, &out, &report), STATUS_OK);
	run.is_same = slice_equal(buf_slice(&document), buf_slice(&out));
	arena_free(&arena);
	buf_done(&out);
	buf_done(&document);
	return run;
}

static void test_hostile_documents_come_back_unchanged_when_links_are_set_to_themselves(void **state)
{
	(void)state;
	size_t count;
	const struct hostile_html *list = hostile_html_list(&count);
	assert_true(count > 100);
	for (size_t i = 0; i < count; i++)
		if (!run_document(&list[i], SHORT_BYTES).is_same)
			fail_msg("'%s' was changed", list[i].name);
}

/* Four times the document: four times the memory, as much again for what is doubled when it is full, and what one value
 * of a link may take at most. */
static void test_hostile_documents_take_memory_in_proportion_to_their_length(void **state)
{
	(void)state;
	size_t count;
	const struct hostile_html *list = hostile_html_list(&count);
	for (size_t i = 0; i < count; i++) {
		struct run one = run_document(&list[i], SHORT_BYTES);
		struct run four = run_document(&list[i], LONG_BYTES);
		if (four.memory > 8 * one.memory + VALUE_MEMORY_BYTES)
			fail_msg("'%s': %zu bytes of memory for %zu, %zu for %zu", list[i].name, one.memory,
				 one.document_bytes, four.memory, four.document_bytes);
	}
}

static void test_hostile_documents_have_the_length_asked_for(void **state)
{
	(void)state;
	size_t count;
	const struct hostile_html *list = hostile_html_list(&count);
	for (size_t i = 0; i < count; i++) {
		struct buf document;
		buf_init(&document, 3 * SHORT_BYTES);
		hostile_html_write(&list[i], SHORT_BYTES, &document);
		assert_in_range(document.n, SHORT_BYTES, SHORT_BYTES + 200);
		buf_done(&document);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hostile_documents_come_back_unchanged_when_links_are_set_to_themselves),
	    cmocka_unit_test(test_hostile_documents_take_memory_in_proportion_to_their_length),
	    cmocka_unit_test(test_hostile_documents_have_the_length_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
