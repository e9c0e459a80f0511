/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that a server starts around its writer, without the rest of it. What the journal still holds is applied by
 * the same code, with the same settings, so that a command that counts or judges sees what a server would have seen. */
#include "prog/serve/local_writer.h"
#include "engine/ledger/writer.h"
#include "prog/serve/registration.h"

enum status local_writer_start(const struct installation *i, struct local_writer *ret, struct err *err)
{
	struct local_writer local = {0};
	struct node node;
	enum status status = registration_open_journal(i, "", &local.journal, &node, err);
	if (status != STATUS_OK)
		return status;
	local.networks = installation_networks(i);
	if (local.networks)
		network_watch_look(local.networks);
	status = installation_policies(i, &local.policies, err);
	struct writer_config config = {.store = i->store,
				       .journal = local.journal,
				       .clock = clock_system(),
				       .node = &node,
				       .keep_seconds = (uint32_t)i->config.journal_keep_seconds};
	if (status == STATUS_OK) {
		local.apply = installation_apply(i, local.journal, local.policies, local.networks);
		apply_join_writer(local.apply, &config);
		status = writer_start(&config, &local.writer, err);
	}
	if (status == STATUS_OK)
		*ret = local;
	else
		local_writer_stop(&local);
	return status;
}

void local_writer_stop(struct local_writer *local)
{
	writer_stop(&local->writer);
	apply_free(&local->apply);
	tenant_policies_free(&local->policies);
	network_watch_free(&local->networks);
	journal_close(&local->journal);
}
