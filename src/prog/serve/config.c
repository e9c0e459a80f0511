/* SPDX-License-Identifier: Apache-2.0 */
/* One table says of each key its type, default, bounds and meaning; parsing, checking, the environment, `pugmark help
 * config` and the manual page are all made from it. A setting that is not in the table is an error with its line,
 * because a misspelt key that is passed over in silence is how privacy settings fail.
 *
 * inih reads the lines; it knows nothing of sections that do not exist or values that are too long, so both are caught
 * here. */
#include "prog/serve/config.h"

#include "base/log.h"
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum key_type { KEY_TEXT, KEY_FILE, KEY_NUMBER, KEY_SWITCH, KEY_CHOICE };

struct key {
	const char *name; /* section.key */
	enum key_type type;
	size_t offset;
	const char *fallback;
	int64_t min, max;    /* numbers */
	const char *choices; /* "a|b|c" */
	const char *meaning;
};

#define AT(field) offsetof(struct config, field)

static const struct key keys[] = {
    {"server.listen", KEY_TEXT, AT(listen), "127.0.0.1:8420", 0, 0, NULL, "address and port; port 0 takes a free one"},
    {"server.base_url", KEY_TEXT, AT(base_url), "", 0, 0, NULL,
     "where recipients reach this server; every link in a mail starts with it (default: http://ADDRESS:PORT)"},
    {"server.hosts", KEY_TEXT, AT(hosts), "", 0, 0, NULL,
     "host names under which API and console answer, besides that of base_url, localhost and addresses: "
     "console.example.com, pugmark.internal; * is any; "
     "tracking paths answer under any name, and while neither hosts nor base_url is set so does everything (default: "
     "none)"},
    {"server.loops", KEY_NUMBER, AT(loops), "0", 0, 256, NULL, "event loops; 0 is one per core"},
    {"server.roles", KEY_TEXT, AT(roles), "edge,api,apply,deliver", 0, 0, NULL, "which parts this process runs"},
    {"server.trusted_proxies", KEY_TEXT, AT(trusted_proxies), "", 0, 0, NULL,
     "networks whose X-Forwarded-For, Forwarded and PROXY headers are believed: 127.0.0.1, 10.0.0.0/8"},
    {"server.admin_listen", KEY_TEXT, AT(admin_listen), "", 0, 0, NULL,
     "address and port of one more listener, with /metrics and the reasons of /readyz for whoever reaches it; this "
     "machine "
     "sees them at server.listen, too"},
    {"server.header_timeout_ms", KEY_NUMBER, AT(header_timeout_ms), "10000", 100, 600000, NULL,
     "a request's headers must be there within"},
    {"server.idle_timeout_ms", KEY_NUMBER, AT(idle_timeout_ms), "60000", 100, 3600000, NULL,
     "a silent connection is closed after"},
    {"server.connections", KEY_NUMBER, AT(connections), "0", 0, 1000000, NULL,
     "connections at once, in all; 0: as many as there are descriptors for, at most 20,000"},
    {"server.connections_per_address", KEY_NUMBER, AT(connections_per_address), "1000", 1, 1000000, NULL,
     "connections at once from one address"},
    {"server.body_mb", KEY_NUMBER, AT(body_mb), "40", 1, 1024, NULL, "largest request body"},
    {"server.memory_mb", KEY_NUMBER, AT(memory_mb), "0", 0, 1048576, NULL,
     "what requests and unread answers hold together, before more are answered 503; 0: four times body_mb, or 160"},
    {"server.core_dumps", KEY_SWITCH, AT(core_dumps), "off", 0, 0, NULL,
     "on: a crash leaves a core file, and debuggers of the same user may look in; it holds people's data"},
    {"journal.max_wait_ms", KEY_NUMBER, AT(journal_max_wait_ms), "250", 1, 60000, NULL,
     "an answer waits at most this long for the disk, then it goes out and is counted as unsure"},
    {"journal.segment_mb", KEY_NUMBER, AT(journal_segment_mb), "64", 1, 4096, NULL, "size of a journal file"},
    {"journal.keep_seconds", KEY_NUMBER, AT(journal_keep_seconds), "600", 0, 604800, NULL,
     "with PostgreSQL, what is applied is kept this long, so that a standby without its last seconds can take over"},
    {"journal.answer_after", KEY_CHOICE, AT(answer_after), "disk", 0, 0, "disk|applied",
     "applied: an answer waits, within max_wait_ms, until the store has the hit as well, so that two machines do"},
    {"store.url", KEY_TEXT, AT(store_url), "", 0, 0, NULL,
     "sqlite:PATH or postgresql://… (default: SQLite in the data directory)"},
    {"retain.events_days", KEY_NUMBER, AT(retain_events_days), "365", 1, 36500, NULL,
     "events are kept this long; what was counted from them stays"},
    {"retain.events_days_of", KEY_TEXT, AT(retain_events_days_of), "", 0, 0, NULL,
     "other times for some tenants, by name: acme=30, globex=3650"},
    {"retain.bodies_days", KEY_NUMBER, AT(retain_bodies_days), "30", 1, 36500, NULL,
     "bodies of mails are kept this long after the last mail that had them"},
    {"privacy.keep_client", KEY_CHOICE, AT(keep_client), "full", 0, 0, "none|truncated|full",
     "what is kept of a recipient's address and user agent"},
    {"privacy.gpc", KEY_CHOICE, AT(gpc), "honour", 0, 0, "honour|ignore",
     "honour: a hit with Sec-GPC: 1 or DNT: 1 is anonymous at most"},
    {"tracking.enabled", KEY_SWITCH, AT(tracking_enabled), "on", 0, 0, NULL,
     "off: no new mail is instrumented; old links keep working"},
    {"tracking.opens", KEY_CHOICE, AT(track_opens), "full", 0, 0, "full|anonymous|off",
     "how far the opens of any new mail are tracked at most"},
    {"tracking.clicks", KEY_CHOICE, AT(track_clicks), "full", 0, 0, "full|anonymous|off", "and its clicks"},
    {"tracking.honeypot", KEY_SWITCH, AT(honeypot), "off", 0, 0, NULL,
     "on: a link that no person sees stands in the HTML of new mail, and who follows it is a scanner; hidden content "
     "can "
     "cost a mail its good name with spam filters"},
    {"tracking.dedupe_seconds", KEY_NUMBER, AT(dedupe_seconds), "5", 1, 3600, NULL,
     "hits of one address on one link within this time count once"},
    {"tracking.provider_dedupe_minutes", KEY_NUMBER, AT(provider_dedupe_minutes), "10", 1, 1440, NULL,
     "an open or click that a provider reports within this time of one of ours is the same one"},
    {"tracking.headline_opens", KEY_CHOICE, AT(headline_opens), "likely_human", 0, 0, "strict|likely_human",
     "whether image proxies count in the headline"},
    {"tracking.time_zone", KEY_TEXT, AT(time_zone), "UTC", 0, 0, NULL,
     "IANA name of the zone in whose days the numbers of new tenants are kept; each tenant can have another"},
    {"judge.apple_egress_file", KEY_FILE, AT(apple_egress_file), "", 0, 0, NULL,
     "Apple's list of its privacy proxy's addresses, egress-ip-ranges.csv; read again when it changes; a path that "
     "does "
     "not begin with / is one beside the configuration file"},
    {"judge.asn_file", KEY_FILE, AT(asn_file), "", 0, 0, NULL,
     "a list of address ranges and their autonomous systems, of ip-location-db or iptoasn; the same holds"},
    {"unsubscribe.hold_days", KEY_NUMBER, AT(hold_days), "7", 0, 30, NULL,
     "an unsubscribe button that a scanner seems to have pressed waits so long for a decision, then it counts; 0: none "
     "waits"},
    {"sending.provider", KEY_CHOICE, AT(provider), "outbox", 0, 0, "outbox|smtp", "what a mail leaves through"},
    {"sending.concurrency", KEY_NUMBER, AT(sending_concurrency), "20", 1, 1000, NULL,
     "mails that one server has with providers at once; it claims six times as many ahead"},
    {"sending.attempts_max", KEY_NUMBER, AT(sending_attempts_max), "12", 1, 100, NULL,
     "tries before a mail has failed"},
    {"sending.retry_base_ms", KEY_NUMBER, AT(retry_base_ms), "60000", 1, 86400000, NULL,
     "first bound of the wait between tries"},
    {"sending.retry_cap_ms", KEY_NUMBER, AT(retry_cap_ms), "14400000", 1, 86400000, NULL, "largest bound of that wait"},
    {"sending.resend_in_doubt", KEY_SWITCH, AT(resend_in_doubt), "off", 0, 0, NULL,
     "on: transactional mail that is in doubt after a crash is sent again; off: a person decides"},
    {"sending.accept_async", KEY_SWITCH, AT(accept_async), "off", 0, 0, NULL,
     "on: mail is sent although a standby of the store follows with a delay; what it lacks when it takes over can be "
     "lost or sent twice"},
    {"smtp.host", KEY_TEXT, AT(smtp_host), "", 0, 0, NULL,
     "the mail server; empty: there is none, and no mail may name smtp"},
    {"smtp.port", KEY_NUMBER, AT(smtp_port), "25", 1, 65535, NULL, "its port"},
    {"smtp.tls", KEY_CHOICE, AT(smtp_tls), "starttls", 0, 0, "none|starttls|implicit",
     "how the line is encrypted; never silently not"},
    {"smtp.auth", KEY_CHOICE, AT(smtp_auth), "none", 0, 0, "none|plain|login|xoauth2", "how we sign in"},
    {"smtp.user", KEY_TEXT, AT(smtp_user), "", 0, 0, NULL, "user name"},
    {"smtp.secret", KEY_TEXT, AT(smtp_secret), "", 0, 0, NULL, "password, or the token for xoauth2"},
    {"smtp.ca_file", KEY_TEXT, AT(smtp_ca_file), "", 0, 0, NULL, "certificates to trust instead of the system's"},
    {"smtp.verify", KEY_SWITCH, AT(smtp_verify), "on", 0, 0, NULL, "check the server's certificate"},
    {"smtp.helo", KEY_TEXT, AT(smtp_helo), "localhost", 0, 0, NULL, "what we call ourselves"},
    {"milter.listen", KEY_TEXT, AT(milter_listen), "inet:8421@127.0.0.1", 0, 0, NULL,
     "where the mail server finds the filter: inet:PORT@HOST, inet6:PORT@HOST or unix:PATH"},
    {"milter.socket_mode", KEY_TEXT, AT(milter_socket_mode), "660", 0, 0, NULL, "permissions of a unix: socket, octal"},
    {"milter.server", KEY_TEXT, AT(milter_server), "http://127.0.0.1:8420", 0, 0, NULL,
     "the Pugmark server that instruments"},
    {"milter.api_key", KEY_TEXT, AT(milter_api_key), "", 0, 0, NULL, "a key that may send"},
    {"milter.api_key_file", KEY_TEXT, AT(milter_api_key_file), "", 0, 0, NULL,
     "a file with the key, instead of the key itself"},
    {"milter.ca_file", KEY_TEXT, AT(milter_ca_file), "", 0, 0, NULL,
     "certificates to trust instead of the system's, for a server behind https"},
    {"milter.timeout_ms", KEY_NUMBER, AT(milter_timeout_ms), "10000", 100, 250000, NULL,
     "a mail whose answer takes longer passes untouched"},
    {"milter.max_size_mb", KEY_NUMBER, AT(milter_max_size_mb), "25", 1, 40, NULL,
     "mails larger than this pass untouched"},
    {"milter.networks", KEY_TEXT, AT(milter_networks), "127.0.0.0/8, ::1", 0, 0, NULL,
     "clients whose mail is ours; mail of clients that signed in is always"},
    {"milter.daemons", KEY_TEXT, AT(milter_daemons), "", 0, 0, NULL,
     "values of {daemon_name} whose mail is ours, such as ORIGINATING"},
    {"milter.senders", KEY_TEXT, AT(milter_senders), "", 0, 0, NULL,
     "addresses and domains to track, * for any characters: example.com, *.example.com, news@*; empty: all"},
    {"milter.skip_senders", KEY_TEXT, AT(milter_skip_senders), "", 0, 0, NULL,
     "addresses and domains that are not tracked; wins over senders"},
    {"milter.require_header", KEY_SWITCH, AT(milter_require_header), "off", 0, 0, NULL,
     "track only mail that has an X-Pugmark-* header"},
    {"log.level", KEY_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warn|error", "what is logged"},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

/* The choices stand in the table as people read them: "none|starttls|implicit". */
static bool is_choice(const char *choices, struct slice value)
{
	struct slice rest = slice_from_cstr(choices);
	while (rest.n)
		if (slice_equal(slice_cut(&rest, '|'), value))
			return true;
	return false;
}

/* What people write for yes and no in other programs, too; nothing else, so that "disabled" is not taken for on. */
static bool parse_switch(struct slice value, bool *ret)
{
	if (slice_equal_nocase(value, SLICE("on")) || slice_equal_nocase(value, SLICE("true")) ||
	    slice_equal_nocase(value, SLICE("yes")) || slice_equal(value, SLICE("1")))
		return *ret = true, true;
	if (slice_equal_nocase(value, SLICE("off")) || slice_equal_nocase(value, SLICE("false")) ||
	    slice_equal_nocase(value, SLICE("no")) || slice_equal(value, SLICE("0")))
		return *ret = false, true;
	return false;
}

/* Bounds are part of the message: whoever typed 0 wants to know what is allowed, not that 0 is not. */
static enum status set_number(const struct key *key, struct slice value, void *at, struct err *err)
{
	uint64_t number;
	if (!slice_to_u64(value, (uint64_t)key->max, &number) || (int64_t)number < key->min)
		return err_set(err, STATUS_BAD_INPUT, "%s must be a number from %lld to %lld, not '%.40s'", key->name,
			       (long long)key->min, (long long)key->max, value.p);
	*(int64_t *)at = (int64_t)number;
	return STATUS_OK;
}

/* Text is copied into the arena: files and environment are gone or changed later. */
static enum status set_key(struct config *config, const struct key *key, const char *text, struct arena *arena,
			   struct err *err)
{
	void *at = (char *)config + key->offset;
	struct slice value = slice_from_cstr(text);
	switch (key->type) {
	case KEY_NUMBER: return set_number(key, value, at, err);
	case KEY_SWITCH:
		if (!parse_switch(value, at))
			return err_set(err, STATUS_BAD_INPUT, "%s must be on or off, not '%.40s'", key->name, text);
		return STATUS_OK;
	case KEY_CHOICE:
		if (!is_choice(key->choices, value))
			return err_set(err, STATUS_BAD_INPUT, "%s must be one of %s, not '%.40s'", key->name,
				       key->choices, text);
		break;
	case KEY_FILE:
	case KEY_TEXT: break;
	}
	*(const char **)at = arena_cstr(arena, value);
	return STATUS_OK;
}

/* KEY_COUNT: there is none of that name. */
static size_t index_of(const char *name)
{
	size_t i = 0;
	while (i < KEY_COUNT && strcmp(keys[i].name, name) != 0)
		i++;
	return i;
}

enum status config_set(struct config *config, const char *name, const char *value, struct arena *arena, struct err *err)
{
	size_t i = index_of(name);
	if (i < KEY_COUNT)
		return set_key(config, &keys[i], value, arena, err);
	return err_set(err, STATUS_BAD_INPUT, "unknown key '%.60s'; 'pugmark help config' lists them all", name);
}

struct loading {
	struct config *config;
	struct arena *arena;
	struct err err; /* of the first bad value */
	int err_line;
	FILE *file;
	int line; /* the one that inih works on */
	bool is_line_too_long;
	int lines[KEY_COUNT]; /* where each key was; 0: not yet */
};

/* Of two lines one is not meant, and nobody can know which. */
static enum status check_once(struct loading *loading, const char *name)
{
	size_t i = index_of(name);
	if (i == KEY_COUNT)
		return STATUS_OK; /* said by config_set */
	if (!loading->lines[i]) {
		loading->lines[i] = loading->line;
		return STATUS_OK;
	}
	return err_set(&loading->err, STATUS_BAD_INPUT, "%s is in line %d already: take one of the two out", name,
		       loading->lines[i]);
}

/* Of a comment that is longer than a line may be: comments are nobody's business. */
static void skip_rest_of_line(FILE *file)
{
	for (int c = getc(file); c != EOF && c != '\n';)
		c = getc(file);
}

/* Hands inih one line. Indentation is taken off, for it would make the line a second value of the key above; a line
 * that does not fit ends the file, for its rest would be read as a line of its own. */
static char *next_line(char *room, int size, void *user)
{
	struct loading *loading = user;
	if (loading->is_line_too_long || !fgets(room, size, loading->file))
		return NULL;
	loading->line++;
	size_t n = strlen(room);
	bool is_cut = n + 1 == (size_t)size && room[n - 1] != '\n' && !feof(loading->file);
	size_t indent = strspn(room, " \t");
	memmove(room, room + indent, n + 1 - indent);
	bool is_comment = *room == '#' || *room == ';';
	if (is_cut && is_comment)
		skip_rest_of_line(loading->file);
	loading->is_line_too_long = is_cut && !is_comment;
	return loading->is_line_too_long ? NULL : room;
}

/* inih goes on after a bad line and would report the last; the first is the one to mend. */
static int on_ini_value(void *user, const char *section, const char *name, const char *value)
{
	struct loading *loading = user;
	if (loading->err.status != STATUS_OK)
		return 0;
	struct slice full = arena_printf(loading->arena, "%s%s%s", section, *section ? "." : "", name);
	loading->err_line = loading->line;
	return check_once(loading, full.p) == STATUS_OK &&
	       config_set(loading->config, full.p, value, loading->arena, &loading->err) == STATUS_OK;
}

/* The first fault wins: what is behind it may only be its consequence. */
static enum status read_file(const char *path, struct loading *loading, struct err *err)
{
	loading->file = fopen(path, "re");
	if (!loading->file)
		return err_set_errno(err, errno, "%s cannot be read", path);
	int line = ini_parse_stream(next_line, loading, on_ini_value, loading);
	bool failed = ferror(loading->file) != 0;
	int os_errno = errno;
	(void)fclose(loading->file); /* only read from */
	if (failed)
		return err_set_errno(err, os_errno, "%s cannot be read", path);
	if (loading->is_line_too_long && !line)
		return err_set(err, STATUS_BAD_INPUT,
			       "%.60s line %d: longer than a line may be; long values can be set in the environment",
			       path, loading->line);
	if (!line)
		return STATUS_OK;
	bool is_value = loading->err.status && loading->err_line == line;
	return err_set(err, STATUS_BAD_INPUT, "%.60s line %d: %s", path, line,
		       is_value ? loading->err.text : "not 'key = value' or '[section]'");
}

/* PUGMARK_SERVER_LISTEN for server.listen. */
static struct slice environment_name(struct arena *arena, struct slice key)
{
	struct slice name = arena_printf(arena, "PUGMARK_%.*s", SLICE_FMT(key));
	char *at = (char *)(uintptr_t)name.p;
	for (; *at; at++)
		*at = *at == '.' ? '_' : *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
	return name;
}

/* A misspelt key must not be passed over in silence. Variables of other kinds (PUGMARK_CORPUS) have no section of ours.
 */
static enum status check_environment_name(struct arena *arena, struct slice name, struct err *err)
{
	bool is_section = false;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		struct slice key = slice_from_cstr(keys[i].name);
		struct slice section = slice_sub(key, 0, slice_index(key, '.') + 1);
		if (slice_equal(name, environment_name(arena, key)))
			return STATUS_OK;
		is_section = is_section || slice_starts_with(name, environment_name(arena, section));
	}
	if (!is_section)
		return STATUS_OK;
	return err_set(err, STATUS_BAD_INPUT,
		       "unknown key %.60s in the environment; 'pugmark help config' lists them all",
		       arena_cstr(arena, name));
}

/* Over the file, so that a container can set a secret without one. The two names without PUGMARK_ are the ones the
 * contract gives. */
static enum status read_environment(struct loading *loading, struct err *err)
{
	for (char **variable = environ; *variable; variable++) {
		struct slice name = slice_from_cstr(*variable);
		name = slice_cut(&name, '=');
		if (slice_starts_with(name, SLICE("PUGMARK_")) &&
		    check_environment_name(loading->arena, name, err) != STATUS_OK)
			return err->status;
	}
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const char *value = getenv(environment_name(loading->arena, slice_from_cstr(keys[i].name)).p);
		if (value && set_key(loading->config, &keys[i], value, loading->arena, err) != STATUS_OK)
			return err->status;
	}
	const char *enabled = getenv("EMAIL_TRACKING_ENABLED");
	if (enabled && config_set(loading->config, "tracking.enabled", enabled, loading->arena, err) != STATUS_OK)
		return err->status;
	const char *days = getenv("EMAIL_TRACKING_RETENTION_DAYS");
	if (days && config_set(loading->config, "retain.events_days", days, loading->arena, err) != STATUS_OK)
		return err->status;
	return STATUS_OK;
}

