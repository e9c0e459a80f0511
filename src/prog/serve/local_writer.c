/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that a server starts around its writer, without the rest of it. What the journal still holds is applied by
 * the same code, with the same settings, so that a command that counts or judges sees what a server would have seen. */
#include "prog/serve/local_writer.h"
#include "engine/ledger/writer.h"

enum status local_writer_start(const struct installation *i, struct local_writer *ret, struct err *err)
{
	struct local_writer local = {0};
	struct journal_config files = {.directory = i->journal_path,
				       .segment_bytes = (uint64_t)i->config.journal_segment_mb << 20};
	enum status status = journal_open(&files, &local.journal, err);
	if (status != STATUS_OK)
		return status;
	local.networks = installation_networks(i);
	if (local.networks)
		network_watch_look(local.networks);
	status = installation_policies(i, &local.policies, err);
	struct writer_config config = {.store = i->store,
				       .journal = local.journal,
				       .clock = clock_system(),
				       .keys = i->keys,
				       .policies = local.policies,
				       .counts_every_press = i->config.hold_days == 0,
				       .networks = local.networks};
	if (status == STATUS_OK)
		status = writer_start(&config, &local.writer, err);
	if (status == STATUS_OK)
		*ret = local;
	else
		local_writer_stop(&local);
	return status;
}

void local_writer_stop(struct local_writer *local)
{
	writer_stop(&local->writer);
	tenant_policies_free(&local->policies);
	network_watch_free(&local->networks);
	journal_close(&local->journal);
}
