/* SPDX-License-Identifier: Apache-2.0 */
/* segment: names, headers, and where a segment ends, on bytes in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "journal/frame.h"
#include "journal/segment.h"

#include <string.h>

enum { FILE_BYTES = 32768, PAYLOAD = 700 };

struct file {
	struct segment_header header;
	char bytes[FILE_BYTES];
	size_t end;
	uint32_t number;
};

static void begin(struct file *file)
{
	memset(file, 0, sizeof *file);
	file->header = (struct segment_header){.first = 1000, .node = 7, .salt = "any fifteen too"};
	segment_encode_header(&file->header, file->bytes);
	file->end = SEGMENT_RECORDS_AT;
}

static size_t add(struct file *file, uint32_t index, char fill)
{
	char payload[PAYLOAD];
	size_t at = file->end;

	memset(payload, fill, sizeof payload);
	frame_put(file->bytes + at, 1, 0x0102030405060708, slice_of(payload, sizeof payload));
	frame_seal(file->bytes + at, segment_seed(&file->header), file->number++, index);
	file->end += frame_size(sizeof payload);
	return at;
}

static struct segment_scan scan(const struct file *file)
{
	return segment_scan(slice_of(file->bytes, FILE_BYTES), &file->header);
}

static void test_names_are_sixteen_digits(void **state)
{
	static const char *const bad[] = {"",
					  "1.seg",
					  "0000000000000000.seg",
					  "000000000000001a.seg",
					  "0000000000000001.seg.damaged",
					  "0000000000000001.tmp",
					  "-000000000000001.seg"};
	char name[SEGMENT_NAME_BYTES];
	uint64_t first = 5;

	(void)state;
	segment_name(42, name);
	assert_string_equal(name, "0000000000000042.seg");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(segment_parse_name(bad[i], &first));
	assert_int_equal(first, 5);
	assert_true(segment_parse_name(name, &first));
	assert_int_equal(first, 42);
}

static void test_a_header_reads_back(void **state)
{
	struct file file;
	struct segment_header read;
	struct err err;

	(void)state;
	begin(&file);
	assert_int_equal(segment_decode_header(slice_of(file.bytes, FILE_BYTES), &read, &err), STATUS_OK);
	assert_int_equal(read.first, 1000);
	assert_int_equal(read.node, 7);
	assert_memory_equal(read.salt, file.header.salt, SEGMENT_SALT_BYTES);
	assert_int_equal(segment_decode_header(slice_of(file.bytes, 4095), &read, &err), STATUS_CORRUPT);
}

/* The bytes that doc/journal-format.md shows: what one version writes, every later one must read. */
static void test_the_bytes_of_a_record_are_those_of_the_format(void **state)
{
	static const unsigned char want[] = {0x18, 0x67, 0x41, 0x64, 0x02, 0x00, 0x09, 0x52, 0x03,
					     0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x80, 0x01,
					     0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 'h',  'i'};
	static const struct segment_header header = {.salt = "0123456789abcde"};
	struct frame frame;
	char bytes[sizeof want];

	(void)state;
	frame_put(bytes, 9, 384, SLICE("hi"));
	frame_seal(bytes, segment_seed(&header), 3, 1);
	assert_memory_equal(bytes, want, sizeof want);
	assert_int_equal(frame_parse(slice_of(want, sizeof want), segment_seed(&header), &frame), FRAME_VALID);
	assert_int_equal(frame.number, 3);
	assert_int_equal(frame.index, 1);
	assert_int_equal(frame.type, 9);
	assert_int_equal(frame.time_us, 384);
	assert_true(slice_equal(frame.payload, SLICE("hi")));
	for (size_t n = 0; n < sizeof want; n++)
		assert_int_equal(frame_parse(slice_of(want, n), segment_seed(&header), &frame), FRAME_SHORT);
}

/* The one seed with which so many zeros have the checksum 0: the register is turned back from its last state. */
static uint32_t seed_of_good_zeros(size_t bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t bit = 0; bit < 8 * bytes; bit++)
		crc = crc & UINT32_C(0x80000000) ? (crc ^ UINT32_C(0x82f63b78)) << 1 | 1 : crc << 1;
	return ~crc;
}

/* One segment in 2^32 has that seed; its space that was never written must not become a record. */
static void test_zeros_are_no_record_even_where_their_checksum_is_good(void **state)
{
	static const char zeros[FRAME_HEADER_BYTES];
	uint32_t seed = seed_of_good_zeros(sizeof zeros - 4);
	struct frame frame;

	(void)state;
	assert_int_equal(crc32c(seed, zeros + 4, sizeof zeros - 4), 0);
	assert_int_equal(frame_parse(slice_of(zeros, sizeof zeros), seed, &frame), FRAME_INVALID);
}

