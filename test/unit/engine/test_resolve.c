/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/apply/resolve.h"

#include "post.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum status cancel(struct post *p, uint32_t tenant, struct uuid id)
{
	return post_run(p, resolve_cancel_command(&p->sending, p->arena, tenant, id));
}

static void test_a_queued_message_can_be_canceled_once(void **state)
{
	struct post p;
	(void)state;
	post_open(&p);
	struct uuid id = post_mail(&p, "outbox", "c@example.com");
	assert_int_equal(cancel(&p, p.world.tenant + 1, id), STATUS_NOT_FOUND);
	assert_int_equal(cancel(&p, p.world.tenant, id), STATUS_OK);
	assert_int_equal(post_message(&p, id)->state, MESSAGE_CANCELED);
	assert_int_equal(cancel(&p, p.world.tenant, id), STATUS_CONFLICT);
	post_start_dispatcher(&p);
	post_wait(&p, post_mail(&p, "outbox", "d@example.com"), MESSAGE_DELIVERED);
	assert_int_equal(post_outbox_count(&p), 1);
	assert_int_equal(cancel(&p, p.world.tenant, (struct uuid){{1}}), STATUS_NOT_FOUND);
	post_check_sums(&p);
	post_close(&p);
}

/* Its provider does not answer yet: claimed, built, and on the line. */
static void test_a_claimed_message_can_be_canceled_and_does_not_leave(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer =
	    post_open_with_peer(&p, &(struct smtp_peer_script){.fail_at = PEER_MAIL, .act = PEER_STALL, .times = 1});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait_until_reached(peer, PEER_MAIL, 1);
	assert_int_equal(cancel(&p, p.world.tenant, id), STATUS_OK);
	assert_int_equal(post_message(&p, id)->state, MESSAGE_CANCELED);
	smtp_peer_release(peer);
	post_wait(&p, post_mail(&p, "smtp", "d@example.com"), MESSAGE_SENT);
	post_stop_dispatcher(&p); /* the first is done with, too */
	assert_int_equal(smtp_peer_seen(peer).reached[PEER_DOT], 1);
	assert_int_equal(post_message(&p, id)->state, MESSAGE_CANCELED);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM send_queue"), 0);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_message_past_its_dot_cannot_be_canceled(void **state)
{
	struct post p;
	(void)state;
	struct smtp_peer *peer =
	    post_open_with_peer(&p, &(struct smtp_peer_script){.fail_at = PEER_DOT, .act = PEER_STALL, .times = 1});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait_until_reached(peer, PEER_DOT, 1);
	assert_int_equal(cancel(&p, p.world.tenant, id), STATUS_CONFLICT);
	smtp_peer_release(peer);
	post_wait(&p, id, MESSAGE_SENT);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

/* Wherever on its way a mail is just then: it is canceled and does not leave, or it is not and does. */
static void test_what_was_canceled_does_not_leave_whenever_it_was(void **state)
{
	enum { MAILS = 200 };
	struct post p;
	size_t canceled = 0;
	struct uuid ids[MAILS];
	(void)state;
	post_open(&p);
	post_start_dispatcher(&p);
	for (size_t i = 0; i < MAILS; i++) {
		ids[i] = post_mail(&p, "outbox", "c@example.com");
		if (i % 2)
			continue;
		/* One of some mails ago: each few are further on. */
		size_t ago = i / 2 % 8;
		size_t n = ago < i ? i - ago : i;
		canceled += cancel(&p, p.world.tenant, ids[n]) == STATUS_OK;
	}
	for (size_t i = 0; i < MAILS; i++)
		while (post_message(&p, ids[i])->state != MESSAGE_CANCELED &&
		       post_message(&p, ids[i])->state != MESSAGE_DELIVERED)
			continue;
	post_stop_dispatcher(&p);
	assert_int_equal(post_outbox_count(&p), MAILS - canceled);
	post_check_sums(&p);
	post_close(&p);
}

static void check_resolution(enum resolve_as as, enum message_state want, enum event_type event)
{
	struct post p;
	const struct event *events;
	struct smtp_peer *peer =
	    post_open_with_peer(&p, &(struct smtp_peer_script){.fail_at = PEER_DOT, .act = PEER_DROP, .times = 1});
	post_start_dispatcher(&p);
	struct uuid id = post_mail(&p, "smtp", "c@example.com");
	post_wait(&p, id, MESSAGE_IN_DOUBT);
	assert_int_equal(world_stat(&p.world, STAT_IN_DOUBT), 1);
	assert_int_equal(post_resolve(&p, id, as), STATUS_OK);
	assert_int_equal(post_message(&p, id)->state, want);
	size_t count = post_events(&p, id, &events);
	assert_int_equal(events[count - 1].type, event);
	assert_int_equal(world_stat(&p.world, STAT_IN_DOUBT), 0);
	assert_int_equal(world_stat(&p.world, STAT_SENDS), 1);
	assert_int_equal(post_resolve(&p, id, as), STATUS_CONFLICT);
	assert_int_equal(world_sql(&p.world, "SELECT count(*) FROM send_queue"), 0);
	post_check_sums(&p);
	post_close(&p);
	smtp_peer_stop(&peer);
}

static void test_a_doubt_can_be_ended_as_sent(void **state)
{
	(void)state;
	check_resolution(RESOLVE_SENT, MESSAGE_SENT, EVENT_SENT);
}

static void test_a_doubt_can_be_ended_as_failed(void **state)
{
	(void)state;
	check_resolution(RESOLVE_FAILED, MESSAGE_FAILED, EVENT_FAILED);
}

static void test_only_the_three_words_are_known(void **state)
{
	enum resolve_as as;
	(void)state;
	assert_true(resolve_parse(SLICE("sent"), &as) && as == RESOLVE_SENT);
	assert_true(resolve_parse(SLICE("resend"), &as) && as == RESOLVE_RESEND);
	assert_true(resolve_parse(SLICE("failed"), &as) && as == RESOLVE_FAILED);
	assert_false(resolve_parse(SLICE("lost"), &as));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_queued_message_can_be_canceled_once),
	    cmocka_unit_test(test_a_claimed_message_can_be_canceled_and_does_not_leave),
	    cmocka_unit_test(test_a_message_past_its_dot_cannot_be_canceled),
	    cmocka_unit_test(test_what_was_canceled_does_not_leave_whenever_it_was),
	    cmocka_unit_test(test_a_doubt_can_be_ended_as_sent),
	    cmocka_unit_test(test_a_doubt_can_be_ended_as_failed),
	    cmocka_unit_test(test_only_the_three_words_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
