/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/list.h"

struct member {
	char name;
	struct list_link link;
};

static void expect(const struct list_link *head, const char *names)
{
	const struct list_link *link = head;
	for (; *names; names++) {
		link = link->next;
		assert_int_equal(LIST_ENTRY(link, struct member, link)->name, *names);
	}
	assert_ptr_equal(link->next, head);
	assert_ptr_equal(head->previous, link);
}

static void test_list_keeps_the_order_and_gives_up_any_member(void **state)
{
	struct list_link head;
	struct member a = {'a', {0}}, b = {'b', {0}}, c = {'c', {0}};

	(void)state;
	list_init(&head);
	assert_true(list_is_empty(&head));
	list_append(&head, &a.link);
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	expect(&head, "abc");
	list_remove(&b.link);
	expect(&head, "ac");
	list_remove(&b.link); /* again: nothing */
	expect(&head, "ac");
	list_append(&head, &b.link);
	expect(&head, "acb");
}

static void test_list_take_first_ends_with_null(void **state)
{
	struct list_link head;
	struct member a = {'a', {0}}, b = {'b', {0}};

	(void)state;
	list_init(&head);
	assert_null(list_take_first(&head));
	list_append(&head, &a.link);
	list_append(&head, &b.link);
	assert_ptr_equal(list_take_first(&head), &a.link);
	assert_ptr_equal(a.link.next, &a.link);
	assert_ptr_equal(list_take_first(&head), &b.link);
	assert_null(list_take_first(&head));
	assert_true(list_is_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list_keeps_the_order_and_gives_up_any_member),
	    cmocka_unit_test(test_list_take_first_ends_with_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
