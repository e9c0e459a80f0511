/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "codec/mail/mailbox_list.h"

/* All mailboxes of a header as "name<address>|…". */
static void check(const char *header, const char *want)
{
	struct arena *arena = arena_new();
	struct slice rest = slice_from_cstr(header);
	struct letterbox box;
	struct buf got;
	buf_init(&got, 4096);
	while (mailbox_list_next(&rest, arena, &box))
		buf_printf(&got, "%s%.*s<%.*s>", got.n ? "|" : "", SLICE_FMT(box.name), SLICE_FMT(box.address));
	if (strcmp(buf_cstr(&got), want) != 0)
		fail_msg("%s: %s, not %s", header, buf_cstr(&got), want);
	buf_done(&got);
	arena_free(&arena);
}

static void test_mailboxes_are_read_as_people_write_them(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"a@example.com", "<a@example.com>"},
	    {" Ann Lee <Ann@EXAMPLE.com>, bob@example.com (Bob, of sales)",
	     "Ann Lee<Ann@example.com>|<bob@example.com>"},
	    {"\"Lee, Ann\" <a@example.com>", "Lee, Ann<a@example.com>"},
	    {"\"a \\\"b\\\" \\\\c\" <a@example.com>", "a \"b\" \\c<a@example.com>"},
	    {"=?utf-8?q?Zo=C3=AB?= <z@example.com>", "Zoë<z@example.com>"},
	    {"Team: a@example.com, B <b@example.com>;, c@example.com",
	     "<a@example.com>|B<b@example.com>|<c@example.com>"},
	    {"undisclosed-recipients:;", ""},
	    {"Ann\r\n\t<a@example.com>", "Ann<a@example.com>"},
	    {"<a@example.com>", "<a@example.com>"},
	    {"\"a,b\"@example.com", "<\"a,b\"@example.com>"},
	    {"Ann (her \\) name (nested, too)) <a@example.com>", "Ann<a@example.com>"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i][0], cases[i][1]);
}

static void test_what_is_no_address_is_passed_over(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"", ""},
	    {",,;", ""},
	    {"nobody, Ann <a@example.com>, @, <>, x <y", "Ann<a@example.com>"},
	    {"\"never ends <a@example.com>", ""},
	    {"(never ends a@example.com", ""},
	    {"Ann <a@example.com", "Ann<a@example.com>"},
	    {"\\", ""},
	    {"<<a@example.com>>", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i][0], cases[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mailboxes_are_read_as_people_write_them),
	    cmocka_unit_test(test_what_is_no_address_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
