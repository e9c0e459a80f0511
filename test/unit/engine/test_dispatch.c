/* SPDX-License-Identifier: Apache-2.0 */
#include "post.h"

#include "base/mem.h"
#include "engine/apply/resolve.h"
#include "harness/smtp_peer.h"
#include "store/people/suppressions.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIVE_HOURS = 5 * 3600 };

static size_t count_events(struct post *p, struct uuid id, enum event_type type)
{
	const struct event *events;
	size_t count = post_events(p, id, &events), found = 0;
	for (size_t i = 0; i < count; i++)
		found += events[i].type == type;
	return found;
}

static void test_outbox_mail_is_delivered_once(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "outbox", "c@example.com");
	post_wait(&p, id, MESSAGE_DELIVERED);
	assert_int_equal(post_outbox_count(&p), 1);
	assert_int_equal(count_events(&p, id, EVENT_QUEUED), 1);
	assert_int_equal(count_events(&p, id, EVENT_SENT), 1);
	assert_int_equal(count_events(&p, id, EVENT_DELIVERED), 1);
	assert_int_equal(post_message(&p, id)->attempts, 1);
	post_check_sums(&p);
	/* Nothing is left to be sent after a restart. */
	post_start_dispatcher(&p);
	post_wait(&p, post_mail(&p, "outbox", "d@example.com"), MESSAGE_DELIVERED);
	assert_int_equal(post_outbox_count(&p), 2);
	assert_int_equal(post_message(&p, id)->attempts, 1);
	post_close(&p);
}

static void test_many_mails_all_leave_once(void **state)
{
	enum { MAILS = 150 };
	struct post p;
	struct uuid ids[MAILS];
	(void)state;
	post_open(&p);
	post_start_dispatcher(&p);
	for (int i = 0; i < MAILS; i++)
		ids[i] = post_mail(&p, "outbox", "c@example.com");
	for (int i = 0; i < MAILS; i++) {
		post_wait(&p, ids[i], MESSAGE_DELIVERED);
		assert_int_equal(post_message(&p, ids[i])->attempts, 1);
	}
	assert_int_equal(post_outbox_count(&p), MAILS);
	struct dispatch_figures figures;
	dispatch_figures(p.dispatcher, &figures);
	assert_int_equal(figures.sent, MAILS);
	assert_int_equal(figures.in_flight, 0);
	post_check_sums(&p);
	post_close(&p);
}

static void test_scheduled_mail_waits_for_its_time(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	post_start_dispatcher(&p);
	struct accept_result later =
	    post_send(&p, ACCEPT_SEND,
		      "{\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"l@example.com\"},"
		      "\"subject\":\"Later\",\"text\":\"x\",\"send_at\":\"2026-11-21T07:00:00Z\"}");
	assert_string_equal(later.status, "scheduled");
	/* One that is due goes through the same queue meanwhile. */
	post_wait(&p, post_mail(&p, "outbox", "c@example.com"), MESSAGE_DELIVERED);
	assert_int_equal(post_message(&p, later.id)->state, MESSAGE_SCHEDULED);
	assert_int_equal(post_outbox_count(&p), 1);
	post_advance(&p, 3600);
	post_wait(&p, later.id, MESSAGE_DELIVERED);
	assert_int_equal(post_outbox_count(&p), 2);
	post_close(&p);
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;
	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		count++;
	return count;
}

