/* SPDX-License-Identifier: Apache-2.0 */
/* config: every key from a file, from the environment and from the command line. Each test has a directory of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "prog/serve/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum kind { TEXT, NUMBER, SWITCH };

/* Every key once: a value that is not the default, and one that must be refused (NULL: any text is good). */
static const struct key_case {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *good, *bad;
} keys[] = {
#define AT(field) offsetof(struct config, field)
    {"server.listen", TEXT, AT(listen), "[::1]:9", NULL},
    {"server.base_url", TEXT, AT(base_url), "https://t.example", NULL},
    {"server.hosts", TEXT, AT(hosts), "console.example.com", NULL},
    {"server.loops", NUMBER, AT(loops), "256", "257"},
    {"server.roles", TEXT, AT(roles), "edge", NULL},
    {"server.trusted_proxies", TEXT, AT(trusted_proxies), "10.0.0.0/8, ::1", NULL},
    {"server.admin_listen", TEXT, AT(admin_listen), "127.0.0.1:1", NULL},
    {"server.header_timeout_ms", NUMBER, AT(header_timeout_ms), "100", "99"},
    {"server.idle_timeout_ms", NUMBER, AT(idle_timeout_ms), "3600000", "3600001"},
    {"server.connections", NUMBER, AT(connections), "16", "1000001"},
    {"server.connections_per_address", NUMBER, AT(connections_per_address), "1", "0"},
    {"server.body_mb", NUMBER, AT(body_mb), "1024", "-1"},
    {"server.memory_mb", NUMBER, AT(memory_mb), "4096", "-1"},
    {"server.core_dumps", SWITCH, AT(core_dumps), "on", "maybe"},
    {"journal.max_wait_ms", NUMBER, AT(journal_max_wait_ms), "60000", "60001"},
    {"journal.segment_mb", NUMBER, AT(journal_segment_mb), "1", "64k"},
    {"journal.keep_seconds", NUMBER, AT(journal_keep_seconds), "0", "604801"},
    {"journal.answer_after", TEXT, AT(answer_after), "applied", "memory"},
    {"store.url", TEXT, AT(store_url), "sqlite:/x/y", NULL},
    {"retain.events_days", NUMBER, AT(retain_events_days), "36500", ""},
    {"retain.events_days_of", TEXT, AT(retain_events_days_of), "acme=30", NULL},
    {"retain.bodies_days", NUMBER, AT(retain_bodies_days), "1", "1.5"},
    {"privacy.keep_client", TEXT, AT(keep_client), "truncated", "some"},
    {"privacy.gpc", TEXT, AT(gpc), "ignore", "honor"},
    {"tracking.enabled", SWITCH, AT(tracking_enabled), "off", "maybe"},
    {"tracking.opens", TEXT, AT(track_opens), "anonymous", "none"},
    {"tracking.clicks", TEXT, AT(track_clicks), "off", "Full"},
    {"tracking.honeypot", SWITCH, AT(honeypot), "on", "maybe"},
    {"tracking.dedupe_seconds", NUMBER, AT(dedupe_seconds), "3600", "99999999999999999999"},
    {"tracking.provider_dedupe_minutes", NUMBER, AT(provider_dedupe_minutes), "1440", "0"},
    {"tracking.headline_opens", TEXT, AT(headline_opens), "strict", "Strict"},
    {"tracking.time_zone", TEXT, AT(time_zone), "Europe/London", NULL},
    {"judge.apple_egress_file", TEXT, AT(apple_egress_file), "/etc/egress.csv", NULL},
    {"judge.asn_file", TEXT, AT(asn_file), "/etc/asn.csv", NULL},
    {"unsubscribe.hold_days", NUMBER, AT(hold_days), "0", "31"},
    {"sending.provider", TEXT, AT(provider), "smtp", "outbox|smtp"},
    {"sending.concurrency", NUMBER, AT(sending_concurrency), "1000", "0x10"},
    {"sending.attempts_max", NUMBER, AT(sending_attempts_max), "100", "101"},
    {"sending.retry_base_ms", NUMBER, AT(retry_base_ms), "1", "0"},
    {"sending.retry_cap_ms", NUMBER, AT(retry_cap_ms), "86400000", "86400001"},
    {"sending.resend_in_doubt", SWITCH, AT(resend_in_doubt), "on", "2"},
    {"sending.accept_async", SWITCH, AT(accept_async), "on", "maybe"},
    {"smtp.host", TEXT, AT(smtp_host), "mail.example", NULL},
    {"smtp.port", NUMBER, AT(smtp_port), "65535", "65536"},
    {"smtp.tls", TEXT, AT(smtp_tls), "implicit", ""},
    {"smtp.auth", TEXT, AT(smtp_auth), "xoauth2", "cram-md5"},
    {"smtp.user", TEXT, AT(smtp_user), "u", NULL},
    {"smtp.secret", TEXT, AT(smtp_secret), "s=e:c", NULL},
    {"smtp.ca_file", TEXT, AT(smtp_ca_file), "/x.pem", NULL},
    {"smtp.verify", SWITCH, AT(smtp_verify), "off", "offf"},
    {"smtp.helo", TEXT, AT(smtp_helo), "me.example", NULL},
    {"milter.listen", TEXT, AT(milter_listen), "unix:/run/m", NULL},
    {"milter.socket_mode", TEXT, AT(milter_socket_mode), "600", NULL},
    {"milter.server", TEXT, AT(milter_server), "https://p.example.com", NULL},
    {"milter.api_key", TEXT, AT(milter_api_key), "pmk_x", NULL},
    {"milter.api_key_file", TEXT, AT(milter_api_key_file), "/etc/key", NULL},
    {"milter.ca_file", TEXT, AT(milter_ca_file), "/etc/ca.pem", NULL},
    {"milter.timeout_ms", NUMBER, AT(milter_timeout_ms), "500", "99"},
    {"milter.max_size_mb", NUMBER, AT(milter_max_size_mb), "10", "0"},
    {"milter.networks", TEXT, AT(milter_networks), "10.0.0.0/8, ::1", NULL},
    {"milter.daemons", TEXT, AT(milter_daemons), "ORIGINATING", NULL},
    {"milter.senders", TEXT, AT(milter_senders), "*.example.com", NULL},
    {"milter.skip_senders", TEXT, AT(milter_skip_senders), "boss@*", NULL},
    {"milter.require_header", SWITCH, AT(milter_require_header), "on", "maybe"},
    {"log.level", TEXT, AT(log_level), "debug", "trace"},
#undef AT
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

struct fixture {
	char directory[64], path[96];
	struct arena *arena;
	struct config config;
	struct err err;
};

static int set_up(void **state)
{
	static struct fixture f;
	f = (struct fixture){.directory = "/tmp/pugmark-config-XXXXXX", .arena = arena_new()};
	if (!mkdtemp(f.directory))
		return 1;
	snprintf(f.path, sizeof f.path, "%s/pugmark.conf", f.directory);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	arena_free(&f->arena);
	(void)unlink(f->path);
	return rmdir(f->directory);
}

static void write_file(const struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static enum status load(struct fixture *f, const char *text)
{
	write_file(f, text);
	f->err = (struct err){0};
	return config_load(NULL, f->directory, f->arena, &f->config, &f->err);
}

static void expect_good(const struct config *config, const struct key_case *k)
{
	const char *at = (const char *)config + k->offset;
	if (k->kind == TEXT)
		assert_string_equal(*(const char *const *)(const void *)at, k->good);
	else if (k->kind == NUMBER)
		assert_int_equal(*(const int64_t *)(const void *)at, strtoll(k->good, NULL, 10));
	else
		assert_int_equal(*(const bool *)(const void *)at, strcmp(k->good, "on") == 0);
}

static void test_config_this_test_knows_every_key(void **state)
{
	struct buf b;
	size_t count = 0;

	(void)state;
	buf_init(&b, 65536);
	config_describe(&b);
	for (struct slice rest = buf_slice(&b); rest.n;) {
		struct slice line = slice_cut(&rest, '\n');
		if (slice_starts_with(line, SLICE(" ")))
			continue;
		struct slice name = slice_trim(slice_cut(&line, '='));
		assert_true(count < KEY_COUNT);
		assert_true(slice_equal(name, slice_from_cstr(keys[count].name)));
		count++;
	}
	assert_int_equal(count, KEY_COUNT);
	buf_done(&b);
}

static void append_as_file(struct buf *b, const struct key_case *k, const char *value)
{
	struct slice name = slice_from_cstr(k->name);
	struct slice section = slice_cut(&name, '.');
	buf_printf(b, "[%.*s]\n%.*s = %s\n", SLICE_FMT(section), SLICE_FMT(name), value);
}

static void test_config_reads_every_key_from_a_file(void **state)
{
	struct fixture *f = *state;
	struct buf b;

	buf_init(&b, 65536);
	for (size_t i = 0; i < KEY_COUNT; i++)
		append_as_file(&b, &keys[i], keys[i].good);
	assert_int_equal(load(f, buf_cstr(&b)), STATUS_OK);
	for (size_t i = 0; i < KEY_COUNT; i++)
		expect_good(&f->config, &keys[i]);
	buf_done(&b);
}

static void environment_name(const struct key_case *k, char room[100])
{
	snprintf(room, 100, "PUGMARK_%s", k->name);
	for (char *at = room; *at; at++)
		*at = *at == '.' ? '_' : *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
}

static void test_config_reads_every_key_from_the_environment_over_the_file(void **state)
{
	struct fixture *f = *state;
	char name[100];

	for (size_t i = 0; i < KEY_COUNT; i++) {
		environment_name(&keys[i], name);
		assert_int_equal(setenv(name, keys[i].good, 1), 0);
	}
	assert_int_equal(load(f, "[smtp]\nhost = other.example\nport = 2525\n"), STATUS_OK);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		expect_good(&f->config, &keys[i]);
		environment_name(&keys[i], name);
		assert_int_equal(unsetenv(name), 0);
	}
}

static void test_config_refuses_bad_values_from_everywhere_and_names_the_key(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		char name[100];
		struct buf b;
		if (!keys[i].bad)
			continue;
		assert_int_equal(load(f, ""), STATUS_OK);
		assert_int_equal(config_set(&f->config, keys[i].name, keys[i].bad, f->arena, &f->err),
				 STATUS_BAD_INPUT);
		assert_non_null(strstr(f->err.text, keys[i].name));
		environment_name(&keys[i], name);
		assert_int_equal(setenv(name, keys[i].bad, 1), 0);
		assert_int_equal(load(f, ""), STATUS_BAD_INPUT);
		assert_non_null(strstr(f->err.text, keys[i].name));
		assert_int_equal(unsetenv(name), 0);
		buf_init(&b, 1000);
		buf_append_cstr(&b, "# a comment\n\n");
		append_as_file(&b, &keys[i], keys[i].bad);
		if (*keys[i].bad) { /* an empty value is one to inih */
			assert_int_equal(load(f, buf_cstr(&b)), STATUS_BAD_INPUT);
			assert_non_null(strstr(f->err.text, "line 4: "));
			assert_non_null(strstr(f->err.text, keys[i].name));
		}
		buf_done(&b);
	}
}

