/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* Makes "https://t.example.com/c/INDEX"; what it is told is checked by the test. */
struct host {
	size_t calls;
	const char *answer; /* NULL: a URL of the link's index */
	size_t answer_size;
	char destination[256];
};

static size_t track(void *user, const struct pugmark_link *link, char *room, size_t room_size)
{
	struct host *host = user;
	host->calls++;
	(void)snprintf(host->destination, sizeof host->destination, "%.*s", (int)link->destination.size,
		       link->destination.bytes);
	assert_int_equal(link->skip, PUGMARK_NOT_SKIPPED);
	assert_int_equal(link->tracked_url.size, 0);
	assert_int_equal(room_size, PUGMARK_TRACK_ROOM);
	if (!host->answer)
		return (size_t)snprintf(room, room_size, BASE "/c/%u", (unsigned)link->index);
	if (host->answer_size <= room_size)
		memcpy(room, host->answer, host->answer_size);
	return host->answer_size;
}

static struct pugmark_instrumenter *hosted(struct host *host)
{
	struct pugmark_instrumenter *instrumenter;
	assert_ok(pugmark_instrumenter_new(NULL, &instrumenter));
	assert_ok(pugmark_instrumenter_set_track(instrumenter, track, host));
	return instrumenter;
}

static void test_html_changes_the_value_and_no_other_byte(void **state)
{
	struct host host = {0};
	struct pugmark_instrumenter *instrumenter = hosted(&host);
	struct pugmark_result *result =
	    fixture_html(instrumenter, "<A  HREF = 'https://example.com/?a=1&amp;b=2' CLASS=x>One</A ><P>\r\n");
	(void)state;
	assert_text(result->output, "<A  HREF = '" BASE "/c/0' CLASS=x>One</A ><P>\r\n");
	assert_string_equal(host.destination, "https://example.com/?a=1&b=2");
	assert_int_equal(result->link_count, 1);
	assert_int_equal(result->tracked_count, 1);
	const struct pugmark_link *link = result->links[0];
	assert_int_equal(link->start, 12);
	assert_int_equal(link->end, 44);
	assert_text(link->url, "https://example.com/?a=1&b=2");
	assert_text(link->destination, "https://example.com/?a=1&b=2");
	assert_text(link->tracked_url, BASE "/c/0");
	assert_text(link->text, "One");
	assert_int_equal(result->part_count, 1);
	assert_int_equal(result->parts[0]->start, 0);
	assert_int_equal(result->parts[0]->end, 67);
	assert_text(result->parts[0]->charset, "utf-8");
	assert_int_equal(result->parts[0]->pixel_at, -1);
	assert_false(result->has_pixel); /* there is no markup for one */
	pugmark_result_free(result);
	pugmark_instrumenter_free(instrumenter);
}

static void test_html_says_why_links_are_left_alone(void **state)
{
	static const struct {
		const char *html;
		enum pugmark_skip skip;
		const char *name;
	} cases[] = {
	    {"<a href=''>", PUGMARK_SKIP_EMPTY, "empty"},
	    {"<a href='#top'>", PUGMARK_SKIP_FRAGMENT, "fragment"},
	    {"<a href='{{url}}'>", PUGMARK_SKIP_TEMPLATE, "template"},
	    {"<a href='/x'>", PUGMARK_SKIP_RELATIVE, "relative"},
	    {"<a href='mailto:a@b.c'>", PUGMARK_SKIP_NOT_HTTP, "not_http"},
	    {"<a href='http://'>", PUGMARK_SKIP_BAD_URL, "bad_url"},
	    {"<a href='https://x.example/' data-no-track>", PUGMARK_SKIP_NO_TRACK, "no_track"},
	    {"<a href='https://own.example/x'>", PUGMARK_SKIP_OWN_LINK, "own_link"},
	    {"<a href='https://x.example/bye'>", PUGMARK_SKIP_UNSUBSCRIBE, "unsubscribe"},
	    {"<a href='https://x.example/'>https://x.example/</a>", PUGMARK_SKIP_VISIBLE_URL, "visible_url"},
	};
	struct host host = {0};
	struct pugmark_instrumenter *instrumenter = hosted(&host);
	(void)state;
	assert_ok(pugmark_instrumenter_add_own_host(instrumenter, "own.example", PUGMARK_CSTR));
	assert_ok(pugmark_instrumenter_add_unsubscribe_url(instrumenter, "https://x.example/bye", PUGMARK_CSTR));
	assert_ok(pugmark_instrumenter_set_skip_visible_urls(instrumenter, 1));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pugmark_result *result = fixture_html(instrumenter, cases[i].html);
		print_message("%s\n", cases[i].html);
		assert_text(result->output, cases[i].html);
		assert_int_equal(result->link_count, 1);
		assert_int_equal(result->tracked_count, 0);
		assert_int_equal(result->links[0]->skip, cases[i].skip);
		assert_string_equal(pugmark_skip_name(result->links[0]->skip), cases[i].name);
		assert_int_equal(result->links[0]->fault.size > 0, cases[i].skip == PUGMARK_SKIP_BAD_URL);
		assert_int_equal(result->links[0]->destination.size, 0);
		assert_int_equal(result->links[0]->tracked_url.size, 0);
		pugmark_result_free(result);
	}
	assert_int_equal(host.calls, 0);
	assert_string_equal(pugmark_skip_name(PUGMARK_NOT_SKIPPED), "");
	assert_string_equal(pugmark_skip_name((enum pugmark_skip)200), "other");
	pugmark_instrumenter_free(instrumenter);
}

