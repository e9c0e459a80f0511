/* SPDX-License-Identifier: Apache-2.0 */
/* installation: a data directory with its configuration, keys and store, opened for a command. */
#ifndef PUGMARK_PROG_INSTALLATION_H
#define PUGMARK_PROG_INSTALLATION_H

#include "base/arena.h"
#include "codec/token/link_token.h"
#include "engine/apply/apply.h"
#include "engine/judge/network_watch.h"
#include "engine/tenant/tenant_policy.h"
#include "prog/serve/config.h"
#include "prog/show/options.h"
#include "store/core/store.h"

struct installation {
	struct arena *arena;
	const char *data;        /* the directory */
	const char *config_path; /* NULL: found by itself */
	struct config config;
	const char *keys_path, *journal_path, *outbox_path, *port_path;
	struct link_token_keys *keys;
	uint8_t newest_key;
	struct store *store;
	bool is_locked; /* while it is made: by a lock on the descriptor of the directory */
	int lock;
};

#define DATA_DEFAULT "data"

/* For a command's list of options. */
#define INSTALLATION_OPTIONS(i)                                                                                        \
	{"config", &(i)->config_path, NULL,                                                                            \
	 "FILE  configuration (default: pugmark.conf in the data directory, or here)"},                                \
	{                                                                                                              \
		"data", &(i)->data, NULL, "DIR  data directory (default: " DATA_DEFAULT ")"                            \
	}

/* Reads the configuration. Nothing is created. */
enum status installation_configure(struct installation *installation, struct err *err) MUST_CHECK;
/* Makes the directory, the store and the keys where they are missing. From here to installation_close nobody else makes
 * anything in this directory: who comes meanwhile waits, and then finds it made. STATUS_CONFLICT: the store has links
 * of other keys (key_agreement.h). */
enum status installation_create(struct installation *installation, struct err *err) MUST_CHECK;
/* Opens keys and store. STATUS_NOT_FOUND: run `pugmark init`. An older store is migrated. */
enum status installation_open(struct installation *installation, struct err *err) MUST_CHECK;
/* Before installation_open: from which schema version to which it would bring the store. STATUS_NOT_FOUND. */
enum status installation_versions(const struct installation *installation, int *ret_from, int *ret_to,
				  struct err *err) MUST_CHECK;
void installation_close(struct installation *installation);

/* What the configuration says of how tenants are tracked; to be freed by the caller. Nothing is read from the store.
 * STATUS_BAD_INPUT: retain.events_days_of, or another value that no tenant could have. */
enum status installation_policies(const struct installation *installation, struct tenant_policies **ret,
				  struct err *err) MUST_CHECK;

/* What watches the files of judge.apple_egress_file and judge.asn_file, not started; NULL: neither is set. */
struct network_watch *installation_networks(const struct installation *installation);
/* What the records of this journal do to this store, by the configuration; to be freed by the caller, and before what
 * is given, of which all but the journal may be NULL. */
struct apply *installation_apply(const struct installation *installation, struct journal *journal,
				 struct tenant_policies *policies, struct network_watch *networks);
/* Reads these files once. STATUS_OK with NULL: neither is set; else why one cannot be used. */
enum status installation_read_networks(const struct installation *installation, struct network_lists **ret,
				       struct err *err) MUST_CHECK;

/* The one line on standard error that a failed command leaves; returns EXIT_FAILED. */
int installation_failed(const char *command, const struct err *err);

/* "ADDR:PORT", "[::1]:PORT". STATUS_BAD_INPUT. The host goes into the arena. */
enum status parse_listen(const char *text, struct arena *arena, const char **ret_host, uint16_t *ret_port,
			 struct err *err) MUST_CHECK;

#endif
