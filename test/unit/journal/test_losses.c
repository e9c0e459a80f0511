/* SPDX-License-Identifier: Apache-2.0 */
/* An end that is missing: said, with the right numbers, and no number given out a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/mem.h"
#include "journal/end_mark.h"
#include "journal/inspect.h"
#include "journal/segment.h"
#include "vandal.h"

#include <stdio.h>

struct place {
	struct truth truth;
	struct sim_disk *sim;
	struct journal_config config;
	struct journal_known known; /* what the store says, when it is asked */
	struct journal_found found; /* what it was told */
	enum status refusal;
	uint64_t *firsts;
	size_t segments;
};

static enum status give_known(void *user, const struct journal_found *found, struct journal_known *ret, struct err *err)
{
	struct place *place = user;

	place->found = *found;
	*ret = place->known;
	return place->refusal == STATUS_OK ? STATUS_OK : err_set(err, place->refusal, "a copy");
}

static void list(struct place *place)
{
	struct err err;

	mem_free(place->firsts);
	assert_int_equal(segment_list(place->config.disk, SIM_DIRECTORY, &place->firsts, &place->segments, &err),
			 STATUS_OK);
}

/* About two and a half segments. */
static int make_place(void **state)
{
	static const struct script script = {
	    .commits = 400, .records = 8, .reopen_every = 1000, .trim_every = 1000, .until_failure = true};
	struct place *place = MEM_NEW(struct place);

	place->sim = sim_disk_new();
	place->config = sim_config(place->sim);
	place->config.give_known = give_known;
	place->config.user = place;
	if (!script_run(place->sim, &script, &place->truth))
		return -1;
	*state = place;
	list(place);
	return place->segments > 2 ? 0 : -1;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	sim_disk_free(&place->sim);
	mem_free(place->firsts);
	mem_free(place);
	return 0;
}

static struct journal *open_journal(struct place *place)
{
	struct journal *journal = NULL;
	struct err err = {0};

	if (journal_open(&place->config, &journal, &err) != STATUS_OK)
		fail_msg("journal_open: %s", err.text);
	return journal;
}

static uint64_t last_first(const struct place *place)
{
	return place->firsts[place->segments - 1];
}

/* Reads all; records up to `kept` are as they were, those behind it say that they are lost. */
static void check_records(struct place *place, struct journal *journal, uint64_t kept)
{
	struct journal_reader *reader;
	struct journal_record record;
	struct err err;
	uint64_t read = place->truth.trimmed;

	assert_int_equal(journal_reader_open(journal, read, &reader, &err), STATUS_OK);
	while (journal_reader_next(reader, &record, &err) == STATUS_OK) {
		assert_int_equal(record.sequence, ++read);
		if (read <= kept)
			assert_int_equal(record.time_us, place->truth.content[read]);
		assert_int_equal(record.type == JOURNAL_TYPE_LOST, read > kept);
	}
	assert_int_equal(read, place->truth.acked);
	journal_reader_close(&reader);
}

/* Starts, and all that was acknowledged behind `kept` is said to be lost, stands as such, and is never given again. */
static void check_lost_behind(struct place *place, uint64_t kept)
{
	struct journal *journal = open_journal(place);
	struct journal_losses losses = journal_losses(journal);

	assert_int_equal(place->found.durable, kept);
	assert_int_equal(losses.count, place->truth.acked - kept);
	assert_int_equal(losses.first, kept + 1);
	assert_int_equal(losses.last, place->truth.acked);
	assert_int_equal(losses.applied_count, 0);
	check_records(place, journal, kept);
	assert_int_equal(script_commit(journal, 3, &place->truth), STATUS_OK);
	journal_close(&journal);
}

/* The bytes of the last segment up to the middle, or to where its records end. */
static struct vandal_file read_last(struct place *place)
{
	return vandal_read_segment(place->sim, last_first(place));
}

