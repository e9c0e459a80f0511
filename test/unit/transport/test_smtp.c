/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include "base/buf.h"
#include "base/mem.h"
#include "harness/smtp_peer.h"
#include <stdlib.h>

static const struct slice mail = {"Subject: s\r\n\r\nbody\r\n", 20};

/* A peer, a loop and a transport to it. */
struct bench {
	struct smtp_peer *peer;
	struct transport_loop *loop;
	struct transport *transport;
};

static struct transport_smtp_config config_for(const struct bench *b, const struct smtp_peer_script *script)
{
	struct transport_smtp_config config = {
	    .host = "127.0.0.1",
	    .port = smtp_peer_port(b->peer),
	    .tls = script->tls == PEER_TLS_NONE       ? SMTP_TLS_NONE
		   : script->tls == PEER_TLS_STARTTLS ? SMTP_TLS_STARTTLS
						      : SMTP_TLS_IMPLICIT,
	    .helo_name = "client.example",
	    .verify_peer = true,
	    .ca_file = script->tls == PEER_TLS_NONE ? NULL : smtp_peer_ca_file(b->peer),
	};
	return config;
}

static void open_transport(struct bench *b, const struct transport_smtp_config *config)
{
	struct err err = {0};
	transport_free(&b->transport);
	assert_int_equal(transport_smtp_new(b->loop, config, &b->transport, &err), STATUS_OK);
}

static void set_up(struct bench *b, const struct smtp_peer_script *script)
{
	*b = (struct bench){.peer = smtp_peer_start(script), .loop = transport_loop_new()};
	struct transport_smtp_config config = config_for(b, script);
	open_transport(b, &config);
}

static void tear_down(struct bench *b)
{
	if (b->transport)
		assert_int_equal(transport_active(b->transport), 0);
	transport_free(&b->transport);
	transport_loop_free(&b->loop);
	smtp_peer_stop(&b->peer);
}

static void deliver(struct bench *b, struct attempt *a, struct slice bytes)
{
	attempt_start(a, b->transport, bytes);
	attempt_run_to_end(a, b->loop);
}

/* Takes the dots off again, up to the lone one. */
static void unstuff(struct slice data, struct buf *to)
{
	while (data.n) {
		size_t n = slice_index(data, '\n') + 1;
		struct slice line = slice_sub(data, 0, n);
		if (slice_equal(line, SLICE(".\r\n")))
			return;
		buf_append(to, slice_starts_with(line, SLICE(".")) ? slice_from(line, 1) : line);
		data = slice_from(data, n);
	}
}

static void check_exact(struct bench *b, struct slice bytes, struct slice want)
{
	struct attempt a = {0};
	struct buf got;
	size_t before = smtp_peer_seen(b->peer).data_bytes;
	deliver(b, &a, bytes);
	assert_int_equal(a.status, STATUS_OK);
	char *data = smtp_peer_data(b->peer);
	buf_init(&got, 64 << 20);
	unstuff(slice_from_cstr(data + before), &got);
	assert_true(slice_equal(buf_slice(&got), want));
	buf_done(&got);
	mem_free(data);
}

static void test_smtp_delivers_every_byte_whatever_the_dots(void **state)
{
	(void)state;
	static const char *const bodies[][2] = {
	    {"\r\n", NULL},
	    {".\r\n", NULL},
	    {"a: b\r\n\r\n.\r\n..\r\n...\r\n.a\r\n\r\n.\r\n", NULL},
	    {"a: b\r\n\r\n.", "a: b\r\n\r\n.\r\n"},
	    {"a: b\r\n\r\nno end", "a: b\r\n\r\nno end\r\n"},
	    {"a: b\r\n\r\n.\r\nMAIL FROM:<x@y.example>\r\n.\r\n", NULL},
	};
	struct bench b;
	set_up(&b, &(struct smtp_peer_script){0});
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		check_exact(&b, slice_from_cstr(bodies[i][0]),
			    slice_from_cstr(bodies[i][1] ? bodies[i][1] : bodies[i][0]));
	/* Longer than any buffer on the way, dots at every possible place of a chunk. */
	struct buf big;
	buf_init(&big, 4 << 20);
	for (unsigned i = 0; big.n < 3 << 20; i++)
		buf_printf(&big, "%.*s\r\n", (int)(i % 37),
			   i % 3 ? ".........................................."
				 : "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop");
	check_exact(&b, buf_slice(&big), buf_slice(&big));
	assert_int_equal(smtp_peer_seen(b.peer).connections, 1);
	buf_done(&big);
	tear_down(&b);
}

