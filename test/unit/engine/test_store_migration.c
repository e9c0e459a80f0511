/* SPDX-License-Identifier: Apache-2.0 */
/* A store that the program of schema version 9 really left behind (test/data/store_0009) is migrated, on both
 * databases: in one go, and stopped after every single transaction. What is compared with is what that program's API
 * said of it. */
#include "../store/store_fixture.h"

#include "engine/feed/event_json.h"
#include "store/mail/messages.h"
#include <jansson.h>

enum { FILE_MAX = 4 << 20, EVENTS_MAX = 500 };
/* The one that its links were made with. */
static const char KEY[] = "04f81e8dbd96720543685ab5f400147406111f6efacc968931eac96d9215a875";

static struct slice read_file(struct fixture *f, const char *name)
{
	char path[400];
	struct buf text;
	(void)snprintf(path, sizeof path, "%s/test/data/store_0009/%s", PUGMARK_SOURCE_ROOT, name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	buf_init_in_arena(&text, FILE_MAX, f->arena);
	char *room = buf_reserve(&text, FILE_MAX - 1);
	buf_commit(&text, fread(room, 1, FILE_MAX - 1, file));
	(void)fclose(file);
	return buf_slice(&text);
}

/* ---- Loading: @u(HEX), @t(MICROSECONDS), @b(HEX) and @f(0 or 1) in the words of the database */

static void append_literal(struct buf *b, char kind, struct slice value, bool is_postgres)
{
	static const struct {
		char kind;
		const char *sqlite[2], *postgres[2]; /* in front of the value and behind it */
	} words[] = {
	    {'u', {"X'", "'"}, {"'", "'::uuid"}},
	    {'t', {"", ""}, {"(timestamptz 'epoch' + ", " * interval '1 microsecond')"}},
	    {'b', {"X'", "'"}, {"'\\x", "'::bytea"}},
	    {'f', {"", ""}, {"(", " = 1)"}},
	};
	size_t i = 0;
	while (words[i].kind != kind)
		i++;
	buf_append_cstr(b, is_postgres ? words[i].postgres[0] : words[i].sqlite[0]);
	buf_append(b, value);
	buf_append_cstr(b, is_postgres ? words[i].postgres[1] : words[i].sqlite[1]);
}

static const char *in_words_of(struct fixture *f, struct slice sql)
{
	struct buf b;
	buf_init_in_arena(&b, FILE_MAX, f->arena);
	while (sql.n) {
		bool is_literal = sql.n > 3 && sql.p[0] == '@' && strchr("utbf", sql.p[1]) && sql.p[2] == '(';
		if (!is_literal) {
			buf_append_byte(&b, sql.p[0]);
			sql = slice_from(sql, 1);
			continue;
		}
		char kind = sql.p[1];
		sql = slice_from(sql, 3);
		append_literal(&b, kind, slice_cut(&sql, ')'), f->postgres != NULL);
	}
	assert_false(buf_failed(&b));
	return buf_cstr(&b);
}

static void load_old_store(struct fixture *f)
{
	fixture_old_store(f, 9);
	fixture_script(f, in_words_of(f, read_file(f, "rows.sql")));
}

/* ---- Comparing */

static void compare_events(struct fixture *f)
{
	struct slice lines = read_file(f, "events.jsonl");
	struct event_filter filter = {.tenant = 1, .limit = EVENTS_MAX};
	struct event *events = NULL;
	size_t count = 0;
	uint8_t key[LINK_TOKEN_KEY_SIZE];
	struct link_token_keys *keys = link_token_keys_new();
	for (size_t i = 0; i < sizeof key; i++)
		(void)sscanf(KEY + 2 * i, "%2hhx", &key[i]);
	link_token_keys_set(keys, 1, key);
	struct event_json_context context = {SLICE("default"), link_token_sealer_new(keys)};
	OK(f, store_event_list(f->reader, &filter, f->arena, &events, &count, &f->err));
	for (size_t i = 0; i < count; i++) {
		struct buf got;
		struct slice want = slice_cut(&lines, '\n');
		buf_init_in_arena(&got, FILE_MAX, f->arena);
		event_json_append(&got, &events[i], &context);
		json_t *a = json_loadb(want.p, want.n, 0, NULL);
		json_t *b = json_loadb(got.p, got.n, 0, NULL);
		if (!a || !b || !json_equal(a, b))
			fail_msg("event %zu\nwas  %.*s\nis   %s", i, SLICE_FMT(want), buf_cstr(&got));
		json_decref(a);
		json_decref(b);
		/* And by its id, as the API looks it up. */
		struct event found;
		OK(f, store_event_find(f->reader, 1, events[i].id, f->arena, &found, &f->err));
		assert_int_equal(found.position, events[i].position);
	}
	assert_int_equal(lines.n, 0);
	assert_true(count > 50);
	link_token_sealer_free(&context.sealer);
	link_token_keys_free(&keys);
}

static struct event_filter filter_of(struct slice words)
{
	struct event_filter filter = {.tenant = 1, .limit = EVENTS_MAX};
	struct slice name = slice_cut(&words, '=');
	if (slice_equal(name, SLICE("contact")))
		filter.contact_id = words;
	else if (slice_equal(name, SLICE("campaign")))
		filter.campaign_id = words;
	else if (slice_equal(name, SLICE("message")))
		assert_true(uuid_parse(words, &filter.message));
	while (words.n && (name.p[0] == 'a' || name.p[0] == 't')) {
		struct slice word = slice_cut(&words, ',');
		enum actor actor;
		enum event_type type;
		if (actor_parse(word, &actor))
			filter.actors |= 1U << actor;
		else if (event_type_parse(word, &type))
			filter.types |= 1U << type;
	}
	return filter;
}

static void compare_lists(struct fixture *f)
{
	struct slice lines = read_file(f, "lists.txt");
	while (lines.n) {
		struct slice ids = slice_cut(&lines, '\n');
		struct slice words = slice_cut(&ids, ' ');
		struct event_filter filter = filter_of(words);
		struct event *events = NULL;
		size_t count = 0;
		OK(f, store_event_list(f->reader, &filter, f->arena, &events, &count, &f->err));
		for (size_t i = 0; i < count; i++) {
			char id[UUID_TEXT_SIZE];
			uuid_format(events[i].id, id);
			EXPECT_TEXT(slice_cut(&ids, ','), id);
		}
		assert_int_equal(ids.n, 0);
		assert_true(count > 0);
	}
}

#define COLUMNS                                                                                                        \
	"id, tenant_id, state, created_at, send_at, sent_at, delivered_at, cohort_day, stream, provider, from_email, " \
	"from_name, to_email, to_name, subject, contact_id, contact_category, campaign_id, template_id, sender, "      \
	"sequence_id, enrollment, sequence_position, track_opens, track_clicks, key_id, options, metadata, body_id, "  \
	"remote_id, attempts, error, opens_human, opens_proxy, opens_mpp, opens_prefetch, opens_scanner, "             \
	"opens_preview, opens_crawler, opens_unknown, clicks_human, clicks_machine, first_open_at, "                   \
	"first_open_strict_at, first_open_any_at, first_click_at, first_click_any_at, unsubscribed_at, "               \
	"last_activity_at, reported_at, link_count"

/* All rows of messages with their counters, as one text. */
static const char *messages_as_text(struct fixture *f, const char *from)
{
	struct buf sql;
	buf_init_in_arena(&sql, FILE_MAX, f->arena);
	if (f->postgres) {
		buf_printf(&sql, "SELECT string_agg(t::text, '|') FROM (SELECT " COLUMNS " FROM %s ORDER BY id) t",
			   from);
		return fixture_query(f, buf_cstr(&sql));
	}
	struct slice names = SLICE(COLUMNS);
	buf_append_cstr(&sql, "SELECT group_concat(line, '|') FROM (SELECT ''");
	while (names.n) {
		struct slice name = slice_trim(slice_cut(&names, ','));
		buf_printf(&sql, " || quote(%.*s)", SLICE_FMT(name));
	}
	buf_printf(&sql, " AS line FROM %s ORDER BY id)", from);
	return fixture_query(f, buf_cstr(&sql));
}
#define JOINED "messages m JOIN message_counters c ON c.number = m.number"

static void compare_all(struct fixture *f, const char *messages)
{
	fixture_open_sessions(f);
	compare_events(f);
	compare_lists(f);
	assert_string_equal(messages_as_text(f, JOINED), messages);
	assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM schema_progress"), "0");
	assert_string_equal(
	    fixture_query(f, f->postgres
				 ? "SELECT COUNT(*) FROM pg_tables WHERE tablename LIKE '%\\_before'"
				 : "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE '%\\_before' ESCAPE '\\'"),
	    "0");
	/* Positions go on where they were. */
	uint64_t last = 0;
	struct event e = {.id = id_of(1), .tenant = 1, .type = EVENT_FAILED, .occurred_us = noon_us, .link_index = -1};
	OK(f, store_event_horizon(f->reader, &last, &f->err));
	OK(f, store_event_add(f->s, &e, 1, &f->err));
	assert_int_equal(e.position, last + 1);
}

/* ---- */

static void test_an_older_store_says_the_same_when_it_was_migrated(void **state)
{
	struct fixture *f = *state;
	load_old_store(f);
	const char *messages = messages_as_text(f, "messages");
	OK(f, store_migrate(f->store, &f->err));
	compare_all(f, messages);
}

static bool stop(void *user, const struct migration_progress *progress)
{
	assert_true(progress->per_mille <= 1000 && progress->version == 10);
	++*(unsigned *)user;
	return false;
}

/* As by a kill: the connection goes after each transaction, and another program goes on. Until the new tables are in
 * their place, the older program would find everything. */
static void test_a_migration_goes_on_wherever_it_was_stopped(void **state)
{
	struct fixture *f = *state;
	unsigned stops = 0;
	struct migration_watch watch = {.step = stop, .user = &stops, .rows = 7};
	load_old_store(f);
	const char *messages = messages_as_text(f, "messages");
	const char *events = fixture_query(f, "SELECT COUNT(*) FROM email_events");
	enum status status = STATUS_AGAIN;
	while (status == STATUS_AGAIN) {
		status = store_migrate_watched(f->store, &watch, &f->err);
		if (status != STATUS_AGAIN)
			break;
		EXPECT(f, STATUS_AGAIN, store_check(f->store, &f->err));
		assert_string_equal(fixture_query(f, "SELECT COUNT(*) FROM email_events"), events);
		store_close(&f->store);
		OK(f, store_open(f->url, &f->store, &f->err));
	}
	OK(f, status);
	assert_true(stops > 10);
	compare_all(f, messages);
}

int main(void)
{
	const struct CMUnitTest store_migration[] = {
	    FIXTURE_TEST(test_an_older_store_says_the_same_when_it_was_migrated),
	    FIXTURE_TEST(test_a_migration_goes_on_wherever_it_was_stopped),
	};
	return FIXTURE_RUN(store_migration);
}
