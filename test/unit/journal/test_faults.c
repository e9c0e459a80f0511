/* SPDX-License-Identifier: Apache-2.0 */
/* Errors at every call, once and for ever; a disk that is full and then not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"
#include "sim_script.h"

#include <errno.h>
#include <sched.h>

#define FOR_EVER UINT64_MAX

static const struct script script = {
    .commits = 200, .records = 8, .reopen_every = 61, .trim_every = 50, .until_failure = true};

/* How often an error strikes: at each of the first calls, where journals and segments are made, then with gaps. The
 * thread sanitizer is forty times slower and looks for races, which fewer show as well. */
#ifdef __SANITIZE_THREAD__
enum { CLOSELY_UNTIL = 8, GAP = 37 };
#else
enum { CLOSELY_UNTIL = 40, GAP = 7 };
#endif

struct place {
	struct truth truth;
	struct sim_disk *sim;
};

static int make_place(void **state)
{
	struct place *place = MEM_NEW(struct place);

	place->sim = sim_disk_new();
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	sim_disk_free(&place->sim);
	mem_free(place);
	return 0;
}

/* ---- EIO. */

/* The script with one fault, then a restart without a power cut: the page cache still holds what the platter does not.
 * False when the fault never struck. */
static bool run_with_fault(struct place *place, struct sim_fault fault)
{
	const char *wrong;
	bool ended;

	memset(&place->truth, 0, sizeof place->truth);
	sim_disk_free(&place->sim);
	place->sim = sim_disk_new();
	sim_disk_fail(place->sim, fault);
	ended = script_run(place->sim, &script, &place->truth);
	if (sim_disk_failures(place->sim) == 0) {
		assert_true(ended);
		return false;
	}
	sim_disk_heal(place->sim);
	wrong = script_check_twice(place->sim, &place->truth);
	if (wrong)
		fail_msg("error %d at %u number %llu: %s", fault.error, fault.operations, (unsigned long long)fault.at,
			 wrong);
	return true;
}

static void sweep(struct place *place, unsigned operations, uint64_t times)
{
	struct sim_fault fault = {.operations = operations, .at = 1, .times = times, .error = EIO};
	uint64_t n = 0;

	while (run_with_fault(place, fault)) {
		n++;
		fault.at += fault.at < CLOSELY_UNTIL ? 1 : GAP;
	}
	assert_true(n > 0);
}

static void test_an_error_at_any_write_or_sync_loses_nothing_that_was_acknowledged(void **state)
{
	static const unsigned operations[] = {SIM_WRITE,  SIM_FDATASYNC, SIM_FSYNC, SIM_FSYNC_DIRECTORY,
					      SIM_RENAME, SIM_CREATE,    SIM_MKDIR, SIM_FALLOCATE};

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		sweep(*state, operations[i], 1);
		sweep(*state, operations[i], FOR_EVER);
	}
}

static struct journal *open_journal(struct place *place)
{
	struct journal_config config = sim_config(place->sim);
	struct journal *journal = NULL;
	struct err err = {0};

	if (journal_open(&config, &journal, &err) != STATUS_OK)
		fail_msg("journal_open: %s", err.text);
	return journal;
}

static void check(struct place *place)
{
	const char *wrong = script_check_twice(place->sim, &place->truth);

	if (wrong)
		fail_msg("%s", wrong);
}

