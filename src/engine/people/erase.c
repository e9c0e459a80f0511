/* SPDX-License-Identifier: Apache-2.0 */
/* In three steps, so that the writer never looks at a whole table: a reader finds out what belongs to the person, one
 * transaction erases it, and then a reader finds the bodies that no mail has any more, which a second one removes. If
 * the program ends between the two, those bodies go when bodies are pruned. */
#include "engine/people/erase.h"

#include "engine/ledger/audit.h"
#include "store/house/audit.h"
#include "store/mail/message_list.h"
#include "store/people/suppressions.h"

struct erase_command {
	struct writer_command command;
	const struct erase_request *request;
	struct slice_list ids, addresses, bodies;
	struct slice_list others; /* other contacts whose mail comes to one of the addresses */
	struct erasure_counts counts;
};

static bool contains(const struct slice_list *list, struct slice item)
{
	for (size_t i = 0; i < list->count; i++)
		if (slice_equal(list->items[i], item))
			return true;
	return false;
}

static void add(struct slice_list *list, struct arena *arena, struct slice item)
{
	if (contains(list, item))
		return;
	struct slice *items = arena_alloc_array(arena, list->count + 1, sizeof *items);
	for (size_t i = 0; i < list->count; i++)
		items[i] = list->items[i];
	items[list->count] = item;
	*list = (struct slice_list){items, list->count + 1};
}

static void add_all(struct slice_list *list, struct arena *arena, const struct slice_list *more)
{
	for (size_t i = 0; i < more->count; i++)
		add(list, arena, more->items[i]);
}

/* The addresses of every id, and every address as an id: who is mailed without an id is called by his address. */
static enum status find_person(struct erase_command *c, struct err *err)
{
	const struct erase_request *r = c->request;
	enum status status = STATUS_OK;
	add(&c->ids, r->arena, r->key.id);
	for (size_t i = 0; status == STATUS_OK && i < c->ids.count; i++) {
		struct contact_key key = {r->key.tenant, c->ids.items[i]};
		struct slice_list found;
		if (slice_index(key.id, '@') < key.id.n)
			add(&c->addresses, r->arena, key.id);
		status = store_contact_addresses(r->session, &key, r->arena, &found, err);
		if (status != STATUS_OK)
			return status;
		add_all(&c->addresses, r->arena, &found);
		add_all(&c->ids, r->arena, &found);
		status = store_contact_bodies(r->session, &key, r->arena, &found, err);
		if (status == STATUS_OK)
			add_all(&c->bodies, r->arena, &found);
	}
	return status;
}

/* A row of his own, or at least mail to him. */
static enum status check_there(const struct erase_command *c, struct err *err)
{
	const struct erase_request *r = c->request;
	struct message_filter f = {.tenant = r->key.tenant, .contact_id = r->key.id, .limit = 1};
	struct message *messages;
	struct contact contact;
	size_t count;
	enum status status = store_contact_find(r->session, r->key.tenant, r->key.id, r->arena, &contact, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	status = store_message_list(r->session, &f, r->arena, &messages, &count, err);
	return status == STATUS_OK && count == 0 ? err_set(err, STATUS_NOT_FOUND, "there is no such contact") : status;
}

/* Who shares a mailbox with him is left alone. Read before, because it looks at all contacts. */
static enum status find_others(struct erase_command *c, struct err *err)
{
	const struct erase_request *r = c->request;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < c->addresses.count; i++) {
		struct slice_list found = {0};
		status = store_contacts_with_address(r->session, r->key.tenant, c->addresses.items[i], r->arena, &found,
						     err);
		for (size_t n = 0; status == STATUS_OK && n < found.count; n++)
			if (!contains(&c->ids, found.items[n]))
				add(&c->others, r->arena, found.items[n]);
	}
	return status;
}

/* By every name: texts are an address's, or an id's where mail had no address. */
static enum status forget_texts(struct store_session *session, const struct erase_command *c,
				const struct slice_list *names, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < names->count; i++) {
		struct contact_key person = {c->request->key.tenant, names->items[i]};
		status = store_texts_forget(session, &person, &c->others, err);
	}
	return status;
}

