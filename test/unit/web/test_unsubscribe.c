/* SPDX-License-Identifier: Apache-2.0 */
/* unsubscribe: what a request to /u/ means, asked over a real server. The answer comes back with what would be recorded
 * in a header. */
#include "../net/loopback.h"
#include "base/buf.h"
#include "web/edge/unsubscribe.h"

static void handle(void *user, struct http_request *request)
{
	struct unsubscribe_answer a = {0};
	struct http_header headers[7];
	(void)user;
	unsubscribe_answer(request, slice_equal(http_request_path(request), SLICE("/u/good")), &a);
	assert_in_range(a.header_count, 1, 6);
	memcpy(headers, a.headers, sizeof a.headers);
	headers[a.header_count] = (struct http_header){SLICE("Wish"), !a.counts         ? SLICE("nothing")
								      : a.one_click     ? SLICE("one-click")
								      : a.stop_tracking ? SLICE("stop-tracking")
											: SLICE("unsubscribe")};
	http_answer(request, a.status, headers, a.header_count + 1, a.body);
}

static void *loop_start(void *user, struct http_loop *loop)
{
	(void)user;
	return loop;
}

static int start(void **state)
{
	struct http_server_config config = {
	    .address = "127.0.0.1", .loops = 1, .loop_start = loop_start, .handle = handle};
	struct http_server *server;
	struct err err;
	if (http_server_start(&config, &server, &err) != STATUS_OK)
		return 1;
	*state = server;
	return 0;
}

static int stop(void **state)
{
	struct http_server *server = *state;
	http_server_stop(&server, 1000);
	return 0;
}

static char *ask(struct http_server *server, const char *method, const char *path, const char *type, const char *body)
{
	char request[2000];
	int fd = loopback_connect(http_server_port(server));
	snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", method,
		 path, type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "", strlen(body), body);
	assert_true(loopback_say(fd, request));
	char *answer = loopback_read_answer(fd);
	close(fd);
	return answer;
}

static void expect(char *answer, int status, const char *wish)
{
	char header[64];
	snprintf(header, sizeof header, "\r\nWish: %s\r\n", wish);
	assert_int_equal(loopback_status(answer), status);
	if (!strstr(answer, header))
		fail_msg("not '%s' in:\n%.400s", wish, answer);
	free(answer);
}

#define FORM "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=b"

static void test_get_changes_nothing_whoever_asks(void **state)
{
	expect(ask(*state, "GET", "/u/good", NULL, ""), 200, "nothing");
	expect(ask(*state, "GET", "/u/good?action=unsubscribe", NULL, ""), 200, "nothing");
	expect(ask(*state, "GET", "/u/good", FORM, "List-Unsubscribe=One-Click"), 200, "nothing");
	expect(ask(*state, "HEAD", "/u/good?action=unsubscribe", NULL, ""), 200, "nothing");
	expect(ask(*state, "PUT", "/u/good", FORM, "List-Unsubscribe=One-Click"), 200, "nothing");
}