static void test_while_syncs_fail_nothing_is_acknowledged(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	char text[200];

	assert_int_equal(script_commit(journal, 5, &place->truth), STATUS_OK);
	sim_disk_fail(place->sim,
		      (struct sim_fault){.operations = SIM_SYNCS, .at = 1, .times = FOR_EVER, .error = EIO});
	assert_int_equal(script_commit(journal, 5, &place->truth), STATUS_IO);
	assert_int_equal(journal_health(journal), JOURNAL_FAILED);
	journal_health_text(journal, text, sizeof text);
	assert_int_not_equal(text[0], 0);
	for (int i = 0; i < 10; i++) {
		uint64_t possible = place->truth.possible;

		assert_int_equal(script_commit(journal, 5, &place->truth), STATUS_IO);
		place->truth.possible = possible;
	}
	assert_int_equal(journal_durable_sequence(journal), place->truth.acked);
	assert_true(journal_failures(journal) >= 2);
	/* And as soon as they work, it does. */
	sim_disk_heal(place->sim);
	script_wait_until_healthy(journal);
	assert_int_equal(script_commit(journal, 5, &place->truth), STATUS_OK);
	journal_close(&journal);
	check(place);
}

/* The disk says no once, at whatever: whoever waits for an answer does not notice. */
static void test_an_error_that_passes_costs_no_acknowledgement(void **state)
{
	static const unsigned operations[] = {SIM_WRITE,  SIM_FDATASYNC, SIM_FSYNC,    SIM_FSYNC_DIRECTORY,
					      SIM_RENAME, SIM_CREATE,    SIM_FALLOCATE};
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	unsigned struck = 0;

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		sim_disk_fail(place->sim,
			      (struct sim_fault){.operations = operations[i], .at = 2, .times = 1, .error = EIO});
		for (int j = 0; j < 100; j++)
			assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
		struck += sim_disk_failures(place->sim) > 0;
		assert_int_equal(journal_health(journal), JOURNAL_HEALTHY);
	}
	assert_true(struck >= 3);
	assert_true(journal_failures(journal) > 0);
	journal_close(&journal);
	check(place);
}

/* Goes on in the same process after the fault, on another segment; then is killed, or loses its power in every way. */
static bool go_on_after_fault(struct place *place, const struct sim_fault *fault)
{
	static const struct script patient = {
	    .commits = 200, .records = 8, .reopen_every = 1000, .trim_every = 50, .until_failure = false};
	bool struck;

	memset(&place->truth, 0, sizeof place->truth);
	sim_disk_free(&place->sim);
	place->sim = sim_disk_new();
	struct journal *journal = open_journal(place);
	journal_close(&journal);
	sim_disk_fail(place->sim, *fault);
	(void)script_run(place->sim, &patient, &place->truth);
	struck = sim_disk_failures(place->sim) > 0;
	sim_disk_heal(place->sim);
	for (int damage = 0; damage < SIM_DAMAGES; damage++) {
		struct sim_disk *after = sim_disk_after_power_cut(place->sim, (enum sim_damage)damage, fault->at);
		const char *wrong = script_check_twice(after, &place->truth);

		sim_disk_free(&after);
		if (wrong)
			fail_msg("error at %u number %llu, %llu times, damage %d: %s", fault->operations,
				 (unsigned long long)fault->at, (unsigned long long)fault->times, damage, wrong);
	}
	check(place);
	return struck;
}

static void test_a_new_segment_after_an_error_at_any_call_loses_nothing(void **state)
{
	static const unsigned operations[] = {SIM_WRITE,  SIM_FDATASYNC, SIM_FSYNC,     SIM_FSYNC_DIRECTORY,
					      SIM_RENAME, SIM_CREATE,    SIM_FALLOCATE, SIM_UNLINK};
	static const uint64_t times[] = {1, 2, 5};
	unsigned faults = 0;

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		for (size_t j = 0; j < sizeof times / sizeof *times; j++) {
			struct sim_fault fault = {
			    .operations = operations[i], .at = 1, .times = times[j], .error = EIO};

			while (go_on_after_fault(*state, &fault)) {
				faults++;
				fault.at += fault.at < 10 ? 1 : 5 * GAP;
			}
		}
	print_message("%u faults\n", faults);
	assert_true(faults > 50);
}

