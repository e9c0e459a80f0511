/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot work is refused when it is said: by a start, and by whoever would write it down for a later start. */
#include "prog/serve/server_settings.h"

#include "base/arena.h"
#include "codec/html/html_rewrite.h"
#include "codec/url/url.h"
#include "prog/serve/installation.h"

/* Of a value, for a message; that of a struct err holds 200 bytes. */
enum { SHOWN_MAX = 60, ASCII_MAX = 72 };

/* Names only: what a mail client makes of other letters is its own affair. The form to write is told, for hardly
 * anybody knows it by heart. */
static enum status refuse_letters(struct slice url, struct err *err)
{
	char room[ASCII_MAX];
	struct buf ascii;
	buf_init_fixed(&ascii, room, sizeof room);
	bool is_known = url_destination(url, &ascii) == URL_OK && html_is_tracked_url(buf_slice(&ascii));
	return err_set(err, STATUS_BAD_INPUT, "server.base_url: '%.*s' has letters that are not ASCII: write it as %s",
		       SLICE_FMT(slice_sub(url, 0, SHOWN_MAX)), is_known ? buf_cstr(&ascii) : "https://xn--…");
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

/* Why no link can begin with it, although it is a URL; NULL: one can. */
static const char *fault_as_beginning(struct slice url)
{
	if (slice_contains(url, SLICE("?")))
		return "has a query, behind which no path can follow: leave it away from the ?";
	if (slice_contains(url, SLICE("#")))
		return "has a fragment, which never reaches a server: leave it away from the #";
	if (slice_index(url, '@') < url.n && url_host(url).p > url.p + slice_index(url, '@'))
		return "has user and password, which every recipient would read: leave them away";
	if (slice_starts_with(url_host(url), SLICE("[")))
		return "has an IPv6 address, which not every mail client takes: give it a name";
	if (!html_is_tracked_url(url))
		return "may have letters, digits and - . _ ~ / only, or mail clients change the links";
	return NULL;
}

/* No slash at the end: paths are appended as they are, and "//c/…" is another path to some proxies. */
enum status server_base_url_parse(struct slice url, struct slice *ret, struct err *err)
{
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	if (!is_ascii(url_host(url)))
		return refuse_letters(url, err);
	bool is_url = url_check_redirect(url) == URL_OK;
	const char *fault = is_url ? fault_as_beginning(url) : "is no http or https URL";
	if (fault)
		return err_set(err, STATUS_BAD_INPUT, "server.base_url: '%.*s' %s",
			       SLICE_FMT(slice_sub(url, 0, SHOWN_MAX)), fault);
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

static enum status parse_one(const char *setting, const char *text, struct arena *arena, const char **ret_host,
			     uint16_t *ret_port, struct err *err)
{
	struct err why = {0};
	enum status status = parse_listen(text, arena, ret_host, ret_port, &why);
	return status == STATUS_OK ? status : err_set(err, status, "%s: %s", setting, why.text);
}

static bool is_any_address(const char *host)
{
	return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* Said here because the port would only be found to be in use, by us. */
static bool is_one_port(const struct listen_settings *at)
{
	bool overlap =
	    strcmp(at->host, at->admin_host) == 0 || is_any_address(at->host) || is_any_address(at->admin_host);
	return at->port && at->port == at->admin_port && overlap;
}

enum status server_listen_parse(const char *listen_on, const char *admin_listen, struct arena *arena,
				struct listen_settings *ret, struct err *err)
{
	struct listen_settings at = {0};
	enum status status = parse_one("server.listen", listen_on, arena, &at.host, &at.port, err);
	if (status == STATUS_OK && *admin_listen)
		status = parse_one("server.admin_listen", admin_listen, arena, &at.admin_host, &at.admin_port, err);
	if (status == STATUS_OK && at.admin_host && is_one_port(&at))
		return err_set(err, STATUS_BAD_INPUT,
			       "server.admin_listen: '%.60s' is where server.listen is: give it another port",
			       admin_listen);
	if (status == STATUS_OK)
		*ret = at;
	return status;
}

static enum status check_listen(const struct server_options *o, struct err *err)
{
	struct arena *arena = arena_new();
	struct listen_settings ignored;
	enum status status =
	    server_listen_parse(o->listen_on, o->admin_listen ? o->admin_listen : "", arena, &ignored, err);
	arena_free(&arena);
	return status;
}

/* An empty base URL is none, as in the configuration. */
enum status server_options_check(const struct server_options *o, struct err *err)
{
	struct slice url;
	enum status status = o->listen_on ? check_listen(o, err) : STATUS_OK;
	if (status == STATUS_OK && o->base_url && *o->base_url)
		status = server_base_url_parse(slice_from_cstr(o->base_url), &url, err);
	if (status == STATUS_OK && o->roles)
		status = server_roles_check(o->roles, err);
	return status;
}