static uint64_t count_records(const struct vandal_file *file)
{
	struct slice bytes = slice_of(file->bytes, file->size);
	struct segment_header header;
	struct err err;

	assert_int_equal(segment_decode_header(bytes, &header, &err), STATUS_OK);
	return segment_scan(bytes, &header).count;
}

static void test_a_last_segment_cut_in_half_is_told_of(void **state)
{
	struct place *place = *state;
	struct vandal_file file = read_last(place);
	uint64_t kept;

	file.size = 120000;
	vandal_write(place->sim, &file);
	kept = last_first(place) - 1 + count_records(&file);
	assert_true(kept < place->truth.acked - 100);
	check_lost_behind(place, kept);
	mem_free(file.bytes);
}

static void test_a_tail_of_zeros_is_told_of(void **state)
{
	struct place *place = *state;
	struct vandal_file file = read_last(place);

	memset(file.bytes + 120000, 0, file.size - 120000);
	vandal_write(place->sim, &file);
	check_lost_behind(place, last_first(place) - 1 + count_records(&file));
	mem_free(file.bytes);
}

static void test_a_deleted_last_segment_is_told_of(void **state)
{
	struct place *place = *state;

	vandal_delete_segment(place->sim, last_first(place));
	check_lost_behind(place, last_first(place) - 1);
}

static void test_all_but_the_first_segment_deleted_are_told_of(void **state)
{
	struct place *place = *state;

	for (size_t i = 1; i < place->segments; i++)
		vandal_delete_segment(place->sim, place->firsts[i]);
	check_lost_behind(place, place->firsts[1] - 1);
}

static void test_a_last_segment_without_a_byte_is_told_of(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 4095, 4096, 65536};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct sim_disk *sim = place->sim;
		struct vandal_file file = read_last(place);
		struct truth truth = place->truth;

		place->sim = sim_disk_after_power_cut(sim, SIM_KEEP, 0);
		place->config.disk = sim_disk_table(place->sim);
		memset(file.bytes, 0, file.size);
		file.size = sizes[i];
		vandal_write(place->sim, &file);
		check_lost_behind(place, last_first(place) - 1);
		mem_free(file.bytes);
		sim_disk_free(&place->sim);
		place->sim = sim;
		place->truth = truth;
	}
}

static void test_records_under_two_bad_headers_are_counted_without_the_mark(void **state)
{
	struct place *place = *state;
	struct vandal_file file = read_last(place);

	memset(file.bytes, 0xa5, SEGMENT_RECORDS_AT);
	vandal_write(place->sim, &file);
	vandal_delete(place->sim, SIM_MARK);
	check_lost_behind(place, last_first(place) - 1);
	mem_free(file.bytes);
}

/* A start died after the file was made, before anything else: nothing was ever in it. */
static void test_an_empty_file_as_the_only_segment_is_a_new_journal(void **state)
{
	struct place *place = *state;
	struct vandal_file file = read_last(place);
	struct journal *journal;
	struct journal_losses losses;

	for (size_t i = 0; i < place->segments; i++)
		vandal_delete_segment(place->sim, place->firsts[i]);
	vandal_delete(place->sim, SIM_MARK);
	file.size = 0;
	vandal_write(place->sim, &file);
	journal = open_journal(place);
	losses = journal_losses(journal);
	assert_int_equal(losses.count, 0);
	place->truth.acked = 0;
	assert_int_equal(script_commit(journal, 3, &place->truth), STATUS_OK);
	journal_close(&journal);
	mem_free(file.bytes);
}

static void test_losses_are_told_again_until_they_are_applied(void **state)
{
	struct place *place = *state;
	struct journal *journal;
	uint64_t kept = last_first(place) - 1, lost_to = place->truth.acked;

	vandal_delete_segment(place->sim, last_first(place));
	check_lost_behind(place, kept);
	place->known.applied = kept + 5;
	journal = open_journal(place);
	assert_int_equal(journal_losses(journal).count, lost_to - kept - 5);
	assert_int_equal(journal_losses(journal).first, kept + 6);
	assert_int_equal(journal_losses(journal).last, lost_to);
	journal_close(&journal);
	place->known.applied = lost_to;
	journal = open_journal(place);
	assert_int_equal(journal_losses(journal).count, 0);
	journal_close(&journal);
}

