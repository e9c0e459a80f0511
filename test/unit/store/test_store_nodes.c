/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, epochs and duties of the servers of one store. */
#include "store_fixture.h"

#include "store/core/session.h"
#include "store/house/nodes.h"

static struct node node_of(uint16_t number, unsigned installation, uint64_t epoch)
{
	return (struct node){.number = number,
			     .installation = id_of(installation),
			     .epoch = epoch,
			     .durable = 40,
			     .place = TEXT("host:1:2"),
			     .roles = TEXT("edge,apply"),
			     .version = TEXT("1.2.3")};
}

static enum status take(struct fixture *f, uint16_t number, unsigned installation, uint64_t epoch)
{
	struct node node = node_of(number, installation, epoch);
	return store_node_take(f->s, &node, &f->err);
}

static uint16_t new_number(struct fixture *f, unsigned installation)
{
	uint16_t number = 0;
	OK(f, store_node_new(f->s, id_of(installation), &number, &f->err));
	return number;
}

static void test_each_installation_gets_the_smallest_number_that_is_free(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(new_number(f, 1), 1);
	/* A journal of before, with a number that it drew for itself. */
	OK(f, take(f, 2, 9, 1));
	OK(f, take(f, 65535, 8, 1));
	assert_int_equal(new_number(f, 3), 3);
}

static void test_a_start_that_failed_gets_its_number_again(void **state)
{
	struct fixture *f = *state;
	uint16_t number = new_number(f, 1);
	assert_int_equal(new_number(f, 1), number);
	struct node_claim claim = {number, 1};
	fixture_sql(f, "UPDATE nodes SET epoch = 1");
	OK(f, store_cursor_advance(f->s, &claim, (struct cursor_step){0, 0, 5, 0}, &f->err));
	/* From now on the number is part of the ids of events. */
	struct node found;
	uint16_t again = 0;
	EXPECT(f, STATUS_CONFLICT, store_node_new(f->s, id_of(1), &again, &f->err));
	OK(f, store_node_find(f->s, number, f->arena, &found, &f->err));
	assert_int_equal(found.applied, 5);
}

static void test_a_node_is_taken_with_a_higher_epoch_by_its_own_installation(void **state)
{
	struct fixture *f = *state;
	struct node found;
	OK(f, take(f, 7, 1, 1));
	EXPECT(f, STATUS_CONFLICT, take(f, 7, 1, 1));
	EXPECT(f, STATUS_CONFLICT, take(f, 7, 2, 5));
	OK(f, take(f, 7, 1, 5));
	OK(f, store_node_find(f->s, 7, f->arena, &found, &f->err));
	assert_true(found.epoch == 5 && found.durable == 40 && found.applied == 0);
	assert_true(uuid_equal(found.installation, id_of(1)));
	EXPECT_TEXT(found.place, "host:1:2");
	EXPECT_TEXT(found.roles, "edge,apply");
	EXPECT_TEXT(found.version, "1.2.3");
	assert_true(found.schema_known > 0 && found.started_us > 0 && found.seen_us > 0);
	EXPECT(f, STATUS_NOT_FOUND, store_node_find(f->s, 8, f->arena, &found, &f->err));
}

/* Each of the three alone: an applier that knows an older one of them has been overtaken. */
static void test_the_cursor_moves_only_from_where_it_is(void **state)
{
	struct fixture *f = *state;
	struct node_claim claim = {7, 1}, other_epoch = {7, 2};
	struct cursor_step step = {.from = 50, .from_half = 95, .to = 95, .to_half = 99};
	struct cursor_step elsewhere = step, other_half = step;
	elsewhere.from = 49;
	other_half.from_half = 94;
	OK(f, take(f, 7, 1, 1));
	OK(f, store_cursor_advance(f->s, &claim, (struct cursor_step){.to = 50, .to_half = 95}, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, elsewhere, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &claim, other_half, &f->err));
	EXPECT(f, STATUS_CONFLICT, store_cursor_advance(f->s, &other_epoch, step, &f->err));
	OK(f, store_cursor_advance(f->s, &claim, step, &f->err));
}

/* Should the journal lose its end, this is who knows of it. */
static void test_a_cursor_that_moves_tells_where_the_journal_ends(void **state)
{
	struct fixture *f = *state;
	struct node found;
	OK(f, take(f, 7, 1, 1));
	struct node_claim claim = {7, 1};
	OK(f, store_cursor_advance(f->s, &claim, (struct cursor_step){.to = 50, .durable = 90}, &f->err));
	OK(f, store_node_of(f->s, id_of(1), f->arena, &found, &f->err));
	assert_true(found.number == 7 && found.applied == 50 && found.durable == 90);
	/* Who does not say so has at least what is applied, and what is half applied. */
	OK(f, store_cursor_advance(f->s, &claim, (struct cursor_step){.from = 50, .to = 60, .to_half = 95}, &f->err));
	OK(f, store_node_find(f->s, 7, f->arena, &found, &f->err));
	assert_int_equal(found.durable, 95);
	EXPECT(f, STATUS_NOT_FOUND, store_node_of(f->s, id_of(2), f->arena, &found, &f->err));
}

