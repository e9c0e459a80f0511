/* SPDX-License-Identifier: Apache-2.0 */
/* Three statements for up to 32 mails: messages, suppressions, bodies. Mails of one campaign share their body, so each
 * distinct one is read and unpacked once a batch. Small bodies only: 32 attachments of 60 MB would not fit anywhere, so
 * what is larger than BODY_AT_ONCE_MAX is read when its mail is built, and given back with it. */
#include "engine/dispatch/build_batch.h"

#include "base/mem.h"
#include "engine/mail/outgoing.h"
#include "store/mail/bodies.h"
#include "store/people/suppressions.h"

struct build_batch {
	struct store_session *session;
	struct link_token_sealer *sealer;
	struct arena *arena; /* of what was read for this batch */
	struct build *builds[BUILD_BATCH_MAX];
	size_t count;
	struct message messages[BUILD_BATCH_MAX];
	struct slice suppressed[BUILD_BATCH_MAX]; /* why; p NULL: not */
	struct body_key bodies[BUILD_BATCH_MAX];  /* each once */
	struct slice contents[BUILD_BATCH_MAX];   /* of bodies[]; p NULL: to be read alone */
	size_t body_count;
};

/* ---- One mail */

struct build *build_new(const struct queue_entry *entry)
{
	struct build *build = MEM_NEW(struct build);
	build->arena = arena_new();
	build->entry = *entry;
	build->entry.provider = arena_copy(build->arena, entry->provider);
	build->entry.stream = arena_copy(build->arena, entry->stream);
	list_init(&build->letter);
	buf_init(&build->bytes, OUTGOING_MAX);
	return build;
}

void build_free(struct build **build)
{
	struct build *b = *build;
	*build = NULL;
	if (!b)
		return;
	buf_done(&b->bytes);
	arena_free(&b->arena);
	mem_free(b);
}

/* The arena keeps what the first time took: once more costs little, and twice is rare. */
void build_reset(struct build *build)
{
	buf_done(&build->bytes);
	buf_init(&build->bytes, OUTGOING_MAX);
	build->reason = SLICE_EMPTY;
	build->err = (struct err){0};
}

/* ---- The batch */

struct build_batch *build_batch_new(struct store_session *session, const struct link_token_keys *keys)
{
	struct build_batch *batch = MEM_NEW(struct build_batch);
	batch->session = session;
	batch->sealer = link_token_sealer_new(keys);
	batch->arena = arena_new();
	return batch;
}

void build_batch_free(struct build_batch **batch)
{
	struct build_batch *b = *batch;
	*batch = NULL;
	if (!b)
		return;
	link_token_sealer_free(&b->sealer);
	arena_free(&b->arena);
	mem_free(b);
}

static enum status read_messages(struct build_batch *b, struct err *err)
{
	struct uuid ids[BUILD_BATCH_MAX];
	for (size_t i = 0; i < b->count; i++)
		ids[i] = b->builds[i]->entry.message;
	return store_message_find_all(b->session, ids, b->count, b->arena, b->messages, err);
}

static bool is_there(const struct build_batch *b, size_t n)
{
	return !uuid_is_zero(b->messages[n].id) && b->messages[n].tenant == b->builds[n]->entry.tenant;
}

static enum status read_suppressions(struct build_batch *b, struct err *err)
{
	struct addressee addressees[BUILD_BATCH_MAX];
	for (size_t i = 0; i < b->count; i++)
		addressees[i] = (struct addressee){b->messages[i].tenant, b->messages[i].to_email};
	return store_suppressions_of(b->session, addressees, b->count, b->arena, b->suppressed, err);
}

static size_t find_body(const struct build_batch *b, const struct message *m)
{
	size_t i = 0;
	while (i < b->body_count && !(b->bodies[i].tenant == m->tenant && slice_equal(b->bodies[i].id, m->body_id)))
		i++;
	return i;
}

