/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider/provider.h"
#include "transport/transport.h"

enum { SETTINGS_MAX = 8 };

/* "key=value key=value" */
static size_t read_settings(const char *text, struct provider_setting *settings)
{
	struct slice rest = slice_from_cstr(text);
	size_t count = 0;
	while (rest.n && count < SETTINGS_MAX) {
		struct slice pair = slice_cut(&rest, ' ');
		settings[count].key = slice_cut(&pair, '=');
		settings[count++].value = pair;
	}
	return count;
}

static void test_provider_says_which_setting_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *name, *settings;
		enum status want;
		const char *words; /* within the message */
	} cases[] = {
	    {"smtp", "host=mail.example", STATUS_OK, NULL},
	    {"smtp", "host=mail.example port=465 tls=implicit auth=plain user=u secret=s helo=me.example", STATUS_OK,
	     NULL},
	    {"smtp", "host=127.0.0.1 tls=none auth=login user=u secret=s", STATUS_OK, NULL},
	    {"smtp", "host=::1 port=25 tls=none", STATUS_OK, NULL},
	    {"smtp", "", STATUS_BAD_INPUT, "host is missing"},
	    {"smtp", "host=", STATUS_BAD_INPUT, "host is missing"},
	    {"smtp", "host=a/b", STATUS_BAD_INPUT, "host"},
	    {"smtp", "host=a@b", STATUS_BAD_INPUT, "host"},
	    {"smtp", "host=a port=0", STATUS_BAD_INPUT, "port"},
	    {"smtp", "host=a port=65536", STATUS_BAD_INPUT, "port"},
	    {"smtp", "host=a tls=maybe", STATUS_BAD_INPUT, "none, starttls, implicit"},
	    {"smtp", "host=a verify=no", STATUS_BAD_INPUT, "off, on"},
	    {"smtp", "host=a auth=plain user=u", STATUS_BAD_INPUT, "secret"},
	    {"smtp", "host=a user=u secret=s", STATUS_BAD_INPUT, "auth is none"},
	    {"smtp", "host=a tls=none auth=plain user=u secret=s", STATUS_BAD_INPUT, "starttls or implicit"},
	    {"smtp", "host=a colour=red", STATUS_BAD_INPUT, "colour"},
	    {"smtp", "host=a host=b", STATUS_BAD_INPUT, "twice"},
	    {"smtp", "host=a helo=b/c", STATUS_BAD_INPUT, "helo"},
	    {"outbox", "directory=/tmp", STATUS_OK, NULL},
	    {"outbox", "", STATUS_BAD_INPUT, "directory"},
	    {"pigeon", "", STATUS_NOT_FOUND, "pigeon"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct provider_setting settings[SETTINGS_MAX];
		struct err err = {0};
		struct provider_request request = {
		    .name = slice_from_cstr(cases[i].name),
		    .settings = settings,
		    .count = read_settings(cases[i].settings, settings),
		};
		enum status got = provider_check(&request, &err);
		if (got != cases[i].want || (cases[i].words && !strstr(err.text, cases[i].words)))
			fail_msg("%s %s: %s: %s", cases[i].name, cases[i].settings, status_name(got), err.text);
		assert_null(strstr(err.text, "secret=s"));
	}
}

static void test_provider_opens_what_it_has_checked(void **state)
{
	(void)state;
	struct provider_setting settings[SETTINGS_MAX];
	struct err err = {0};
	struct transport_loop *loop = transport_loop_new();
	struct transport *transport = NULL;
	struct provider_request request = {
	    .name = SLICE("smtp"), .settings = settings, .count = read_settings("host=mail.example", settings)};
	assert_int_equal(provider_open(loop, &request, &transport, &err), STATUS_OK);
	assert_non_null(transport);
	transport_free(&transport);
	request.count = read_settings("host=mail.example port=x", settings);
	assert_int_equal(provider_open(loop, &request, &transport, &err), STATUS_BAD_INPUT);
	assert_null(transport);
	transport_loop_free(&loop);
}

static void test_provider_table_describes_every_setting(void **state)
{
	(void)state;
	const struct provider_info *info;
	for (size_t i = 0; (info = provider_at(i)); i++) {
		assert_ptr_equal(provider_find(slice_from_cstr(info->name)), info);
		assert_true(info->description[0]);
		for (const struct provider_setting_info *setting = info->settings; setting->key; setting++)
			assert_true(setting->description[0]);
	}
	assert_null(provider_find(SLICE("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_provider_says_which_setting_is_wrong),
	    cmocka_unit_test(test_provider_opens_what_it_has_checked),
	    cmocka_unit_test(test_provider_table_describes_every_setting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