static void test_smtp_tells_the_reply_and_the_queue_id(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {0};
	set_up(&b, &(struct smtp_peer_script){.accepted = "250-2.0.0 \x1b[31mOk:\r\n250 queued as 4XyZ1\x07"});
	deliver(&b, &a, mail);
	assert_int_equal(a.status, STATUS_OK);
	assert_int_equal(a.code, 250);
	assert_string_equal(a.reply, "2.0.0  [31mOk: queued as 4XyZ1");
	assert_string_equal(a.remote_id, "4XyZ1");
	char *transcript = smtp_peer_transcript(b.peer);
	assert_string_equal(transcript, "EHLO client.example\r\nMAIL FROM:<bounce@sender.example> SIZE=20\r\n"
					"RCPT TO:<ann@receiver.example>\r\nDATA\r\nSubject: s\r\n\r\nbody\r\n.\r\n");
	mem_free(transcript);
	tear_down(&b);
}

static void wait_for_data(struct bench *b, size_t bytes)
{
	for (int turn = 0; turn < TURNS_MAX && smtp_peer_seen(b->peer).data_bytes < bytes; turn++)
		transport_run(b->loop, 1);
	assert_int_equal(smtp_peer_seen(b->peer).data_bytes, bytes);
}

static void test_smtp_does_not_end_the_data_before_the_barrier_is_passed(void **state)
{
	(void)state;
	for (int tls = PEER_TLS_NONE; tls <= PEER_TLS_IMPLICIT; tls++) {
		struct bench b;
		struct attempt a = {.at_barrier = ATTEMPT_WAITS};
		set_up(&b, &(struct smtp_peer_script){.tls = (enum smtp_peer_tls)tls, .pipelining = true});
		attempt_start(&a, b.transport, mail);
		attempt_run_to_barrier(&a, b.loop);
		wait_for_data(&b, mail.n);
		for (int turn = 0; turn < 20; turn++)
			transport_run(b.loop, 1);
		assert_int_equal(smtp_peer_seen(b.peer).data_bytes, mail.n); /* all of it, and not one byte more */
		assert_int_equal(smtp_peer_seen(b.peer).reached[PEER_DOT], 0);
		assert_int_equal(a.ends, 0);
		transport_pass_barrier(a.delivery);
		attempt_run_to_end(&a, b.loop);
		assert_int_equal(a.status, STATUS_OK);
		assert_int_equal(smtp_peer_seen(b.peer).accepted, 1);
		tear_down(&b);
	}
}

static void test_smtp_abandoned_before_the_dot_is_never_delivered(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {.at_barrier = ATTEMPT_WAITS};
	set_up(&b, &(struct smtp_peer_script){0});
	attempt_start(&a, b.transport, mail);
	attempt_run_to_barrier(&a, b.loop);
	wait_for_data(&b, mail.n);
	transport_abandon(a.delivery);
	assert_int_equal(a.ends, 1);
	assert_int_equal(a.status, STATUS_AGAIN);
	for (int turn = 0; turn < TURNS_MAX && !smtp_peer_seen(b.peer).hung_up; turn++)
		transport_run(b.loop, 1);
	assert_int_equal(smtp_peer_seen(b.peer).reached[PEER_DOT], 0);
	assert_int_equal(smtp_peer_seen(b.peer).data_bytes, mail.n);
	tear_down(&b);
}

