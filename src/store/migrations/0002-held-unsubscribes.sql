-- SPDX-License-Identifier: Apache-2.0
-- Presses of the unsubscribe page's button that a machine seems to have made: they change nothing until somebody, or
-- time, decides. What is known of the press itself is in its event.
CREATE TABLE held_unsubscribes (
	message_id {uuid} PRIMARY KEY,
	tenant_id INTEGER NOT NULL,
	event_id {uuid} NOT NULL,
	state TEXT NOT NULL, -- waiting, confirmed, dismissed
	held_at {time} NOT NULL,
	decided_at {time},
	decided_by TEXT -- an e-mail address, api_key, recipient, time
) {clustered};
-- A tenant's list, newest mail first.
CREATE INDEX held_unsubscribes_of_tenant ON held_unsubscribes (tenant_id, state, message_id);
-- Those whose time is over.
CREATE INDEX held_unsubscribes_waiting ON held_unsubscribes (held_at) WHERE state = 'waiting';