static enum status read_bodies(struct build_batch *b, struct err *err)
{
	b->body_count = 0;
	for (size_t i = 0; i < b->count; i++) {
		const struct message *m = &b->messages[i];
		if (is_there(b, i) && find_body(b, m) == b->body_count)
			b->bodies[b->body_count++] = (struct body_key){m->tenant, m->body_id};
	}
	return store_bodies_find(b->session, b->bodies, b->body_count, b->arena, b->contents, err);
}

enum status build_batch_read(struct build_batch *b, struct build *const *builds, size_t count, struct err *err)
{
	BUG_IF(count > BUILD_BATCH_MAX);
	arena_reset(b->arena);
	b->count = count;
	memcpy(b->builds, builds, count * sizeof(struct build *));
	enum status status = read_messages(b, err);
	if (status == STATUS_OK)
		status = read_suppressions(b, err);
	return status == STATUS_OK ? read_bodies(b, err) : status;
}

/* ---- Building */

/* What the network thread needs of the message, out of the batch's memory. */
static void keep_message(struct build *build, const struct message *m)
{
	build->message = (struct message){
	    .id = m->id,
	    .tenant = m->tenant,
	    .state = m->state,
	    .dated_us = m->dated_us,
	    .provider = arena_copy(build->arena, m->provider),
	    .from_email = arena_copy(build->arena, m->from_email),
	    .to_email = arena_copy(build->arena, m->to_email),
	};
}

static enum status impossible(struct build *build, const struct err *why)
{
	build->result = BUILD_IMPOSSIBLE;
	build->err = *why;
	return STATUS_OK;
}

/* Whatever the store is guilty of; a mail must not fail for good because somebody locks a table. */
bool build_store_is_away(enum status status)
{
	return status == STATUS_IO || status == STATUS_FULL || status == STATUS_TIMEOUT || status == STATUS_AGAIN ||
	       status == STATUS_FAULT;
}

static enum status make_with(struct build_batch *b, size_t n, struct slice body, struct arena *arena)
{
	struct build *build = b->builds[n];
	struct outgoing outgoing = {&b->messages[n], body, b->sealer, arena};
	struct err why = {0};
	build->result = BUILD_DONE;
	return outgoing_build(&outgoing, &build->bytes, &why) == STATUS_OK ? STATUS_OK : impossible(build, &why);
}

/* Its content, and what building takes, goes as soon as the mail is there. */
static enum status make(struct build_batch *b, size_t n, struct err *err)
{
	const struct message *m = &b->messages[n];
	struct arena *arena = arena_new();
	struct slice body = b->contents[find_body(b, m)];
	struct err why = {0};
	enum status status = STATUS_OK;
	if (!body.p)
		status = store_body_find(b->session, m->tenant, m->body_id, arena, &body, &why);
	if (status == STATUS_OK)
		status = make_with(b, n, body, arena);
	else if (build_store_is_away(status))
		*err = why;
	else if (status == STATUS_NOT_FOUND)
		status = impossible(b->builds[n], &(struct err){.text = "its text is not there any more"});
	else
		status = impossible(b->builds[n], &why);
	arena_free(&arena);
	return status;
}

static enum status not_wanted(struct build *build, struct slice reason)
{
	build->result = BUILD_NOT_WANTED;
	build->reason = arena_copy(build->arena, reason);
	return STATUS_OK;
}

enum status build_batch_make(struct build_batch *b, size_t n, int64_t now_us, struct err *err)
{
	struct build *build = b->builds[n];
	if (!is_there(b, n))
		return impossible(build, &(struct err){.text = "its text is not there any more"});
	if (b->messages[n].dated_us == 0)
		b->messages[n].dated_us = now_us;
	keep_message(build, &b->messages[n]);
	/* Sent, or at another end: the row is all that is left of it. */
	if (build->message.state >= MESSAGE_SENT)
		return not_wanted(build, SLICE("already sent"));
	if (b->suppressed[n].p)
		return not_wanted(build, b->suppressed[n]);
	return make(b, n, err);
}