static void test_smtp_can_be_abandoned_at_any_moment(void **state)
{
	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		struct bench b;
		struct attempt a = {.at_barrier = ATTEMPT_WAITS};
		set_up(&b, &(struct smtp_peer_script){.tls = PEER_TLS_STARTTLS});
		attempt_start(&a, b.transport, mail);
		for (int turn = 0; turn < turns; turn++)
			transport_run(b.loop, 5);
		transport_abandon(a.delivery);
		assert_int_equal(a.status, STATUS_AGAIN);
		assert_int_equal(smtp_peer_seen(b.peer).accepted, 0);
		tear_down(&b);
	}
}

static void test_smtp_says_of_every_failure_whether_it_is_certain(void **state)
{
	(void)state;
	static const struct {
		enum smtp_peer_step at;
		enum smtp_peer_act act;
		const char *reply;
		enum status want;
		int code;
		int barriers;
	} cases[] = {
	    {PEER_BANNER, PEER_DROP, NULL, STATUS_IO, 0, 0},
	    {PEER_BANNER, PEER_REPLY, "421 4.3.2 too busy", STATUS_REFUSED_TEMP, 421, 0},
	    {PEER_BANNER, PEER_REPLY, "554 5.7.1 go away", STATUS_DENIED, 554, 0},
	    {PEER_EHLO, PEER_DROP, NULL, STATUS_IO, 0, 0},
	    {PEER_EHLO, PEER_BYE, "421 4.3.2 not now", STATUS_REFUSED_TEMP, 421, 0},
	    {PEER_MAIL, PEER_DROP, NULL, STATUS_IO, 0, 0},
	    {PEER_MAIL, PEER_REPLY, "450 4.1.8 later", STATUS_REFUSED_TEMP, 450, 0},
	    {PEER_MAIL, PEER_REPLY, "553 5.1.8 not you", STATUS_REFUSED_PERM, 553, 0},
	    {PEER_MAIL, PEER_REPLY, "530 5.7.0 log in first", STATUS_DENIED, 530, 0},
	    {PEER_MAIL, PEER_REPLY, "354 what", STATUS_IO, 0, 0},
	    {PEER_MAIL, PEER_REPLY, "hello", STATUS_IO, 0, 0},
	    {PEER_RCPT, PEER_DROP, NULL, STATUS_IO, 0, 0},
	    {PEER_RCPT, PEER_REPLY, "451 4.7.1 greylisted", STATUS_REFUSED_TEMP, 451, 0},
	    {PEER_RCPT, PEER_REPLY, "550 5.1.1 nobody", STATUS_REFUSED_PERM, 550, 0},
	    {PEER_RCPT, PEER_BYE, "421 4.7.28 rate", STATUS_REFUSED_TEMP, 421, 0},
	    {PEER_DATA, PEER_DROP, NULL, STATUS_IO, 0, 0},
	    {PEER_DATA, PEER_REPLY, "452 4.3.1 full", STATUS_REFUSED_TEMP, 452, 0},
	    {PEER_DATA, PEER_REPLY, "554 5.5.1 no", STATUS_REFUSED_PERM, 554, 0},
	    {PEER_DATA, PEER_REPLY, "250 what", STATUS_IO, 0, 0},
	    {PEER_DOT, PEER_DROP, NULL, STATUS_UNCERTAIN, 0, 1},
	    {PEER_DOT, PEER_REPLY, "nonsense", STATUS_UNCERTAIN, 0, 1},
	    {PEER_DOT, PEER_REPLY, "354 more", STATUS_UNCERTAIN, 0, 1},
	    {PEER_DOT, PEER_REPLY, "451 4.3.0 try later", STATUS_REFUSED_TEMP, 451, 1},
	    {PEER_DOT, PEER_REPLY, "554 5.7.1 spam", STATUS_REFUSED_PERM, 554, 1},
	    {PEER_DOT, PEER_BYE, "421 4.7.0 slow down", STATUS_REFUSED_TEMP, 421, 1},
	    {PEER_DOT, PEER_BYE, "250 2.0.0 taken", STATUS_OK, 250, 1},
	};
	for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
		size_t at = i / 2;
		struct bench b;
		struct attempt a = {0};
		set_up(&b, &(struct smtp_peer_script){.pipelining = i % 2 != 0,
						      .fail_at = cases[at].at,
						      .act = cases[at].act,
						      .reply = cases[at].reply,
						      .times = 1});
		deliver(&b, &a, mail);
		if (a.status != cases[at].want || a.code != cases[at].code || a.barriers != cases[at].barriers)
			fail_msg("case %zu (%d, %s): %s %d, %d at the barrier: %s", at, cases[at].at,
				 cases[at].reply ? cases[at].reply : "drop", status_name(a.status), a.code, a.barriers,
				 a.reply);
		if (cases[at].code)
			assert_string_equal(a.reply, cases[at].reply + 4);
		assert_true(a.reply[0]);
		/* Whatever it was, the next delivery is not hurt by it. */
		struct attempt next = {0};
		deliver(&b, &next, mail);
		assert_int_equal(next.status, STATUS_OK);
		tear_down(&b);
	}
}