static void test_a_number_of_before_goes_to_the_first_that_has_its_journal(void **state)
{
	struct fixture *f = *state;
	fixture_sql(f, "INSERT INTO nodes (number, installation, epoch, applied, durable, place, roles, version, "
		       "schema_known) VALUES (54321, NULL, 0, 77, 77, '', '', '', 0)");
	OK(f, take(f, 54321, 1, 1));
	EXPECT(f, STATUS_CONFLICT, take(f, 54321, 2, 2));
	struct node found;
	OK(f, store_node_find(f->s, 54321, f->arena, &found, &f->err));
	assert_int_equal(found.applied, 77);
}

static void test_a_node_is_seen_until_it_leaves_or_another_has_it(void **state)
{
	struct fixture *f = *state;
	struct node found;
	struct node_claim first = {7, 1}, second = {7, 2};
	OK(f, take(f, 7, 1, 1));
	OK(f, store_node_seen(f->s, &first, 41, &f->err));
	OK(f, store_node_find(f->s, 7, f->arena, &found, &f->err));
	assert_int_equal(found.durable, 41);
	OK(f, take(f, 7, 1, 2));
	EXPECT(f, STATUS_CONFLICT, store_node_seen(f->s, &first, 50, &f->err));
	OK(f, store_node_left(f->s, &first, &f->err));
	OK(f, store_node_find(f->s, 7, f->arena, &found, &f->err));
	assert_true(found.seen_us > 0);
	OK(f, store_node_left(f->s, &second, &f->err));
	OK(f, store_node_find(f->s, 7, f->arena, &found, &f->err));
	assert_true(found.seen_us == 0);
}

/* ---- Who else is there */

static struct node_others others_of(struct fixture *f, uint16_t number)
{
	struct node_others others;
	OK(f, store_node_others(f->s, number, &others, &f->err));
	return others;
}

static void test_a_node_is_alone_until_another_is_taken(void **state)
{
	struct fixture *f = *state;
	OK(f, take(f, 7, 1, 3));
	struct node_others others = others_of(f, 7);
	assert_true(!others.are_present && !others.have_been && others.takes == 3);
	/* A number that was only given writes nothing. */
	assert_int_equal(new_number(f, 2), 1);
	others = others_of(f, 7);
	assert_true(!others.are_present && !others.have_been && others.takes == 3);
	OK(f, take(f, 1, 2, 1));
	others = others_of(f, 7);
	assert_true(others.are_present && others.have_been && others.takes == 4);
}

static void test_whoever_came_and_went_shows_in_the_sum_of_takes(void **state)
{
	struct fixture *f = *state;
	struct node_claim other = {8, 1};
	OK(f, take(f, 7, 1, 3));
	OK(f, take(f, 8, 2, 1));
	OK(f, store_node_left(f->s, &other, &f->err));
	struct node_others others = others_of(f, 7);
	assert_true(!others.are_present && others.have_been && others.takes == 4);
	OK(f, take(f, 7, 1, 4));
	assert_int_equal(others_of(f, 7).takes, 5);
}

static void test_a_silent_node_is_present(void **state)
{
	struct fixture *f = *state;
	OK(f, take(f, 7, 1, 1));
	OK(f, take(f, 8, 2, 1));
	fixture_sql(f, f->postgres ? "UPDATE nodes SET seen_at = now() - interval '1 year' WHERE number = 8"
				   : "UPDATE nodes SET seen_at = 1 WHERE number = 8");
	assert_true(others_of(f, 7).are_present);
}

/* Who moved a journal before there were epochs has no claim, and has been there all the same. */
static void test_a_node_of_before_has_been_there(void **state)
{
	struct fixture *f = *state;
	fixture_sql(f, "INSERT INTO nodes (number, installation, epoch, applied, durable, place, roles, version, "
		       "schema_known) VALUES (54321, NULL, 0, 77, 77, '', '', '', 0)");
	OK(f, take(f, 7, 1, 1));
	struct node_others others = others_of(f, 7);
	assert_true(!others.are_present && others.have_been);
}

static void test_nobody_takes_a_node_while_others_are_kept_out(void **state)
{
	struct fixture *f = *state;
	struct node node = node_of(8, 2, 1);
	struct store_session *other = NULL;
	if (!f->postgres)
		return; /* there a transaction is alone anyway */
	OK(f, take(f, 7, 1, 1));
	OK(f, store_session_open(f->store, STORE_WRITE, &other, &f->err));
	OK(f, store_begin(f->s, &f->err));
	OK(f, store_node_keep_others_out(f->s, &f->err));
	assert_false(others_of(f, 7).are_present);
	OK(f, session_script(other, "SET lock_timeout = '50ms'", &f->err));
	EXPECT(f, STATUS_AGAIN, store_node_take(other, &node, &f->err));
	struct node_claim own = {7, 1};
	OK(f, store_cursor_advance(f->s, &own, (struct cursor_step){0, 0, 5, 0}, &f->err));
	OK(f, store_commit(f->s, &f->err));
	OK(f, store_node_take(other, &node, &f->err));
	store_session_close(&other);
}

