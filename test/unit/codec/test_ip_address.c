/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/judge/ip_address.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_addresses_are_read_strictly_and_written_the_one_way(void **state)
{
	/* want NULL: refused */
	static const char *const cases[][2] = {
	    {"192.0.2.1", "192.0.2.1"},
	    {"0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"::ffff:c000:201", "192.0.2.1"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"1::", "1::"},
	    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	    {"2001:db8::0:1", "2001:db8::1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
	    {"", NULL},
	    {"1.2.3", NULL},
	    {"1.2.3.4.5", NULL},
	    {"1.2.3.", NULL},
	    {".1.2.3", NULL},
	    {"1..2.3", NULL},
	    {"1.2.3.256", NULL},
	    {"01.2.3.4", NULL},
	    {"0x1.2.3.4", NULL},
	    {"16909060", NULL},
	    {"1.2.3.4 ", NULL},
	    {" 1.2.3.4", NULL},
	    {"1.2.3.4:80", NULL},
	    {"+1.2.3.4", NULL},
	    {"1.2.3.4/8", NULL},
	    {":", NULL},
	    {":::", NULL},
	    {"1::2::3", NULL},
	    {"1:2:3:4:5:6:7", NULL},
	    {"1:2:3:4:5:6:7:8:9", NULL},
	    {"1:2:3:4:5:6:7:8::", NULL},
	    {"1:2:3:4::5:6:7:8", NULL},
	    {":1:2:3:4:5:6:7", NULL},
	    {"1:2:3:4:5:6:7:", NULL},
	    {"12345::", NULL},
	    {"g::", NULL},
	    {"::1%eth0", NULL},
	    {"[::1]", NULL},
	    {"::1.2.3", NULL},
	    {"1.2.3.4::", NULL},
	    {"::1.2.3.4:5", NULL},
	    {"1:2:3:4:5:6:7:1.2.3.4", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ip_address a;
		struct buf b;
		char text[64];
		buf_init_fixed(&b, text, sizeof text);
		if (ip_address_parse(slice_from_cstr(cases[i][0]), &a)) {
			ip_address_append(&b, &a);
			if (!cases[i][1] || strcmp(text, cases[i][1]) != 0)
				fail_msg("%s: got %s", cases[i][0], text);
		} else if (cases[i][1]) {
			fail_msg("%s: refused", cases[i][0]);
		}
	}
}

static void test_ranges_hold_what_they_say(void **state)
{
	static const struct {
		const char *range, *address;
		bool in;
	} cases[] = {
	    {"10.0.0.0/8", "10.255.0.1", true},
	    {"10.0.0.0/8", "11.0.0.1", false},
	    {"10.0.0.0/8", "::ffff:10.0.0.1", true},
	    {"10.0.0.0/8", "a00::", false},
	    {"192.0.2.128/25", "192.0.2.128", true},
	    {"192.0.2.128/25", "192.0.2.127", false},
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.0", false},
	    {"0.0.0.0/0", "203.0.113.1", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"::/0", "203.0.113.1", true},
	    {"2001:db8::/33", "2001:db8:7fff::", true},
	    {"2001:db8::/33", "2001:db8:8000::", false},
	    {"2001:db8::1/128", "2001:db8::1", true},
	};
	static const char *const bad[] = {"",       "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1",
					  "::/129", "x/8",       "10/8",        "/8",          "10.0.0.0/8/8"};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ip_address_range range;
		struct ip_address a;
		assert_true(ip_address_range_parse(slice_from_cstr(cases[i].range), &range));
		assert_true(ip_address_parse(slice_from_cstr(cases[i].address), &a));
		if (ip_address_in_any(&a, &range, 1) != cases[i].in)
			fail_msg("%s in %s", cases[i].address, cases[i].range);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ip_address_range range;
		if (ip_address_range_parse(slice_from_cstr(bad[i]), &range))
			fail_msg("%s was accepted", bad[i]);
	}
}

static void test_loopback_and_families(void **state)
{
	struct ip_address v4, v6, other;
	(void)state;
	assert_true(ip_address_parse(SLICE("127.9.9.9"), &v4));
	assert_true(ip_address_parse(SLICE("::1"), &v6));
	assert_true(ip_address_parse(SLICE("128.0.0.1"), &other));
	assert_true(ip_address_is_loopback(&v4) && ip_address_is_loopback(&v6) && !ip_address_is_loopback(&other));
	assert_true(ip_address_is_ipv4(&v4) && !ip_address_is_ipv4(&v6));
	assert_true(ip_address_equal(&v4, &v4) && !ip_address_equal(&v4, &v6));
}

static void test_a_network_stands_for_its_clients(void **state)
{
	static const char *const PAIRS[][2] = {
	    {"198.51.100.77", "198.51.100.0"}, {"198.51.100.0", "198.51.100.0"}, {"2001:db8:1:2:3::4", "2001:db8:1::"}};
	(void)state;
	for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
		struct ip_address client;
		struct ip_address want;
		assert_true(ip_address_parse(slice_from_cstr(PAIRS[i][0]), &client));
		assert_true(ip_address_parse(slice_from_cstr(PAIRS[i][1]), &want));
		struct ip_address network = ip_address_network(&client);
		assert_true(ip_address_equal(&network, &want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses_are_read_strictly_and_written_the_one_way),
	    cmocka_unit_test(test_ranges_hold_what_they_say),
	    cmocka_unit_test(test_loopback_and_families),
	    cmocka_unit_test(test_a_network_stands_for_its_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
