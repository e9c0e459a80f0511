/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark tenant: the tenants of an installation, and what each has set for itself. A server that runs makes the
 * change, so that it holds at once; other servers on the same store look once a second. What may be set is checked
 * here, against this configuration, because here is somebody who can be told. */
#include "engine/tenant/tenant_view.h"
#include "prog/command/command.h"
#include "prog/command/commands.h"
#include "prog/serve/change_errand.h"
#include <stdio.h>

enum { TEXT_MAX = 64 * 1024 };

struct tenant_task {
	struct command command;        /* first: a command is a task; operands: the verb, the tenant's name, settings */
	struct store_session *session; /* reads */
	struct tenant_policies *policies;
	bool is_json;
};

static struct tenant_task *of(struct command *command)
{
	return (struct tenant_task *)command;
}

/* Every verb but list has one, which the table of verbs has seen to. */
static struct slice name_of(const struct tenant_task *t)
{
	return slice_from_cstr(t->command.operands.values[1]);
}

/* ---- What is shown */

/* What holds, with its origin: "as the installation" and "the same as the installation" differ when the latter changes.
 */
static void print_view(const struct tenant_view *view)
{
	size_t count;
	const struct tenant_setting *settings = tenant_settings(&count);
	printf("%-24s %.*s\n", "time_zone", SLICE_FMT(view->tenant.time_zone));
	for (size_t i = 0; i < count; i++) {
		char value[40];
		struct buf b;
		buf_init_fixed(&b, value, sizeof value);
		tenant_setting_append(&b, &settings[i], &view->effective);
		printf("%-24s %-14s %s\n", settings[i].name, buf_cstr(&b),
		       tenant_view_has_own(view, &settings[i]) ? "its own" : "the installation's");
	}
}

/* One buffer for whatever is put, with a limit that no list of tenants of one installation reaches. */
static void print_json(void (*put)(struct json_text *w, const void *what), const void *what)
{
	struct buf b;
	buf_init(&b, TEXT_MAX);
	struct json_text w = json_text_on(&b);
	put(&w, what);
	puts(buf_cstr(&b));
	buf_done(&b);
}

static void put_view(struct json_text *w, const void *what)
{
	tenant_view_put(w, what);
}

/* The store's words know nothing of the command line: who mistyped a name wants to see it. */
static enum status find_tenant(struct tenant_task *t, struct tenant *ret)
{
	struct command *c = &t->command;
	enum status status = store_tenant_find_by_name(t->session, name_of(t), c->installation.arena, ret, &c->err);
	return status == STATUS_NOT_FOUND ? err_set(&c->err, status, "there is no tenant %.60s", c->operands.values[1])
					  : status;
}

static enum status show(struct command *command)
{
	struct tenant_task *t = of(command);
	struct tenant tenant;
	struct tenant_view view;
	enum status status = find_tenant(t, &tenant);
	if (status == STATUS_OK)
		status = tenant_view_read(t->session, t->policies, &tenant, command->installation.arena, &view,
					  &command->err);
	if (status != STATUS_OK)
		return status;
	if (t->is_json)
		print_json(put_view, &view);
	else
		print_view(&view);
	return STATUS_OK;
}

struct tenant_table {
	struct tenant *items;
	size_t count;
};

