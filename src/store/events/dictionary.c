/* SPDX-License-Identifier: Apache-2.0 */
/* Why texts are remembered in two generations: most hits come with one of a few thousand agents, so a batch finds
 * nearly all of its numbers in memory; whoever sends a new agent with each hit fills the younger generation, which then
 * becomes the older one whose predecessor is freed. So memory is bounded, what is used stays, and no list has to be
 * kept in order. What such a sender leaves in the table goes with his events.
 *
 * A number in memory is only right while its row is there. Rows go in two ways. By age: every entry is written anew
 * once a day by each session that uses it (the memory is emptied when a new day begins), so that used_day is never
 * behind the events. By erasure: then it was one person's only, and another one who comes with the same text has to
 * note that first, which finds the row missing. */
#include "store/events/dictionary.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/wire.h"
#include "codec/text/sha256.h"
#include "store/core/row_list.h"
#include <stdlib.h>

enum {
	GENERATION_ENTRIES = 8192,
	GENERATION_BYTES = 2 << 20,
	HASH_SIZE = 16, /* 128 bits: nobody finds two texts with the same */
	KEY_MAX = 1 << 20,
	AT_ONCE = 32, /* looked up in one statement where lists cannot be parameters */
};

struct entry {
	int64_t number;
	int64_t person; /* 0: several, or nobody's in particular */
};
struct generation {
	struct map *entries; /* kind, tenant and text -> struct entry */
	struct arena *arena;
	size_t bytes;
};
struct memory {
	struct generation young, old;
	int32_t day;       /* the newest that was seen */
	int64_t pruned_to; /* up to this number was looked at */
	unsigned undone;
	struct buf key;
};

/* ---- Memory */

static struct generation generation_new(void)
{
	return (struct generation){map_new(), arena_new(), 0};
}

static void generation_free(struct generation *g)
{
	map_free(&g->entries);
	arena_free(&g->arena);
}

static void generation_clear(struct generation *g)
{
	map_clear(g->entries);
	arena_reset(g->arena);
	g->bytes = 0;
}

static void memory_free(void *p)
{
	struct memory *m = p;
	generation_free(&m->young);
	generation_free(&m->old);
	buf_done(&m->key);
	mem_free(m);
}

static void forget_all(struct memory *m)
{
	generation_clear(&m->young);
	generation_clear(&m->old);
}

/* Empty again when a transaction was taken back: its new rows are gone. */
static struct memory *memory_of(struct store_session *s)
{
	struct session_memory *kept = session_memory(s, SESSION_MEMORY_DICTIONARY);
	if (!kept->p) {
		struct memory *m = MEM_NEW(struct memory);
		m->young = generation_new();
		m->old = generation_new();
		buf_init(&m->key, KEY_MAX);
		*kept = (struct session_memory){m, memory_free, kept->undone};
	}
	struct memory *m = kept->p;
	if (m->undone != kept->undone)
		forget_all(m);
	m->undone = kept->undone;
	return m;
}

static struct slice key_of(struct memory *m, const struct dictionary_use *use)
{
	buf_clear(&m->key);
	wire_put_u8(&m->key, (uint8_t)use->kind);
	wire_put_u32(&m->key, use->tenant);
	buf_append(&m->key, use->text);
	BUG_IF(buf_failed(&m->key)); /* every text was bounded where it came in */
	return buf_slice(&m->key);
}

static void remember(struct memory *m, const struct dictionary_use *use, int64_t number, int64_t person)
{
	struct generation *g = &m->young;
	if (map_count(g->entries) >= GENERATION_ENTRIES || g->bytes > GENERATION_BYTES) {
		struct generation oldest = m->old;
		m->old = m->young;
		m->young = oldest;
		generation_clear(g);
	}
	struct entry *entry = ARENA_NEW(g->arena, struct entry);
	*entry = (struct entry){number, person};
	struct slice key = key_of(m, use);
	g->bytes += key.n;
	(void)map_put(g->entries, key, entry);
}

static struct entry *recall(struct memory *m, const struct dictionary_use *use)
{
	struct slice key = key_of(m, use);
	struct entry *entry = map_get(m->young.entries, key);
	if (entry)
		return entry;
	entry = map_get(m->old.entries, key);
	if (!entry)
		return NULL;
	remember(m, use, entry->number, entry->person);
	return map_get(m->young.entries, key_of(m, use));
}