static void test_zeros_behind_the_last_record_are_a_clean_end(void **state)
{
	struct file file;

	(void)state;
	begin(&file);
	assert_int_equal(scan(&file).end, SEGMENT_CLEAN);
	assert_int_equal(scan(&file).count, 0);
	add(&file, 0, 'a');
	size_t second = add(&file, 0, 'b');
	add(&file, 1, 'c');
	assert_int_equal(scan(&file).end, SEGMENT_CLEAN);
	assert_int_equal(scan(&file).count, 3);
	assert_int_equal(scan(&file).end_at, file.end);
	assert_int_equal(scan(&file).last_commit_at, second);
}

/* The last commit has four records; any sectors of it are missing, in every combination that leaves the first bad. */
static void test_any_sectors_missing_from_the_last_commit_are_torn(void **state)
{
	struct file whole, file;

	(void)state;
	begin(&whole);
	add(&whole, 0, 'a');
	size_t from = add(&whole, 0, 'b');
	for (uint32_t i = 1; i < 4; i++)
		add(&whole, i, 'c');
	size_t first = from / 512, count = (whole.end - 1) / 512 - first + 1;
	for (unsigned missing = 1; missing < 1u << count; missing++) {
		file = whole;
		for (size_t i = 0; i < count; i++) {
			size_t at = (first + i) * 512 > from ? (first + i) * 512 : from;

			if (missing >> i & 1)
				memset(file.bytes + at, 0, (first + i + 1) * 512 - at);
		}
		assert_int_not_equal(scan(&file).end, SEGMENT_DAMAGED);
		assert_in_range(scan(&file).count, 1, 4);
	}
}

static void test_a_bad_record_before_a_later_commit_is_damage(void **state)
{
	struct file file;

	(void)state;
	begin(&file);
	add(&file, 0, 'a');
	size_t bad = add(&file, 0, 'b');
	add(&file, 1, 'c');
	add(&file, 0, 'd');
	/* Even when it looks as if it had never been written. */
	memset(file.bytes + bad, 0, 300);
	assert_int_equal(scan(&file).end, SEGMENT_DAMAGED);
	assert_int_equal(scan(&file).count, 1);
	assert_int_equal(scan(&file).end_at, bad);
	assert_int_equal(scan(&file).next_number, 3);
}

static void test_a_record_that_is_all_there_but_wrong_is_damage(void **state)
{
	struct file file;

	(void)state;
	begin(&file);
	add(&file, 0, 'a');
	size_t bad = add(&file, 0, 'b');
	file.bytes[bad + 100] ^= 4;
	assert_int_equal(scan(&file).end, SEGMENT_DAMAGED);
	assert_int_equal(scan(&file).end_at, bad);
	/* An impossible length among bytes that are there. */
	file.bytes[bad + 100] ^= 4;
	file.bytes[bad + 5] = 0x7f;
	assert_int_equal(scan(&file).end, SEGMENT_DAMAGED);
}

static void test_records_of_another_salt_or_out_of_order_do_not_count(void **state)
{
	struct file file;
	struct segment_header other;

	(void)state;
	begin(&file);
	add(&file, 0, 'a');
	add(&file, 0, 'b');
	other = file.header;
	other.salt[0]++;
	assert_int_equal(segment_scan(slice_of(file.bytes, FILE_BYTES), &other).count, 0);
	file.number = 3;
	add(&file, 0, 'c');
	assert_int_equal(scan(&file).count, 2);
	assert_int_equal(scan(&file).end, SEGMENT_DAMAGED);
	begin(&file);
	add(&file, 0, 'a');
	file.number = 5;
	add(&file, 3, 'b');
	assert_int_equal(scan(&file).count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_sixteen_digits),
	    cmocka_unit_test(test_a_header_reads_back),
	    cmocka_unit_test(test_the_bytes_of_a_record_are_those_of_the_format),
	    cmocka_unit_test(test_zeros_are_no_record_even_where_their_checksum_is_good),
	    cmocka_unit_test(test_zeros_behind_the_last_record_are_a_clean_end),
	    cmocka_unit_test(test_any_sectors_missing_from_the_last_commit_are_torn),
	    cmocka_unit_test(test_a_bad_record_before_a_later_commit_is_damage),
	    cmocka_unit_test(test_a_record_that_is_all_there_but_wrong_is_damage),
	    cmocka_unit_test(test_records_of_another_salt_or_out_of_order_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