/* A read-only moment: nothing can be made or written, and then it can. */
static void test_a_moment_in_which_nothing_can_be_written_passes_by_itself(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);

	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 10; j++)
			assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
		sim_disk_fail(place->sim,
			      (struct sim_fault){.operations = SIM_ALL, .at = 1, .times = FOR_EVER, .error = EROFS});
		assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_IO);
		assert_int_equal(journal_health(journal), JOURNAL_FAILED);
		sim_disk_heal(place->sim);
		script_wait_until_healthy(journal);
	}
	assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
	journal_close(&journal);
	check(place);
}

/* A sync of the directory that fails while old segments are deleted: what relied on it may be the current segment's
 * name. */
static void test_a_failed_sync_of_the_directory_leads_to_a_new_segment(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct err err;

	for (int j = 0; j < 200; j++)
		assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
	sim_disk_fail(place->sim,
		      (struct sim_fault){.operations = SIM_FSYNC_DIRECTORY, .at = 1, .times = 1, .error = EIO});
	assert_int_equal(journal_trim(journal, place->truth.acked, &err), STATUS_IO);
	while (journal_failures(journal) == 0)
		(void)sched_yield();
	script_wait_until_healthy(journal);
	assert_int_equal(journal_trim(journal, place->truth.acked, &err), STATUS_OK);
	place->truth.trimmed = place->truth.acked;
	assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
	journal_close(&journal);
	check(place);
}

/* ---- ENOSPC. */

static void run_until_full(struct place *place, struct journal *journal, unsigned operations)
{
	enum status status;

	sim_disk_fail(place->sim,
		      (struct sim_fault){.operations = operations, .at = 1, .times = FOR_EVER, .error = ENOSPC});
	while ((status = script_commit(journal, 8, &place->truth)) == STATUS_OK)
		;
	assert_int_equal(status, STATUS_FULL);
	assert_int_equal(journal_health(journal), JOURNAL_FULL);
}

/* It tries again a thousand times a second here; what fails each time does not make it healthy in between. */
static void check_stays_full(struct place *place, const struct journal *journal)
{
	uint64_t enough = sim_disk_failures(place->sim) + 3;

	while (journal_health(journal) == JOURNAL_FULL && sim_disk_failures(place->sim) < enough)
		(void)sched_yield();
	assert_int_equal(journal_health(journal), JOURNAL_FULL);
}

static void test_a_full_disk_refuses_and_recovers_by_itself(void **state)
{
	static const unsigned operations[] = {SIM_FALLOCATE, SIM_WRITE, SIM_FDATASYNC, SIM_CREATE, SIM_RENAME};
	struct place *place = *state;
	struct journal *journal = open_journal(place);

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		for (int j = 0; j < 10; j++)
			assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
		run_until_full(place, journal, operations[i]);
		check_stays_full(place, journal);
		assert_false(sim_disk_has(place->sim, SIM_DIRECTORY "/reserve"));
		assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_FULL);
		sim_disk_heal(place->sim);
		script_wait_until_healthy(journal);
		assert_int_equal(journal_health(journal), JOURNAL_HEALTHY);
		assert_true(sim_disk_has(place->sim, SIM_DIRECTORY "/reserve"));
	}
	assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
	journal_close(&journal);
	check(place);
}

static void test_refused_records_do_not_come_back_after_a_power_cut(void **state)
{
	struct place *place = *state;

	for (int damage = 0; damage < SIM_DAMAGES; damage++) {
		struct journal *journal = open_journal(place);
		struct sim_disk *after;

		assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
		run_until_full(place, journal, SIM_WRITE);
		sim_disk_heal(place->sim);
		script_wait_until_healthy(journal);
		journal_close(&journal);
		after = sim_disk_after_power_cut(place->sim, (enum sim_damage)damage, 1);
		sim_disk_free(&place->sim);
		place->sim = after;
		check(place);
	}
}

/* More than half of the segment is full then, and the next one has been made ready, so that a fault can only strike a
 * commit. */
static void commit_until_next_is_ready(struct place *place, struct journal *journal)
{
	for (int i = 0; i < 120; i++)
		assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
}

