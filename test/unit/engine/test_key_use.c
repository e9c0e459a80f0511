/* SPDX-License-Identifier: Apache-2.0 */
/* key_use: the store learns of it, to the minute, and nobody waits for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>

#include "engine/accounts/key_use.h"
#include "world.h"

enum { KEYS = 300 };

struct desk {
	struct world *world;
	struct writer *writer;
	struct key_uses *uses;
};

static struct uuid id_of(unsigned n)
{
	return uuid_of_record(WORLD_NOW_US, 1, n);
}

static struct slice hash_of(unsigned n, char room[4])
{
	(void)snprintf(room, 4, "%03u", n);
	return slice_of(room, 3);
}

static void add_keys(struct world *w)
{
	struct err err = {0};
	char room[4];
	for (unsigned n = 0; n < KEYS; n++) {
		struct api_key key = {.id = id_of(n),
				      .tenant = w->tenant,
				      .name = SLICE("key"),
				      .prefix = SLICE("pmk_"),
				      .hash = hash_of(n, room),
				      .created_us = WORLD_NOW_US};
		assert_int_equal(store_api_key_add(w->session, &key, &err), STATUS_OK);
	}
}

static struct desk open_desk(void **state)
{
	struct desk d = {.world = *state};
	add_keys(d.world);
	d.writer = world_start_writer(d.world);
	d.uses = key_uses_new(d.writer);
	return d;
}

static void close_desk(struct desk *d)
{
	writer_stop(&d->writer);
	key_uses_free(&d->uses);
}

static enum status do_nothing(struct writer_command *command, struct batch *batch, struct err *err)
{
	(void)command;
	(void)batch;
	(void)err;
	return STATUS_OK;
}

/* Commands are run in the order in which they come: what was handed over before this one is in the store after it. */
static int64_t last_use(struct desk *d, unsigned n)
{
	struct err err = {0};
	struct api_key key;
	char room[4];
	struct writer_command command = {.run = do_nothing};
	assert_int_equal(writer_submit_and_wait(d->writer, &command, &err), STATUS_OK);
	assert_int_equal(store_api_key_find(d->world->session, hash_of(n, room), d->world->arena, &key, &err),
			 STATUS_OK);
	return key.last_used_us;
}

static void test_key_use_is_noted_once_a_minute(void **state)
{
	struct desk d = open_desk(state);
	assert_int_equal(last_use(&d, 1), 0);
	key_use_note(d.uses, id_of(1), 0, WORLD_NOW_US);
	key_use_note(d.uses, id_of(1), 0, WORLD_NOW_US + 1); /* read before the first was written */
	assert_int_equal(last_use(&d, 1), WORLD_NOW_US);
	key_use_note(d.uses, id_of(1), WORLD_NOW_US, WORLD_NOW_US + 59 * SECOND);
	assert_int_equal(last_use(&d, 1), WORLD_NOW_US);
	key_use_note(d.uses, id_of(1), WORLD_NOW_US, WORLD_NOW_US + 60 * SECOND);
	assert_int_equal(last_use(&d, 1), WORLD_NOW_US + 60 * SECOND);
	assert_int_equal(last_use(&d, 2), 0);
	close_desk(&d);
}

/* More keys than the table has places: each is noted when there is time in between. */
static void test_key_uses_of_many_keys_are_all_noted(void **state)
{
	struct desk d = open_desk(state);
	for (unsigned n = 0; n < KEYS; n++) {
		key_use_note(d.uses, id_of(n), 0, WORLD_NOW_US + n);
		assert_int_equal(last_use(&d, n), WORLD_NOW_US + n);
	}
	close_desk(&d);
}

/* Hundreds at once are dropped and not queued for ever; stopping ends what is under way. */
static void test_key_uses_that_come_at_once_have_an_end(void **state)
{
	struct desk d = open_desk(state);
	for (int round = 0; round < 20; round++)
		for (unsigned n = 0; n < KEYS; n++)
			key_use_note(d.uses, id_of(n), 0, WORLD_NOW_US + round * MINUTE);
	close_desk(&d);
}

static int set_up(void **state)
{
	return world_set_up(state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_key_use_is_noted_once_a_minute, set_up, world_tear_down),
	    cmocka_unit_test_setup_teardown(test_key_uses_of_many_keys_are_all_noted, set_up, world_tear_down),
	    cmocka_unit_test_setup_teardown(test_key_uses_that_come_at_once_have_an_end, set_up, world_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
