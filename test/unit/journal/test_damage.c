/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that change at rest, in every region of every file, and files that are not ours: always said and with the right
 * number, or harmless; never a log that is quietly shorter, and never a record that was not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "../../harness/exam.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "base/wire.h"
#include "journal/frame.h"
#include "journal/segment.h"
#include "vandal.h"

#include <stdio.h>

enum { LAST_COMMIT = 4 };

/* The address and thread sanitizers make it thirty times slower; a tenth of the places shows as much of what they look
 * for. Primes, so that they come by every byte of a header and every place in a sector. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 80021, STRIDE_OF_HEADER = 31 };
#else
enum { STRIDE = 12007, STRIDE_OF_HEADER = 3 };
#endif

struct place {
	struct truth truth;
	struct sim_disk *sim;
	uint64_t *firsts;
	size_t segments;
	uint64_t applied; /* what the store says */
};

/* About two and a half segments; the last commit has LAST_COMMIT records. */
static int make_place(void **state)
{
	static const struct script script = {
	    .commits = 400, .records = 8, .reopen_every = 1000, .trim_every = 1000, .until_failure = true};
	static const struct script last = {
	    .commits = 1, .records = LAST_COMMIT, .reopen_every = 1000, .trim_every = 1000, .until_failure = true};
	struct place *place = MEM_NEW(struct place);
	struct err err;

	place->sim = sim_disk_new();
	if (!script_run(place->sim, &script, &place->truth) || !script_run(place->sim, &last, &place->truth) ||
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

static struct sim_disk *copy_of(struct place *place)
{
	return sim_disk_after_power_cut(place->sim, SIM_KEEP, 0);
}

static void overwrite(struct sim_disk *sim, uint64_t first, size_t at, const char *bytes, size_t n)
{
	struct vandal_file file = vandal_read_segment(sim, first);

	memcpy(file.bytes + at, bytes, n);
	vandal_write(sim, &file);
	mem_free(file.bytes);
}

/* ---- What comes of it. */

enum found {
	FOUND_ALL,     /* every record is there and right */
	FOUND_REFUSED, /* opening said that it is damaged */
	FOUND_CORRUPT, /* reading did */
	FOUND_LOST,    /* the start counted what is gone, and exactly that reads as lost */
	FOUND_SHORTER, /* the end came early, and nobody said why */
	FOUND_WRONG,   /* a record that never was, or a count that is not right */
	FOUNDS
};

static enum status give_known(void *user, const struct journal_found *found, struct journal_known *ret, struct err *err)
{
	const struct place *place = user;

	(void)found;
	(void)err;
	*ret = (struct journal_known){.applied = place->applied};
	return STATUS_OK;
}

static enum found read_all(const struct place *place, struct journal *journal, uint64_t *ret_read)
{
	struct journal_losses losses = journal_losses(journal);
	struct journal_reader *reader;
	struct journal_record record;
	struct err err = {0};
	uint64_t read = place->applied, lost = 0;
	enum status status;
	bool is_right = true;

	if (journal_reader_open(journal, place->applied, &reader, &err) != STATUS_OK)
		return FOUND_CORRUPT;
	while (is_right && (status = journal_reader_next(reader, &record, &err)) == STATUS_OK) {
		read++;
		if (record.type == JOURNAL_TYPE_LOST)
			lost++;
		is_right = record.sequence == read &&
			   (record.type == JOURNAL_TYPE_LOST || record.time_us == (int64_t)place->truth.content[read]);
	}
	journal_reader_close(&reader);
	*ret_read = read;
	if (!is_right || (status == STATUS_CORRUPT && !strstr(err.text, "offset")))
		return FOUND_WRONG;
	if (status == STATUS_CORRUPT)
		return FOUND_CORRUPT;
	if (read < place->truth.acked)
		return FOUND_SHORTER;
	if (lost != losses.count || read > place->truth.acked)
		return FOUND_WRONG;
	return lost ? FOUND_LOST : FOUND_ALL;
}

static enum found look(const struct place *place, struct sim_disk *sim, uint64_t *ret_read)
{
	struct journal_config config = sim_config(sim);
	struct journal *journal = NULL;
	struct err err = {0};
	enum status status;
	enum found found;

	config.give_known = give_known;
	config.user = (void *)(uintptr_t)place;
	*ret_read = 0;
	status = journal_open(&config, &journal, &err);
	if (status == STATUS_CORRUPT)
		return FOUND_REFUSED;
	if (status != STATUS_OK)
		fail_msg("journal_open: %s", err.text);
	found = read_all(place, journal, ret_read);
	journal_close(&journal);
	return found;
}

static bool is_told(enum found found)
{
	return found == FOUND_REFUSED || found == FOUND_CORRUPT || found == FOUND_LOST;
}

/* ---- Every region of every file. */

struct tally {
	unsigned founds[FOUNDS];
	unsigned total;
};

static void strike(struct place *place, const struct vandal_file *file, enum vandalism how, size_t at,
		   struct tally *tally)
{
	size_t n = file->size - at < 512 ? file->size - at : 512;
	struct sim_disk *sim;
	uint64_t read;
	enum found found;

	if (!vandal_damage(place->sim, file, how, at, n, &sim))
		return;
	found = look(place, sim, &read);
	sim_disk_free(&sim);
	tally->founds[found]++;
	tally->total++;
	if (found == FOUND_SHORTER || found == FOUND_WRONG)
		fail_msg("damage %d at %zu of %s: found %d after %llu", how, at, file->path, found,
			 (unsigned long long)read);
}

static void strike_everywhere(struct place *place, const struct vandal_file *file, size_t stride, struct tally *tally)
{
	for (enum vandalism how = 0; how < VANDALISMS; how++)
		for (size_t at = exam_seed() % stride; at < file->size; at += stride)
			strike(place, file, how, at, tally);
}

static void print(const struct tally *tally, const char *what)
{
	print_message("%s: %u damages: %u read all the same, %u refused, %u said by the reader, %u counted at the "
		      "start, %u silent or wrong\n",
		      what, tally->total, tally->founds[FOUND_ALL], tally->founds[FOUND_REFUSED],
		      tally->founds[FOUND_CORRUPT], tally->founds[FOUND_LOST],
		      tally->founds[FOUND_SHORTER] + tally->founds[FOUND_WRONG]);
}

static void test_damage_to_any_region_of_any_segment_is_told_or_harmless(void **state)
{
	struct place *place = *state;
	struct tally tally = {0};

	for (size_t i = 0; i < place->segments; i++) {
		struct vandal_file file = vandal_read_segment(place->sim, place->firsts[i]);

		strike_everywhere(place, &file, STRIDE, &tally);
		mem_free(file.bytes);
	}
	print(&tally, "segments");
	assert_true(tally.founds[FOUND_CORRUPT] > tally.total / 3);
	assert_true(tally.founds[FOUND_LOST] > 50);
}

/* All is applied: then nothing that happens to a record is a reason not to start, to stop reading, or to speak of a
 * loss. */
static void test_damage_to_applied_records_hinders_nobody(void **state)
{
	struct place *place = *state;
	struct tally tally = {0};

	place->applied = place->truth.acked;
	for (size_t i = 0; i < place->segments; i++) {
		struct vandal_file file = vandal_read_segment(place->sim, place->firsts[i]);

		for (enum vandalism how = 0; how < VANDALISMS; how++)
			for (size_t at = SEGMENT_RECORDS_AT; at < file.size; at += STRIDE)
				strike(place, &file, how, at, &tally);
		mem_free(file.bytes);
	}
	print(&tally, "applied");
	assert_int_equal(tally.founds[FOUND_ALL], tally.total);
}

static struct segment_scan scan_of(const struct vandal_file *file)
{
	struct segment_header header;
	struct err err;

	assert_int_equal(segment_decode_header(slice_of(file->bytes, file->size), &header, &err), STATUS_OK);
	return segment_scan(slice_of(file->bytes, file->size), &header);
}

/* The cursor stands in the middle of a segment, as it mostly does: what is before it does not matter, what is behind it
 * does. */
static void test_damage_before_the_cursor_is_passed_over(void **state)
{
	struct place *place = *state;

	for (size_t i = 0; i < place->segments; i++) {
		struct vandal_file file = vandal_read_segment(place->sim, place->firsts[i]);
		uint64_t after = i + 1 < place->segments ? place->firsts[i + 1] - 1 : place->truth.acked;
		size_t end = scan_of(&file).end_at;
		struct tally tally = {0};
		struct sim_disk *sim;
		uint64_t read;

		place->applied = (place->firsts[i] + after) / 2;
		for (size_t at = SEGMENT_RECORDS_AT; at < end / 3; at += STRIDE)
			strike(place, &file, VANDAL_GARBLE, at, &tally);
		assert_int_equal(tally.founds[FOUND_ALL], tally.total);
		assert_true(tally.total > 5);
		assert_true(vandal_damage(place->sim, &file, VANDAL_ZERO, end / 3, end / 3, &sim));
		assert_true(is_told(look(place, sim, &read)));
		sim_disk_free(&sim);
		mem_free(file.bytes);
	}
}

static void test_damage_to_the_mark_is_harmless(void **state)
{
	struct place *place = *state;
	struct vandal_file file = vandal_read(place->sim, SIM_MARK);
	struct tally tally = {0};

	for (enum vandalism how = 0; how < VANDALISMS; how++)
		for (size_t at = 0; at < file.size; at += at < 64 ? 1 : 500)
			strike(place, &file, how, at, &tally);
	print(&tally, "the mark");
	assert_int_equal(tally.founds[FOUND_ALL], tally.total);
	mem_free(file.bytes);
}

/* Each that may be there beside segments, as noise, empty, and not there at all: all of it is made again (R8). */
static void test_without_any_file_but_the_segments_nothing_is_lost(void **state)
{
	static const char *const names[] = {SIM_MARK, SIM_DIRECTORY "/reserve", SIM_DIRECTORY "/prepare.tmp",
					    SIM_DIRECTORY "/salvage.tmp",
					    SIM_DIRECTORY "/0000000000000001.seg.damaged"};
	struct place *place = *state;
	char noise[3000];

	memset(noise, 0x5a, sizeof noise);
	for (size_t size = 0; size <= sizeof noise; size += sizeof noise) {
		struct sim_disk *sim = copy_of(place);
		uint64_t read;

		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			struct vandal_file file = {.bytes = noise, .size = size};

			(void)snprintf(file.path, sizeof file.path, "%s", names[i]);
			vandal_write(sim, &file);
		}
		assert_int_equal(look(place, sim, &read), FOUND_ALL);
		assert_true(sim_disk_has(sim, SIM_MARK));
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (sim_disk_has(sim, names[i]))
				vandal_delete(sim, names[i]);
		assert_int_equal(look(place, sim, &read), FOUND_ALL);
		assert_true(sim_disk_has(sim, SIM_MARK));
		sim_disk_free(&sim);
	}
}

/* ---- One bit. */

static enum found flip(struct place *place, const struct vandal_file *file, size_t at, uint64_t *ret_read)
{
	struct sim_disk *sim = NULL;
	enum found found;

	assert_true(vandal_damage(place->sim, file, VANDAL_FLIP, at, 1, &sim));
	found = look(place, sim, ret_read);
	sim_disk_free(&sim);
	return found;
}

static void test_a_flipped_bit_in_every_byte_of_a_record_is_told(void **state)
{
	struct place *place = *state;
	uint64_t read;

	for (size_t i = 0; i < place->segments; i++) {
		struct vandal_file file = vandal_read_segment(place->sim, place->firsts[i]);
		enum found want = i + 1 < place->segments ? FOUND_CORRUPT : FOUND_LOST;

		for (size_t at = SEGMENT_RECORDS_AT; at < SEGMENT_RECORDS_AT + FRAME_HEADER_BYTES; at++)
			assert_int_equal(flip(place, &file, at, &read), want);
		mem_free(file.bytes);
	}
}

static void test_a_flipped_bit_in_the_last_commit_is_told(void **state)
{
	struct place *place = *state;
	struct vandal_file file = vandal_read_segment(place->sim, place->firsts[place->segments - 1]);
	struct segment_scan scan = scan_of(&file);

	for (size_t at = scan.last_commit_at; at < scan.end_at; at++) {
		uint64_t read;
		enum found found = flip(place, &file, at, &read);

		if (found != FOUND_LOST)
			fail_msg("bit at %zu: found %d after %llu", at, found, (unsigned long long)read);
	}
	mem_free(file.bytes);
}

/* Without the mark a flipped bit there and a torn write can look alike; then the log ends before that record, never
 * before that commit. Mostly it is told apart. */
static void test_without_the_mark_it_costs_at_most_that_commit(void **state)
{
	struct place *place = *state;
	struct vandal_file file = vandal_read_segment(place->sim, place->firsts[place->segments - 1]);
	struct segment_scan scan = scan_of(&file);
	unsigned flips = 0, told = 0;

	vandal_delete(place->sim, SIM_MARK);
	for (size_t at = scan.last_commit_at; at < scan.end_at; at++) {
		uint64_t read;
		enum found found = flip(place, &file, at, &read);

		flips++;
		told += is_told(found);
		if (found == FOUND_SHORTER)
			assert_true(read >= place->truth.acked - LAST_COMMIT);
		else
			assert_true(is_told(found));
	}
	print_message("%u of %u flips in the last commit are told of without the mark\n", told, flips);
	assert_true(told > flips / 2);
	mem_free(file.bytes);
}

/* ---- Headers. */

static void test_one_bad_header_copy_does_not_matter_two_do(void **state)
{
	static const size_t copies[] = {0, 2048};
	struct place *place = *state;
	uint64_t read;

	for (size_t i = 0; i < place->segments; i++)
		for (size_t at = 0; at < 64; at += STRIDE_OF_HEADER) {
			struct vandal_file file = vandal_read_segment(place->sim, place->firsts[i]);
			struct sim_disk *sim = copy_of(place);
			char byte = (char)(file.bytes[at] ^ 0x10);
			enum found found;

			assert_int_equal(flip(place, &file, copies[0] + at, &read), FOUND_ALL);
			assert_int_equal(flip(place, &file, copies[1] + at, &read), FOUND_ALL);
			overwrite(sim, place->firsts[i], copies[0] + at, &byte, 1);
			overwrite(sim, place->firsts[i], copies[1] + at, &byte, 1);
			found = look(place, sim, &read);
			/* Of the last one the start puts the header together again, from elsewhere, unless it may be
			 * another program's. */
			if (i + 1 < place->segments)
				assert_int_equal(found, FOUND_CORRUPT);
			else
				assert_true(found == FOUND_ALL || found == FOUND_LOST);
			sim_disk_free(&sim);
			mem_free(file.bytes);
		}
}

/* Changes the header and makes its checksum right again, in both copies. */
static void forge_header(struct sim_disk *sim, uint64_t first, size_t at)
{
	struct vandal_file file = vandal_read_segment(sim, first);
	char header[64];

	memcpy(header, file.bytes, sizeof header);
	header[at]++;
	wire_store_u32(header + 60, crc32c(0, header, 60));
	overwrite(sim, first, 0, header, sizeof header);
	overwrite(sim, first, 2048, header, sizeof header);
	mem_free(file.bytes);
}

static void test_another_version_node_or_place_is_refused_another_salt_told_of(void **state)
{
	static const size_t at[] = {8, 12, 16, 24};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof at / sizeof *at; i++)
		for (size_t s = 0; s < place->segments; s++) {
			struct sim_disk *sim = copy_of(place);
			uint64_t read;

			forge_header(sim, place->firsts[s], at[i]);
			assert_true(is_told(look(place, sim, &read)));
			sim_disk_free(&sim);
		}
}