/* ---- The table */

int64_t dictionary_person(uint32_t tenant, struct slice id)
{
	uint8_t digest[SHA256_SIZE];
	struct buf text;
	buf_init(&text, KEY_MAX);
	wire_put_u32(&text, tenant);
	for (size_t i = 0; i < id.n; i++) /* an address means the same mailbox in any case */
		buf_append_byte(&text, (char)(id.p[i] >= 'A' && id.p[i] <= 'Z' ? id.p[i] | 0x20 : id.p[i]));
	sha256_of(buf_slice(&text), digest);
	buf_done(&text);
	return (int64_t)(wire_load_u64(digest) >> 1 | 1); /* a positive number and never 0 */
}

/* Hashed only where it is asked: most texts are several persons' and known to be. */
static int64_t person_of(const struct dictionary_use *use)
{
	return use->owner.n ? dictionary_person(use->tenant, use->owner) : 0;
}

/* A text that is not in memory, once, however often the batch has it. */
struct missing {
	const struct dictionary_use *use; /* the first with this text */
	unsigned char hash[HASH_SIZE];
	bool is_shared; /* others in the batch are another person's */
	int64_t number, person;
};

static void hash_text(const struct dictionary_use *use, unsigned char ret[HASH_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct buf text;
	buf_init(&text, KEY_MAX);
	wire_put_u8(&text, (uint8_t)use->kind);
	buf_append(&text, use->text);
	sha256_of(buf_slice(&text), digest);
	buf_done(&text);
	memcpy(ret, digest, HASH_SIZE);
}

static int by_tenant_and_hash(const void *a, const void *b)
{
	const struct missing *x = a;
	const struct missing *y = b;
	if (x->use->tenant != y->use->tenant)
		return x->use->tenant < y->use->tenant ? -1 : 1;
	return memcmp(x->hash, y->hash, HASH_SIZE);
}

static struct slice hash_of(const struct missing *m)
{
	return slice_of(m->hash, HASH_SIZE);
}

#define INSERT_ENTRIES "INSERT INTO dictionary (tenant_id, kind, hash, text, used_day, person) "
#define UNLESS_THERE                                                                                                   \
	" ON CONFLICT (tenant_id, hash) DO UPDATE SET used_day = {greatest}(dictionary.used_day, excluded.used_day), " \
	"person = CASE WHEN dictionary.person = excluded.person THEN dictionary.person END"
enum { ENTRY_COLUMNS = 6 };

/* In the order of `at`, which all writers keep. */
static enum status insert_all(struct store_session *s, const struct missing *at, size_t count, int32_t day,
			      struct arena *arena, struct err *err)
{
	static const char single[] = INSERT_ENTRIES "VALUES ($1, $2, $3, $4, $5, $6)" UNLESS_THERE;
	static const char all[] = INSERT_ENTRIES
	    "SELECT tenant_id, kind, hash, text, used_day, person FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], "
	    "$4::text[], $5::bigint[], $6::bigint[]) AS t (tenant_id, kind, hash, text, used_day, person) "
	    "ORDER BY tenant_id, hash" UNLESS_THERE;
	struct row_list rows;
	const struct row_list_plan plan = {single, all, ENTRY_COLUMNS, count};
	row_list_begin(&rows, s, &plan, arena);
	for (size_t i = 0; i < count; i++) {
		const struct missing *m = &at[i];
		const struct value values[ENTRY_COLUMNS] = {value_i64(m->use->tenant),
							    value_i64(m->use->kind),
							    value_bytes(hash_of(m)),
							    value_text(m->use->text),
							    value_i64(day),
							    value_i64_unless(m->is_shared ? 0 : person_of(m->use), 0)};
		memcpy(row_list_next(&rows), values, sizeof values);
	}
	return row_list_end(&rows, err);
}

#define HASHES                                                                                                         \
	"$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, "  \
	"$25, $26, $27, $28, $29, $30, $31, $32, $33"

static enum status open_some(struct rows *r, struct store_session *s, const struct missing *at, size_t count,
			     struct err *err)
{
	struct value in[AT_ONCE + 1] = {value_i64(at->use->tenant)};
	for (size_t i = 0; i < AT_ONCE; i++)
		in[i + 1] = value_bytes(hash_of(&at[i < count ? i : 0]));
	return rows_open(r, s,
			 "SELECT hash, number, person FROM dictionary WHERE tenant_id = $1 AND hash IN (" HASHES ")",
			 (struct values){in, AT_ONCE + 1}, err);
}

/* OFFSET 0 keeps the planner from looking any other way than by the unique index, for each hash by itself: with hash =
 * ANY it read the whole tenant's part of the table while it took it for small, and kept doing so. */
static enum status open_listed(struct rows *r, struct store_session *s, const struct missing *at, size_t count,
			       struct arena *arena, struct err *err)
{
	struct slice *hashes = arena_alloc_array(arena, count, sizeof *hashes);
	for (size_t i = 0; i < count; i++)
		hashes[i] = hash_of(&at[i]);
	return rows_open(r, s,
			 "SELECT d.hash, d.number, d.person FROM unnest($2::bytea[]) AS w (hash) CROSS JOIN LATERAL "
			 "(SELECT hash, number, person FROM dictionary x WHERE x.tenant_id = $1 AND x.hash = w.hash "
			 "OFFSET 0) d",
			 VALUES(value_i64(at->use->tenant), value_bytes_array(hashes, count)), err);
}

static int by_hash(const void *hash, const void *m)
{
	return memcmp(hash, ((const struct missing *)m)->hash, HASH_SIZE);
}

/* Reads the numbers of those that follow each other, have one tenant and are sorted; up to AT_ONCE where lists cannot
 * be parameters. */
static enum status read_numbers(struct store_session *s, struct missing *at, size_t count, struct arena *arena,
				struct err *err)
{
	struct rows r;
	enum status status =
	    session_has_arrays(s) ? open_listed(&r, s, at, count, arena, err) : open_some(&r, s, at, count, err);
	if (status != STATUS_OK)
		return status;
	r.arena = arena;
	while ((status = rows_next(&r, err)) == STATUS_OK) {
		struct slice hash = rows_bytes(&r);
		struct missing *m = hash.n == HASH_SIZE ? bsearch(hash.p, at, count, sizeof *at, by_hash) : NULL;
		BUG_IF(!m);
		m->number = rows_i64(&r);
		m->person = rows_i64(&r);
	}
	return rows_close(&r, status);
}

static enum status read_all_numbers(struct store_session *s, struct missing *at, size_t count, struct arena *arena,
				    struct err *err)
{
	size_t at_once = session_has_arrays(s) ? count : AT_ONCE;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count;) {
		size_t n = 1;
		while (n < at_once && i + n < count && at[i + n].use->tenant == at[i].use->tenant)
			n++;
		status = read_numbers(s, at + i, n, arena, err);
		i += n;
	}
	return status;
}

