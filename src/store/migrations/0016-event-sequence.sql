-- SPDX-License-Identifier: Apache-2.0
-- Positions of events come from a sequence where several servers write, so that nobody waits for the transaction of
-- another to end before he can have one (store/events/positions.h). SQLite has one writer and keeps its counter.
{postgres_only}
CREATE SEQUENCE event_positions MINVALUE 0;
SELECT setval('event_positions', value) FROM counters WHERE name = 'event_position';
-- Gone, and not left behind: a program that counts for itself must not go on beside this one.
DELETE FROM counters WHERE name = 'event_position';
{end_postgres}