/* A program that does not know a format does not repair it. */
static void test_a_newer_format_is_not_touched(void **state)
{
	struct place *place = *state;
	uint64_t last = place->firsts[place->segments - 1], read;
	struct vandal_file before, after;

	forge_header(place->sim, last, 8);
	before = vandal_read_segment(place->sim, last);
	assert_int_equal(look(place, place->sim, &read), FOUND_REFUSED);
	after = vandal_read_segment(place->sim, last);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.bytes, after.bytes, after.size);
	mem_free(before.bytes);
	mem_free(after.bytes);
}

/* ---- What stays. */

static void test_damage_in_an_old_segment_does_not_stop_new_records(void **state)
{
	struct place *place = *state;
	struct sim_disk *sim = copy_of(place);
	struct journal_config config = sim_config(sim);
	struct journal *journal = NULL;
	struct err err;

	overwrite(sim, place->firsts[0], SEGMENT_RECORDS_AT + 9, "\xff", 1);
	assert_int_equal(journal_open(&config, &journal, &err), STATUS_OK);
	assert_int_equal(script_commit(journal, 3, &place->truth), STATUS_OK);
	journal_close(&journal);
	sim_disk_free(&sim);
}

static void test_a_copy_of_the_damaged_file_is_kept(void **state)
{
	struct place *place = *state;
	struct sim_disk *sim = copy_of(place);
	uint64_t last = place->firsts[place->segments - 1], read;
	struct vandal_file before, copy;
	char path[64];

	overwrite(sim, last, SEGMENT_RECORDS_AT + 30, "\xff\xfe\xfd\xfc", 4);
	before = vandal_read_segment(sim, last);
	(void)snprintf(path, sizeof path, "%.50s.damaged", before.path);
	assert_int_equal(look(place, sim, &read), FOUND_LOST);
	copy = vandal_read(sim, path);
	assert_int_equal(before.size, copy.size);
	assert_memory_equal(before.bytes, copy.bytes, copy.size);
	mem_free(before.bytes);
	mem_free(copy.bytes);
	sim_disk_free(&sim);
}