static void test_what_was_applied_is_no_loss(void **state)
{
	struct place *place = *state;
	struct journal *journal;

	vandal_delete_segment(place->sim, last_first(place));
	place->known.applied = place->truth.acked;
	journal = open_journal(place);
	assert_int_equal(journal_losses(journal).count, 0);
	assert_int_equal(journal_losses(journal).applied_count, place->truth.acked - last_first(place) + 1);
	place->truth.trimmed = place->truth.acked;
	check_records(place, journal, 0);
	assert_int_equal(script_commit(journal, 3, &place->truth), STATUS_OK);
	journal_close(&journal);
}

static void test_the_store_knows_the_end_where_the_mark_is_gone(void **state)
{
	struct place *place = *state;

	vandal_delete(place->sim, SIM_MARK);
	vandal_delete_segment(place->sim, last_first(place));
	place->known = (struct journal_known){.acknowledged = place->truth.acked, .applied = 7};
	check_lost_behind(place, last_first(place) - 1);
}

static void test_who_is_refused_leaves_the_journal_as_it_was(void **state)
{
	struct place *place = *state;
	struct vandal_file file = read_last(place), before, after;
	struct journal *journal = NULL;
	struct err err;

	file.size = 120000;
	vandal_write(place->sim, &file);
	place->refusal = STATUS_CONFLICT;
	before = read_last(place);
	assert_int_equal(journal_open(&place->config, &journal, &err), STATUS_CONFLICT);
	after = read_last(place);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.bytes, after.bytes, after.size);
	place->refusal = STATUS_OK;
	check_lost_behind(place, last_first(place) - 1 + count_records(&file));
	mem_free(file.bytes);
	mem_free(before.bytes);
	mem_free(after.bytes);
}

static void test_an_end_that_is_absurd_is_refused(void **state)
{
	struct place *place = *state;
	struct journal *journal = NULL;
	struct err err;

	place->known.acknowledged = UINT64_C(1) << 40;
	assert_int_equal(journal_open(&place->config, &journal, &err), STATUS_CORRUPT);
	assert_non_null(strstr(err.text, "was acknowledged"));
}

static void ignore_segment(void *user, const struct inspect_segment *segment)
{
	(void)user;
	assert_true(segment->first > 0);
}

static void test_verify_counts_what_is_missing(void **state)
{
	struct place *place = *state;
	struct inspect_summary sum;
	struct err err;

	assert_int_equal(inspect_verify(place->config.disk, SIM_DIRECTORY, ignore_segment, NULL, &sum, &err),
			 STATUS_OK);
	assert_int_equal(sum.missing, 0);
	vandal_delete_segment(place->sim, last_first(place));
	assert_int_equal(inspect_verify(place->config.disk, SIM_DIRECTORY, ignore_segment, NULL, &sum, &err),
			 STATUS_OK);
	assert_int_equal(sum.missing, place->truth.acked - last_first(place) + 1);
	assert_int_equal(sum.first_missing, last_first(place));
}

/* The power goes at every operation of a start that finds a loss, and again in the next. */
static void test_a_start_that_is_cut_off_tells_the_next_one(void **state)
{
	struct place *place = *state;
	struct vandal_file file = read_last(place);
	uint64_t kept, cuts = 0;
	enum status status = STATUS_IO;

	file.size = 120000;
	vandal_write(place->sim, &file);
	kept = last_first(place) - 1 + count_records(&file);
	for (uint64_t n = 1; status != STATUS_OK; n++) {
		struct journal *journal = NULL;
		struct sim_disk *after;
		struct err err;

		sim_disk_cut_at(place->sim, n);
		status = journal_open(&place->config, &journal, &err);
		journal_close(&journal);
		after = sim_disk_after_power_cut(place->sim, (enum sim_damage)(n % SIM_DAMAGES), n);
		sim_disk_free(&place->sim);
		place->sim = after;
		place->config.disk = sim_disk_table(after);
		cuts++;
	}
	assert_true(cuts > 5);
	struct journal *journal = open_journal(place);
	assert_int_equal(journal_losses(journal).count, place->truth.acked - kept);
	check_records(place, journal, kept);
	journal_close(&journal);
	mem_free(file.bytes);
}

