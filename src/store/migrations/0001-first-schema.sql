-- SPDX-License-Identifier: Apache-2.0
-- 0001: the first schema. doc/schema.md explains the tables; every index says here which query it is for.
-- No foreign keys: rows are pruned by age, table by table, and the applier writes tens of thousands of rows a second.
-- Words in braces are types that differ between databases; see words in the drivers.

-- The installation's own counters. event_position: email_events.position is taken from here inside the transaction, so
-- that the row lock makes positions follow the order of commits, also with several writers (PostgreSQL).
CREATE TABLE counters (
	name TEXT PRIMARY KEY,
	value BIGINT NOT NULL
) {clustered};
INSERT INTO counters (name, value) VALUES ('event_position', 0);

CREATE TABLE tenants (
	id {serial_key},
	name TEXT NOT NULL UNIQUE,
	fallback_url TEXT,
	time_zone TEXT NOT NULL,
	created_at {time} NOT NULL
);

CREATE TABLE users (
	id {uuid} PRIMARY KEY,
	tenant_id INTEGER NOT NULL,
	email TEXT NOT NULL UNIQUE, -- lower case
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	password_hash TEXT,
	created_at {time} NOT NULL,
	last_sign_in_at {time}
);

CREATE TABLE api_keys (
	id {uuid} PRIMARY KEY,
	tenant_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	prefix TEXT NOT NULL,
	hash {bytes} NOT NULL UNIQUE, -- SHA-256 of the key
	scopes INTEGER NOT NULL, -- 1 send, 2 read, 4 admin, 8 track
	created_at {time} NOT NULL,
	last_used_at {time},
	revoked_at {time}
);

-- Signed-in browsers.
CREATE TABLE sessions (
	hash {bytes} PRIMARY KEY, -- SHA-256 of the cookie's value
	user_id {uuid} NOT NULL,
	created_at {time} NOT NULL,
	expires_at {time} NOT NULL
) {clustered};

CREATE TABLE contacts (
	tenant_id INTEGER NOT NULL,
	id TEXT NOT NULL,
	email TEXT NOT NULL,
	name TEXT NOT NULL,
	category TEXT NOT NULL,
	agent TEXT NOT NULL,
	consent_opens TEXT NOT NULL, -- full, anonymous, off
	consent_clicks TEXT NOT NULL,
	created_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, id)
) {clustered};

CREATE TABLE campaigns (
	tenant_id INTEGER NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	created_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, id)
) {clustered};

CREATE TABLE templates (
	tenant_id INTEGER NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	created_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, id)
) {clustered};

CREATE TABLE messages (
	id {uuid} PRIMARY KEY, -- version 7: ascending by time
	tenant_id INTEGER NOT NULL,
	state TEXT NOT NULL,
	created_at {time} NOT NULL,
	send_at {time} NOT NULL,
	sent_at {time},
	delivered_at {time},
	cohort_day INTEGER, -- days since 1970-01-01 of the first intent, in the tenant's zone
	stream TEXT NOT NULL,
	provider TEXT NOT NULL,
	from_email TEXT NOT NULL,
	from_name TEXT,
	to_email TEXT NOT NULL,
	to_name TEXT,
	subject TEXT,
	contact_id TEXT NOT NULL,
	contact_category TEXT,
	campaign_id TEXT,
	template_id TEXT,
	sender TEXT,
	sequence_id TEXT,
	enrollment TEXT,
	sequence_position INTEGER,
	track_opens TEXT NOT NULL,
	track_clicks TEXT NOT NULL,
	key_id SMALLINT NOT NULL,
	options TEXT, -- JSON, but byte for byte: the mail is built from it
	metadata {json},
	body_id {bytes},
	remote_id TEXT,
	attempts INTEGER NOT NULL,
	error TEXT,
	-- What hits made of it; one column per counter, so that a page of messages is one read.
	opens_human INTEGER NOT NULL,
	opens_proxy INTEGER NOT NULL,
	opens_mpp INTEGER NOT NULL,
	opens_prefetch INTEGER NOT NULL,
	opens_scanner INTEGER NOT NULL,
	opens_preview INTEGER NOT NULL,
	opens_crawler INTEGER NOT NULL,
	opens_unknown INTEGER NOT NULL,
	clicks_human INTEGER NOT NULL,
	clicks_machine INTEGER NOT NULL,
	first_open_at {time},
	first_open_strict_at {time},
	first_open_any_at {time},
	first_click_at {time},
	first_click_any_at {time},
	unsubscribed_at {time},
	last_activity_at {time}
) {updated_often};
-- None of these covers a column that an event changes, so that counting touches the row alone.
-- A tenant's messages, newest first.
CREATE INDEX messages_of_tenant ON messages (tenant_id, id);
-- The recipients of a campaign, of a template.
CREATE INDEX messages_of_campaign ON messages (tenant_id, campaign_id, id) WHERE campaign_id IS NOT NULL;
CREATE INDEX messages_of_template ON messages (tenant_id, template_id, id) WHERE template_id IS NOT NULL;
-- What a contact got; also a contact's events.
CREATE INDEX messages_of_contact ON messages (tenant_id, contact_id, id);

