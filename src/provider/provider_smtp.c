/* SPDX-License-Identifier: Apache-2.0 */
/* Any mail server that speaks SMTP submission: a relay of one's own, Gmail or Microsoft 365 with XOAUTH2, or the SMTP
 * door of a sending service. */
#include "provider/provider_priv.h"

static const char *const tls_words[] = {
    [SMTP_TLS_NONE] = "none", [SMTP_TLS_STARTTLS] = "starttls", [SMTP_TLS_IMPLICIT] = "implicit", NULL};
static const char *const auth_words[] = {[SMTP_AUTH_NONE] = "none",
					 [SMTP_AUTH_PLAIN] = "plain",
					 [SMTP_AUTH_LOGIN] = "login",
					 [SMTP_AUTH_XOAUTH2] = "xoauth2",
					 NULL};
static const char *const switch_words[] = {"off", "on", NULL};

static bool is_this_machine(const char *host)
{
	struct slice s = slice_from_cstr(host);
	return slice_equal_nocase(s, SLICE("localhost")) || slice_starts_with(s, SLICE("127.")) ||
	       slice_equal(s, SLICE("::1"));
}

/* What belongs together. */
static enum status check_login(const struct transport_smtp_config *c, struct err *err)
{
	bool has_user = c->user[0];
	bool has_secret = c->secret[0];
	if (c->auth == SMTP_AUTH_NONE && (has_user || has_secret))
		return err_set(err, STATUS_BAD_INPUT,
			       "smtp: user and secret are given, but auth is none; set auth to plain, "
			       "login or xoauth2");
	if (c->auth == SMTP_AUTH_NONE)
		return STATUS_OK;
	if (!has_user || !has_secret)
		return err_set(err, STATUS_BAD_INPUT, "smtp: auth %s needs the settings user and secret",
			       auth_words[c->auth]);
	if (c->tls == SMTP_TLS_NONE && !is_this_machine(c->host))
		return err_set(err, STATUS_BAD_INPUT,
			       "smtp: with tls none the secret would cross the network for all to read; set tls to "
			       "starttls or implicit");
	return STATUS_OK;
}

static enum status read_choices(const struct provider_request *request, struct transport_smtp_config *config,
				struct err *err)
{
	int tls = 0;
	int auth = 0;
	int verify = 0;
	const struct provider_choice tls_choice = {"tls", tls_words};
	const struct provider_choice auth_choice = {"auth", auth_words};
	const struct provider_choice verify_choice = {"verify", switch_words};
	enum status status = provider_choose(&provider_smtp, request, &tls_choice, &tls, err);
	if (status == STATUS_OK)
		status = provider_choose(&provider_smtp, request, &auth_choice, &auth, err);
	if (status == STATUS_OK)
		status = provider_choose(&provider_smtp, request, &verify_choice, &verify, err);
	config->tls = (enum smtp_tls)tls;
	config->auth = (enum smtp_auth)auth;
	config->verify_peer = verify == 1;
	return status;
}

static enum status read_settings(const struct provider_request *request, struct arena *arena,
				 struct transport_smtp_config *config, struct err *err)
{
	uint64_t port = 0;
	enum status status = read_choices(request, config, err);
	if (status != STATUS_OK)
		return status;
	if (!slice_to_u64(provider_value(&provider_smtp, request, "port"), 65535, &port) || port == 0)
		return err_set(err, STATUS_BAD_INPUT, "smtp: the setting port must be a number from 1 to 65535");
	const char *ca_file = arena_cstr(arena, provider_value(&provider_smtp, request, "ca_file"));
	config->port = (uint16_t)port;
	config->host = arena_cstr(arena, provider_value(&provider_smtp, request, "host"));
	config->user = arena_cstr(arena, provider_value(&provider_smtp, request, "user"));
	config->secret = arena_cstr(arena, provider_value(&provider_smtp, request, "secret"));
	config->helo_name = arena_cstr(arena, provider_value(&provider_smtp, request, "helo"));
	config->ca_file = ca_file[0] ? ca_file : NULL;
	return check_login(config, err);
}

/* Whether the transport would take it can only be seen by making one; without a loop it is made on one of its own. */
static enum status make(struct transport_loop *loop, const struct transport_smtp_config *config, struct transport **ret,
			struct err *err)
{
	struct transport_loop *own = loop ? NULL : transport_loop_new();
	struct transport *transport = NULL;
	enum status status = transport_smtp_new(loop ? loop : own, config, &transport, err);
	if (status == STATUS_OK && loop)
		*ret = transport;
	else
		transport_free(&transport);
	transport_loop_free(&own);
	return status;
}

static enum status open_smtp(struct transport_loop *loop, const struct provider_request *request,
			     struct transport **ret, struct err *err)
{
	struct arena *arena = arena_new();
	struct transport_smtp_config config = {0};
	enum status status = read_settings(request, arena, &config, err);
	if (status == STATUS_OK)
		status = make(loop, &config, ret, err);
	arena_free(&arena);
	return status;
}

static const struct provider_setting_info settings[] = {
    {"host", "name or IP address of the mail server", NULL, true, false},
    {"port", "587 for STARTTLS, 465 for TLS from the start, 25 within a network", "587", false, false},
    {"tls", "none, starttls or implicit; starttls is required when set, never left out", "starttls", false, false},
    {"auth", "none, plain, login or xoauth2", "none", false, false},
    {"user", "the user to log in as", "", false, false},
    {"secret", "the password, or the access token for xoauth2", "", false, true},
    {"verify", "on or off: whether the server's certificate is checked", "on", false, false},
    {"ca_file", "PEM file with the authorities to trust instead of the system's", "", false, false},
    {"helo", "how we name ourselves to the server; the machine's name when empty", "", false, false},
    {0},
};

const struct provider_class provider_smtp = {
    .info = {"smtp", "hands mail to any server that speaks SMTP", settings},
    .open = open_smtp,
};