static void test_config_refuses_a_misspelt_key_in_the_environment(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("PUGMARK_SERVER_LISTN", "127.0.0.1:1", 1), 0);
	assert_int_equal(load(f, ""), STATUS_BAD_INPUT);
	assert_non_null(strstr(f->err.text, "PUGMARK_SERVER_LISTN"));
	assert_int_equal(unsetenv("PUGMARK_SERVER_LISTN"), 0);
	assert_int_equal(setenv("PUGMARK_KILLS", "3", 1), 0); /* no section of ours */
	assert_int_equal(load(f, ""), STATUS_OK);
	assert_int_equal(unsetenv("PUGMARK_KILLS"), 0);
}

static void test_config_names_the_line_of_the_first_fault(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"[smtp]\nhost = a\nprot = 25\n", "line 3: unknown key 'smtp.prot'"},
	    {"[smtp]\n\n# x\nport = 0\nhots = b\n", "line 4: smtp.port must be a number"},
	    {"listen = x\n", "line 1: unknown key 'listen'"},
	    {"[nothing]\nx = 1\n", "line 2: unknown key 'nothing.x'"},
	    {"[smtp]\nhost = a\n\nhost = b\n", "line 4: smtp.host is in line 2 already"},
	    {"[smtp]\nport = 1\n[log]\n[smtp]\nport = 1\n", "line 5: smtp.port is in line 2 already"},
	    {"[smtp]\nhost\nport = 0\n", "line 2: not 'key = value'"}, /* not what is wrong in line 3 */
	    {"[smtp\nport = 25\n", "line 1: not 'key = value'"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		f->config.smtp_port = 4711;
		assert_int_equal(load(f, cases[i].text), STATUS_BAD_INPUT);
		if (!strstr(f->err.text, cases[i].words))
			fail_msg("'%s' is not in '%s'", cases[i].words, f->err.text);
		assert_non_null(strstr(f->err.text, "pugmark.conf"));
		assert_int_equal(f->config.smtp_port, 4711);
	}
}