static void test_smtp_broken_while_the_intent_is_written_is_certain(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {.at_barrier = ATTEMPT_WAITS};
	set_up(&b, &(struct smtp_peer_script){.fail_at = PEER_BODY, .act = PEER_DROP});
	attempt_start(&a, b.transport, mail);
	attempt_run_to_barrier(&a, b.loop);
	for (int turn = 0; turn < TURNS_MAX && !smtp_peer_seen(b.peer).hung_up; turn++)
		transport_run(b.loop, 1);
	assert_int_equal(a.ends, 0); /* not while the caller is deciding */
	transport_pass_barrier(a.delivery);
	attempt_run_to_end(&a, b.loop);
	assert_int_equal(a.status, STATUS_IO);
	tear_down(&b);
}

static void test_smtp_refused_in_the_middle_of_the_body_is_certain(void **state)
{
	(void)state;
	static const struct {
		enum smtp_peer_act act;
		enum status want;
	} cases[] = {{PEER_DROP, STATUS_IO}, {PEER_BYE, STATUS_REFUSED_PERM}};
	struct buf big;
	buf_init(&big, 64 << 20);
	while (big.n < 32 << 20)
		buf_append(&big, SLICE("0123456789012345678901234567890123456789012345678901234567890123\r\n"));
	for (size_t i = 0; i < 2; i++) {
		struct bench b;
		struct attempt a = {0};
		set_up(&b, &(struct smtp_peer_script){
			       .fail_at = PEER_BODY, .act = cases[i].act, .reply = "552 5.3.4 too big", .times = 1});
		deliver(&b, &a, buf_slice(&big));
		assert_int_equal(a.status, cases[i].want);
		assert_int_equal(a.barriers, 0);
		tear_down(&b);
	}
	buf_done(&big);
}

static void test_smtp_uses_one_connection_again_and_resets_it_after_a_refusal(void **state)
{
	(void)state;
	struct bench b;
	struct attempt tries[4] = {0};
	static const enum status want[4] = {STATUS_OK, STATUS_REFUSED_PERM, STATUS_OK, STATUS_OK};
	set_up(&b, &(struct smtp_peer_script){
		       .fail_at = PEER_RCPT, .act = PEER_REPLY, .reply = "550 5.1.1 nobody", .skip = 1, .times = 1});
	for (int i = 0; i < 4; i++) {
		deliver(&b, &tries[i], mail);
		assert_int_equal(tries[i].status, want[i]);
	}
	assert_int_equal(smtp_peer_seen(b.peer).connections, 1);
	assert_int_equal(smtp_peer_seen(b.peer).reached[PEER_RSET], 1);
	tear_down(&b);
}

