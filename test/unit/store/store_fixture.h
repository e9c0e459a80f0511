/* SPDX-License-Identifier: Apache-2.0 */
/* store_fixture: the same tests on every database. Each test gets an empty, migrated store of its own. */
#ifndef PUGMARK_TEST_STORE_FIXTURE_H
#define PUGMARK_TEST_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../harness/postgres_server.h"
#include "base/arena.h"
#include "codec/text/uuid.h"
#include "store/core/store.h"
#include "store/events/events.h"

struct fixture {
	struct postgres_server *postgres; /* NULL: SQLite */
	char directory[64];               /* of the SQLite file */
	char url[1200];
	struct store *store;
	struct store_session *s; /* writes */
	struct store_session *reader;
	struct arena *arena;
	struct err err;
};

/* Runs the tests on SQLite, then on PostgreSQL (or says SKIP). Returns the number of failures. */
int fixture_run(const char *name, const struct CMUnitTest *tests, size_t count);
#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
#define FIXTURE_RUN(tests) fixture_run(#tests, tests, sizeof tests / sizeof tests[0])
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Prints the words when they differ. */
void fixture_expect(const struct fixture *f, enum status got, enum status want, const char *file, int line);
#define EXPECT(f, want, call) fixture_expect(f, call, want, __FILE__, __LINE__)
#define OK(f, call) EXPECT(f, STATUS_OK, call)
void fixture_expect_text(struct slice got, const char *want, const char *file, int line);
#define EXPECT_TEXT(got, want) fixture_expect_text(got, want, __FILE__, __LINE__)

/* Runs SQL past the store. */
void fixture_sql(struct fixture *f, const char *sql);
/* The first column of the first row, as text; "" for NULL. Lives in the arena. */
const char *fixture_query(struct fixture *f, const char *sql);

/* Mail id_of(n) of tenant 3, as simple as can be, to be changed before it is added. */
struct message message_of(unsigned n);
void fixture_add_message(struct fixture *f, struct message message);
/* message_of(n), unless it is there. */
void fixture_mail(struct fixture *f, unsigned n);

/* Event id_of(1000 + n) of mail id_of(message), n microseconds after noon. */
struct event event_of(unsigned n, unsigned message, enum event_type type);
/* An open by that agent; the text is `owner`'s. */
struct event opened_by(unsigned n, unsigned message, struct slice agent, struct slice owner);
/* A judged hit on mail 1, n seconds after noon; a click is one on link n. */
struct event hit_of(unsigned n, enum event_type type, enum actor actor);
void fixture_add_event(struct fixture *f, struct event event);
/* Mail 1 and hits 1 to 6 on it, in this order: an anonymous open, a duplicate, a proxy's, a person's, a person's click
 * and a scanner's, the last two with signals; and an event that is no hit. */
void fixture_add_hits(struct fixture *f);
/* Tenant 3's; 100 at most unless the filter says otherwise. */
size_t fixture_events(struct fixture *f, struct event_filter filter, struct event **ret);

/* An empty store as the program of that schema version made it, in place of the current one; `s` and `reader` are NULL.
 * Then SQL, store_migrate and fixture_open_sessions. */
void fixture_old_store(struct fixture *f, int version);
void fixture_open_sessions(struct fixture *f);
/* Many statements, past the store. */
void fixture_script(struct fixture *f, const char *sql);

/* An id made of a number: ids ascend with it. */
struct uuid id_of(unsigned n);
#define TEXT(literal) SLICE(literal)
static const int64_t second_us = 1000000;
static const int64_t noon_us = INT64_C(1790000000000000);

#endif