static void test_config_an_indented_line_is_a_line_of_its_own(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "  [smtp]\n  host = a.example\n\tport = 26\n    # and so on\n  helo = h\n"),
			 STATUS_OK);
	assert_string_equal(f->config.smtp_host, "a.example");
	assert_int_equal(f->config.smtp_port, 26);
	assert_string_equal(f->config.smtp_helo, "h");
}

static void test_config_a_line_that_is_too_long_is_refused_and_not_cut(void **state)
{
	struct fixture *f = *state;
	struct buf b;

	buf_init(&b, 100000);
	buf_append_cstr(&b, "[smtp]\nport = 26\nhost = ");
	for (int i = 0; i < 20000; i++)
		buf_append_byte(&b, 'h');
	buf_append_cstr(&b, "\nhelo = h\n");
	assert_int_equal(load(f, buf_cstr(&b)), STATUS_BAD_INPUT);
	assert_non_null(strstr(f->err.text, "line 3: "));
	buf_done(&b);
}

static void test_config_a_comment_may_be_as_long_as_it_likes(void **state)
{
	struct fixture *f = *state;
	struct buf b;

	buf_init(&b, 100000);
	buf_append_cstr(&b, "[smtp]\n# ");
	for (int i = 0; i < 3000; i++)
		buf_append_cstr(&b, "port = 1 ");
	buf_append_cstr(&b, "\nport = 26\nhots = h\n");
	assert_int_equal(load(f, buf_cstr(&b)), STATUS_BAD_INPUT);
	assert_non_null(strstr(f->err.text, "line 4: unknown key 'smtp.hots'"));
	buf_truncate(&b, b.n - strlen("hots = h\n"));
	assert_int_equal(load(f, buf_cstr(&b)), STATUS_OK);
	assert_int_equal(f->config.smtp_port, 26);
	buf_done(&b);
}