/* A journal that is gone a moment after it was made is missed, too: the mark and its name were durable when the journal
 * was opened. */
static void test_the_mark_is_on_the_platter_when_a_journal_is_opened(void **state)
{
	struct place *place = *state;
	struct sim_disk *sim = sim_disk_new(), *after;
	struct journal_config config = sim_config(sim);
	struct journal *journal = NULL;
	struct end_mark mark;
	struct err err;
	uint16_t node;

	assert_int_equal(journal_open(&config, &journal, &err), STATUS_OK);
	node = journal_node(journal);
	journal_close(&journal);
	after = sim_disk_after_power_cut(sim, SIM_LOSE, 0);
	assert_true(end_mark_read(sim_disk_table(after), SIM_DIRECTORY, &mark));
	assert_int_equal(mark.node, node);
	sim_disk_free(&after);
	sim_disk_free(&sim);
	/* And when one is closed in order it stands where the journal ends. */
	journal = open_journal(place);
	assert_int_equal(script_commit(journal, 3, &place->truth), STATUS_OK);
	journal_close(&journal);
	after = sim_disk_after_power_cut(place->sim, SIM_LOSE, 0);
	assert_true(end_mark_read(sim_disk_table(after), SIM_DIRECTORY, &mark));
	assert_int_equal(mark.sequence, place->truth.acked);
	sim_disk_free(&after);
}

/* What stands for lost records fills segments; each of them must be on the platter before the next one is begun, or the
 * next power cut makes a hole where nobody looks for one. */
static void test_what_stands_for_lost_records_outlives_a_power_cut(void **state)
{
	enum { MISSING = 100000 };
	struct place *place = *state;
	uint64_t kept = place->truth.acked;
	struct journal *journal;
	struct sim_disk *after;

	place->known.acknowledged = place->truth.acked = kept + MISSING;
	journal = open_journal(place);
	assert_int_equal(journal_losses(journal).count, MISSING);
	journal_close(&journal);
	after = sim_disk_after_power_cut(place->sim, SIM_LOSE, 0);
	sim_disk_free(&place->sim);
	place->sim = after;
	place->config.disk = sim_disk_table(after);
	journal = open_journal(place);
	check_records(place, journal, kept);
	journal_close(&journal);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_last_segment_cut_in_half_is_told_of),
	    TEST(test_a_tail_of_zeros_is_told_of),
	    TEST(test_a_deleted_last_segment_is_told_of),
	    TEST(test_all_but_the_first_segment_deleted_are_told_of),
	    TEST(test_a_last_segment_without_a_byte_is_told_of),
	    TEST(test_records_under_two_bad_headers_are_counted_without_the_mark),
	    TEST(test_an_empty_file_as_the_only_segment_is_a_new_journal),
	    TEST(test_losses_are_told_again_until_they_are_applied),
	    TEST(test_what_was_applied_is_no_loss),
	    TEST(test_the_store_knows_the_end_where_the_mark_is_gone),
	    TEST(test_who_is_refused_leaves_the_journal_as_it_was),
	    TEST(test_an_end_that_is_absurd_is_refused),
	    TEST(test_verify_counts_what_is_missing),
	    TEST(test_a_start_that_is_cut_off_tells_the_next_one),
	    TEST(test_the_mark_is_on_the_platter_when_a_journal_is_opened),
	    TEST(test_what_stands_for_lost_records_outlives_a_power_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
