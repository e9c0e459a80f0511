/* SPDX-License-Identifier: Apache-2.0 */
/* Bits that flip at rest, and files that are not ours: always said, never a log that is quietly shorter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/wire.h"
#include "journal/frame.h"
#include "journal/segment.h"
#include "sim_script.h"

#include <stdio.h>

enum { LAST_COMMIT = 4 };

struct place {
	struct truth truth;
	struct sim_disk *sim;
	uint64_t *firsts;
	size_t segments;
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

/* A copy of the disk on which to break something. */
static struct sim_disk *copy_of(struct place *place)
{
	return sim_disk_after_power_cut(place->sim, SIM_KEEP, 0);
}

static void overwrite(struct sim_disk *sim, uint64_t first, size_t at, const char *bytes, size_t n)
{
	const struct disk *disk = sim_disk_table(sim);
	struct iovec part = {(char *)(uintptr_t)bytes, n};
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	int file;

	segment_name(first, name);
	assert_int_equal(segment_path(SIM_DIRECTORY, name, path), STATUS_OK);
	file = disk->open(disk->self, path, DISK_WRITE);
	assert_true(file >= 0);
	assert_int_equal(disk_write_all(disk, file, &part, 1, at), 0);
	assert_int_equal(disk->fsync(disk->self, file), 0);
	assert_int_equal(disk->close(disk->self, file), 0);
}

enum found {
	FOUND_ALL,     /* every record is there and right */
	FOUND_CORRUPT, /* it was said, by opening or by reading */
	FOUND_SHORTER, /* the end came early, and nobody said why */
	FOUND_WRONG,   /* a record that never was */
};

static enum found look(struct sim_disk *sim, const struct truth *truth, uint64_t *ret_read)
{
	struct journal_config config = sim_config(sim);
	struct journal *journal = NULL;
	struct journal_reader *reader;
	struct journal_record record;
	struct err err = {0};
	enum status status = journal_open(&config, &journal, &err);

	*ret_read = 0;
	if (status == STATUS_CORRUPT)
		return FOUND_CORRUPT;
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(journal_reader_open(journal, 0, &reader, &err), STATUS_OK);
	while ((status = journal_reader_next(reader, &record, &err)) == STATUS_OK) {
		++*ret_read;
		if (record.sequence != *ret_read || record.time_us != (int64_t)truth->content[*ret_read])
			break;
	}
	journal_reader_close(&reader);
	journal_close(&journal);
	if (status == STATUS_CORRUPT) {
		assert_non_null(strstr(err.text, "offset"));
		return FOUND_CORRUPT;
	}
	if (status == STATUS_OK)
		return FOUND_WRONG;
	return *ret_read == truth->acked ? FOUND_ALL : FOUND_SHORTER;
}

static enum found flip(struct place *place, const struct segment *segment, size_t at, uint64_t *ret_read)
{
	struct sim_disk *sim = copy_of(place);
	char byte = (char)(segment->bytes[at] ^ (1 << at % 8));
	enum found found;

	overwrite(sim, segment->header.first, at, &byte, 1);
	found = look(sim, &place->truth, ret_read);
	sim_disk_free(&sim);
	return found;
}

static void load(struct place *place, size_t i, struct segment *ret)
{
	struct err err;

	assert_int_equal(segment_load(sim_disk_table(place->sim), SIM_DIRECTORY, place->firsts[i], ret, &err),
			 STATUS_OK);
}

static void check_segment(struct place *place, const struct segment *segment, size_t end)
{
	/* A stride that comes by every byte of a header and every place in a sector. */
	for (size_t at = SEGMENT_RECORDS_AT; at < end; at += 4099) {
		uint64_t read;
		enum found found = flip(place, segment, at, &read);

		if (found != FOUND_CORRUPT)
			fail_msg("bit at %zu of segment %llu: found %d after %llu", at,
				 (unsigned long long)segment->header.first, found, (unsigned long long)read);
	}
}

static void test_a_flipped_bit_in_any_record_is_reported(void **state)
{
	struct place *place = *state;

	for (size_t i = 0; i < place->segments; i++) {
		struct segment segment;
		struct segment_scan scan;

		load(place, i, &segment);
		scan = segment_scan(slice_of(segment.bytes, segment.size), &segment.header);
		assert_int_equal(scan.end, SEGMENT_CLEAN);
		check_segment(place, &segment, i + 1 < place->segments ? scan.end_at : scan.last_commit_at);
		segment_unload(&segment);
	}
}

static void test_a_flipped_bit_in_every_byte_of_a_header_is_reported(void **state)
{
	struct place *place = *state;
	struct segment segment;
	uint64_t read;

	for (size_t i = 0; i < place->segments; i++) {
		load(place, i, &segment);
		for (size_t at = SEGMENT_RECORDS_AT; at < SEGMENT_RECORDS_AT + FRAME_HEADER_BYTES; at++)
			assert_int_equal(flip(place, &segment, at, &read), FOUND_CORRUPT);
		segment_unload(&segment);
	}
}

/* In the very last commit a flipped bit and a torn write can look alike; then the log ends before that record, never
 * before that commit. Mostly it is told apart. */
