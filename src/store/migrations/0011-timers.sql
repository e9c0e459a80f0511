-- SPDX-License-Identifier: Apache-2.0
-- One list for all work that is due later, and how far those who follow the events have come.

-- kind: enum timer_kind; key: what it is about, as the kind understands it. Of settling: the id of the message.
CREATE TABLE timers (
	kind INTEGER NOT NULL,
	due_at {time} NOT NULL,
	key {bytes} NOT NULL,
	PRIMARY KEY (kind, due_at, key)
) {clustered};

INSERT INTO timers (kind, due_at, key) SELECT 1, due_at, {uuid_bytes}(message_id) FROM hits_to_settle;
DROP TABLE hits_to_settle;

CREATE TABLE consumers (
	name TEXT PRIMARY KEY,
	position BIGINT NOT NULL,
	moved_at {time} NOT NULL
) {clustered};