static void test_html_leaves_links_for_which_the_host_has_no_good_url(void **state)
{
	static const struct {
		const char *answer;
		size_t size;
	} answers[] = {{"", 0}, {"https://x/?a=b", 14}, {"\"><script>", 10}, {"x", PUGMARK_TRACK_ROOM + 1}};
	const char *html = "<a href=\"https://example.com/\">x</a>";
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct host host = {.answer = answers[i].answer, .answer_size = answers[i].size};
		struct pugmark_instrumenter *instrumenter = hosted(&host);
		struct pugmark_result *result = fixture_html(instrumenter, html);
		assert_int_equal(host.calls, 1);
		assert_text(result->output, html);
		assert_int_equal(result->links[0]->skip, PUGMARK_SKIP_REFUSED);
		assert_int_equal(result->warnings, PUGMARK_WARN_REFUSED);
		assert_string_equal(pugmark_warning_name(PUGMARK_WARN_REFUSED), "refused");
		assert_true(strlen(pugmark_warning_text(PUGMARK_WARN_REFUSED)) > 10);
		pugmark_result_free(result);
		pugmark_instrumenter_free(instrumenter);
	}
}

static void test_html_adds_parameters_until_they_are_cleared(void **state)
{
	struct host host = {0};
	struct pugmark_instrumenter *instrumenter = hosted(&host);
	const char *html = "<a href=\"https://example.com/?utm_medium=kept\">x</a>";
	(void)state;
	assert_ok(pugmark_instrumenter_add_parameter(instrumenter, "utm_source", 10, "news letter", 11));
	assert_ok(pugmark_instrumenter_add_parameter(instrumenter, "utm_medium", 10, "email", 5));
	pugmark_result_free(fixture_html(instrumenter, html));
	assert_string_equal(host.destination, "https://example.com/?utm_medium=kept&utm_source=news%20letter");
	assert_ok(pugmark_instrumenter_clear_additions(instrumenter));
	pugmark_result_free(fixture_html(instrumenter, html));
	assert_string_equal(host.destination, "https://example.com/?utm_medium=kept");
	pugmark_instrumenter_free(instrumenter);
}

static void test_html_puts_the_pixel_where_it_is_told(void **state)
{
	static const struct {
		enum pugmark_pixel_place place;
		const char *want;
		int64_t at;
	} cases[] = {
	    {PUGMARK_PIXEL_BOTTOM, "<html><body><p>x</p><img></body></html>", 20},
	    {PUGMARK_PIXEL_TOP, "<html><body><img><p>x</p></body></html>", 12},
	    {PUGMARK_PIXEL_OFF, "<html><body><p>x</p></body></html>", -1},
	};
	struct host host = {0};
	struct pugmark_instrumenter *instrumenter = hosted(&host);
	(void)state;
	assert_ok(pugmark_instrumenter_set_pixel_html(instrumenter, "<img>", PUGMARK_CSTR));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_ok(pugmark_instrumenter_set_pixel_place(instrumenter, cases[i].place));
		struct pugmark_result *result = fixture_html(instrumenter, "<html><body><p>x</p></body></html>");
		assert_text(result->output, cases[i].want);
		assert_int_equal(result->has_pixel, cases[i].at >= 0);
		assert_int_equal(result->parts[0]->pixel_at, cases[i].at);
		pugmark_result_free(result);
	}
	assert_status(pugmark_instrumenter_set_pixel_place(instrumenter, (enum pugmark_pixel_place)9),
		      PUGMARK_BAD_INPUT);
	pugmark_instrumenter_free(instrumenter);
}

