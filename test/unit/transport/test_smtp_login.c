/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include "base/mem.h"
#include "harness/smtp_peer.h"

static const struct slice mail = {"Subject: s\r\n\r\nbody\r\n", 20};

struct login {
	struct smtp_peer_script script;
	enum smtp_tls tls;
	enum smtp_auth auth;
	bool trust_peer; /* its certificate is given as ca_file */
	bool verify;
};

/* Delivers one mail; the transcript is to be freed. */
static char *deliver(const struct login *login, struct attempt *a, struct smtp_peer_seen *ret_seen)
{
	struct smtp_peer *peer = smtp_peer_start(&login->script);
	struct transport_loop *loop = transport_loop_new();
	struct transport *transport = NULL;
	struct transport_smtp_config config = {
	    .host = "127.0.0.1",
	    .port = smtp_peer_port(peer),
	    .tls = login->tls,
	    .auth = login->auth,
	    .user = login->auth ? "me@example.com" : NULL,
	    .secret = login->auth ? "s3cret tok\"en" : NULL,
	    .helo_name = "client.example",
	    .verify_peer = login->verify,
	    .ca_file = login->trust_peer ? smtp_peer_ca_file(peer) : NULL,
	};
	assert_int_equal(transport_smtp_new(loop, &config, &transport, NULL), STATUS_OK);
	attempt_start(a, transport, mail);
	attempt_run_to_end(a, loop);
	char *transcript = smtp_peer_transcript(peer);
	*ret_seen = smtp_peer_seen(peer);
	transport_free(&transport);
	transport_loop_free(&loop);
	smtp_peer_stop(&peer);
	return transcript;
}

static void test_smtp_login_sends_the_bytes_each_mechanism_wants(void **state)
{
	(void)state;
	/* printf '\0me@example.com\0s3cret tok"en' | base64, and so on. */
	static const struct {
		enum smtp_auth auth;
		const char *want;
	} cases[] = {
	    {SMTP_AUTH_PLAIN, "\r\nAUTH PLAIN AG1lQGV4YW1wbGUuY29tAHMzY3JldCB0b2siZW4=\r\n"},
	    {SMTP_AUTH_LOGIN, "\r\nAUTH LOGIN bWVAZXhhbXBsZS5jb20=\r\nczNjcmV0IHRvayJlbg==\r\n"},
	    {SMTP_AUTH_XOAUTH2,
	     "\r\nAUTH XOAUTH2 dXNlcj1tZUBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciBzM2NyZXQgdG9rImVuAQE=\r\n"},
	};
	for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
		struct attempt a = {0};
		struct smtp_peer_seen seen;
		bool starttls = i % 2 != 0;
		struct login login = {
		    .script = {.tls = starttls ? PEER_TLS_STARTTLS : PEER_TLS_IMPLICIT,
			       .auth = "CRAM-MD5 LOGIN PLAIN OAUTHBEARER XOAUTH2"},
		    .tls = starttls ? SMTP_TLS_STARTTLS : SMTP_TLS_IMPLICIT,
		    .auth = cases[i / 2].auth,
		    .trust_peer = true,
		    .verify = true,
		};
		char *transcript = deliver(&login, &a, &seen);
		assert_int_equal(a.status, STATUS_OK);
		if (!strstr(transcript, cases[i / 2].want))
			fail_msg("not sent: %s in:\n%s", cases[i / 2].want, transcript);
		/* Behind STARTTLS everything is asked anew (RFC 3207, 4.2), and only then is anything told. */
		if (starttls)
			assert_int_equal(strncmp(transcript, "EHLO client.example\r\nSTARTTLS\r\n", 31), 0);
		mem_free(transcript);
	}
}

static void test_smtp_login_failures_are_no_fault_of_the_mail(void **state)
{
	(void)state;
	static const struct {
		const char *auth;
		const char *reply;
		enum status want;
	} cases[] = {
	    {"PLAIN", "535 5.7.8 wrong password", STATUS_DENIED},
	    {"PLAIN", "454 4.7.0 not now", STATUS_REFUSED_TEMP},
	    {"CRAM-MD5", NULL, STATUS_DENIED},
	    {NULL, NULL, STATUS_DENIED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attempt a = {0};
		struct smtp_peer_seen seen;
		struct login login = {
		    .script = {.auth = cases[i].auth,
			       .fail_at = cases[i].reply ? PEER_AUTH : PEER_NOWHERE,
			       .act = PEER_REPLY,
			       .reply = cases[i].reply},
		    .auth = SMTP_AUTH_PLAIN,
		};
		char *transcript = deliver(&login, &a, &seen);
		assert_int_equal(a.status, cases[i].want);
		assert_int_equal(a.barriers, 0);
		assert_int_equal(seen.reached[PEER_MAIL], 0);
		assert_true(a.reply[0]);
		assert_null(strstr(a.reply, "s3cret"));
		mem_free(transcript);
	}
}

static void test_smtp_tls_is_never_left_out(void **state)
{
	(void)state;
	const struct login cases[] = {
	    /* STARTTLS wanted: not offered; refused. */
	    {.script = {.tls = PEER_TLS_NONE}, .tls = SMTP_TLS_STARTTLS},
	    {.script =
		 {.tls = PEER_TLS_STARTTLS, .fail_at = PEER_STARTTLS, .act = PEER_REPLY, .reply = "250 2.0.0 no need"},
	     .tls = SMTP_TLS_STARTTLS,
	     .trust_peer = true,
	     .verify = true},
	    /* A certificate nobody vouches for. */
	    {.script = {.tls = PEER_TLS_STARTTLS}, .tls = SMTP_TLS_STARTTLS, .verify = true},
	    {.script = {.tls = PEER_TLS_IMPLICIT}, .tls = SMTP_TLS_IMPLICIT, .verify = true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attempt a = {0};
		struct smtp_peer_seen seen;
		char *transcript = deliver(&cases[i], &a, &seen);
		assert_int_equal(a.status, STATUS_IO);
		assert_int_equal(a.barriers, 0);
		assert_null(strstr(transcript, "MAIL"));
		assert_true(a.reply[0]);
		mem_free(transcript);
	}
}

static void test_smtp_tls_works_without_verification_when_told_so(void **state)
{
	(void)state;
	const struct login cases[] = {
	    {.script = {.tls = PEER_TLS_STARTTLS}, .tls = SMTP_TLS_STARTTLS},
	    {.script = {.tls = PEER_TLS_IMPLICIT}, .tls = SMTP_TLS_IMPLICIT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attempt a = {0};
		struct smtp_peer_seen seen;
		mem_free(deliver(&cases[i], &a, &seen));
		assert_int_equal(a.status, STATUS_OK);
		assert_int_equal(seen.accepted, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_smtp_login_sends_the_bytes_each_mechanism_wants),
	    cmocka_unit_test(test_smtp_login_failures_are_no_fault_of_the_mail),
	    cmocka_unit_test(test_smtp_tls_is_never_left_out),
	    cmocka_unit_test(test_smtp_tls_works_without_verification_when_told_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