/* For every name he went by, so that "was he erased?" can be answered to who knows one; what was noted about him before
 * loses its details, which may hold what somebody typed. */
static enum status note(struct batch *batch, const struct erase_command *c, struct err *err)
{
	struct arena *arena = batch_arena(batch);
	const struct erase_request *r = c->request;
	enum status status = STATUS_OK;
	struct audit_note entry = {.tenant = r->key.tenant, .actor = r->actor, .action = SLICE("contact.erased")};
	entry.details = arena_printf(arena, "{\"messages\":%llu,\"events\":%llu}",
				     (unsigned long long)c->counts.messages, (unsigned long long)c->counts.events);
	for (size_t i = 0; status == STATUS_OK && i < c->ids.count; i++) {
		entry.subject = audit_person(arena, r->key.tenant, c->ids.items[i]);
		status = store_audit_forget(batch_session(batch), r->key.tenant, entry.subject, err);
		if (status == STATUS_OK)
			status = audit_write(batch, &entry, err);
	}
	return status;
}

static enum status run_erase(struct writer_command *command, struct batch *batch, struct err *err)
{
	struct erase_command *c = (struct erase_command *)(void *)command;
	uint32_t tenant = c->request->key.tenant;
	struct store_session *session = batch_session(batch);
	enum status status = batch_flush(batch, err);
	c->counts = (struct erasure_counts){0};
	for (size_t i = 0; status == STATUS_OK && i < c->ids.count; i++) {
		struct contact_key key = {tenant, c->ids.items[i]};
		status = store_contact_erase(session, &key, &c->counts, err);
	}
	if (status == STATUS_OK)
		status = forget_texts(session, c, &c->ids, err);
	if (status == STATUS_OK)
		status = forget_texts(session, c, &c->addresses, err);
	for (size_t i = 0; status == STATUS_OK && i < c->addresses.count; i++)
		status = store_suppression_anonymise(session, tenant, c->addresses.items[i], batch_now_us(batch), err);
	if (status == STATUS_OK)
		status = note(batch, c, err);
	if (status != STATUS_OK)
		return status;
	batch_forget(batch); /* messages in memory still say who it was */
	batch_forget_contacts(batch);
	return STATUS_OK;
}

static enum status run_remove_bodies(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct erase_command *c = (const struct erase_command *)(void *)command;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < c->bodies.count; i++)
		status = store_body_remove(batch_session(batch), c->request->key.tenant, c->bodies.items[i], err);
	store_scrub_soon(batch_session(batch));
	return status;
}

/* The files are cleaned after the transaction; whoever comes behind it finds them clean. */
static enum status run_nothing(struct writer_command *command, struct batch *batch, struct err *err)
{
	(void)command;
	(void)batch;
	(void)err;
	return STATUS_OK;
}

static enum status remove_bodies(struct erase_command *c, struct err *err)
{
	const struct erase_request *r = c->request;
	enum status status = store_bodies_unused(r->session, r->key.tenant, r->arena, &c->bodies, err);
	if (status != STATUS_OK)
		return status;
	c->command = (struct writer_command){.run = run_remove_bodies};
	status = writer_submit_and_wait(r->sending->writer, &c->command, err);
	c->command = (struct writer_command){.run = run_nothing};
	return status == STATUS_OK ? writer_submit_and_wait(r->sending->writer, &c->command, err) : status;
}

enum status erase_contact(const struct erase_request *request, struct erase_result *ret, struct err *err)
{
	struct erase_command c = {.command = {.run = run_erase}, .request = request};
	enum status status = find_person(&c, err);
	if (status == STATUS_OK)
		status = check_there(&c, err);
	if (status == STATUS_OK)
		status = find_others(&c, err);
	if (status == STATUS_OK)
		status = writer_submit_and_wait(request->sending->writer, &c.command, err);
	if (status == STATUS_OK)
		status = remove_bodies(&c, err);
	if (status == STATUS_OK)
		*ret = (struct erase_result){c.counts, c.others};
	return status;
}