static void put_table(struct json_text *w, const void *what)
{
	const struct tenant_table *table = what;
	json_open(w, '[');
	for (size_t i = 0; i < table->count; i++) {
		json_open(w, '{');
		JSON_FIELD(w, "name", string, table->items[i].name);
		JSON_FIELD(w, "time_zone", string, table->items[i].time_zone);
		JSON_FIELD(w, "created_at", time, table->items[i].created_us);
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* Names and zones only: how many settings each has is a question of `show`. */
static enum status list(struct command *command)
{
	struct tenant_task *t = of(command);
	struct tenant_table table;
	enum status status =
	    store_tenant_list(t->session, command->installation.arena, &table.items, &table.count, &command->err);
	if (status != STATUS_OK)
		return status;
	if (t->is_json)
		print_json(put_table, &table);
	for (size_t i = 0; !t->is_json && i < table.count; i++)
		printf("%-24.*s %.*s\n", SLICE_FMT(table.items[i].name), SLICE_FMT(table.items[i].time_zone));
	return STATUS_OK;
}

/* ---- What is changed */

/* "opens=off", or to take it away "opens". */
static enum status read_setting(const struct tenant_task *t, struct slice name, struct slice value,
				struct tenant_setting_row *ret, struct err *err)
{
	struct tenant_policy limit = tenant_policies_limit(t->policies, name_of(t));
	enum status status = tenant_setting_check(&limit, name, value, err);
	if (status == STATUS_OK)
		*ret = (struct tenant_setting_row){.name = name, .value = value};
	return status;
}

static enum status read_name(struct slice text, struct tenant_setting_row *ret, struct err *err)
{
	if (slice_equal(text, SLICE("time_zone")))
		return err_set(err, STATUS_BAD_INPUT, "a tenant always has a time zone: set another one");
	if (!tenant_setting_find(text))
		return err_set(err, STATUS_BAD_INPUT, "'%.*s' is no setting's name; 'pugmark tenant show' lists them",
			       SLICE_FMT(slice_sub(text, 0, 40)));
	*ret = (struct tenant_setting_row){.name = text};
	return STATUS_OK;
}

/* One operand of set and add, or of unset. Twice the same is no fault: the last one holds, as on any command line. */
static enum status read_operand(const struct tenant_task *t, const char *text, bool takes_away,
				struct tenant_change *change, struct tenant_setting_row *room, struct err *err)
{
	struct slice rest = slice_from_cstr(text);
	struct slice name = takes_away ? rest : slice_trim(slice_cut(&rest, '='));
	struct slice value = slice_trim(rest);
	struct tenant_setting_row *row = &room[change->count];
	enum status status;
	if (!takes_away && slice_equal(name, SLICE("time_zone"))) {
		change->time_zone = value;
		return time_zone_check(value, err);
	}
	status = takes_away ? read_name(name, row, err) : read_setting(t, name, value, row, err);
	if (status == STATUS_OK)
		change->count++;
	return status;
}

/* All settings of a call are one change: either all of them hold, or none does. */
static enum status change(struct command *command, bool is_new, bool takes_away)
{
	struct tenant_task *t = of(command);
	struct tenant_setting_row rows[OPERANDS_MAX];
	struct tenant_change change = {
	    .tenant = name_of(t), .actor = COMMAND_LINE_ACTOR, .is_new = is_new, .settings = rows};
	for (size_t i = 2; i < command->operands.count; i++) {
		enum status status =
		    read_operand(t, command->operands.values[i], takes_away, &change, rows, &command->err);
		if (status != STATUS_OK)
			return status;
	}
	if (is_new && !change.time_zone.n)
		change.time_zone = tenant_policies_new_zone(t->policies);
	enum status status = change_errand_tenant(&command->installation, &change, &command->err);
	return status == STATUS_OK ? show(command) : status;
}

/* Looked at here and not only in the store: the name stands in URLs and in the configuration for ever after. */
static enum status add(struct command *command)
{
	if (!tenant_name_is_good(name_of(of(command))))
		return err_set(&command->err, STATUS_BAD_INPUT,
			       "'%.60s' is no name: 1 to 64 letters, digits, '-', '_', '.', the first a letter or "
			       "digit",
			       command->operands.values[1]);
	return change(command, true, false);
}

static enum status set(struct command *command)
{
	return change(command, false, false);
}

static enum status unset(struct command *command)
{
	return change(command, false, true);
}

/* ---- */

static enum status run_verb(struct tenant_task *t, const struct command_verb *verb)
{
	struct command *c = &t->command;
	enum status status = command_configure(c);
	if (status == STATUS_OK)
		status = installation_open(&c->installation, &c->err);
	if (status == STATUS_OK)
		status = installation_policies(&c->installation, &t->policies, &c->err);
	if (status == STATUS_OK)
		status = store_session_open(c->installation.store, STORE_READ, &t->session, &c->err);
	if (status == STATUS_OK)
		status = verb->run(c);
	store_session_close(&t->session);
	tenant_policies_free(&t->policies);
	return status;
}

/* Out of the table that checks the values, so that help and refusal never say different things. */
static void print_settings(void)
{
	size_t count;
	const struct tenant_setting *settings = tenant_settings(&count);
	printf("  %-24s %s\n", "time_zone",
	       "an IANA name (Europe/London): whose days numbers are kept in, from now on");
	for (size_t i = 0; i < count; i++)
		printf("  %-24s %s%s%s\n", settings[i].name, settings[i].meaning, settings[i].choices ? ": " : "",
		       settings[i].choices ? settings[i].choices : "");
	puts("");
}

int command_tenant(int argc, char **argv)
{
	static const struct command_verb verbs[] = {
	    {"list", list, 1, 1},
	    {"show", show, 2, 2},
	    {"add", add, 2, OPERANDS_MAX},
	    {"set", set, 3, OPERANDS_MAX},
	    {"unset", unset, 3, OPERANDS_MAX},
	    {NULL},
	};
	struct tenant_task t = {0};
	int code;
	const struct option_spec options[] = {{"json", NULL, &t.is_json, "print JSON"}, {NULL}};
	const struct command_spec spec = {
	    .help =
		"pugmark tenant list | show NAME | add NAME [SETTING=VALUE …] | set NAME SETTING=VALUE … | unset NAME "
		"SETTING …\n\nWhat is not set is as the configuration says. Where privacy is concerned (opens, clicks, "
		"keep_client, gpc,\nevents_days) a tenant can be stricter than that and not looser. Settings:",
	    .more_help = print_settings,
	    .options = options,
	    .takes_operands = true};
	if (!command_open(&t.command, &spec, argc, argv, &code))
		return code;
	const struct command_verb *verb = command_verb_of(&t.command, verbs);
	if (!verb)
		return command_wrong(&t.command, "see 'pugmark tenant --help'");
	return command_close(&t.command, run_verb(&t, verb));
}
