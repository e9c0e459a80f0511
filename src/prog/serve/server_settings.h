/* SPDX-License-Identifier: Apache-2.0 */
/* server_settings: what the settings of [server] may say that an option can give, too. Checked in one place and with
 * one set of words, by `init`, which keeps them, and by `serve`, which goes by them. */
#ifndef PUGMARK_PROG_SERVER_SETTINGS_H
#define PUGMARK_PROG_SERVER_SETTINGS_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

/* server.base_url, in *ret without a slash at the end, a slice of `text`. STATUS_BAD_INPUT: no URL, or one that no link
 * in a mail can begin with (html_track_fn), so that all mail would leave untracked and nobody would know. */
enum status server_base_url_parse(struct slice text, struct slice *ret, struct err *err) MUST_CHECK;

/* What server.listen and server.admin_listen say, the hosts in the arena. An empty admin_listen is none: its host is
 * NULL then. STATUS_BAD_INPUT names the setting; both on one port, too. */
struct listen_settings {
	const char *host, *admin_host;
	uint16_t port, admin_port;
};
enum status server_listen_parse(const char *listen_on, const char *admin_listen, struct arena *arena,
				struct listen_settings *ret, struct err *err) MUST_CHECK;

/* Whether a list of server.roles has this one. */
bool server_roles_have(const char *roles, const char *role);
/* STATUS_BAD_INPUT: a word that is no role, or a combination that cannot work. */
enum status server_roles_check(const char *roles, struct err *err) MUST_CHECK;

/* STATUS_BAD_INPUT: sending.provider has no account behind it. */
enum status server_provider_check(const char *provider, const char *smtp_host, struct err *err) MUST_CHECK;

/* Values of options, before the configuration is read, or of the configuration; NULL: not given. admin_listen is looked
 * at beside listen_on only. */
struct server_options {
	const char *listen_on, *admin_listen, *base_url, *roles;
};
enum status server_options_check(const struct server_options *options, struct err *err) MUST_CHECK;

#endif
