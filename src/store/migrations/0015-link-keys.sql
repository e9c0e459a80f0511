-- SPDX-License-Identifier: Apache-2.0
-- Oldest writer: 13
-- The keys that links of this store are sealed with, so that a server with other ones can be told before it makes links
-- that lead nowhere. A row stays for ever, as the key does.
CREATE TABLE link_keys (
	id INTEGER PRIMARY KEY, -- 1 to 255, in the file of keys and in each token
	fingerprint {bytes} NOT NULL, -- SHA-256; the key is in no store
	seen_at {time} NOT NULL -- when it was used here first
);