/* ---- A batch */

/* Sorted, so that writers meet each other in one order; each text once. */
static size_t sort_and_join(struct missing *missing, size_t count)
{
	size_t n = 0;
	qsort(missing, count, sizeof *missing, by_tenant_and_hash);
	for (size_t i = 0; i < count; i++) {
		struct missing *last = n ? &missing[n - 1] : NULL;
		if (!last || by_tenant_and_hash(last, &missing[i]) != 0) {
			missing[n++] = missing[i];
			continue;
		}
		last->is_shared |= !slice_equal_nocase(last->use->owner, missing[i].use->owner);
	}
	return n;
}

static enum status add_missing(struct store_session *s, struct memory *m, struct missing *missing, size_t n,
			       struct err *err)
{
	struct arena *arena = arena_new();
	enum status status = insert_all(s, missing, n, m->day, arena, err);
	if (status == STATUS_OK)
		status = read_all_numbers(s, missing, n, arena, err);
	for (size_t i = 0; status == STATUS_OK && i < n; i++)
		remember(m, missing[i].use, missing[i].number, missing[i].person);
	arena_free(&arena);
	return status;
}

/* Another person has it too. 0 rows: it went with the one whose it was, and is to be made anew. */
static enum status share(struct store_session *s, struct entry *entry, bool *ret_is_there, struct err *err)
{
	uint64_t changed = 0;
	enum status status = session_run_counted(s, "UPDATE dictionary SET person = NULL WHERE number = $1",
						 VALUES(value_i64(entry->number)), &changed, err);
	entry->person = 0;
	*ret_is_there = changed > 0;
	return status;
}