static void test_html_with_keys_carries_tokens_that_open_again(void **state)
{
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	struct pugmark_sealer *sealer;
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	(void)state;
	assert_ok(pugmark_sealer_new(keys, NULL, &sealer));
	struct pugmark_result *result =
	    fixture_html(instrumenter, "<a href=/no>0</a><a href='https://example.com/x?y#z'>1</a></body>");
	struct pugmark_text url = result->links[1]->tracked_url;
	assert_memory_equal(url.bytes, BASE "/c/", sizeof(BASE "/c/") - 1);
	assert_ok(pugmark_token_open(sealer, PUGMARK_CLICK, url.bytes + strlen(BASE "/c/"), PUGMARK_CSTR, &token));
	assert_text(token.destination, "https://example.com/x?y#z");
	assert_int_equal(token.link_index, 1);
	assert_int_equal(token.tenant, 7);
	assert_int_equal(token.consent, PUGMARK_CONSENT_FULL);
	assert_memory_equal(token.message_id, fixture_message, sizeof fixture_message);
	const char *pixel = strstr(result->output.bytes, BASE "/o/");
	assert_non_null(pixel);
	assert_ok(pugmark_token_open(sealer, PUGMARK_OPEN, pixel + strlen(BASE "/o/"),
				     strcspn(pixel + strlen(BASE "/o/"), "."), &token));
	assert_true(result->has_pixel);
	pugmark_result_free(result);
	pugmark_sealer_free(sealer);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

static void test_html_does_nothing_that_was_not_agreed_to(void **state)
{
	const char *html = "<a href=\"https://example.com/\">x</a></body>";
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	struct pugmark_token token = PUGMARK_TOKEN_INIT;
	struct pugmark_sealer *sealer;
	(void)state;
	assert_ok(pugmark_instrumenter_set_consent(instrumenter, PUGMARK_CONSENT_OFF, PUGMARK_CONSENT_OFF));
	struct pugmark_result *result = fixture_html(instrumenter, html);
	assert_text(result->output, html);
	assert_int_equal(result->links[0]->skip, PUGMARK_SKIP_CLICKS_OFF);
	assert_string_equal(pugmark_skip_name(result->links[0]->skip), "clicks_off");
	assert_int_equal(result->warnings, 0);
	pugmark_result_free(result);
	assert_ok(pugmark_instrumenter_set_consent(instrumenter, PUGMARK_CONSENT_OFF, PUGMARK_CONSENT_ANONYMOUS));
	result = fixture_html(instrumenter, html);
	assert_false(result->has_pixel);
	assert_ok(pugmark_sealer_new(keys, NULL, &sealer));
	assert_ok(pugmark_token_open(sealer, PUGMARK_CLICK, result->links[0]->tracked_url.bytes + strlen(BASE "/c/"),
				     PUGMARK_CSTR, &token));
	assert_int_equal(token.consent, PUGMARK_CONSENT_ANONYMOUS);
	assert_status(pugmark_instrumenter_set_consent(instrumenter, PUGMARK_CONSENT_FULL, (enum pugmark_consent)3),
		      PUGMARK_BAD_INPUT);
	pugmark_result_free(result);
	pugmark_sealer_free(sealer);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

static void test_html_twice_is_html_once(void **state)
{
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	struct pugmark_result *once =
	    fixture_html(instrumenter, "<body><a href='https://example.com/'>x</a><p>&copy;</body>");
	struct pugmark_result *twice = fixture_html(instrumenter, once->output.bytes);
	(void)state;
	assert_int_equal(once->tracked_count, 1);
	assert_text(twice->output, once->output.bytes);
	assert_int_equal(twice->tracked_count, 0);
	assert_int_equal(twice->warnings, PUGMARK_WARN_PIXEL_PRESENT);
	pugmark_result_free(once);
	pugmark_result_free(twice);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

static void test_html_result_needs_neither_its_input_nor_its_instrumenter(void **state)
{
	char html[] = "<a href='https://example.com/caf\xc3\xa9'>words</a><a href='HTTP://EXAMPLE.com'>";
	struct host host = {0};
	struct pugmark_instrumenter *instrumenter = hosted(&host);
	struct pugmark_result *result;
	(void)state;
	assert_ok(pugmark_instrument_html(instrumenter, html, PUGMARK_CSTR, "utf-8", 5, &result));
	memset(html, 'x', sizeof html);
	pugmark_instrumenter_free(instrumenter);
	assert_text(result->links[0]->url, "https://example.com/caf\xc3\xa9");
	assert_text(result->links[0]->destination, "https://example.com/caf%C3%A9");
	assert_text(result->links[0]->text, "words");
	assert_text(result->links[1]->url, "HTTP://EXAMPLE.com");
	assert_text(result->parts[0]->charset, "utf-8");
	assert_text(result->output, "<a href='" BASE "/c/0'>words</a><a href='" BASE "/c/1'>");
	pugmark_result_free(result);
}

static void test_html_takes_any_bytes(void **state)
{
	static const char nuls[] = "a\0<a href=\"https://example.com/\0\">\xff\xfe</a>";
	struct host host = {0};
	struct pugmark_instrumenter *instrumenter = hosted(&host);
	struct pugmark_result *result;
	(void)state;
	assert_ok(pugmark_instrument_html(instrumenter, NULL, 0, NULL, 0, &result));
	assert_text(result->output, "");
	pugmark_result_free(result);
	assert_ok(pugmark_instrument_html(instrumenter, nuls, sizeof nuls - 1, NULL, 0, &result));
	assert_int_equal(result->link_count, 1);
	pugmark_result_free(result);
	assert_ok(pugmark_instrument_html(instrumenter, "<\0a\0", 4, "utf-16", 6, &result));
	assert_int_equal(result->warnings, PUGMARK_WARN_PASSED_THROUGH);
	assert_int_equal(result->output.size, 4);
	pugmark_result_free(result);
	pugmark_instrumenter_free(instrumenter);
}

static void test_html_keeps_to_the_limits(void **state)
{
	struct host host = {0};
	struct pugmark_instrumenter *instrumenter = hosted(&host);
	struct pugmark_result *result = NULL;
	const char *html = "<a href=\"https://example.com/\">x</a>";
	(void)state;
	assert_ok(pugmark_instrumenter_set_output_max(instrumenter, 20));
	assert_status(pugmark_instrument_html(instrumenter, html, PUGMARK_CSTR, NULL, 0, &result), PUGMARK_TOO_BIG);
	assert_null(result);
	assert_status(pugmark_instrument_html(instrumenter, html, PUGMARK_INPUT_MAX + 1, NULL, 0, &result),
		      PUGMARK_TOO_BIG);
	assert_ok(pugmark_instrumenter_set_output_max(instrumenter, 2000));
	pugmark_result_free(fixture_html(instrumenter, html));
	assert_status(pugmark_instrumenter_set_output_max(instrumenter, 0), PUGMARK_BAD_INPUT);
	pugmark_instrumenter_free(instrumenter);
}

static void test_html_wants_its_options(void **state)
{
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *bare;
	struct pugmark_result *result;
	(void)state;
	assert_ok(pugmark_instrumenter_new(NULL, &bare));
	assert_status(pugmark_instrument_html(bare, "x", 1, NULL, 0, &result), PUGMARK_MISUSE);
	assert_status(pugmark_instrumenter_set_keys(bare, keys, 2), PUGMARK_NOT_FOUND);
	assert_ok(pugmark_instrumenter_set_keys(bare, keys, 1));
	assert_status(pugmark_instrument_html(bare, "x", 1, NULL, 0, &result), PUGMARK_MISUSE);
	assert_ok(pugmark_instrumenter_set_base_url(bare, BASE "//", PUGMARK_CSTR));
	assert_status(pugmark_instrument_html(bare, "x", 1, NULL, 0, &result), PUGMARK_MISUSE);
	assert_ok(pugmark_instrumenter_set_message(bare, fixture_message, 0));
	assert_status(pugmark_instrument_html(bare, NULL, 1, NULL, 0, &result), PUGMARK_MISUSE);
	assert_status(pugmark_instrument_html(bare, "x", 1, NULL, 0, NULL), PUGMARK_MISUSE);
	result = fixture_html(bare, "<a href=http://example.com>");
	assert_memory_equal(result->links[0]->tracked_url.bytes, BASE "/c/", sizeof(BASE "/c/") - 1);
	pugmark_result_free(result);
	assert_ok(pugmark_instrumenter_set_keys(bare, NULL, 0));
	assert_status(pugmark_instrument_html(bare, "x", 1, NULL, 0, &result), PUGMARK_MISUSE);
	pugmark_instrumenter_free(bare);
	pugmark_keys_free(keys);
	pugmark_instrumenter_free(NULL);
	pugmark_result_free(NULL);
}

static void test_html_takes_no_base_url_that_could_break_a_link(void **state)
{
	static const char *const urls[] = {"",
					   "t.example.com",
					   "ftp://t.example.com",
					   "https://",
					   "https://t.example.com/?x",
					   "https://t.example.com/#x",
					   "https://user@t.example.com",
					   "https://[::1]",
					   "https://t.example.com/a b",
					   "https://t.example.com/%41",
					   "https://t.example.com/\"onclick"};
	struct pugmark_instrumenter *instrumenter;
	(void)state;
	assert_ok(pugmark_instrumenter_new(NULL, &instrumenter));
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		print_message("%s\n", urls[i]);
		assert_status(pugmark_instrumenter_set_base_url(instrumenter, urls[i], PUGMARK_CSTR),
			      PUGMARK_BAD_INPUT);
	}
	char longest[PUGMARK_BASE_URL_MAX + 2];
	memset(longest, 'a', sizeof longest);
	memcpy(longest, "https://t.example.com/", 22);
	assert_status(pugmark_instrumenter_set_base_url(instrumenter, longest, PUGMARK_BASE_URL_MAX + 1),
		      PUGMARK_TOO_BIG);
	assert_ok(pugmark_instrumenter_set_base_url(instrumenter, longest, PUGMARK_BASE_URL_MAX));
	assert_status(pugmark_instrumenter_set_base_url(NULL, BASE, PUGMARK_CSTR), PUGMARK_MISUSE);
	pugmark_instrumenter_free(instrumenter);
}

static void test_html_leaves_a_link_that_no_token_can_hold(void **state)
{
	char html[3000] = "<a href='https://example.com/";
	struct pugmark_keys *keys = fixture_keys(NULL);
	struct pugmark_instrumenter *instrumenter = fixture_instrumenter(keys, NULL);
	size_t head = strlen(html);
	(void)state;
	memset(html + head, 'a', PUGMARK_DESTINATION_MAX);
	memcpy(html + head + PUGMARK_DESTINATION_MAX, "'>", 3);
	assert_ok(pugmark_instrumenter_set_pixel_place(instrumenter, PUGMARK_PIXEL_OFF));
	struct pugmark_result *result = fixture_html(instrumenter, html);
	assert_text(result->output, html);
	assert_int_equal(result->links[0]->skip, PUGMARK_SKIP_REFUSED);
	pugmark_result_free(result);
	pugmark_instrumenter_free(instrumenter);
	pugmark_keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_html_changes_the_value_and_no_other_byte),
	    cmocka_unit_test(test_html_says_why_links_are_left_alone),
	    cmocka_unit_test(test_html_leaves_links_for_which_the_host_has_no_good_url),
	    cmocka_unit_test(test_html_adds_parameters_until_they_are_cleared),
	    cmocka_unit_test(test_html_puts_the_pixel_where_it_is_told),
	    cmocka_unit_test(test_html_with_keys_carries_tokens_that_open_again),
	    cmocka_unit_test(test_html_does_nothing_that_was_not_agreed_to),
	    cmocka_unit_test(test_html_twice_is_html_once),
	    cmocka_unit_test(test_html_result_needs_neither_its_input_nor_its_instrumenter),
	    cmocka_unit_test(test_html_takes_any_bytes),
	    cmocka_unit_test(test_html_keeps_to_the_limits),
	    cmocka_unit_test(test_html_wants_its_options),
	    cmocka_unit_test(test_html_takes_no_base_url_that_could_break_a_link),
	    cmocka_unit_test(test_html_leaves_a_link_that_no_token_can_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
