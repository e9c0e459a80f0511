/* SPDX-License-Identifier: Apache-2.0 */
/* server_settings: what the settings of [server] may say that an option can give, too. Checked in one place and with
 * one set of words, by `init`, which keeps them, and by `serve`, which goes by them. See parse_listen for
 * server.listen. */
#ifndef PUGMARK_PROG_SERVER_SETTINGS_H
#define PUGMARK_PROG_SERVER_SETTINGS_H

#include "base/slice.h"
#include "base/status.h"

/* server.base_url, in *ret without a slash at the end, a slice of `text`. STATUS_BAD_INPUT. */
enum status server_base_url_parse(struct slice text, struct slice *ret, struct err *err) MUST_CHECK;

/* Whether a list of server.roles has this one. */
bool server_roles_have(const char *roles, const char *role);
/* STATUS_BAD_INPUT: a word that is no role, or a combination that cannot work. */
enum status server_roles_check(const char *roles, struct err *err) MUST_CHECK;

/* STATUS_BAD_INPUT: sending.provider has no account behind it. */
enum status server_provider_check(const char *provider, const char *smtp_host, struct err *err) MUST_CHECK;

/* Values of options, before the configuration is read; NULL: not given. */
struct server_options {
	const char *listen_on, *base_url, *roles;
};
enum status server_options_check(const struct server_options *options, struct err *err) MUST_CHECK;

#endif