CREATE TABLE send_queue (
	message_id {uuid} PRIMARY KEY,
	tenant_id INTEGER NOT NULL,
	provider TEXT NOT NULL,
	stream TEXT NOT NULL,
	state TEXT NOT NULL, -- waiting, paused, leased, sending (an intent is committed), held (in doubt)
	due_at {time} NOT NULL,
	attempt INTEGER NOT NULL, -- claims so far
	lease BIGINT, -- fencing token; NULL: nobody holds it
	lease_until {time},
	intent_at {time},
	held_at {time},
	error TEXT
) {clustered};
-- Claims: the tenants that wait, and the oldest due of each.
CREATE INDEX send_queue_waiting ON send_queue (tenant_id, due_at) WHERE state = 'waiting';
-- Leases to extend, leases that ran out, intents without an outcome. As small as what is in flight.
CREATE INDEX send_queue_leased ON send_queue (lease) WHERE lease IS NOT NULL;

-- provider '' stands for all of the tenant's, tenant_id 0 for all tenants.
CREATE TABLE queue_pauses (
	tenant_id INTEGER NOT NULL,
	provider TEXT NOT NULL,
	created_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, provider)
) {clustered};

-- Destinations that are too long for a token.
CREATE TABLE links (
	tenant_id INTEGER NOT NULL,
	key {bytes} NOT NULL, -- the first 16 bytes of the SHA-256 of the URL
	url TEXT NOT NULL,
	created_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, key)
);