/* Files are named from where the configuration is, for a service has no directory that anybody would guess. */
static void place_files(struct config *config, const char *path, struct arena *arena)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	if (!slash)
		return;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const char **name = (const char **)((char *)config + keys[i].offset);
		if (keys[i].type == KEY_FILE && **name && **name != '/')
			*name = arena_printf(arena, "%.*s%s", (int)(slash - path) + 1, path, *name).p;
	}
}

enum status config_load(const char *path, const char *data_directory, struct arena *arena, struct config *ret,
			struct err *err)
{
	struct config config = {0};
	struct loading loading = {.config = &config, .arena = arena};
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (set_key(&config, &keys[i], keys[i].fallback, arena, err) != STATUS_OK)
			return err->status;
	if (path && access(path, F_OK) != 0)
		return err_set(err, STATUS_NOT_FOUND, "there is no configuration file %s", path);
	const char *in_data = arena_printf(arena, "%s/pugmark.conf", data_directory).p;
	if (!path)
		path = access(in_data, F_OK) == 0 ? in_data : access("pugmark.conf", F_OK) == 0 ? "pugmark.conf" : NULL;
	if (path && read_file(path, &loading, err) != STATUS_OK)
		return err->status;
	if (read_environment(&loading, err) != STATUS_OK)
		return err->status;
	place_files(&config, path, arena);
	*ret = config;
	return STATUS_OK;
}

/* The level is the one piece of configuration that is the process's and not the installation's. */
void config_apply_log_level(const struct config *config)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	for (int i = 0; i < 4; i++)
		if (strcmp(names[i], config->log_level) == 0)
			log_set_level((enum log_level)i);
}

/* In the order of the table, which is the order of the manual page. */
void config_describe(struct buf *to)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct key *k = &keys[i];
		buf_printf(to, "%s = %s\n    %s", k->name, k->fallback, k->meaning);
		if (k->type == KEY_CHOICE)
			buf_printf(to, " (%s)", k->choices);
		else if (k->type == KEY_NUMBER)
			buf_printf(to, " (%lld to %lld)", (long long)k->min, (long long)k->max);
		buf_append_byte(to, '\n');
	}
}
