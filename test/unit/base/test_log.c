/* SPDX-License-Identifier: Apache-2.0 */
/* log: what really arrives on standard error, read through a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Standard error goes into a pipe from begin to end; a pipe holds more than one line of a log ever has. */
struct capture {
	int real, reader;
	char text[16384];
};

static void begin(struct capture *c)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	c->real = dup(STDERR_FILENO);
	c->reader = ends[0];
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	assert_int_equal(fcntl(c->reader, F_SETFL, O_NONBLOCK), 0);
}

/* What came after the time, which is 24 characters and a space. */
static const char *end(struct capture *c)
{
	ssize_t n = read(c->reader, c->text, sizeof c->text - 1);
	assert_int_equal(dup2(c->real, STDERR_FILENO), STDERR_FILENO);
	close(c->real);
	close(c->reader);
	c->text[n > 0 ? n : 0] = 0;
	return n > 25 ? c->text + 25 : c->text;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void test_log_writes_a_line_of_time_level_event_and_fields(void **state)
{
	struct capture c;

	(void)state;
	begin(&c);
	log_info("started", LOG_INT("port", 8420), LOG_CSTR("listen", "127.0.0.1:8420"),
		 LOG_STR("who", SLICE("a@b.c")));
	assert_string_equal(end(&c), "info started port=8420 listen=127.0.0.1:8420 who=a@b.c\n");
	assert_int_equal(c.text[4], '-');
	assert_int_equal(c.text[23], 'Z');
	begin(&c);
	log_error("stopped");
	assert_string_equal(end(&c), "error stopped\n");
}

static void test_log_escapes_every_byte_that_could_forge_something(void **state)
{
	static const struct {
		struct slice value;
		const char *want;
	} cases[] = {
	    {{"", 0}, "\"\""},
	    {{"two words", 9}, "\"two words\""},
	    {{"a=b", 3}, "\"a=b\""},
	    {{"a\"b\\c", 5}, "\"a\\\"b\\\\c\""},
	    {{"x\n2026-01-01T00:00:00.000Z error forged", 39}, "\"x\\n2026-01-01T00:00:00.000Z error forged\""},
	    {{"a\r\tb", 4}, "\"a\\x0d\\x09b\""},
	    {{"nul\0byte", 8}, "\"nul\\x00byte\""},
	    {{"\x1b[2J", 4}, "\"\\x1b[2J\""},
	    {{"\x7f\x80\xff", 3}, "\"\\x7f\\x80\\xff\""},
	    {{"\xe2\x80\xa8", 3}, "\"\\xe2\\x80\\xa8\""}, /* U+2028, a line end to some */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct capture c;
		char want[200];
		struct buf b;
		buf_init_fixed(&b, want, sizeof want);
		buf_printf(&b, "warn heard said=%s next=1\n", cases[i].want);
		begin(&c);
		log_warn("heard", LOG_STR("said", cases[i].value), LOG_INT("next", 1));
		assert_string_equal(end(&c), want);
	}
}

static void test_log_no_byte_ever_ends_a_line_early(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char text[3] = {'a', (char)byte, 'b'};
		struct capture c;
		begin(&c);
		log_warn("heard", LOG_STR("said", slice_of(text, 3)));
		const char *line = end(&c);
		assert_int_equal(count_lines(line), 1);
		assert_int_equal(line[strlen(line) - 1], '\n');
		for (const char *at = line; at[1]; at++)
			assert_in_range((unsigned char)*at, 0x20, 0x7e);
	}
}

static void test_log_a_long_value_is_cut_and_stays_closed(void **state)
{
	static char text[5000];
	struct capture c;

	(void)state;
	memset(text, '\n', sizeof text);
	begin(&c);
	log_info("heard", LOG_STR("said", slice_of(text, sizeof text)), LOG_INT("next", 1));
	const char *line = end(&c);
	assert_int_equal(count_lines(line), 1);
	assert_non_null(strstr(line, "\\n\" next=1\n"));
}

static void test_log_drops_whole_fields_when_a_line_is_full_and_says_so(void **state)
{
	static char text[512];
	struct capture c;

	(void)state;
	memset(text, 1, sizeof text); /* four bytes each when escaped */
	struct slice s = slice_of(text, sizeof text);
	begin(&c);
	log_info("heard", LOG_STR("a", s), LOG_STR("b", s), LOG_STR("c", s), LOG_INT("next", 1));
	const char *line = end(&c);
	assert_int_equal(count_lines(line), 1);
	assert_true(strlen(c.text) <= 4096);
	assert_non_null(strstr(line, "\\x01\" cut=true\n"));
	assert_null(strstr(line, " b="));
}

static void test_log_leaves_out_what_is_below_its_level(void **state)
{
	struct capture c;

	(void)state;
	begin(&c);
	log_debug("quiet");
	log_set_level(LOG_LEVEL_ERROR);
	log_warn("quiet");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("loud");
	log_set_level(LOG_LEVEL_INFO);
	assert_string_equal(end(&c), "debug loud\n");
}

static void test_log_err_gives_status_and_words(void **state)
{
	struct capture c;
	struct err err;

	(void)state;
	(void)err_set(&err, STATUS_CORRUPT, "segment %d is torn", 3);
	begin(&c);
	log_error("journal", LOG_ERR(&err));
	assert_string_equal(end(&c), "error journal status=corrupt error=\"segment 3 is torn\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_writes_a_line_of_time_level_event_and_fields),
	    cmocka_unit_test(test_log_escapes_every_byte_that_could_forge_something),
	    cmocka_unit_test(test_log_no_byte_ever_ends_a_line_early),
	    cmocka_unit_test(test_log_a_long_value_is_cut_and_stays_closed),
	    cmocka_unit_test(test_log_drops_whole_fields_when_a_line_is_full_and_says_so),
	    cmocka_unit_test(test_log_leaves_out_what_is_below_its_level),
	    cmocka_unit_test(test_log_err_gives_status_and_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