static void test_post_means_what_its_body_says(void **state)
{
	static const struct {
		const char *type, *body;
		int status;
		const char *wish;
	} cases[] = {
	    {FORM, "List-Unsubscribe=One-Click", 200, "one-click"},
	    {NULL, "List-Unsubscribe=One-Click", 200, "one-click"},
	    {FORM, "list-unsubscribe=one-click\r\n", 200, "one-click"},
	    {FORM, "x=1&List-Unsubscribe=One-Click&y", 200, "one-click"},
	    {FORM, "LIST-UNSUBSCRIBE=ONE-CLICK", 200, "one-click"},
	    {FORM, "List%2DUnsubscribe=One%2dClick", 200, "one-click"},
	    {FORM, "%zz=1&List-Unsubscribe=One-Click", 200, "one-click"},
	    {FORM, "action=unsubscribe&List-Unsubscribe=One-Click", 200, "one-click"},
	    {FORM, "List-Unsubscribe=One-Click&action=stop-tracking", 200, "one-click"},
	    {"text/plain", "a=b\r\nList-Unsubscribe=One-Click\r\n", 200, "one-click"},
	    {"application/json", "List-Unsubscribe=One-Click", 200, "one-click"},
	    {MULTIPART, "List-Unsubscribe=One-Click", 200, "one-click"},
	    {FORM, "action=unsubscribe", 200, "unsubscribe"},
	    {NULL, "action=unsubscribe", 200, "unsubscribe"},
	    {FORM, "action=stop-tracking", 200, "stop-tracking"},
	    {FORM, "", 400, "nothing"},
	    {FORM, "action=", 400, "nothing"},
	    {FORM, "action=delete", 400, "nothing"},
	    {FORM, "reaction=unsubscribe", 400, "nothing"},
	    {FORM, "List-Unsubscribe=Two-Clicks", 400, "nothing"},
	    {FORM, "One-Click", 400, "nothing"},
	    {FORM, "List-Unsubscribe=%4", 400, "nothing"},
	    {FORM, "List-Unsubscribe", 400, "nothing"},
	    {"application/json", "{\"List-Unsubscribe\":\"One-Click\"}", 400, "nothing"},
	    {MULTIPART,
	     "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n", 200,
	     "one-click"},
	    {"Multipart/Form-Data; boundary=b",
	     "--b\r\nContent-Disposition: form-data; name=List-Unsubscribe\r\n\r\nOne-Click\r\n--b--", 200,
	     "one-click"},
	    {NULL,
	     "---b\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n---b\r\n"
	     "content-disposition: form-data; name=\"list-unsubscribe\"\r\n\r\none-click\r\n---b--",
	     200, "one-click"},
	    {MULTIPART, "--b\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nunsubscribe\r\n--b--\r\n", 200,
	     "unsubscribe"},
	    {MULTIPART, "--b\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nstop-tracking\r\n--b--\r\n", 200,
	     "stop-tracking"},
	    {MULTIPART, "--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b--\r\n", 400, "nothing"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(ask(*state, "POST", "/u/good", cases[i].type, cases[i].body), cases[i].status, cases[i].wish);
}

static void test_the_examples_of_rfc_8058_are_one_click(void **state)
{
	static const char *const files[] = {"8_1_simple", "8_2_complex", "8_3_multipart_as_published"};
	const char *corpus = getenv("PUGMARK_CORPUS");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[512], text[2048], type[200] = "";
		snprintf(path, sizeof path, "%s/webhooks/rfc8058/%s.http", corpus ? corpus : "../shared/corpus",
			 files[i]);
		FILE *file = fopen(path, "re");
		if (!file) {
			print_message("SKIP %s is not there\n", path);
			return;
		}
		text[fread(text, 1, sizeof text - 1, file)] = '\0';
		fclose(file);
		char *body = strstr(text, "\r\n\r\n") ? strstr(text, "\r\n\r\n") + 4 : strstr(text, "\n\n") + 2;
		assert_int_equal(sscanf(strstr(text, "Content-Type: "), "Content-Type: %199[^\r\n]", type), 1);
		expect(ask(*state, "POST", "/u/good", type, body), 200, "one-click");
	}
}

static void test_a_token_that_did_not_open_records_nothing(void **state)
{
	expect(ask(*state, "GET", "/u/bad", NULL, ""), 404, "nothing");
	expect(ask(*state, "POST", "/u/bad", FORM, "List-Unsubscribe=One-Click"), 404, "nothing");
}

static void test_the_page_runs_no_script_and_is_kept_by_nobody(void **state)
{
	char *answer = ask(*state, "GET", "/u/good", NULL, "");

	assert_non_null(strstr(answer, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
	assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr(answer, "\r\nReferrer-Policy: no-referrer\r\n"));
	assert_non_null(strstr(answer, "default-src 'none'"));
	assert_non_null(strstr(answer, "<form method=\"post\">"));
	assert_non_null(strstr(answer, "name=\"action\" value=\"unsubscribe\""));
	assert_non_null(strstr(answer, "name=\"action\" value=\"stop-tracking\""));
	assert_null(strstr(answer, "<script"));
	free(answer);
}

static void test_an_answer_that_waits_is_a_whole_response(void **state)
{
	const struct unsubscribe_answer a = {.status = 200,
					     .headers = {{SLICE("A"), SLICE("b")}, {SLICE("C"), SLICE("d")}},
					     .header_count = 2,
					     .body = SLICE("hello")};
	char room[200];
	struct buf b;

	(void)state;
	buf_init_fixed(&b, room, sizeof room);
	unsubscribe_write(&a, &b);
	assert_string_equal(room, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\nC: d\r\n\r\nhello");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_get_changes_nothing_whoever_asks),
	    cmocka_unit_test(test_post_means_what_its_body_says),
	    cmocka_unit_test(test_the_examples_of_rfc_8058_are_one_click),
	    cmocka_unit_test(test_a_token_that_did_not_open_records_nothing),
	    cmocka_unit_test(test_the_page_runs_no_script_and_is_kept_by_nobody),
	    cmocka_unit_test(test_an_answer_that_waits_is_a_whole_response),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