/* ---- Duties */

static uint16_t node_without_key(struct fixture *f, uint16_t asking, uint8_t key)
{
	uint16_t node = 99;
	OK(f, store_node_without_key(f->s, asking, key, &node, &f->err));
	return node;
}

static void tell_key(struct fixture *f, uint16_t number, uint64_t epoch, uint8_t key)
{
	struct node_claim claim = {number, epoch};
	OK(f, store_node_tell_key(f->s, &claim, key, &f->err));
}

static void test_a_key_is_waited_for_until_all_who_live_have_it(void **state)
{
	struct fixture *f = *state;
	struct node_claim third = {3, 1};
	uint8_t told = 99;
	OK(f, store_node_told_key(f->s, 1, &told, &f->err));
	assert_int_equal(told, 0);
	OK(f, take(f, 1, 1, 1));
	assert_int_equal(node_without_key(f, 1, 5), 0); /* oneself is not waited for */
	OK(f, take(f, 2, 2, 1));
	OK(f, take(f, 3, 3, 1));
	assert_int_equal(node_without_key(f, 1, 5), 2); /* told nothing */
	tell_key(f, 2, 1, 4);
	assert_int_equal(node_without_key(f, 1, 5), 2);
	assert_int_equal(node_without_key(f, 1, 4), 3);
	tell_key(f, 2, 1, 5);
	assert_int_equal(node_without_key(f, 1, 5), 3);
	OK(f, store_node_left(f->s, &third, &f->err));
	assert_int_equal(node_without_key(f, 1, 5), 0);
	OK(f, take(f, 3, 3, 2));
	tell_key(f, 3, 1, 5); /* the process from before */
	assert_int_equal(node_without_key(f, 1, 5), 3);
	fixture_sql(f, f->postgres ? "UPDATE nodes SET seen_at = seen_at - interval '61 seconds' WHERE number = 3"
				   : "UPDATE nodes SET seen_at = seen_at - 61000000 WHERE number = 3");
	assert_int_equal(node_without_key(f, 1, 5), 0);
	/* What was told stays over a start: keys only become more. */
	OK(f, take(f, 2, 2, 2));
	OK(f, store_node_told_key(f->s, 2, &told, &f->err));
	assert_int_equal(told, 5);
}

static bool holds(struct fixture *f, uint16_t number, uint64_t epoch)
{
	struct node_claim claim = {number, epoch};
	bool is_held = false;
	OK(f, store_duty_hold(f->s, "prune", &claim, 600, &is_held, &f->err));
	return is_held;
}

static void test_one_node_has_a_duty_until_its_time_is_over(void **state)
{
	struct fixture *f = *state;
	assert_true(holds(f, 1, 4));
	assert_true(holds(f, 1, 4));
	assert_false(holds(f, 2, 1));
	assert_true(holds(f, 1, 5));
	/* The process from before its node's last start. */
	assert_false(holds(f, 1, 4));
	fixture_sql(f, f->postgres ? "UPDATE duties SET until_at = clock_timestamp() - interval '1 second'"
				   : "UPDATE duties SET until_at = 1");
	assert_true(holds(f, 2, 1));
	assert_false(holds(f, 1, 5));
}

int main(void)
{
	const struct CMUnitTest store_nodes[] = {
	    FIXTURE_TEST(test_the_cursor_moves_only_from_where_it_is),
	    FIXTURE_TEST(test_each_installation_gets_the_smallest_number_that_is_free),
	    FIXTURE_TEST(test_a_start_that_failed_gets_its_number_again),
	    FIXTURE_TEST(test_a_node_is_taken_with_a_higher_epoch_by_its_own_installation),
	    FIXTURE_TEST(test_a_cursor_that_moves_tells_where_the_journal_ends),
	    FIXTURE_TEST(test_a_number_of_before_goes_to_the_first_that_has_its_journal),
	    FIXTURE_TEST(test_a_node_is_seen_until_it_leaves_or_another_has_it),
	    FIXTURE_TEST(test_a_node_is_alone_until_another_is_taken),
	    FIXTURE_TEST(test_whoever_came_and_went_shows_in_the_sum_of_takes),
	    FIXTURE_TEST(test_a_silent_node_is_present),
	    FIXTURE_TEST(test_a_node_of_before_has_been_there),
	    FIXTURE_TEST(test_nobody_takes_a_node_while_others_are_kept_out),
	    FIXTURE_TEST(test_a_key_is_waited_for_until_all_who_live_have_it),
	    FIXTURE_TEST(test_one_node_has_a_duty_until_its_time_is_over),
	};
	return FIXTURE_RUN(store_nodes);
}