static void test_config_files_are_named_from_where_the_configuration_is(void **state)
{
	struct fixture *f = *state;
	char beside[128];

	snprintf(beside, sizeof beside, "%s/lists/asn.csv", f->directory);
	assert_int_equal(load(f, "[judge]\nasn_file = lists/asn.csv\napple_egress_file = /etc/egress.csv\n"),
			 STATUS_OK);
	assert_string_equal(f->config.asn_file, beside);
	assert_string_equal(f->config.apple_egress_file, "/etc/egress.csv");
	assert_int_equal(setenv("PUGMARK_JUDGE_ASN_FILE", "lists/asn.csv", 1), 0);
	assert_int_equal(load(f, "[judge]\n"), STATUS_OK);
	assert_int_equal(unsetenv("PUGMARK_JUDGE_ASN_FILE"), 0);
	assert_string_equal(f->config.asn_file, beside);
	assert_string_equal(f->config.apple_egress_file, "");
}

static void test_config_without_a_file_has_its_defaults(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_load(NULL, f->directory, f->arena, &f->config, &f->err), STATUS_OK);
	assert_string_equal(f->config.listen, "127.0.0.1:8420");
	assert_string_equal(f->config.provider, "outbox");
	assert_true(f->config.tracking_enabled);
	assert_false(f->config.resend_in_doubt);
	assert_int_equal(f->config.retain_events_days, 365);
	assert_int_equal(config_load(f->path, f->directory, f->arena, &f->config, &f->err), STATUS_NOT_FOUND);
	assert_non_null(strstr(f->err.text, f->path));
	assert_int_equal(config_load(f->directory, f->directory, f->arena, &f->config, &f->err), STATUS_IO);
}

