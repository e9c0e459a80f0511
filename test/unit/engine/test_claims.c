/* SPDX-License-Identifier: Apache-2.0 */
/* Claims and jobs without the deliverer's thread: the test is the loop, and says how far outcomes are applied. */
#include "post.h"

#include "engine/dispatch/claims.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CONCURRENCY = 5, ROOM = CONCURRENCY * 6, MAILS = 100, TURNS_MAX = 60000 };

struct desk {
	struct post post;
	struct transport_loop *loop;
	struct outlets *outlets;
	struct errands errands;
	struct durable_records *records;
	struct lease_book leases;
	struct builder *builder;
	struct job_counts counts;
	struct jobs *jobs;
	struct claims *claims;
};

static void wake(void *user)
{
	transport_wake(user);
}

static void open_parts(struct desk *d, size_t built_bytes_max)
{
	struct err err = {0};
	struct provider_setting setting = {SLICE("directory"), slice_from_cstr(d->post.outbox)};
	struct outlet_config outbox = {"outbox", &setting, 1};
	struct builder_config builder = {.store = d->post.world.store,
					 .keys = d->post.world.keys,
					 .clock = &d->post.clock,
					 .bytes_max = built_bytes_max,
					 .wake = wake,
					 .user = d->loop};
	if (outlets_open(d->loop, &outbox, 1, &d->outlets, &err) != STATUS_OK ||
	    builder_start(&builder, &d->builder, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	d->records = durable_records_new(&(struct durable_records_config){.journal = d->post.world.journal,
									  .clock = &d->post.clock,
									  .batch_bytes = 1 << 16,
									  .wake = wake,
									  .user = d->loop});
}

static void desk_open(struct desk *d, size_t built_bytes_max)
{
	memset(d, 0, sizeof *d);
	post_open(&d->post);
	d->loop = transport_loop_new();
	errands_init(&d->errands, d->post.sending.writer, wake, d->loop);
	lease_book_init(&d->leases, (int64_t)LEASE_SECONDS * 1000000);
	open_parts(d, built_bytes_max);
	d->jobs = jobs_new(&(struct jobs_config){.clock = &d->post.clock,
						 .journal = d->post.world.journal,
						 .errands = &d->errands,
						 .records = d->records,
						 .builder = d->builder,
						 .outlets = d->outlets,
						 .counts = &d->counts,
						 .retry = {12, 60000, 60000},
						 .concurrency = CONCURRENCY});
	d->claims = claims_new(&(struct claims_config){.clock = &d->post.clock,
						       .store = d->post.world.store,
						       .session = d->post.world.session,
						       .journal = d->post.world.journal,
						       .errands = &d->errands,
						       .leases = &d->leases,
						       .jobs = d->jobs,
						       .retry = {12, 60000, 60000},
						       .concurrency = CONCURRENCY});
}

static void desk_close(struct desk *d)
{
	claims_free(&d->claims);
	jobs_free(&d->jobs);
	builder_stop(&d->builder);
	lease_book_done(&d->leases);
	durable_records_free(&d->records);
	errands_done(&d->errands);
	outlets_close(&d->outlets);
	transport_loop_free(&d->loop);
	post_close(&d->post);
}

static struct job_figures turn(struct desk *d, uint64_t applied)
{
	transport_run(d->loop, 1);
	errands_finish(&d->errands);
	durable_records_move(d->records);
	jobs_move(d->jobs, applied);
	claims_move(d->claims, true);
	durable_records_move(d->records);
	return jobs_figures(d->jobs);
}

/* Until so many settle and nothing else is there. */
static void turn_until_settling(struct desk *d, uint32_t want)
{
	struct job_figures f = {0};
	for (int i = 0; i < TURNS_MAX && !(f.settling == want && f.open == 0 && f.to_start == 0); i++)
		f = turn(d, 0);
	assert_int_equal(f.settling, want);
	assert_int_equal(f.all, want);
}

static void queue_mails(struct desk *d)
{
	for (int i = 0; i < MAILS; i++)
		(void)post_mail(&d->post, "outbox", "c@example.com");
}

/* Until everything is sent and settled; *ret_most is the most jobs that were there at once. */
static void turn_to_the_end(struct desk *d, uint32_t *ret_most)
{
	struct job_figures f = {0};
	*ret_most = 0;
	for (int i = 0; i < TURNS_MAX && (post_outbox_count(&d->post) < MAILS || f.all || d->errands.count); i++) {
		f = turn(d, UINT64_MAX);
		*ret_most = f.all > *ret_most ? f.all : *ret_most;
	}
	assert_int_equal(post_outbox_count(&d->post), MAILS);
	assert_int_equal(f.all, 0);
}

static void test_mails_that_settle_take_room_until_they_are_applied(void **state)
{
	struct desk d;
	uint32_t most;
	(void)state;
	desk_open(&d, 1 << 20);
	queue_mails(&d);
	turn_until_settling(&d, ROOM);
	for (int i = 0; i < 50; i++)
		assert_int_equal(turn(&d, 0).all, ROOM);
	assert_int_equal(post_outbox_count(&d.post), ROOM);
	turn_to_the_end(&d, &most);
	assert_true(most <= ROOM);
	desk_close(&d);
}

static void test_settled_mails_let_go_of_their_lease(void **state)
{
	struct desk d;
	uint32_t most;
	(void)state;
	desk_open(&d, 1 << 20);
	queue_mails(&d);
	turn_until_settling(&d, ROOM);
	assert_true(lease_book_count(&d.leases) >= 1);
	turn_to_the_end(&d, &most);
	assert_int_equal(lease_book_count(&d.leases), 0);
	desk_close(&d);
}

/* The largest mail is known by what is held when there is one only. */
static void test_finished_mail_never_takes_more_than_the_bound_and_one_mail(void **state)
{
	struct desk one, many;
	struct builder_figures single, peak;
	uint32_t most;
	(void)state;
	desk_open(&one, 1);
	queue_mails(&one);
	turn_to_the_end(&one, &most);
	builder_figures(one.builder, &single);
	assert_true(single.bytes_peak > 0);
	assert_int_equal(single.bytes_held, 0);
	desk_close(&one);
	desk_open(&many, 3 * single.bytes_peak);
	queue_mails(&many);
	turn_to_the_end(&many, &most);
	builder_figures(many.builder, &peak);
	/* Up to the bound, which a last mail may step over. */
	assert_true(peak.bytes_peak > single.bytes_peak && peak.bytes_peak <= 4 * single.bytes_peak);
	assert_int_equal(peak.bytes_held, 0);
	desk_close(&many);
}

static void test_what_is_given_up_is_with_nobody(void **state)
{
	struct desk d;
	(void)state;
	desk_open(&d, 1 << 20);
	queue_mails(&d);
	turn_until_settling(&d, ROOM);
	/* Room for as many again, claimed and given up at different steps. */
	struct job_figures f = turn(&d, UINT64_MAX);
	for (int i = 0; i < TURNS_MAX && f.all == 0; i++)
		f = turn(&d, UINT64_MAX);
	jobs_give_up(d.jobs);
	for (int i = 0; i < TURNS_MAX && (f.all || d.errands.count || durable_records_any(d.records)); i++) {
		transport_run(d.loop, 1);
		errands_finish(&d.errands);
		durable_records_move(d.records);
		jobs_move(d.jobs, UINT64_MAX);
		jobs_give_up(d.jobs);
		f = jobs_figures(d.jobs);
	}
	assert_int_equal(f.all, 0);
	assert_int_equal(lease_book_count(&d.leases), 0);
	desk_close(&d);
}

/* By the hour that mails were accepted, none of them is due. */
static void test_a_clock_set_back_holds_up_no_mail(void **state)
{
	struct desk d;
	uint32_t most;
	(void)state;
	desk_open(&d, 1 << 20);
	queue_mails(&d);
	turn_until_settling(&d, ROOM);
	post_advance(&d.post, -3600);
	turn_to_the_end(&d, &most);
	desk_close(&d);
}

/* While nobody was there to see it. */
static void test_a_clock_set_back_before_the_start_holds_up_no_mail(void **state)
{
	struct desk d;
	uint32_t most;
	(void)state;
	desk_open(&d, 1 << 20);
	queue_mails(&d);
	post_advance(&d.post, -3600);
	turn_to_the_end(&d, &most);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mails_that_settle_take_room_until_they_are_applied),
	    cmocka_unit_test(test_settled_mails_let_go_of_their_lease),
	    cmocka_unit_test(test_finished_mail_never_takes_more_than_the_bound_and_one_mail),
	    cmocka_unit_test(test_what_is_given_up_is_with_nobody),
	    cmocka_unit_test(test_a_clock_set_back_holds_up_no_mail),
	    cmocka_unit_test(test_a_clock_set_back_before_the_start_holds_up_no_mail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