/* Put off behind the dot, and the program is another one at the next attempt. */
static void test_mail_is_dated_when_it_first_leaves_and_stays_so(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(
	    &p,
	    &(struct smtp_peer_script){.fail_at = PEER_DOT, .act = PEER_REPLY, .reply = "451 4.7.1 later", .times = 2});
	post_start_dispatcher(&p);
	struct accept_result later =
	    post_send(&p, ACCEPT_SEND,
		      "{\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"l@example.com\"},\"provider\":"
		      "\"smtp\",\"subject\":\"Later\",\"text\":\"x\",\"send_at\":\"2026-11-21T07:00:00Z\"}");
	assert_string_equal(later.status, "scheduled");
	post_advance(&p, 3600);
	post_wait(&p, later.id, MESSAGE_DEFERRED);
	post_stop_dispatcher(&p);
	post_restart(&p);
	post_advance(&p, FIVE_HOURS);
	post_start_dispatcher(&p);
	post_wait_until_reached(peer, PEER_DOT, 2);
	post_wait(&p, later.id, MESSAGE_DEFERRED);
	post_advance(&p, FIVE_HOURS);
	post_wait(&p, later.id, MESSAGE_SENT);
	char *data = smtp_peer_data(peer);
	assert_int_equal(count_of(data, "Date: "), 3);
	assert_int_equal(count_of(data, "Date: Sat, 21 Nov 2026 07:00:00 +0000\r\n"), 3);
	mem_free(data);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* What was refused before the data has never been seen. */
static void test_mail_that_nobody_let_in_is_dated_when_it_leaves(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(
	    &p, &(struct smtp_peer_script){
		    .fail_at = PEER_RCPT, .act = PEER_REPLY, .reply = "451 4.7.1 later", .times = 1});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait(&p, id, MESSAGE_DEFERRED);
	post_advance(&p, FIVE_HOURS);
	post_wait(&p, id, MESSAGE_SENT);
	char *data = smtp_peer_data(peer);
	assert_int_equal(count_of(data, "Date: Sat, 21 Nov 2026 11:00:00 +0000\r\n"), 1);
	mem_free(data);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_temporary_refusal_is_tried_again(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(
	    &p, &(struct smtp_peer_script){
		    .fail_at = PEER_RCPT, .act = PEER_REPLY, .reply = "451 4.7.1 later", .times = 1});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait(&p, id, MESSAGE_DEFERRED);
	assert_int_equal(smtp_peer_seen(peer).accepted, 0);
	post_advance(&p, FIVE_HOURS);
	post_wait(&p, id, MESSAGE_SENT);
	assert_int_equal(smtp_peer_seen(peer).accepted, 1);
	assert_int_equal(post_message(&p, id)->attempts, 2);
	assert_int_equal(count_events(&p, id, EVENT_DEFERRED), 1);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_clock_set_back_holds_up_no_retry_and_no_schedule(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(
	    &p, &(struct smtp_peer_script){
		    .fail_at = PEER_RCPT, .act = PEER_REPLY, .reply = "451 4.7.1 later", .times = 1});
	post_start_dispatcher(&p);
	struct uuid refused = post_mail(&p, "smtp", "c@example.com");
	post_wait(&p, refused, MESSAGE_DEFERRED);
	struct accept_result later =
	    post_send(&p, ACCEPT_SEND,
		      "{\"from\":{\"email\":\"a@agency.example\"},\"to\":{\"email\":\"l@example.com\"},"
		      "\"subject\":\"Later\",\"text\":\"x\",\"send_at\":\"2026-11-21T07:00:00Z\"}");
	post_advance(&p, -FIVE_HOURS);
	post_wait(&p, refused, MESSAGE_SENT);
	assert_int_equal(smtp_peer_seen(peer).accepted, 1);
	assert_int_equal(post_message(&p, later.id)->state, MESSAGE_SCHEDULED);
	post_advance(&p, FIVE_HOURS + 3600);
	post_wait(&p, later.id, MESSAGE_DELIVERED);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_permanent_refusal_ends_it(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(
	    &p, &(struct smtp_peer_script){.fail_at = PEER_RCPT, .act = PEER_REPLY, .reply = "550 5.1.1 no such user"});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait(&p, id, MESSAGE_FAILED);
	assert_int_equal(post_message(&p, id)->attempts, 1);
	assert_int_equal(count_events(&p, id, EVENT_FAILED), 1);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_the_last_attempt_fails(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer = post_open_with_peer(
	    &p, &(struct smtp_peer_script){.fail_at = PEER_MAIL, .act = PEER_REPLY, .reply = "421 busy"});
	p.attempts_max = 2;
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait(&p, id, MESSAGE_DEFERRED);
	post_advance(&p, FIVE_HOURS);
	post_wait(&p, id, MESSAGE_FAILED);
	assert_int_equal(post_message(&p, id)->attempts, 2);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_line_that_drops_after_the_dot_is_in_doubt_until_resolved(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer =
	    post_open_with_peer(&p, &(struct smtp_peer_script){.fail_at = PEER_DOT, .act = PEER_DROP, .times = 1});
	post_start_dispatcher(&p);
	struct uuid doubtful = post_mail(&p, "smtp", "c@example.com");
	post_wait(&p, doubtful, MESSAGE_IN_DOUBT);
	/* A day later others are sent; this one is not, and a restart does not change that. */
	post_advance(&p, 86400);
	post_wait(&p, post_mail(&p, "smtp", "d@example.com"), MESSAGE_SENT);
	post_check_sums(&p);
	post_start_dispatcher(&p);
	post_wait(&p, post_mail(&p, "smtp", "e@example.com"), MESSAGE_SENT);
	assert_int_equal(post_message(&p, doubtful)->state, MESSAGE_IN_DOUBT);
	assert_int_equal(smtp_peer_seen(peer).reached[PEER_DOT], 3);
	assert_int_equal(post_resolve(&p, doubtful, RESOLVE_RESEND), STATUS_OK);
	post_wait(&p, doubtful, MESSAGE_SENT);
	assert_int_equal(smtp_peer_seen(peer).reached[PEER_DOT], 4);
	assert_int_equal(count_events(&p, doubtful, EVENT_SENT), 1);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* ---- Crashes: a child that accepts and sends, killed by the parent where the peer holds it. */

/* Never returns. The child was forked while the parent had no threads. */
static void run_child(struct post *p, int from_parent, int to_parent)
{
	if (read(from_parent, &p->smtp_port, sizeof p->smtp_port) != (ssize_t)sizeof p->smtp_port)
		_exit(1);
	post_open_handles(p);
	struct uuid id = post_mail(p, "smtp", "c@example.com");
	if (write(to_parent, id.bytes, sizeof id.bytes) != (ssize_t)sizeof id.bytes)
		_exit(1);
	post_start_dispatcher(p);
	for (;;)
		pause();
}

/* A post whose mail was under way when its process was killed at `step`; *ret_peer has been released. */
static struct uuid crash_at(struct post *p, enum smtp_peer_step step, struct smtp_peer **ret_peer)
{
	struct smtp_peer_script script = {.fail_at = step, .act = PEER_STALL, .times = 1};
	int down[2], up[2];
	struct uuid id;
	memset(p, 0, sizeof *p);
	world_open(&p->world);
	world_close_handles(&p->world);
	atomic_store(&p->now_us, WORLD_NOW_US);
	assert_int_equal(pipe(down) + pipe(up), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_child(p, down[0], up[1]);
	*ret_peer = smtp_peer_start(&script);
	p->smtp_port = smtp_peer_port(*ret_peer);
	assert_int_equal(write(down[1], &p->smtp_port, sizeof p->smtp_port), (ssize_t)sizeof p->smtp_port);
	assert_int_equal(read(up[0], id.bytes, sizeof id.bytes), (ssize_t)sizeof id.bytes);
	post_wait_until_reached(*ret_peer, step, 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	for (int i = 0; i < 2; i++) {
		close(down[i]);
		close(up[i]);
	}
	smtp_peer_release(*ret_peer);
	post_open_handles(p);
	return id;
}

static void test_a_crash_before_the_dot_sends_nothing_and_later_once(void **state)
{
	struct post p;
	struct smtp_peer *peer;
	(void)state;
	struct uuid id = crash_at(&p, PEER_DATA, &peer);
	assert_int_equal(smtp_peer_seen(peer).accepted, 0);
	post_start_dispatcher(&p);
	post_wait(&p, id, MESSAGE_SENT);
	assert_int_equal(smtp_peer_seen(peer).accepted, 1);
	assert_int_equal(count_events(&p, id, EVENT_SENT), 1);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_crash_after_the_dot_is_listed_as_in_doubt(void **state)
{
	struct post p;
	struct smtp_peer *peer;
	(void)state;
	struct uuid id = crash_at(&p, PEER_DOT, &peer);
	post_start_dispatcher(&p);
	post_wait(&p, id, MESSAGE_IN_DOUBT);
	post_advance(&p, 86400);
	post_wait(&p, post_mail(&p, "smtp", "d@example.com"), MESSAGE_SENT);
	assert_int_equal(post_message(&p, id)->state, MESSAGE_IN_DOUBT);
	assert_int_equal(smtp_peer_seen(peer).reached[PEER_DOT], 2);
	post_check_sums(&p);
	assert_int_equal(post_resolve(&p, id, RESOLVE_SENT), STATUS_OK);
	assert_int_equal(post_message(&p, id)->state, MESSAGE_SENT);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_crash_after_the_dot_is_sent_again_where_it_is_asked_for(void **state)
{
	struct post p;
	struct smtp_peer *peer;
	(void)state;
	struct uuid id = crash_at(&p, PEER_DOT, &peer);
	p.resend_in_doubt = true;
	post_start_dispatcher(&p);
	post_wait(&p, id, MESSAGE_SENT);
	assert_int_equal(smtp_peer_seen(peer).reached[PEER_DOT], 2);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_stop_abandons_mail_that_is_before_the_dot(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer =
	    post_open_with_peer(&p, &(struct smtp_peer_script){.fail_at = PEER_DATA, .act = PEER_STALL, .times = 1});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait_until_reached(peer, PEER_DATA, 1);
	post_stop_dispatcher(&p);
	assert_int_equal(post_message(&p, id)->state, MESSAGE_QUEUED);
	assert_int_equal(smtp_peer_seen(peer).accepted, 0);
	smtp_peer_release(peer);
	post_start_dispatcher(&p);
	post_wait(&p, id, MESSAGE_SENT);
	assert_int_equal(smtp_peer_seen(peer).accepted, 1);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_stop_waits_for_the_answer_to_the_dot(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer =
	    post_open_with_peer(&p, &(struct smtp_peer_script){.fail_at = PEER_DOT, .act = PEER_STALL, .times = 1});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait_until_reached(peer, PEER_DOT, 1);
	smtp_peer_release(peer);
	post_stop_dispatcher(&p);
	post_wait(&p, id, MESSAGE_SENT);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_an_address_that_was_suppressed_meanwhile_gets_nothing(void **state)
{
	struct post p;
	struct err err;
	bool added;
	(void)state;
	post_open(&p);
	struct uuid id = post_mail(&p, "outbox", "c@example.com");
	writer_stop(&p.sending.writer); /* the test's own session writes */
	struct suppression suppression = {
	    .tenant = p.world.tenant, .address = SLICE("c@example.com"), .reason = SLICE("complaint")};
	assert_int_equal(store_suppression_add(p.world.session, &suppression, WORLD_NOW_US, &added, &err), STATUS_OK);
	post_restart(&p);
	post_start_dispatcher(&p);
	post_wait(&p, id, MESSAGE_SUPPRESSED);
	assert_int_equal(count_events(&p, id, EVENT_SUPPRESSED), 1);
	assert_int_equal(post_outbox_count(&p), 0);
	post_check_sums(&p);
	post_close(&p);
}

static void test_a_mail_without_a_body_fails(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	struct uuid id = post_mail(&p, "outbox", "c@example.com");
	(void)world_sql(&p.world, "DELETE FROM bodies RETURNING 1");
	post_start_dispatcher(&p);
	post_wait(&p, id, MESSAGE_FAILED);
	post_check_sums(&p);
	post_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outbox_mail_is_delivered_once),
	    cmocka_unit_test(test_many_mails_all_leave_once),
	    cmocka_unit_test(test_scheduled_mail_waits_for_its_time),
	    cmocka_unit_test(test_mail_is_dated_when_it_first_leaves_and_stays_so),
	    cmocka_unit_test(test_mail_that_nobody_let_in_is_dated_when_it_leaves),
	    cmocka_unit_test(test_a_temporary_refusal_is_tried_again),
	    cmocka_unit_test(test_a_clock_set_back_holds_up_no_retry_and_no_schedule),
	    cmocka_unit_test(test_a_permanent_refusal_ends_it),
	    cmocka_unit_test(test_the_last_attempt_fails),
	    cmocka_unit_test(test_a_line_that_drops_after_the_dot_is_in_doubt_until_resolved),
	    cmocka_unit_test(test_a_crash_before_the_dot_sends_nothing_and_later_once),
	    cmocka_unit_test(test_a_crash_after_the_dot_is_listed_as_in_doubt),
	    cmocka_unit_test(test_a_crash_after_the_dot_is_sent_again_where_it_is_asked_for),
	    cmocka_unit_test(test_a_stop_abandons_mail_that_is_before_the_dot),
	    cmocka_unit_test(test_a_stop_waits_for_the_answer_to_the_dot),
	    cmocka_unit_test(test_an_address_that_was_suppressed_meanwhile_gets_nothing),
	    cmocka_unit_test(test_a_mail_without_a_body_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
