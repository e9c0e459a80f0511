/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/feed/event_json.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct event click(void)
{
	struct event e = {
	    .id = {{0x01, 0x92, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16}},
	    .type = EVENT_CLICK,
	    .occurred_us = INT64_C(1795240800123456),
	    .message = {{0x01, 0x92}},
	    .has_token = true,
	    .key_id = 1,
	    .track_clicks = CONSENT_FULL,
	    .is_unique = true,
	    .judged = true,
	    .actor = ACTOR_HUMAN,
	    .reasons = SLICE("mail_client duplicate:seconds=5"),
	    .confidence_percent = 90,
	    .rules = SLICE("2026-11-01"),
	    .settled = true,
	    .destination_url = SLICE("https://example.com/sale"),
	    .link_index = 3,
	    .ip = SLICE("203.0.113.7"),
	    .user_agent = SLICE("Mozilla/4.0 (compatible; ms-office; MSOffice 16)"),
	    .provider = SLICE("mailgun"),
	    .remote_id = SLICE("r-1"),
	    .contact_id = SLICE("crm-17"),
	    .campaign_id = SLICE("spring"),
	    .template_id = SLICE("welcome"),
	    .contact_email = SLICE("c@example.com"),
	    .contact_category = SLICE("seller"),
	    .sender = SLICE("u-1"),
	    .sequence_id = SLICE("nurture"),
	    .enrollment = SLICE("e-1"),
	    .metadata = SLICE("{\"any\":{\"deep\":[1,2]},\"source\":\"forged\"}"),
	    .sequence_position = 2,
	};
	return e;
}

static const uint8_t KEY[LINK_TOKEN_KEY_SIZE] = {8, 4, 2};
/* What link_token_seal makes of that click. */
#define TOKEN "AVeGcbiZ7RTIrfH1OZv84-NUR4I3PkJ3u8Y1hqf3M75lxz1eWcVJOdi0N9iljXd0JTMKHJEc6VLr2HEPTfQ"

static void append(struct buf *b, const struct event *event)
{
	struct link_token_keys *keys = link_token_keys_new();
	link_token_keys_set(keys, 1, KEY);
	struct event_json_context context = {SLICE("default"), link_token_sealer_new(keys)};
	buf_init(b, 100000);
	event_json_append(b, event, &context);
	assert_false(buf_failed(b));
	link_token_sealer_free(&context.sealer);
	link_token_keys_free(&keys);
}

static void test_a_click_has_the_shape_of_the_contract(void **state)
{
	struct event e = click();
	struct buf b;
	(void)state;
	append(&b, &e);
	assert_string_equal(
	    buf_cstr(&b),
	    "{\"id\":\"01920304-0506-7008-800a-0b0c0d0e0f10\",\"type\":\"email.clicked\","
	    "\"occurred_at\":\"2026-11-21T06:00:00.123Z\",\"tenant\":\"default\","
	    "\"message_id\":\"01920000-0000-0000-0000-000000000000\",\"token\":\"" TOKEN "\",\"is_unique\":true,"
	    "\"is_duplicate\":false,"
	    "\"contact\":{\"id\":\"crm-17\",\"email\":\"c@example.com\",\"category\":\"seller\"},"
	    "\"campaign_id\":\"spring\",\"template_id\":\"welcome\","
	    "\"sequence\":{\"id\":\"nurture\",\"enrollment\":\"e-1\",\"position\":2},\"sender\":\"u-1\","
	    "\"destination_url\":\"https://example.com/sale\",\"link_index\":3,"
	    "\"actor\":\"human\",\"reasons\":[\"mail_client\",\"duplicate:seconds=5\"],\"confidence\":0.9,"
	    "\"bot\":false,\"mpp\":false,\"rules\":\"2026-11-01\",\"settled\":true,"
	    "\"group\":null,\"why\":\"a mail app by its name \xc2\xb7 repeat within 5 s\","
	    "\"corrects\":null,\"previous\":null,"
	    "\"client\":{\"name\":\"Outlook\",\"os\":\"Windows\",\"device\":\"desktop\"},"
	    "\"ip\":\"203.0.113.7\",\"user_agent\":\"Mozilla/4.0 (compatible; ms-office; MSOffice 16)\","
	    "\"provider\":\"mailgun\",\"esp_message_id\":\"r-1\",\"bounce\":null,"
	    "\"metadata\":{\"source\":\"pugmark\",\"medium\":\"email\",\"campaign\":\"spring\",\"email_position\":2,"
	    "\"contact_category\":\"seller\",\"any\":{\"deep\":[1,2]}}}");
	buf_done(&b);
}

static json_t *parsed(const struct event *event)
{
	struct buf b;
	append(&b, event);
	assert_null(memchr(b.p, '\n', b.n));
	json_t *object = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	buf_done(&b);
	return object;
}