static void test_smtp_begins_again_when_the_server_closed_an_idle_connection(void **state)
{
	(void)state;
	static const enum smtp_peer_act acts[] = {PEER_DROP, PEER_BYE};
	for (size_t i = 0; i < 2; i++) {
		struct bench b;
		struct attempt first = {0};
		struct attempt second = {0};
		set_up(&b, &(struct smtp_peer_script){
			       .fail_at = PEER_MAIL, .act = acts[i], .reply = "421 4.4.2 idle", .skip = 1, .times = 1});
		deliver(&b, &first, mail);
		deliver(&b, &second, mail);
		assert_int_equal(second.status, STATUS_OK);
		assert_int_equal(second.barriers, 1);
		assert_int_equal(smtp_peer_seen(b.peer).connections, 2);
		assert_int_equal(smtp_peer_seen(b.peer).accepted, 2);
		tear_down(&b);
	}
}

static void test_smtp_never_sends_again_what_has_passed_the_barrier(void **state)
{
	(void)state;
	struct bench b;
	struct attempt first = {0};
	struct attempt second = {0};
	set_up(&b, &(struct smtp_peer_script){.fail_at = PEER_DOT, .act = PEER_DROP, .skip = 1, .times = 1});
	deliver(&b, &first, mail);
	deliver(&b, &second, mail); /* on the same connection, which breaks after the dot */
	assert_int_equal(second.status, STATUS_UNCERTAIN);
	for (int turn = 0; turn < 20; turn++)
		transport_run(b.loop, 1);
	assert_int_equal(second.ends, 1);
	assert_int_equal(smtp_peer_seen(b.peer).connections, 1);
	assert_int_equal(smtp_peer_seen(b.peer).reached[PEER_MAIL], 2);
	tear_down(&b);
}

static void test_smtp_slow_after_the_dot_holds_up_nobody_else(void **state)
{
	(void)state;
	struct bench b;
	struct attempt slow = {0};
	struct attempt others[5] = {0};
	set_up(&b, &(struct smtp_peer_script){.fail_at = PEER_DOT, .act = PEER_STALL, .times = 1});
	attempt_start(&slow, b.transport, mail);
	for (int turn = 0; turn < TURNS_MAX && !smtp_peer_seen(b.peer).reached[PEER_DOT]; turn++)
		attempt_turn(&slow, b.loop);
	for (int i = 0; i < 5; i++) {
		deliver(&b, &others[i], mail);
		assert_int_equal(others[i].status, STATUS_OK);
	}
	assert_int_equal(slow.ends, 0);
	assert_int_equal(transport_active(b.transport), 1);
	smtp_peer_release(b.peer);
	attempt_run_to_end(&slow, b.loop);
	assert_int_equal(slow.status, STATUS_OK);
	tear_down(&b);
}

static void test_smtp_carries_many_at_once(void **state)
{
	(void)state;
	enum { COUNT = 40 };
	struct bench b;
	struct attempt tries[COUNT] = {0};
	int ended = 0;
	set_up(&b, &(struct smtp_peer_script){.pipelining = true});
	for (int i = 0; i < COUNT; i++)
		attempt_start(&tries[i], b.transport, mail);
	for (int turn = 0; turn < TURNS_MAX && ended < COUNT; turn++) {
		ended = 0;
		for (int i = 0; i < COUNT; i++) {
			if (!tries[i].ends)
				attempt_turn(&tries[i], b.loop);
			ended += tries[i].ends;
		}
	}
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(tries[i].status, STATUS_OK);
	assert_int_equal(smtp_peer_seen(b.peer).accepted, COUNT);
	tear_down(&b);
}

static void test_smtp_gives_up_on_a_silent_server(void **state)
{
	(void)state;
	static const enum smtp_peer_step steps[] = {PEER_BANNER, PEER_MAIL, PEER_DATA};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct bench b;
		struct attempt a = {0};
		struct smtp_peer_script script = {.fail_at = steps[i], .act = PEER_STALL};
		set_up(&b, &script);
		struct transport_smtp_config config = config_for(&b, &script);
		config.connect_timeout_ms = 300;
		config.idle_timeout_ms = 100;
		open_transport(&b, &config);
		deliver(&b, &a, mail);
		assert_int_equal(a.status, STATUS_TIMEOUT);
		tear_down(&b);
	}
}

