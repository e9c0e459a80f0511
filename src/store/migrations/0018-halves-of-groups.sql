-- SPDX-License-Identifier: Apache-2.0
-- A server among others applies a group of records in two halves, by message, each in a transaction of its own: the first
-- half of what stands behind `applied` up to here is applied. 0: nothing is half applied.
-- A program that does not know of it would apply that half again, so it must not write beside.
ALTER TABLE nodes ADD COLUMN half_applied BIGINT NOT NULL DEFAULT 0;