static enum status look_up(struct store_session *s, struct memory *m, struct dictionary_use *use, bool *ret_is_missing,
			   struct err *err)
{
	struct entry *entry = recall(m, use);
	bool is_there = entry != NULL;
	enum status status = STATUS_OK;
	if (entry && entry->person && entry->person != person_of(use))
		status = share(s, entry, &is_there, err);
	use->number = is_there ? entry->number : 0;
	*ret_is_missing = !is_there;
	return status;
}

/* With a new day every entry is written once more. */
static void note_day(struct memory *m, const struct dictionary_use *uses, size_t count)
{
	int32_t newest = m->day;
	for (size_t i = 0; i < count; i++)
		newest = uses[i].day > newest ? uses[i].day : newest;
	if (newest != m->day)
		forget_all(m);
	m->day = newest;
}

/* Not from memory: a batch with more new texts than a generation takes has pushed its first ones out again. */
static void fill_in(struct dictionary_use *uses, size_t count, const struct missing *missing, size_t missing_count)
{
	for (size_t i = 0; i < count; i++) {
		struct missing wanted = {.use = &uses[i]};
		if (uses[i].number)
			continue;
		hash_text(&uses[i], wanted.hash);
		const struct missing *found =
		    bsearch(&wanted, missing, missing_count, sizeof wanted, by_tenant_and_hash);
		BUG_IF(!found);
		uses[i].number = found->number;
	}
}

enum status dictionary_number(struct store_session *s, struct dictionary_use *uses, size_t count, struct err *err)
{
	struct memory *m = memory_of(s);
	struct missing *missing = NULL;
	size_t n = 0;
	enum status status = STATUS_OK;
	note_day(m, uses, count);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		bool is_missing = false;
		status = look_up(s, m, &uses[i], &is_missing, err);
		if (!is_missing)
			continue;
		if (!missing)
			missing = mem_alloc_array(count, sizeof *missing);
		missing[n] = (struct missing){.use = &uses[i]};
		hash_text(&uses[i], missing[n++].hash);
	}
	if (n)
		n = sort_and_join(missing, n);
	if (status == STATUS_OK && n)
		status = add_missing(s, m, missing, n, err);
	if (status == STATUS_OK && n)
		fill_in(uses, count, missing, n);
	mem_free(missing);
	return status;
}

/* ---- Going */

enum status dictionary_forget_person(struct store_session *s, uint32_t tenant, int64_t person, struct err *err)
{
	/* Before the transaction ends as well as after: nothing of this person may be found in memory. */
	forget_all(memory_of(s));
	return session_run(s, "DELETE FROM dictionary WHERE tenant_id = $1 AND person = $2",
			   VALUES(value_i64(tenant), value_i64(person)), err);
}

static enum status last_number(struct store_session *s, int64_t *ret, struct err *err)
{
	return rows_read_i64(s, "SELECT MAX(number) FROM dictionary", VALUES_NONE, ret, err);
}

enum status dictionary_prune(struct store_session *s, int32_t before_day, uint32_t limit, struct err *err)
{
	struct memory *m = memory_of(s);
	int64_t last = 0;
	uint64_t changed = 0;
	enum status status = last_number(s, &last, err);
	if (m->pruned_to >= last)
		m->pruned_to = 0;
	if (status == STATUS_OK)
		status = session_run_counted(
		    s,
		    "DELETE FROM dictionary WHERE number > $1 AND number <= $2 AND used_day < COALESCE((SELECT "
		    "MIN(t.minute) / 1440 FROM event_minutes t WHERE t.tenant_id = dictionary.tenant_id), $3)",
		    VALUES(value_i64(m->pruned_to), value_i64(m->pruned_to + limit), value_i64(before_day)), &changed,
		    err);
	if (changed)
		forget_all(m);
	m->pruned_to += limit;
	return status;
}