-- The codes of email_events.actor, by name.
CREATE TABLE actors (
	actor SMALLINT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
INSERT INTO actors (actor, name) VALUES (0, 'unknown'), (1, 'human'), (2, 'proxy_human'), (3, 'prefetch'), (4, 'scanner'),
	(5, 'link_preview'), (6, 'crawler');

CREATE TABLE email_events (
	position {big_key}, -- ascending in the order of commits
	id {uuid} NOT NULL,
	tenant_id INTEGER NOT NULL,
	message_id {uuid} NOT NULL, -- who, what and to whom is in messages
	event_type TEXT NOT NULL,
	occurred_at {time} NOT NULL,
	is_unique {bool} NOT NULL,
	is_duplicate {bool} NOT NULL,
	bot_filtered {bool} NOT NULL,
	actor SMALLINT, -- see actors; NULL: not judged
	confidence_percent SMALLINT,
	settled {bool},
	reasons TEXT,
	rules TEXT,
	link_index INTEGER,
	token TEXT,
	destination_url TEXT,
	ip TEXT,
	user_agent TEXT,
	provider TEXT,
	remote_id TEXT,
	bounce_class TEXT,
	bounce_code TEXT,
	bounce_reason TEXT,
	metadata {json}
);
-- One event by its id; and a record that is applied twice must fail.
CREATE UNIQUE INDEX email_events_id ON email_events (id);
-- A message's time line, a contact's events.
CREATE INDEX email_events_of_message ON email_events (message_id, position);
-- A tenant's events, newest first, and the live stream's catching up.
CREATE INDEX email_events_of_tenant ON email_events (tenant_id, position);
-- Ranges of time, the duplicate window after a start, pruning by age.
CREATE INDEX email_events_by_time ON email_events (occurred_at);

CREATE VIEW email_events_counted AS
SELECT e.position, e.id, e.tenant_id, e.message_id, e.event_type, e.occurred_at, e.is_unique, a.name AS actor, e.reasons,
	e.link_index, e.token, e.destination_url, e.metadata, e.bot_filtered
FROM email_events e LEFT JOIN actors a ON a.actor = e.actor
WHERE NOT e.bot_filtered AND NOT e.is_duplicate;

-- '' instead of NULL in the keys of the two tables of numbers: NULLs would never meet in ON CONFLICT.
CREATE TABLE stats_daily (
	tenant_id INTEGER NOT NULL,
	day INTEGER NOT NULL, -- of sending: days since 1970-01-01 in the tenant's zone
	campaign_id TEXT NOT NULL,
	template_id TEXT NOT NULL,
	sender TEXT NOT NULL,
	sends BIGINT NOT NULL,
	delivered BIGINT NOT NULL,
	bounced BIGINT NOT NULL,
	failed BIGINT NOT NULL,
	in_flight BIGINT NOT NULL,
	in_doubt BIGINT NOT NULL,
	opens_human BIGINT NOT NULL,
	opens_proxy BIGINT NOT NULL,
	opens_mpp BIGINT NOT NULL,
	opens_prefetch BIGINT NOT NULL,
	opens_scanner BIGINT NOT NULL,
	opens_preview BIGINT NOT NULL,
	opens_crawler BIGINT NOT NULL,
	opens_unknown BIGINT NOT NULL,
	opens_unique BIGINT NOT NULL,
	opens_unique_strict BIGINT NOT NULL,
	opens_unique_all BIGINT NOT NULL,
	clicks_human BIGINT NOT NULL,
	clicks_machine BIGINT NOT NULL,
	clicks_unique BIGINT NOT NULL,
	clicks_unique_all BIGINT NOT NULL,
	unsubscribes BIGINT NOT NULL,
	complaints BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, day, campaign_id, template_id, sender)
) {clustered};

CREATE TABLE stats_hourly (
	tenant_id INTEGER NOT NULL,
	hour INTEGER NOT NULL, -- of occurrence: hours since 1970-01-01T00Z
	kind TEXT NOT NULL, -- opens, clicks, sends
	actor SMALLINT NOT NULL, -- see actors; 0 for sends
	campaign_id TEXT NOT NULL,
	template_id TEXT NOT NULL,
	sender TEXT NOT NULL,
	value BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, hour, kind, actor, campaign_id, template_id, sender)
) {clustered};

CREATE TABLE suppressions (
	tenant_id INTEGER NOT NULL,
	address TEXT NOT NULL, -- lower case
	reason TEXT NOT NULL,
	message_id {uuid},
	created_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, address)
) {clustered};

-- Contents of mails, once each.
CREATE TABLE bodies (
	tenant_id INTEGER NOT NULL,
	id {bytes} NOT NULL, -- SHA-256 of the content
	size INTEGER NOT NULL, -- of the content, before zstd
	content {bytes} NOT NULL,
	used_at {time} NOT NULL, -- kept to the hour
	PRIMARY KEY (tenant_id, id)
);
-- Pruning by age.
CREATE INDEX bodies_by_use ON bodies (used_at);

CREATE TABLE journal_cursor (
	node INTEGER PRIMARY KEY,
	sequence BIGINT NOT NULL
);

CREATE TABLE idempotency_keys (
	tenant_id INTEGER NOT NULL,
	key TEXT NOT NULL,
	request_hash {bytes} NOT NULL,
	status INTEGER NOT NULL,
	response {bytes} NOT NULL,
	created_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, key)
);
-- Forgetting the old ones.
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
