/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address_count.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct ip_address address_of(const char *text)
{
	struct ip_address a;
	assert_true(ip_address_parse(slice_from_cstr(text), &a));
	return a;
}

static void test_an_address_has_its_number_of_places_and_gives_them_back(void **state)
{
	struct address_count *count = address_count_new();
	struct ip_address a = address_of("192.0.2.1"), b = address_of("192.0.2.2");
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5; i++)
			assert_true(address_count_enter(count, &a, 5));
		assert_false(address_count_enter(count, &a, 5));
		assert_false(address_count_enter(count, &a, 5)); /* a refusal counts nothing */
		assert_true(address_count_enter(count, &b, 5));
		address_count_leave(count, &b);
		for (int i = 0; i < 5; i++)
			address_count_leave(count, &a);
	}
	address_count_free(&count);
	assert_null(count);
}

static void test_a_network_of_64_bits_is_one_address(void **state)
{
	struct address_count *count = address_count_new();
	struct ip_address a = address_of("2001:db8:1:2::1"), b = address_of("2001:db8:1:2:3:4:5:6"),
			  other = address_of("2001:db8:1:3::1");
	(void)state;
	assert_true(address_count_enter(count, &a, 1));
	assert_false(address_count_enter(count, &b, 1));
	assert_true(address_count_enter(count, &other, 1));
	address_count_free(&count);
}

static void test_thousands_of_addresses_do_not_stand_in_for_one_another(void **state)
{
	struct address_count *count = address_count_new();
	struct ip_address a = address_of("10.0.0.0");
	int refused = 0;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		a.bytes[13] = (uint8_t)(i >> 8);
		a.bytes[14] = (uint8_t)i;
		refused += !address_count_enter(count, &a, 10);
	}
	assert_int_equal(refused, 0);
	address_count_free(&count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_address_has_its_number_of_places_and_gives_them_back),
	    cmocka_unit_test(test_a_network_of_64_bits_is_one_address),
	    cmocka_unit_test(test_thousands_of_addresses_do_not_stand_in_for_one_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