static void test_config_knows_the_two_names_that_come_from_elsewhere(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("EMAIL_TRACKING_ENABLED", "false", 1), 0);
	assert_int_equal(setenv("EMAIL_TRACKING_RETENTION_DAYS", "90", 1), 0);
	assert_int_equal(load(f, ""), STATUS_OK);
	assert_false(f->config.tracking_enabled);
	assert_int_equal(f->config.retain_events_days, 90);
	/* They win over the file and over our own names. */
	assert_int_equal(setenv("PUGMARK_RETAIN_EVENTS_DAYS", "30", 1), 0);
	assert_int_equal(load(f, "[retain]\nevents_days = 7\n"), STATUS_OK);
	assert_int_equal(f->config.retain_events_days, 90);
	assert_int_equal(unsetenv("PUGMARK_RETAIN_EVENTS_DAYS"), 0);
	assert_int_equal(setenv("EMAIL_TRACKING_RETENTION_DAYS", "0", 1), 0);
	assert_int_equal(load(f, ""), STATUS_BAD_INPUT);
	assert_int_equal(unsetenv("EMAIL_TRACKING_ENABLED"), 0);
	assert_int_equal(unsetenv("EMAIL_TRACKING_RETENTION_DAYS"), 0);
}

static void test_config_switches_have_many_words(void **state)
{
	static const char *const on[] = {"on", "TRUE", "yes", "1"}, *const off[] = {"off", "False", "no", "0"};
	struct fixture *f = *state;

	assert_int_equal(load(f, ""), STATUS_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(config_set(&f->config, "smtp.verify", off[i], f->arena, &f->err), STATUS_OK);
		assert_false(f->config.smtp_verify);
		assert_int_equal(config_set(&f->config, "smtp.verify", on[i], f->arena, &f->err), STATUS_OK);
		assert_true(f->config.smtp_verify);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_config_this_test_knows_every_key),
	    cmocka_unit_test_setup_teardown(test_config_reads_every_key_from_a_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_config_reads_every_key_from_the_environment_over_the_file, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_config_refuses_bad_values_from_everywhere_and_names_the_key, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_config_refuses_a_misspelt_key_in_the_environment, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_config_names_the_line_of_the_first_fault, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_config_an_indented_line_is_a_line_of_its_own, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_config_a_line_that_is_too_long_is_refused_and_not_cut, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_config_a_comment_may_be_as_long_as_it_likes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_config_files_are_named_from_where_the_configuration_is, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_config_without_a_file_has_its_defaults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_config_knows_the_two_names_that_come_from_elsewhere, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_config_switches_have_many_words, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
