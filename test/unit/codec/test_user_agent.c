/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/judge/user_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *text(const char *s)
{
	return s ? s : "-";
}

static void test_clients_systems_and_devices_are_named(void **state)
{
	static const struct {
		const char *user_agent, *name, *os, *device;
	} CASES[] = {
	    {"Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/8.0; Microsoft Outlook 16.0.6366; ms-office; "
	     "MSOffice 16)",
	     "Outlook", "Windows", "desktop"},
	    {"Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "Outlook", "Windows", "desktop"},
	    {"Outlook-iOS/665.29827.prod.iphone (2.63.0)", "Outlook", "iOS", "phone"},
	    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)", "Apple Mail",
	     "macOS", "desktop"},
	    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	     "Mobile/15E148",
	     "Apple Mail", "iOS", "phone"},
	    {"Mozilla/5.0 (X11; Linux x86_64; rv:24.0) Gecko/20100101 Thunderbird/24.2.0", "Thunderbird", "Linux",
	     "desktop"},
	    {"Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 "
	     "Mobile/15E148 Safari/604.1",
	     "Safari", "iPadOS", "tablet"},
	    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
	     "Safari/537.36 Edg/120.0.0.0",
	     "Edge", "Windows", "desktop"},
	    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Mobile "
	     "Safari/537.36",
	     "Chrome", "Android", "phone"},
	    {"Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
	     "Safari/537.36",
	     "Chrome", "Android", "tablet"},
	    {"Android-Gmail/64562652 (sw411dp; 420dpi) (r7 TP1A.220624.014)", "Gmail", "Android", "phone"},
	    {"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
	     "Gmail (proxy)", "-", "-"},
	    {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 "
	     "Safari/537.36",
	     "Chrome", "ChromeOS", "desktop"},
	    {"", "-", "-", "-"},
	    {"nonsense", "-", "-", "-"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct client got;
		user_agent_parse(slice_from_cstr(CASES[i].user_agent), &got);
		if (strcmp(text(got.name), CASES[i].name) != 0 || strcmp(text(got.os), CASES[i].os) != 0 ||
		    strcmp(text(got.device), CASES[i].device) != 0)
			fail_msg("%s: got %s, %s, %s", CASES[i].user_agent, text(got.name), text(got.os),
				 text(got.device));
	}
}

static void test_only_the_front_of_an_endless_agent_is_looked_at(void **state)
{
	static char long_agent[5000];
	struct client got;
	(void)state;
	memset(long_agent, 'x', sizeof long_agent - 1);
	memcpy(long_agent + 4000, "Firefox/1", 9);
	user_agent_parse(slice_from_cstr(long_agent), &got);
	assert_int_equal(got.kind, CLIENT_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clients_systems_and_devices_are_named),
	    cmocka_unit_test(test_only_the_front_of_an_endless_agent_is_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
