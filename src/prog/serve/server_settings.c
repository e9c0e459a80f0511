/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot work is refused when it is said: by a start, and by whoever would write it down for a later start. */
#include "prog/serve/server_settings.h"

#include "base/arena.h"
#include "codec/url/url.h"
#include "prog/serve/installation.h"

/* No slash at the end: paths are appended as they are, and "//c/…" is another path to some proxies. */
enum status server_base_url_parse(struct slice url, struct slice *ret, struct err *err)
{
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	if (url_check_redirect(url) != URL_OK)
		return err_set(err, STATUS_BAD_INPUT, "server.base_url: '%.*s' is no http or https URL",
			       SLICE_FMT(slice_sub(url, 0, 80)));
	*ret = url;
	return STATUS_OK;
}

/* A list in one setting: a machine's role is then one line in its configuration or one variable in its environment. */
bool server_roles_have(const char *roles, const char *role)
{
	struct slice rest = slice_from_cstr(roles);
	while (rest.n)
		if (slice_equal(slice_trim(slice_cut(&rest, ',')), slice_from_cstr(role)))
			return true;
	return false;
}

enum status server_roles_check(const char *roles, struct err *err)
{
	struct slice rest = slice_from_cstr(roles);
	while (rest.n) {
		struct slice role = slice_trim(slice_cut(&rest, ','));
		if (!slice_equal(role, SLICE("edge")) && !slice_equal(role, SLICE("api")) &&
		    !slice_equal(role, SLICE("apply")) && !slice_equal(role, SLICE("deliver")))
			return err_set(err, STATUS_BAD_INPUT,
				       "server.roles: '%.*s' is none of edge, api, apply, deliver",
				       SLICE_FMT(slice_sub(role, 0, 60)));
	}
	/* Nobody else reads this journal: hits in it would be answered and never counted. */
	if (!server_roles_have(roles, "apply"))
		return err_set(err, STATUS_BAD_INPUT,
			       "server.roles: '%.60s' keeps hits and mail in a journal that nobody applies; add apply",
			       roles);
	return STATUS_OK;
}

/* Mail would be taken, tried for a day and then fail. */
enum status server_provider_check(const char *provider, const char *smtp_host, struct err *err)
{
	if (strcmp(provider, "smtp") != 0 || *smtp_host)
		return STATUS_OK;
	return err_set(err, STATUS_BAD_INPUT,
		       "sending.provider: 'smtp' needs a mail server; set smtp.host (127.0.0.1 for the one on this "
		       "machine)");
}

static enum status check_listen(const char *text, struct err *err)
{
	struct arena *arena = arena_new();
	const char *host;
	uint16_t port;
	enum status status = parse_listen(text, arena, &host, &port, err);
	arena_free(&arena);
	return status;
}

/* An empty base URL is none, as in the configuration. */
enum status server_options_check(const struct server_options *o, struct err *err)
{
	struct slice url;
	enum status status = o->listen_on ? check_listen(o->listen_on, err) : STATUS_OK;
	if (status == STATUS_OK && o->base_url && *o->base_url)
		status = server_base_url_parse(slice_from_cstr(o->base_url), &url, err);
	if (status == STATUS_OK && o->roles)
		status = server_roles_check(o->roles, err);
	return status;
}