static void test_a_refusal_is_made_durable_before_anybody_hears_of_it(void **state)
{
	struct place *place = *state;
	struct journal_config config = sim_config(place->sim);
	struct journal *journal = NULL;
	struct sim_disk *after;
	struct err err;

	config.retry_ms = 3600000; /* so that nothing but the refusal itself can clean up */
	assert_int_equal(journal_open(&config, &journal, &err), STATUS_OK);
	commit_until_next_is_ready(place, journal);
	sim_disk_fail(place->sim, (struct sim_fault){.operations = SIM_WRITE, .at = 1, .times = 2, .error = ENOSPC});
	while (script_commit(journal, 8, &place->truth) == STATUS_OK)
		;
	after = sim_disk_after_power_cut(place->sim, SIM_KEEP, 0);
	journal_close(&journal);
	sim_disk_free(&place->sim);
	place->sim = after;
	check(place);
}

/* What a failed write left in the file is fetched with the records before it, and replaced later under the same
 * numbers. */
static void test_a_reader_does_not_return_what_was_refused(void **state)
{
	struct place *place = *state;
	struct journal *journal = open_journal(place);
	struct journal_reader *reader = NULL;
	struct journal_record record = {0};
	struct err err;

	commit_until_next_is_ready(place, journal);
	assert_int_equal(journal_reader_open(journal, 0, &reader, &err), STATUS_OK);
	run_until_full(place, journal, SIM_WRITE);
	while (journal_reader_next(reader, &record, &err) == STATUS_OK)
		;
	assert_int_equal(record.sequence, place->truth.acked);
	sim_disk_heal(place->sim);
	script_wait_until_healthy(journal);
	assert_int_equal(script_commit(journal, 8, &place->truth), STATUS_OK);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(journal_reader_next(reader, &record, &err), STATUS_OK);
		assert_int_equal(record.time_us, place->truth.content[record.sequence]);
	}
	assert_int_equal(record.sequence, place->truth.acked);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void test_a_disk_that_is_full_at_any_call_loses_nothing(void **state)
{
	static const struct script patient = {
	    .commits = 150, .records = 8, .reopen_every = 1000, .trim_every = 50, .until_failure = false};
	static const unsigned operations[] = {SIM_WRITE, SIM_FDATASYNC, SIM_FALLOCATE, SIM_FSYNC_DIRECTORY, SIM_RENAME};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		bool struck = true;

		for (uint64_t at = 1; struck; at += at < 20 ? 1 : 11) {
			memset(&place->truth, 0, sizeof place->truth);
			sim_disk_free(&place->sim);
			place->sim = sim_disk_new();
			struct journal *journal = open_journal(place); /* the first segment is there before it fills */
			journal_close(&journal);
			sim_disk_fail(
			    place->sim,
			    (struct sim_fault){.operations = operations[i], .at = at, .times = 3, .error = ENOSPC});
			(void)script_run(place->sim, &patient, &place->truth);
			struck = sim_disk_failures(place->sim) > 0;
			sim_disk_heal(place->sim);
			check(place);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
	    TEST(test_an_error_at_any_write_or_sync_loses_nothing_that_was_acknowledged),
	    TEST(test_while_syncs_fail_nothing_is_acknowledged),
	    TEST(test_an_error_that_passes_costs_no_acknowledgement),
	    TEST(test_a_new_segment_after_an_error_at_any_call_loses_nothing),
	    TEST(test_a_moment_in_which_nothing_can_be_written_passes_by_itself),
	    TEST(test_a_failed_sync_of_the_directory_leads_to_a_new_segment),
	    TEST(test_a_full_disk_refuses_and_recovers_by_itself),
	    TEST(test_refused_records_do_not_come_back_after_a_power_cut),
	    TEST(test_a_refusal_is_made_durable_before_anybody_hears_of_it),
	    TEST(test_a_reader_does_not_return_what_was_refused),
	    TEST(test_a_disk_that_is_full_at_any_call_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
