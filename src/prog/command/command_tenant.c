/* SPDX-License-Identifier: Apache-2.0 */
/* pugmark tenant: the tenants of an installation, and what each has set for itself. It writes to the store directly; a
 * server that runs looks once a second. */
#include "base/clock.h"
#include "engine/tenant/tenant_change.h"
#include "engine/tenant/tenant_view.h"
#include "prog/command/commands.h"
#include "prog/serve/installation.h"
#include <stdio.h>

enum { TEXT_MAX = 64 * 1024 };

struct tenant_task {
	struct installation installation;
	struct store_session *session;
	struct tenant_policies *policies;
	struct operands operands; /* the verb, the tenant's name, settings */
	bool is_json;
};

typedef enum status (*tenant_verb)(struct tenant_task *t, struct err *err);

/* Every verb but list has one, which find_verb has seen to. */
static struct slice name_of(const struct tenant_task *t)
{
	return slice_from_cstr(t->operands.values[1]);
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
static enum status find_tenant(struct tenant_task *t, struct tenant *ret, struct err *err)
{
	enum status status = store_tenant_find_by_name(t->session, name_of(t), t->installation.arena, ret, err);
	return status == STATUS_NOT_FOUND ? err_set(err, status, "there is no tenant %.60s", t->operands.values[1])
					  : status;
}

static enum status show(struct tenant_task *t, struct err *err)
{
	struct tenant tenant;
	struct tenant_view view;
	enum status status = find_tenant(t, &tenant, err);
	if (status == STATUS_OK)
		status = tenant_view_read(t->session, t->policies, &tenant, t->installation.arena, &view, err);
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
static enum status list(struct tenant_task *t, struct err *err)
{
	struct tenant_table table;
	enum status status = store_tenant_list(t->session, t->installation.arena, &table.items, &table.count, err);
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

static enum status change(struct tenant_task *t, bool is_new, bool takes_away, struct err *err)
{
	struct tenant_setting_row rows[OPERANDS_MAX];
	struct tenant_change change = {
	    .tenant = name_of(t), .actor = SLICE("command line"), .is_new = is_new, .settings = rows};
	for (size_t i = 2; i < t->operands.count; i++) {
		enum status status = read_operand(t, t->operands.values[i], takes_away, &change, rows, err);
		if (status != STATUS_OK)
			return status;
	}
	if (is_new && !change.time_zone.n)
		change.time_zone = tenant_policies_new_zone(t->policies);
	enum status status = tenant_change_write(t->session, clock_now_us(clock_system()), &change, err);
	if (status == STATUS_NOT_FOUND)
		return err_set(err, status, "there is no tenant %.60s", t->operands.values[1]);
	return status == STATUS_OK ? show(t, err) : status;
}

static enum status add(struct tenant_task *t, struct err *err)
{
	if (!tenant_name_is_good(name_of(t)))
		return err_set(err, STATUS_BAD_INPUT,
			       "'%.60s' is no name: 1 to 64 letters, digits, '-', '_', '.', the first a letter or "
			       "digit",
			       t->operands.values[1]);
	return change(t, true, false, err);
}

static enum status set(struct tenant_task *t, struct err *err)
{
	return change(t, false, false, err);
}

static enum status unset(struct tenant_task *t, struct err *err)
{
	return change(t, false, true, err);
}

/* ---- */

/* A table, so that a verb with too few operands is told from one that does not exist in one place. */
struct verb {
	const char *name;
	tenant_verb run;
	size_t operands_min; /* with the verb */
	bool takes_more;
};
static const struct verb verbs[] = {
    {"list", list, 1, false}, {"show", show, 2, false},  {"add", add, 2, true},
    {"set", set, 3, true},    {"unset", unset, 3, true}, {NULL},
};

/* NULL, too, for operands that do not fit: `set NAME` alone would write an entry of the audit about nothing. */
static const struct verb *find_verb(const struct operands *operands)
{
	const struct verb *verb = verbs;
	while (operands->count && verb->name && strcmp(verb->name, operands->values[0]) != 0)
		verb++;
	bool is_good = operands->count && verb->name && operands->count >= verb->operands_min &&
		       (verb->takes_more || operands->count == verb->operands_min);
	return is_good ? verb : NULL;
}

/* All or nothing: of three settings with a fault in the third none is set. */
static enum status run_in_transaction(struct tenant_task *t, tenant_verb verb, struct err *err)
{
	enum status status = installation_open(&t->installation, err);
	if (status == STATUS_OK)
		status = installation_policies(&t->installation, &t->policies, err);
	if (status == STATUS_OK)
		status = store_session_open(t->installation.store, STORE_WRITE, &t->session, err);
	if (status == STATUS_OK)
		status = store_begin(t->session, err);
	if (status == STATUS_OK)
		status = verb(t, err);
	if (status == STATUS_OK)
		status = store_commit(t->session, err);
	else if (t->session)
		store_rollback(t->session);
	store_session_close(&t->session);
	tenant_policies_free(&t->policies);
	return status;
}

/* Out of the table that checks the values, so that help and refusal never say different things. */
static void print_help(const struct option_spec *specs)
{
	size_t count;
	const struct tenant_setting *settings = tenant_settings(&count);
	puts("pugmark tenant list | show NAME | add NAME [SETTING=VALUE …] | set NAME SETTING=VALUE … | unset NAME "
	     "SETTING …\n\nWhat is not set is as the configuration says. Where privacy is concerned (opens, clicks, "
	     "keep_client, gpc,\nevents_days) a tenant can be stricter than that and not looser. Settings:");
	printf("  %-24s %s\n", "time_zone",
	       "an IANA name (Europe/London): whose days numbers are kept in, from now on");
	for (size_t i = 0; i < count; i++)
		printf("  %-24s %s%s%s\n", settings[i].name, settings[i].meaning, settings[i].choices ? ": " : "",
		       settings[i].choices ? settings[i].choices : "");
	puts("");
	options_print(specs);
}

int command_tenant(int argc, char **argv)
{
	struct tenant_task t = {0};
	struct err err = {0};
	const struct option_spec specs[] = {
	    {"json", NULL, &t.is_json, "print JSON"}, INSTALLATION_OPTIONS(&t.installation), {NULL}};
	enum options_result parsed = options_parse(argc, argv, specs, &t.operands);
	if (parsed == OPTIONS_HELP)
		return print_help(specs), EXIT_DONE;
	if (parsed == OPTIONS_WRONG)
		return EXIT_USAGE;
	const struct verb *verb = find_verb(&t.operands);
	if (!verb) {
		(void)fprintf(stderr, "pugmark tenant: see 'pugmark tenant --help'\n");
		return EXIT_USAGE;
	}
	enum status status = installation_configure(&t.installation, &err);
	if (status == STATUS_OK)
		status = run_in_transaction(&t, verb->run, &err);
	int code = status == STATUS_OK ? EXIT_DONE : installation_failed("tenant", &err);
	installation_close(&t.installation);
	return code;
}
