-- SPDX-License-Identifier: Apache-2.0
-- Oldest writer: 16
-- Up to which key a server opens links, so that none seals with one that another server of the store has not.
ALTER TABLE nodes ADD COLUMN link_key INTEGER; -- NULL: a program that does not say so, and reads its keys at the start only
