/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as parameters (store/core/value.h). SQLite takes none; there the tests only see that it says so. */
#include "store_fixture.h"

#include "store/core/session.h"

/* Opens the query; false where there are no lists. */
static bool open_query(struct fixture *f, struct rows *r, const char *sql, struct values in)
{
	if (!session_has_arrays(f->s)) {
		assert_null(f->postgres);
		return false;
	}
	OK(f, rows_open(r, f->s, sql, in, &f->err));
	r->arena = f->arena;
	return true;
}

static void test_a_list_of_each_type_comes_back_as_it_went(void **state)
{
	struct fixture *f = *state;
	const int64_t numbers[] = {INT64_MIN, 0, INT64_MAX};
	const int64_t times[] = {noon_us, 1, noon_us + 1};
	const bool flags[] = {true, false, true};
	const struct uuid ids[] = {id_of(1), id_of(2), id_of(3)};
	const struct slice texts[] = {TEXT("plain"), TEXT(""), TEXT("\"{quote},\\ NULL\"")};
	const struct slice bytes[] = {slice_of("\0\xff", 2), TEXT(""), TEXT("x")};
	struct rows r;
	if (!open_query(f, &r,
			"SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::boolean[], $4::uuid[], $5::text[], "
			"$6::bytea[])",
			VALUES(value_i64_array(numbers, 3), value_time_array(times, 3), value_bool_array(flags, 3),
			       value_uuid_array(ids, 3), value_text_array(texts, 3), value_bytes_array(bytes, 3))))
		return;
	for (size_t i = 0; i < 3; i++) {
		OK(f, rows_next(&r, &f->err));
		assert_true(rows_i64(&r) == numbers[i]);
		assert_true(rows_time(&r) == times[i]);
		assert_int_equal(rows_bool(&r), flags[i]);
		assert_true(uuid_equal(rows_uuid(&r), ids[i]));
		assert_true(slice_equal(rows_text(&r), texts[i]));
		assert_true(slice_equal(rows_bytes(&r), bytes[i]));
	}
	EXPECT(f, STATUS_END, rows_next(&r, &f->err));
	OK(f, rows_close(&r, STATUS_OK));
}

static void test_elements_may_be_null(void **state)
{
	struct fixture *f = *state;
	const int64_t numbers[] = {5, 6};
	const struct slice texts[] = {TEXT("a"), TEXT("b")};
	const bool first[] = {true, false}, second[] = {false, true};
	struct rows r;
	if (!open_query(f, &r, "SELECT * FROM unnest($1::bigint[], $2::text[])",
			VALUES(value_with_nulls(value_i64_array(numbers, 2), first),
			       value_with_nulls(value_text_array(texts, 2), second))))
		return;
	OK(f, rows_next(&r, &f->err));
	assert_true(rows_is_null(&r));
	assert_int_equal(rows_i64_or(&r, 9), 9);
	EXPECT_TEXT(rows_text(&r), "a");
	OK(f, rows_next(&r, &f->err));
	assert_int_equal(rows_i64(&r), 6);
	assert_true(rows_is_null(&r));
	OK(f, rows_close(&r, STATUS_OK));
}

static void test_an_empty_list_has_no_rows(void **state)
{
	struct fixture *f = *state;
	struct rows r;
	if (!open_query(f, &r, "SELECT * FROM unnest($1::uuid[])", VALUES(value_uuid_array(NULL, 0))))
		return;
	EXPECT(f, STATUS_END, rows_next(&r, &f->err));
	OK(f, rows_close(&r, STATUS_OK));
}

/* PostgreSQL would refuse the whole statement for one bad byte (session.h). */
static void test_texts_in_a_list_are_cleaned(void **state)
{
	struct fixture *f = *state;
	const struct slice texts[] = {TEXT("good"),
				      TEXT("b\xff"
					   "d"),
				      slice_of("n\0l", 3)};
	struct rows r;
	if (!open_query(f, &r, "SELECT * FROM unnest($1::text[])", VALUES(value_text_array(texts, 3))))
		return;
	OK(f, rows_next(&r, &f->err));
	EXPECT_TEXT(rows_text(&r), "good");
	OK(f, rows_next(&r, &f->err));
	EXPECT_TEXT(rows_text(&r), "b?d");
	OK(f, rows_next(&r, &f->err));
	EXPECT_TEXT(rows_text(&r), "n?l");
	OK(f, rows_close(&r, STATUS_OK));
}

/* The buffer they are packed into grows between one parameter and the next. */
static void test_long_lists_stand_beside_json_and_plain_values(void **state)
{
	enum { MANY = 20000 };
	struct fixture *f = *state;
	struct uuid *ids = arena_alloc_array(f->arena, MANY, sizeof *ids);
	int64_t *numbers = arena_alloc_array(f->arena, MANY, sizeof *numbers);
	struct rows r;
	for (unsigned i = 0; i < MANY; i++) {
		ids[i] = id_of(i);
		numbers[i] = i;
	}
	if (!open_query(f, &r,
			"SELECT COUNT(DISTINCT id), SUM(n)::bigint, $1::jsonb ->> 'a', $4::bigint FROM "
			"unnest($2::uuid[], $3::bigint[]) AS t (id, n)",
			VALUES(value_json_or_null(TEXT("{\"a\":\"json\"}")), value_uuid_array(ids, MANY),
			       value_i64_array(numbers, MANY), value_i64(7))))
		return;
	OK(f, rows_next(&r, &f->err));
	assert_int_equal(rows_i64(&r), MANY);
	assert_int_equal(rows_i64(&r), MANY * (MANY - 1) / 2);
	EXPECT_TEXT(rows_text(&r), "json");
	assert_int_equal(rows_i64(&r), 7);
	OK(f, rows_close(&r, STATUS_OK));
}

int main(void)
{
	const struct CMUnitTest store_arrays[] = {
	    FIXTURE_TEST(test_a_list_of_each_type_comes_back_as_it_went),
	    FIXTURE_TEST(test_elements_may_be_null),
	    FIXTURE_TEST(test_an_empty_list_has_no_rows),
	    FIXTURE_TEST(test_texts_in_a_list_are_cleaned),
	    FIXTURE_TEST(test_long_lists_stand_beside_json_and_plain_values),
	};
	return FIXTURE_RUN(store_arrays);
}
