/* SPDX-License-Identifier: Apache-2.0 */
/* config: what an operator can set. One table (config.c) parses, checks and explains every key.
 *
 * Precedence, lowest first: built-in default, pugmark.conf, environment (PUGMARK_SECTION_KEY, over it
 * EMAIL_TRACKING_ENABLED and EMAIL_TRACKING_RETENTION_DAYS), command line.
 */
#ifndef PUGMARK_PROG_CONFIG_H
#define PUGMARK_PROG_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

struct config {
	const char *listen;   /* ADDRESS:PORT */
	const char *base_url; /* "" until serve fills it in from the address */
	const char *roles;
	const char *hosts; /* "": see host_names.h */
	const char *trusted_proxies;
	const char *admin_listen;
	int64_t loops;
	int64_t header_timeout_ms, idle_timeout_ms, connections, connections_per_address, body_mb, memory_mb;
	int64_t journal_max_wait_ms, journal_segment_mb, journal_keep_seconds;
	const char *answer_after;
	const char *store_url; /* "" : SQLite in the data directory */
	int64_t retain_events_days, retain_bodies_days;
	const char *retain_events_days_of;
	const char *keep_client;
	const char *gpc;
	const char *track_opens;
	const char *track_clicks;
	bool tracking_enabled, honeypot;
	int64_t dedupe_seconds;
	int64_t provider_dedupe_minutes;
	const char *headline_opens;
	const char *time_zone;                    /* of new tenants */
	const char *apple_egress_file, *asn_file; /* "": none; as they are to be opened */
	int64_t hold_days;
	const char *provider;
	int64_t sending_concurrency, sending_attempts_max, retry_base_ms, retry_cap_ms;
	bool resend_in_doubt, accept_async;
	const char *smtp_host, *smtp_tls, *smtp_auth, *smtp_user, *smtp_secret, *smtp_ca_file, *smtp_helo;
	int64_t smtp_port;
	bool smtp_verify;
	const char *milter_listen, *milter_socket_mode, *milter_server, *milter_api_key, *milter_api_key_file;
	const char *milter_ca_file, *milter_networks, *milter_daemons, *milter_senders, *milter_skip_senders;
	int64_t milter_timeout_ms, milter_max_size_mb;
	bool milter_require_header;
	bool core_dumps;
	const char *log_level;
};

/* Reads `path` (NULL: DATA/pugmark.conf or ./pugmark.conf if there is one) and the environment. STATUS_NOT_FOUND:
 * `path` was given and is not there; STATUS_BAD_INPUT: an unknown key or a bad value, with file and line in the words.
 * Text lives in the arena. */
enum status config_load(const char *path, const char *data_directory, struct arena *arena, struct config *ret,
			struct err *err) MUST_CHECK;
/* One key by its full name, as the command line sets it. STATUS_BAD_INPUT. */
enum status config_set(struct config *config, const char *key, const char *value, struct arena *arena,
		       struct err *err) MUST_CHECK;
/* Makes log.level what is logged from now on. */
void config_apply_log_level(const struct config *config);
/* All keys with default and explanation, for `pugmark help config` and the manual. */
void config_describe(struct buf *to);

#endif