static void test_a_missing_segment_is_reported(void **state)
{
	struct place *place = *state;
	struct sim_disk *sim = copy_of(place);
	uint64_t read;

	vandal_delete_segment(sim, place->firsts[1]);
	assert_int_equal(look(place, sim, &read), FOUND_CORRUPT);
	assert_int_equal(read, place->firsts[1] - 1);
	sim_disk_free(&sim);
}

/* Deleted in order, each with a sync of its own; but a file system may bring a name back, or a person may have helped.
 */
static void test_what_is_missing_below_the_cursor_is_not_missed(void **state)
{
	struct place *place = *state;

	for (size_t i = 0; i + 1 < place->segments; i++) {
		struct sim_disk *sim = copy_of(place);
		uint64_t read;

		place->applied = place->firsts[place->segments - 1] + 3;
		vandal_delete_segment(sim, place->firsts[i]);
		assert_int_equal(look(place, sim, &read), FOUND_ALL);
		sim_disk_free(&sim);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
	    TEST(test_damage_to_any_region_of_any_segment_is_told_or_harmless),
	    TEST(test_damage_to_applied_records_hinders_nobody),
	    TEST(test_damage_before_the_cursor_is_passed_over),
	    TEST(test_damage_to_the_mark_is_harmless),
	    TEST(test_without_any_file_but_the_segments_nothing_is_lost),
	    TEST(test_a_flipped_bit_in_every_byte_of_a_record_is_told),
	    TEST(test_a_flipped_bit_in_the_last_commit_is_told),
	    TEST(test_without_the_mark_it_costs_at_most_that_commit),
	    TEST(test_one_bad_header_copy_does_not_matter_two_do),
	    TEST(test_another_version_node_or_place_is_refused_another_salt_told_of),
	    TEST(test_a_newer_format_is_not_touched),
	    TEST(test_damage_in_an_old_segment_does_not_stop_new_records),
	    TEST(test_a_copy_of_the_damaged_file_is_kept),
	    TEST(test_a_missing_segment_is_reported),
	    TEST(test_what_is_missing_below_the_cursor_is_not_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
