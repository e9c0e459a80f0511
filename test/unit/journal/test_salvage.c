/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: what verify says of damage, and that salvage keeps everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/mem.h"
#include "journal/inspect.h"
#include "journal/segment.h"
#include "sim_script.h"

#include <stdio.h>

struct place {
	struct truth truth;
	struct sim_disk *sim;
	uint64_t *firsts;
	size_t segments;
};

static int make_place(void **state)
{
	static const struct script script = {
	    .commits = 400, .records = 8, .reopen_every = 1000, .trim_every = 1000, .until_failure = true};
	struct place *place = MEM_NEW(struct place);
	struct err err;

	place->sim = sim_disk_new();
	if (!script_run(place->sim, &script, &place->truth) ||
	    segment_list(sim_disk_table(place->sim), SIM_DIRECTORY, &place->firsts, &place->segments, &err) !=
		STATUS_OK)
		return -1;
	*state = place;
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

static void path_of(uint64_t first, char path[SEGMENT_PATH_BYTES])
{
	char name[SEGMENT_NAME_BYTES];

	segment_name(first, name);
	assert_int_equal(segment_path(SIM_DIRECTORY, name, path), STATUS_OK);
}

static void damage(struct place *place, size_t segment, size_t at, size_t n)
{
	const struct disk *disk = sim_disk_table(place->sim);
	char path[SEGMENT_PATH_BYTES], noise[64];
	struct iovec part = {noise, n};
	int file;

	memset(noise, 0xa5, sizeof noise);
	path_of(place->firsts[segment], path);
	file = disk->open(disk->self, path, DISK_WRITE);
	assert_true(file >= 0);
	assert_int_equal(disk_write_all(disk, file, &part, 1, at), 0);
	assert_int_equal(disk->fsync(disk->self, file), 0);
	assert_int_equal(disk->close(disk->self, file), 0);
}

static void ignore_segment(void *user, const struct inspect_segment *segment)
{
	(void)user;
	assert_true(segment->first > 0);
}

static struct inspect_summary verify(struct place *place)
{
	struct inspect_summary sum = {0};
	struct err err;

	assert_int_equal(inspect_verify(sim_disk_table(place->sim), SIM_DIRECTORY, ignore_segment, NULL, &sum, &err),
			 STATUS_OK);
	return sum;
}

/* And then the power goes: what salvage says it has done is done. */
static struct salvage_summary salvage(struct place *place)
{
	struct salvage_summary sum = {0};
	struct sim_disk *after;
	struct err err = {0};

	if (journal_salvage(sim_disk_table(place->sim), SIM_DIRECTORY, &sum, &err) != STATUS_OK)
		fail_msg("salvage: %s", err.text);
	if (sum.segments == 0)
		return sum;
	after = sim_disk_after_power_cut(place->sim, SIM_LOSE, 0);
	sim_disk_free(&place->sim);
	place->sim = after;
	return sum;
}

/* Opens and reads all; every record is as it was or says that it is lost. The number of lost ones. */
static uint64_t count_lost(struct place *place)
{
	struct journal_config config = sim_config(place->sim);
	struct journal *journal = NULL;
	struct journal_reader *reader;
	struct journal_record record;
	struct err err = {0};
	uint64_t lost = 0, read = 0;
	enum status status;

	if (journal_open(&config, &journal, &err) != STATUS_OK)
		fail_msg("journal_open: %s", err.text);
	assert_int_equal(journal_reader_open(journal, 0, &reader, &err), STATUS_OK);
	while ((status = journal_reader_next(reader, &record, &err)) == STATUS_OK) {
		assert_int_equal(record.sequence, ++read);
		if (record.type == JOURNAL_TYPE_LOST)
			lost++;
		else
			assert_int_equal(record.time_us, place->truth.content[read]);
	}
	assert_int_equal(status, STATUS_END);
	assert_int_equal(read, place->truth.acked);
	journal_reader_close(&reader);
	assert_int_equal(script_commit(journal, 3, &place->truth), STATUS_OK);
	journal_close(&journal);
	return lost;
}

static bool count_record(void *user, const struct journal_record *record)
{
	uint64_t *last = user;

	assert_int_equal(record->sequence, *last + 1);
	*last = record->sequence;
	return true;
}

static void test_a_sound_journal_is_verified_and_left_alone(void **state)
{
	struct place *place = *state;
	struct inspect_summary sum = verify(place);
	uint64_t operations = sim_disk_operations(place->sim), last = 100;
	struct err err;

	assert_int_equal(sum.segments, place->segments);
	assert_int_equal(sum.records, place->truth.acked);
	assert_int_equal(sum.first, 1);
	assert_int_equal(sum.last, place->truth.acked);
	assert_int_equal(sum.damaged, 0);
	assert_int_equal(inspect_dump(sim_disk_table(place->sim), SIM_DIRECTORY, last, count_record, &last, &err),
			 STATUS_OK);
	assert_int_equal(last, place->truth.acked);
	assert_int_equal(salvage(place).segments, 0);
	assert_int_equal(sim_disk_operations(place->sim), operations);
}

static void test_salvage_keeps_every_record_but_the_damaged_ones(void **state)
{
	struct place *place = *state;
	struct salvage_summary sum;

	for (size_t i = 0; i < place->segments; i++)
		for (size_t at = 5000; at < 60000; at += 9973)
			damage(place, i, at, 20);
	assert_int_equal(verify(place).damaged, place->segments);
	sum = salvage(place);
	assert_int_equal(sum.segments, place->segments);
	assert_true(sum.lost >= place->segments && sum.lost <= 12 * place->segments);
	assert_int_equal(sum.kept + sum.lost, place->truth.acked);
	assert_true(sim_disk_has(place->sim, SIM_DIRECTORY "/0000000000000001.seg.damaged"));
	assert_int_equal(verify(place).damaged, 0);
	assert_int_equal(count_lost(place), sum.lost);
	assert_int_equal(salvage(place).segments, 0);
}

static void test_salvage_stands_in_for_a_missing_segment(void **state)
{
	struct place *place = *state;
	const struct disk *disk = sim_disk_table(place->sim);
	char path[SEGMENT_PATH_BYTES];

	path_of(place->firsts[1], path);
	assert_int_equal(disk->unlink(disk->self, path), 0);
	assert_int_equal(verify(place).damaged, 1);
	assert_int_equal(salvage(place).lost, place->firsts[2] - place->firsts[1]);
	assert_int_equal(count_lost(place), place->firsts[2] - place->firsts[1]);
}

static void test_salvage_puts_a_header_together_again(void **state)
{
	struct place *place = *state;

	damage(place, 0, 0, 8);
	damage(place, 0, 2048, 8);
	damage(place, 2, 40, 8);
	assert_int_equal(verify(place).damaged, 2);
	assert_int_equal(salvage(place).lost, 0);
	assert_int_equal(count_lost(place), 0);
}

static void test_salvage_is_refused_while_the_journal_is_open(void **state)
{
	struct place *place = *state;
	struct journal_config config = sim_config(place->sim);
	struct journal *journal = NULL;
	struct salvage_summary sum;
	struct err err;

	assert_int_equal(journal_open(&config, &journal, &err), STATUS_OK);
	assert_int_equal(journal_salvage(config.disk, SIM_DIRECTORY, &sum, &err), STATUS_CONFLICT);
	journal_close(&journal);
}

static void test_a_power_cut_during_salvage_costs_nothing(void **state)
{
	struct place *place = *state;
	enum status status = STATUS_IO;
	struct salvage_summary sum;
	struct err err;

	damage(place, 0, 5000, 20);
	damage(place, 2, 7000, 20);
	for (uint64_t n = 1; status != STATUS_OK; n++) {
		struct sim_disk *after;

		sim_disk_cut_at(place->sim, n);
		status = journal_salvage(sim_disk_table(place->sim), SIM_DIRECTORY, &sum, &err);
		after = sim_disk_after_power_cut(place->sim, (enum sim_damage)(n % SIM_DAMAGES), n);
		sim_disk_free(&place->sim);
		place->sim = after;
		assert_int_equal(verify(place).segments, place->segments);
	}
	assert_in_range(count_lost(place), 2, 6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_sound_journal_is_verified_and_left_alone),
	    TEST(test_salvage_keeps_every_record_but_the_damaged_ones),
	    TEST(test_salvage_stands_in_for_a_missing_segment),
	    TEST(test_salvage_puts_a_header_together_again),
	    TEST(test_salvage_is_refused_while_the_journal_is_open),
	    TEST(test_a_power_cut_during_salvage_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