static void test_a_flipped_bit_in_the_last_commit_costs_at_most_that_commit(void **state)
{
	struct place *place = *state;
	struct segment segment;
	struct segment_scan scan;
	unsigned flips = 0, reported = 0;

	load(place, place->segments - 1, &segment);
	scan = segment_scan(slice_of(segment.bytes, segment.size), &segment.header);
	for (size_t at = scan.last_commit_at; at < scan.end_at; at++) {
		uint64_t read;
		enum found found = flip(place, &segment, at, &read);

		flips++;
		reported += found == FOUND_CORRUPT;
		if (found == FOUND_SHORTER)
			assert_true(read >= place->truth.acked - LAST_COMMIT);
		else
			assert_int_equal(found, FOUND_CORRUPT);
	}
	print_message("%u of %u flips in the last commit are reported\n", reported, flips);
	assert_true(reported > flips / 2);
	segment_unload(&segment);
}

static void test_one_bad_header_copy_does_not_matter_two_do(void **state)
{
	static const size_t copies[] = {0, 2048};
	struct place *place = *state;
	uint64_t read;

	for (size_t i = 0; i < place->segments; i++)
		for (size_t at = 0; at < 64; at += 3) {
			struct segment segment;
			struct sim_disk *sim;
			char byte;

			load(place, i, &segment);
			assert_int_equal(flip(place, &segment, copies[0] + at, &read), FOUND_ALL);
			assert_int_equal(flip(place, &segment, copies[1] + at, &read), FOUND_ALL);
			sim = copy_of(place);
			byte = (char)(segment.bytes[at] ^ 0x10);
			overwrite(sim, segment.header.first, copies[0] + at, &byte, 1);
			overwrite(sim, segment.header.first, copies[1] + at, &byte, 1);
			assert_int_equal(look(sim, &place->truth, &read), FOUND_CORRUPT);
			sim_disk_free(&sim);
			segment_unload(&segment);
		}
}

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

static void test_damage_is_reported_without_a_byte_changed(void **state)
{
	struct place *place = *state;
	struct sim_disk *sim = copy_of(place);
	struct segment before, after;
	struct journal_config config = sim_config(sim);
	struct journal *journal = NULL;
	struct err err = {0};
	uint64_t last = place->firsts[place->segments - 1];

	overwrite(sim, last, SEGMENT_RECORDS_AT + 30, "\xff\xfe\xfd\xfc", 4);
	assert_int_equal(segment_load(sim_disk_table(sim), SIM_DIRECTORY, last, &before, &err), STATUS_OK);
	assert_int_equal(journal_open(&config, &journal, &err), STATUS_CORRUPT);
	assert_non_null(strstr(err.text, "offset 4096"));
	assert_non_null(strstr(err.text, "salvage"));
	assert_int_equal(segment_load(sim_disk_table(sim), SIM_DIRECTORY, last, &after, &err), STATUS_OK);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.bytes, after.bytes, before.size);
	segment_unload(&before);
	segment_unload(&after);
	sim_disk_free(&sim);
}

/* Changes the header and makes its checksum right again, in both copies. */
static void forge_header(struct sim_disk *sim, const struct segment *segment, size_t at, char value)
{
	char header[64];

	memcpy(header, segment->bytes, sizeof header);
	header[at] = value;
	wire_store_u32(header + 60, crc32c(0, header, 60));
	overwrite(sim, segment->header.first, 0, header, sizeof header);
	overwrite(sim, segment->header.first, 2048, header, sizeof header);
}

static void test_another_version_salt_node_or_place_is_refused(void **state)
{
	static const struct {
		size_t at;
		const char *words;
	} cases[] = {{8, "version"}, {12, "another"}, {16, "starts at"}, {24, "damaged"}};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t s = 0; s < place->segments; s++) {
			struct sim_disk *sim = copy_of(place);
			struct segment segment;
			uint64_t read;

			load(place, s, &segment);
			forge_header(sim, &segment, cases[i].at, (char)(segment.bytes[cases[i].at] + 1));
			assert_int_equal(look(sim, &place->truth, &read), FOUND_CORRUPT);
			segment_unload(&segment);
			sim_disk_free(&sim);
		}
}

static void test_a_missing_segment_is_reported(void **state)
{
	struct place *place = *state;
	struct sim_disk *sim = copy_of(place);
	const struct disk *disk = sim_disk_table(sim);
	char name[SEGMENT_NAME_BYTES], path[SEGMENT_PATH_BYTES];
	uint64_t read;

	segment_name(place->firsts[1], name);
	assert_int_equal(segment_path(SIM_DIRECTORY, name, path), STATUS_OK);
	assert_int_equal(disk->unlink(disk->self, path), 0);
	assert_int_equal(look(sim, &place->truth, &read), FOUND_CORRUPT);
	assert_int_equal(read, place->firsts[1] - 1);
	sim_disk_free(&sim);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_flipped_bit_in_any_record_is_reported),
	    TEST(test_a_flipped_bit_in_every_byte_of_a_header_is_reported),
	    TEST(test_a_flipped_bit_in_the_last_commit_costs_at_most_that_commit),
	    TEST(test_one_bad_header_copy_does_not_matter_two_do),
	    TEST(test_damage_in_an_old_segment_does_not_stop_new_records),
	    TEST(test_damage_is_reported_without_a_byte_changed),
	    TEST(test_another_version_salt_node_or_place_is_refused),
	    TEST(test_a_missing_segment_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
