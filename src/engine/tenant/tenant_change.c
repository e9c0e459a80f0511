/* SPDX-License-Identifier: Apache-2.0 */
/* What was there is read in the transaction that changes it, so that the note says what the change really took away. */
#include "engine/tenant/tenant_change.h"

#include "codec/text/json_text.h"
#include "engine/ledger/audit.h"
#include "engine/tenant/tenant_policy.h"

enum { DETAILS_MAX = 4096 };

/* Of ASCII, whatever the locale says. */
static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool tenant_name_is_good(struct slice name)
{
	if (!name.n || name.n > TENANT_NAME_MAX || !is_alphanumeric(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (!is_alphanumeric(name.p[i]) && name.p[i] != '-' && name.p[i] != '_' && name.p[i] != '.')
			return false;
	return true;
}

/* Empty: it was not set. */
static struct slice value_in(const struct tenant_setting_list *list, struct slice name)
{
	for (size_t i = 0; i < list->count; i++)
		if (slice_equal(list->items[i].name, name))
			return list->items[i].value;
	return SLICE_EMPTY;
}

struct former {
	struct tenant tenant; /* a new one's zone is empty */
	struct tenant_setting_list settings;
};

static void put_step(struct json_text *w, const char *name, struct slice from, struct slice to)
{
	json_key(w, name);
	json_open(w, '{');
	JSON_FIELD(w, "from", string_or_null, from);
	JSON_FIELD(w, "to", string_or_null, to);
	json_close(w, '}');
}

/* {"opens":{"from":null,"to":"off"}}. Left out if it does not fit, which a few short values always do: the change is
 * noted all the same. */
static struct slice describe(struct arena *arena, const struct tenant_change *change, const struct former *before)
{
	struct buf text;
	buf_init_fixed(&text, arena_alloc(arena, DETAILS_MAX), DETAILS_MAX);
	struct json_text w = json_text_on(&text);
	json_open(&w, '{');
	if (change->time_zone.n)
		put_step(&w, "time_zone", before->tenant.time_zone, change->time_zone);
	for (size_t i = 0; i < change->count; i++)
		put_step(&w, arena_cstr(arena, change->settings[i].name),
			 value_in(&before->settings, change->settings[i].name), change->settings[i].value);
	json_close(&w, '}');
	return buf_failed(&text) ? SLICE_EMPTY : buf_slice(&text);
}

/* In the same transaction: there is no change without its note. */
static enum status note(struct store_session *session, int64_t now_us, struct arena *arena,
			const struct tenant_change *change, struct audit_note *entry, struct err *err)
{
	entry->actor = change->actor;
	entry->action = change->is_new ? SLICE("tenant.added") : SLICE("tenant.changed");
	entry->subject = arena_printf(arena, "tenant:%.*s", SLICE_FMT(change->tenant));
	return audit_write_at(session, now_us, entry, err);
}

static enum status add(struct store_session *session, int64_t now_us, const struct tenant_change *change,
		       struct former *ret, struct err *err)
{
	struct tenant tenant = {.name = change->tenant, .time_zone = change->time_zone, .created_us = now_us};
	return store_tenant_add(session, &tenant, &ret->tenant.id, err);
}

static enum status read_former(struct store_session *session, struct arena *arena, const struct tenant_change *change,
			       struct former *ret, struct err *err)
{
	enum status status = store_tenant_find_by_name(session, change->tenant, arena, &ret->tenant, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no tenant %.*s", SLICE_FMT(slice_sub(change->tenant, 0, 60)));
	return status == STATUS_OK ? store_tenant_setting_list_of(session, ret->tenant.id, arena, &ret->settings, err)
				   : status;
}

/* The row as it was read in this transaction, with another zone: a fallback URL that it has stays. */
static enum status write_zone(struct store_session *session, const struct tenant_change *change,
			      const struct former *before, struct err *err)
{
	struct tenant tenant = before->tenant;
	if (change->is_new || !change->time_zone.n)
		return STATUS_OK;
	tenant.time_zone = change->time_zone;
	return store_tenant_save(session, &tenant, err);
}

static enum status write_in(struct store_session *session, int64_t now_us, struct arena *arena,
			    const struct tenant_change *change, struct err *err)
{
	struct former before = {0};
	enum status status = change->is_new ? add(session, now_us, change, &before, err)
					    : read_former(session, arena, change, &before, err);
	if (status == STATUS_OK)
		status = write_zone(session, change, &before, err);
	for (size_t i = 0; status == STATUS_OK && i < change->count; i++) {
		struct tenant_setting_row row = {before.tenant.id, change->settings[i].name, change->settings[i].value};
		status = store_tenant_setting_put(session, &row, now_us, err);
	}
	struct audit_note entry = {.tenant = before.tenant.id, .details = describe(arena, change, &before)};
	return status == STATUS_OK ? note(session, now_us, arena, change, &entry, err) : status;
}

enum status tenant_change_write(struct store_session *session, int64_t now_us, const struct tenant_change *change,
				struct err *err)
{
	struct arena *arena = arena_new();
	enum status status = write_in(session, now_us, arena, change, err);
	arena_free(&arena);
	return status;
}

struct change_command {
	struct writer_command command;
	struct tenant_policies *policies;
	const struct tenant_change *change;
};

/* Expired first: a commit that fails costs a look in vain, and one that succeeds is never missed. */
static enum status run_change(struct writer_command *command, struct batch *batch, struct err *err)
{
	const struct change_command *c = (const struct change_command *)(void *)command;
	tenant_policies_expire(c->policies);
	return tenant_change_write(batch_session(batch), batch_now_us(batch), c->change, err);
}

enum status tenant_change_commit(const struct sending *sending, struct tenant_policies *policies,
				 const struct tenant_change *change, struct err *err)
{
	struct change_command c = {.command = {.run = run_change}, .policies = policies, .change = change};
	return writer_submit_and_wait(sending->writer, &c.command, err);
}

struct writer_command *tenant_change_command(struct arena *arena, struct tenant_policies *policies,
					     const struct tenant_change *change)
{
	struct change_command *c = ARENA_NEW(arena, struct change_command);
	*c = (struct change_command){.command = {.run = run_change}, .policies = policies, .change = change};
	return &c->command;
}