static void test_smtp_refuses_what_could_be_smuggled(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *bytes;
	} cases[] = {
	    {"a@b.example", "c@d.example", "Subject: s\r\n\r\nx\n.\nMAIL FROM:<e@f.example>\r\n"},
	    {"a@b.example", "c@d.example", "Subject: s\r\n\r\nx\r.\r\n"},
	    {"a@b.example", "c@d.example", "Subject: s\r\n\r\nx\r"},
	    {"a@b.example", "c@d.example", "\nx\r\n"},
	    {"a@b.example\r\nRCPT TO:<x@y.example>", "c@d.example", "x\r\n"},
	    {"a@b.example", "c@d.example> NOTIFY=NEVER <", "x\r\n"},
	    {"a@b.example", "c @d.example", "x\r\n"},
	    {"a@b.example", "", "x\r\n"},
	};
	struct bench b;
	set_up(&b, &(struct smtp_peer_script){0});
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attempt a = {0};
		a.mail.envelope_from = slice_from_cstr(cases[i].from);
		a.mail.envelope_to = slice_from_cstr(cases[i].to);
		if (!cases[i].to[0])
			a.mail.envelope_to = slice_of(" ", 1);
		deliver(&b, &a, slice_from_cstr(cases[i].bytes));
		assert_int_equal(a.status, STATUS_BAD_INPUT);
	}
	assert_int_equal(smtp_peer_seen(b.peer).connections, 0);
	tear_down(&b);
}

static void test_smtp_takes_no_proxy_from_the_environment(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {0};
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	set_up(&b, &(struct smtp_peer_script){0});
	deliver(&b, &a, mail);
	unsetenv("all_proxy");
	assert_int_equal(a.status, STATUS_OK);
	tear_down(&b);
}

static void test_smtp_says_in_words_that_nobody_listens(void **state)
{
	(void)state;
	struct bench b;
	struct attempt a = {0};
	struct smtp_peer_script script = {0};
	set_up(&b, &script);
	struct transport_smtp_config config = config_for(&b, &script);
	struct smtp_peer *gone = smtp_peer_start(&script);
	config.port = smtp_peer_port(gone);
	smtp_peer_stop(&gone);
	open_transport(&b, &config);
	deliver(&b, &a, mail);
	assert_int_equal(a.status, STATUS_IO);
	assert_non_null(strstr(a.reply, "127.0.0.1"));
	tear_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_smtp_delivers_every_byte_whatever_the_dots),
	    cmocka_unit_test(test_smtp_tells_the_reply_and_the_queue_id),
	    cmocka_unit_test(test_smtp_does_not_end_the_data_before_the_barrier_is_passed),
	    cmocka_unit_test(test_smtp_abandoned_before_the_dot_is_never_delivered),
	    cmocka_unit_test(test_smtp_can_be_abandoned_at_any_moment),
	    cmocka_unit_test(test_smtp_says_of_every_failure_whether_it_is_certain),
	    cmocka_unit_test(test_smtp_broken_while_the_intent_is_written_is_certain),
	    cmocka_unit_test(test_smtp_refused_in_the_middle_of_the_body_is_certain),
	    cmocka_unit_test(test_smtp_uses_one_connection_again_and_resets_it_after_a_refusal),
	    cmocka_unit_test(test_smtp_begins_again_when_the_server_closed_an_idle_connection),
	    cmocka_unit_test(test_smtp_never_sends_again_what_has_passed_the_barrier),
	    cmocka_unit_test(test_smtp_slow_after_the_dot_holds_up_nobody_else),
	    cmocka_unit_test(test_smtp_carries_many_at_once),
	    cmocka_unit_test(test_smtp_gives_up_on_a_silent_server),
	    cmocka_unit_test(test_smtp_refuses_what_could_be_smuggled),
	    cmocka_unit_test(test_smtp_takes_no_proxy_from_the_environment),
	    cmocka_unit_test(test_smtp_says_in_words_that_nobody_listens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