static void test_an_event_with_nothing_to_say_still_has_every_key(void **state)
{
	struct event full = click();
	struct event bare = {.type = EVENT_QUEUED, .occurred_us = 1, .link_index = -1, .sequence_position = -1};
	json_t *want = parsed(&full);
	json_t *got = parsed(&bare);
	const char *key;
	json_t *value;
	(void)state;
	json_object_foreach(want, key, value)
	{
		if (!json_object_get(got, key))
			fail_msg("no %s", key);
	}
	assert_true(json_is_null(json_object_get(got, "actor")));
	assert_true(json_is_null(json_object_get(got, "why")));
	assert_true(json_is_null(json_object_get(got, "client")));
	assert_true(json_is_null(json_object_get(got, "sequence")));
	assert_true(json_is_null(json_object_get(got, "link_index")));
	json_decref(want);
	json_decref(got);
}

static void test_a_failure_tells_its_class_code_and_words(void **state)
{
	struct event e = {.type = EVENT_FAILED,
			  .occurred_us = 1,
			  .link_index = -1,
			  .sequence_position = -1,
			  .bounce_class = SLICE("hard"),
			  .bounce_code = SLICE("5.1.1"),
			  .bounce_reason = SLICE("no \"such\" user\r\n")};
	json_t *got = parsed(&e);
	json_t *bounce = json_object_get(got, "bounce");
	(void)state;
	assert_string_equal(json_string_value(json_object_get(bounce, "class")), "hard");
	assert_string_equal(json_string_value(json_object_get(bounce, "code")), "5.1.1");
	assert_string_equal(json_string_value(json_object_get(bounce, "reason")), "no \"such\" user\r\n");
	json_decref(got);
}

static void test_an_event_of_a_mail_to_several_has_its_message_and_no_contact(void **state)
{
	struct event e = click();
	(void)state;
	e.contact_id = e.contact_email = e.contact_category = SLICE_EMPTY;
	json_t *got = parsed(&e);
	assert_true(json_is_null(json_object_get(got, "contact")));
	assert_true(json_is_string(json_object_get(got, "message_id")));
	assert_true(json_is_string(json_object_get(got, "esp_message_id")));
	json_decref(got);
}

static void test_an_anonymous_event_shows_nobody(void **state)
{
	struct event e = click();
	struct buf b;
	(void)state;
	e.reasons = SLICE("mail_client consent:anonymous");
	e.ip = e.user_agent = SLICE_EMPTY;
	append(&b, &e);
	assert_null(strstr(buf_cstr(&b), "crm-17"));
	assert_null(strstr(buf_cstr(&b), "c@example.com"));
	assert_null(strstr(buf_cstr(&b), "AbC-_9"));
	assert_null(strstr(buf_cstr(&b), "deep"));
	assert_non_null(strstr(buf_cstr(&b), "\"message_id\":null"));
	assert_non_null(strstr(buf_cstr(&b), "\"campaign_id\":\"spring\""));
	buf_done(&b);
}

static void test_proxies_hide_system_and_device(void **state)
{
	struct event e = click();
	(void)state;
	e.user_agent =
	    SLICE("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)");
	json_t *got = parsed(&e);
	json_t *client = json_object_get(got, "client");
	assert_string_equal(json_string_value(json_object_get(client, "name")), "Gmail (proxy)");
	assert_true(json_is_null(json_object_get(client, "os")));
	json_decref(got);
	e.user_agent = SLICE("Mozilla/5.0");
	e.reasons = SLICE("agent:apple_mpp");
	got = parsed(&e);
	assert_true(json_is_true(json_object_get(got, "mpp")));
	client = json_object_get(got, "client");
	assert_string_equal(json_string_value(json_object_get(client, "name")), "Apple Mail (private)");
	json_decref(got);
}

static void test_why_says_the_reasons_in_words_and_not_the_id_of_the_burst(void **state)
{
	struct event e = click();
	(void)state;
	e.type = EVENT_CORRECTED;
	e.actor = ACTOR_SCANNER;
	e.reasons = SLICE("burst:links=9,of=9,seconds=0.8 network:microsoft_365_protection "
			  "group:01935a2e-7c40-7b1e-9d22-000000000007");
	json_t *got = parsed(&e);
	assert_string_equal(json_string_value(json_object_get(got, "why")),
			    "all 9 links in 0.8 s \xc2\xb7 from Microsoft's mail protection");
	assert_int_equal(json_array_size(json_object_get(got, "reasons")), 2);
	json_decref(got);
}

static void test_a_verdict_that_is_kept_has_codes_and_no_words(void **state)
{
	struct event e = click();
	struct buf b;
	(void)state;
	buf_init(&b, 4096);
	event_json_append_verdict(&b, &e);
	assert_non_null(strstr(buf_cstr(&b), "duplicate:seconds=5"));
	assert_null(strstr(buf_cstr(&b), "why"));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_click_has_the_shape_of_the_contract),
	    cmocka_unit_test(test_an_event_with_nothing_to_say_still_has_every_key),
	    cmocka_unit_test(test_a_failure_tells_its_class_code_and_words),
	    cmocka_unit_test(test_an_event_of_a_mail_to_several_has_its_message_and_no_contact),
	    cmocka_unit_test(test_an_anonymous_event_shows_nobody),
	    cmocka_unit_test(test_why_says_the_reasons_in_words_and_not_the_id_of_the_burst),
	    cmocka_unit_test(test_a_verdict_that_is_kept_has_codes_and_no_words),
	    cmocka_unit_test(test_proxies_hide_system_and_device),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
