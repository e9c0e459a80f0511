-- SPDX-License-Identifier: Apache-2.0
-- The servers of this store, each with its journal, and what only one of them does at a time.

-- A row is never deleted: a number that was given once is part of the ids of events.
CREATE TABLE nodes (
	number INTEGER PRIMARY KEY, -- in the header of the journal, 1 to 65535
	installation {uuid}, -- in the data directory; NULL: from before there were any, claimed at the next start
	epoch BIGINT NOT NULL, -- one more with each start; whoever writes under an older one is refused
	applied BIGINT NOT NULL, -- the journal cursor: moved in the transaction of what was applied
	durable BIGINT NOT NULL, -- the end of the journal, as of seen_at
	place TEXT NOT NULL, -- which directory of which machine
	roles TEXT NOT NULL,
	version TEXT NOT NULL, -- of the program
	schema_known INTEGER NOT NULL, -- the newest schema that it knows
	started_at {time},
	seen_at {time}, -- by the store's clock; NULL: it said that it ends
	UNIQUE (installation)
);

-- Numbers that journals drew for themselves stay as they are.
INSERT INTO nodes (number, installation, epoch, applied, durable, place, roles, version, schema_known)
SELECT node, NULL, 0, sequence, sequence, '', '', '', 0 FROM journal_cursor;
-- Gone, and not left empty: a program that knows no epochs must not move it.
DROP TABLE journal_cursor;

-- Held by one server until then; another takes it after that.
CREATE TABLE duties (
	name TEXT PRIMARY KEY,
	node INTEGER NOT NULL,
	epoch BIGINT NOT NULL,
	until_at {time} NOT NULL -- by the store's clock
);

-- The oldest schema a program must know to write beside this step; NULL: the step's own.
ALTER TABLE schema_version ADD COLUMN oldest_writer INTEGER;
