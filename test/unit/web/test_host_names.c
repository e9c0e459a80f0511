/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "web/sign_in/host_names.h"

static struct host_names names_of(const char *list, const char *base_url)
{
	struct err err = {0};
	struct host_names names;
	enum status status = host_names_parse(slice_from_cstr(list), slice_from_cstr(base_url), &names, &err);
	if (status != STATUS_OK)
		fail_msg("%s: %s", list, err.text);
	return names;
}

static const struct {
	const char *host; /* NULL: none was sent */
	bool is_ours, is_loopback;
} hosts[] = {
    {"t.example.com", true, false},
    {"T.Example.Com", true, false},
    {"t.example.com:443", true, false},
    {"t.example.com.", true, false},
    {"t.example.com.:443", true, false},
    {"console.example", true, false},
    {"127.0.0.1", true, true},
    {"127.0.0.1:8420", true, true},
    {"127.8.8.8", true, true},
    {"[::1]", true, true},
    {"[::1]:8420", true, true},
    {"localhost", true, true},
    {"LOCALHOST:1", true, true},
    {"localhost.", true, true},
    {"a.b.localhost", true, true},
    {"192.0.2.1", true, false},
    {"[2001:db8::1]:80", true, false},
    {NULL, true, false},
    {"", false, false},
    {".", false, false},
    {":80", false, false},
    {"evil.example", false, false},
    {"t.example.com.evil.example", false, false},
    {"xt.example.com", false, false},
    {"example.com", false, false},
    {".localhost", false, false},
    {"xlocalhost", false, false},
    {"localhost.evil.example", false, false},
    {"127.0.0.1.nip.io", false, false},
    {"127.1", false, false},
    {"2130706433", false, false},
    {"0x7f.0.0.1", false, false},
    {"::1", false, false},
    {"[::1", false, false},
    {"[t.example.com]", false, false},
};

static void test_only_our_names_and_addresses_are_meant_for_us(void **state)
{
	struct host_names names = names_of(" console.example ,, b.example", "https://t.example.com:8443/x");

	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct slice host = hosts[i].host ? slice_from_cstr(hosts[i].host) : (struct slice){NULL, 0};
		if (host_names_have(&names, host) != hosts[i].is_ours || host_is_loopback(host) != hosts[i].is_loopback)
			fail_msg("%s", hosts[i].host);
	}
}

static void test_without_any_name_or_with_a_star_every_one_is_good(void **state)
{
	struct host_names none = names_of("", ""), star = names_of(" * ", "https://t.example.com"),
			  listed = names_of("console.example", "");

	(void)state;
	assert_true(host_names_have(&none, SLICE("evil.example")));
	assert_true(host_names_have(&star, SLICE("evil.example")));
	assert_false(host_names_have(&listed, SLICE("evil.example")));
	assert_true(host_names_have(&listed, SLICE("console.example")));
}

static void test_words_that_are_no_names_are_refused(void **state)
{
	static const char *const bad[] = {
	    "https://a.example", "a.example:80",    "a b", "*.a.example", "a..b", ".a", "a.", "a.example,*",
	    "a.example/",        "\xc3\xa9.example"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err err = {0};
		struct host_names names;
		if (host_names_parse(slice_from_cstr(bad[i]), SLICE_EMPTY, &names, &err) != STATUS_BAD_INPUT)
			fail_msg("%s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_our_names_and_addresses_are_meant_for_us),
	    cmocka_unit_test(test_without_any_name_or_with_a_star_every_one_is_good),
	    cmocka_unit_test(test_words_that_are_no_names_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
