-- SPDX-License-Identifier: Apache-2.0
-- 0010: events in narrow rows, a message's counters in a row of their own. doc/schema.md explains the tables.
--
-- In parts: the first makes the new tables beside the old ones, the rows are carried over in bounded transactions, the
-- second part puts the new tables in the place of the old ones, whose rows then go in bounded transactions too. A line
-- "-- batches: NAME" says where such batches run (store/core/migrate.c); each part and each batch is one transaction,
-- so that whoever is interrupted goes on where it stopped. Until the second part an older program finds everything.

-- One table of texts that many events have in common.
CREATE TABLE dictionary (
	number {identity},
	tenant_id INTEGER NOT NULL,
	kind SMALLINT NOT NULL, -- see store/events/dictionary.h
	hash {bytes} NOT NULL, -- 16 bytes of a SHA-256 of kind and text
	text TEXT NOT NULL,
	used_day INTEGER NOT NULL, -- days since 1970: no event of a later day has it
	person BIGINT, -- the one person whose events have it, as a hash; NULL: several, or nobody's in particular
	UNIQUE (tenant_id, hash)
);
-- What goes with a person who is erased.
CREATE INDEX dictionary_of_person ON dictionary (tenant_id, person) WHERE person IS NOT NULL;

CREATE TABLE messages_next (
	number {identity}, -- what events and counters call it
	id {uuid} NOT NULL UNIQUE, -- version 7: ascending by time
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
	link_count INTEGER -- links that can be clicked; NULL: not known
) {updated_often};
-- A tenant's messages, newest first.
CREATE INDEX messages_by_tenant ON messages_next (tenant_id, id);
-- The recipients of a campaign, of a template.
CREATE INDEX messages_by_campaign ON messages_next (tenant_id, campaign_id, id) WHERE campaign_id IS NOT NULL;
CREATE INDEX messages_by_template ON messages_next (tenant_id, template_id, id) WHERE template_id IS NOT NULL;
-- What a contact got; also a contact's events.
CREATE INDEX messages_by_contact ON messages_next (tenant_id, contact_id, id);
-- The message that a provider means. Written once, when the mail leaves.
CREATE INDEX messages_by_remote_id ON messages_next (remote_id) WHERE remote_id IS NOT NULL;

-- What hits made of a message: one narrow row each, always there, and the only one that a hit writes.
CREATE TABLE message_counters (
	number {big_key}, -- of the message
	opens_human INTEGER NOT NULL DEFAULT 0,
	opens_proxy INTEGER NOT NULL DEFAULT 0,
	opens_mpp INTEGER NOT NULL DEFAULT 0,
	opens_prefetch INTEGER NOT NULL DEFAULT 0,
	opens_scanner INTEGER NOT NULL DEFAULT 0,
	opens_preview INTEGER NOT NULL DEFAULT 0,
	opens_crawler INTEGER NOT NULL DEFAULT 0,
	opens_unknown INTEGER NOT NULL DEFAULT 0,
	clicks_human INTEGER NOT NULL DEFAULT 0,
	clicks_machine INTEGER NOT NULL DEFAULT 0,
	first_open_at {time},
	first_open_strict_at {time},
	first_open_any_at {time},
	first_click_at {time},
	first_click_any_at {time},
	unsubscribed_at {time},
	last_activity_at {time},
	reported_at {time}, -- when a provider last told of an open or click
	recent {bytes} -- its last hits, for knowing repeats (store/mail/message_rows.h); NULL: none
) {updated_often};

-- The codes of the first five bits of events.flags, by name.
CREATE TABLE event_types (
	type SMALLINT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
INSERT INTO event_types (type, name) VALUES (0, 'queued'), (1, 'sent'), (2, 'delivered'), (3, 'deferred'), (4, 'bounced'), (5, 'complained'), (6, 'open'), (7, 'click'), (8, 'unsubscribed'), (9, 'failed'), (10, 'suppressed'), (11, 'unsubscribe_held'), (12, 'consent'), (13, 'corrected');

-- No index on time: event_minutes says where a minute's events are.
CREATE TABLE events (
	tenant_id INTEGER NOT NULL,
	position BIGINT NOT NULL, -- ascending in the order of commits
	occurred_at {time} NOT NULL,
	message BIGINT, -- its number; NULL: of none, or of one that is not there (event_details)
	flags INTEGER NOT NULL, -- see store/events/event_flags.h
	node INTEGER, -- with the sequence and the time the event's id; NULL: the id is in event_details
	sequence BIGINT,
	link_index INTEGER,
	url BIGINT, -- this and the next four are numbers of the dictionary
	agent BIGINT,
	reasons BIGINT,
	rules BIGINT,
	provider BIGINT,
	address {bytes}, -- 4 bytes or 16
	signals SMALLINT,
	burst {uuid}, -- the first hit of the burst that it belongs to
	repeats INTEGER, -- how often it came again within seconds; NULL: not once
	last_repeat_at {time},
	PRIMARY KEY {event_key}
) {event_table};
-- A message's time line.
CREATE INDEX events_of_message ON events (message, position);

-- What few events have.
CREATE TABLE event_details (
	tenant_id INTEGER NOT NULL,
	position BIGINT NOT NULL,
	occurred_at {time} NOT NULL,
	id {uuid}, -- where it cannot be computed, or is looked for
	message_id {uuid}, -- of a message that is not there
	remote_id TEXT, -- where it is not the message's
	bounce_class TEXT,
	bounce_code TEXT,
	bounce_reason TEXT,
	corrects {uuid}, -- of event_type corrected: the event whose verdict changed
	previous TEXT, -- and the verdict it had, as the API shows it
	PRIMARY KEY (tenant_id, position)
) {clustered};
CREATE UNIQUE INDEX event_details_id ON event_details (id) WHERE id IS NOT NULL;

-- Where the events of a minute are: a row for each chunk of 1024 positions that has one of that minute.
CREATE TABLE event_minutes (
	tenant_id INTEGER NOT NULL,
	minute INTEGER NOT NULL, -- since 1970 that the event occurred in
	chunk BIGINT NOT NULL, -- position / 1024
	PRIMARY KEY (tenant_id, minute, chunk)
) {clustered};

-- batches: carry_messages
-- batches: carry_events

DROP VIEW email_events_counted;
ALTER TABLE email_events RENAME TO email_events_before;
ALTER TABLE messages RENAME TO messages_before;
ALTER TABLE messages_next RENAME TO messages;
{sqlite_only}
CREATE VIEW email_events AS
SELECT e.position, e.tenant_id, e.message, m.id AS message_id,
	CASE WHEN e.node IS NULL THEN lower(substr(hex(d.id), 1, 8) || '-' || substr(hex(d.id), 9, 4) || '-' ||
		substr(hex(d.id), 13, 4) || '-' || substr(hex(d.id), 17, 4) || '-' || substr(hex(d.id), 21))
	ELSE printf('%08x-%04x-7%03x-%04x-%012x', e.occurred_at / 1000 >> 16, e.occurred_at / 1000 & 65535, e.node >> 4,
		32768 | ((e.node & 15) << 10) | (e.sequence >> 48), e.sequence & 281474976710655) END AS id,
	lower(hex(m.id)) AS token, t.name AS event_type, e.occurred_at,
	e.flags >> 5 & 1 AS is_unique, e.flags >> 6 & 1 AS is_duplicate, e.flags >> 7 & 1 AS bot_filtered,
	CASE WHEN e.flags >> 8 & 1 THEN e.flags >> 16 & 15 END AS actor,
	CASE WHEN e.flags >> 8 & 1 THEN e.flags >> 20 & 127 END AS confidence_percent,
	CASE WHEN e.flags >> 8 & 1 THEN e.flags >> 9 & 1 END AS settled,
	r.text AS reasons, v.text AS rules, e.burst, e.link_index, u.text AS destination_url,
	CASE length(e.address) WHEN 4 THEN
		(instr('123456789ABCDEF', substr(hex(e.address), 1, 1)) * 16 + instr('123456789ABCDEF', substr(hex(e.address), 2, 1))) || '.' ||
		(instr('123456789ABCDEF', substr(hex(e.address), 3, 1)) * 16 + instr('123456789ABCDEF', substr(hex(e.address), 4, 1))) || '.' ||
		(instr('123456789ABCDEF', substr(hex(e.address), 5, 1)) * 16 + instr('123456789ABCDEF', substr(hex(e.address), 6, 1))) || '.' ||
		(instr('123456789ABCDEF', substr(hex(e.address), 7, 1)) * 16 + instr('123456789ABCDEF', substr(hex(e.address), 8, 1)))
	WHEN 16 THEN lower(substr(hex(e.address), 1, 4) || ':' || substr(hex(e.address), 5, 4) || ':' ||
		substr(hex(e.address), 9, 4) || ':' || substr(hex(e.address), 13, 4) || ':' || substr(hex(e.address), 17, 4) || ':' ||
		substr(hex(e.address), 21, 4) || ':' || substr(hex(e.address), 25, 4) || ':' || substr(hex(e.address), 29, 4)) END AS ip,
	a.text AS user_agent, e.signals, p.text AS provider,
	CASE WHEN e.flags >> 13 & 1 THEN m.remote_id ELSE d.remote_id END AS remote_id,
	d.bounce_class, d.bounce_code, d.bounce_reason, d.corrects, d.previous,
	COALESCE(e.repeats, 0) AS repeats, e.last_repeat_at,
	json_patch(CASE WHEN e.flags >> 10 & 1 THEN '{}' WHEN e.flags & 31 = 12 THEN
		json_patch('{}', json_object('consent_opens', k.opens, 'consent_clicks', k.clicks, 'consent_method', k.method))
		ELSE COALESCE(m.metadata, '{}') END,
		json_object('source', 'pugmark', 'medium', 'email', 'campaign', m.campaign_id,
		'email_position', m.sequence_position, 'contact_category', m.contact_category)) AS metadata
FROM events e JOIN event_types t ON t.type = e.flags & 31
	LEFT JOIN messages m ON m.number = e.message
	LEFT JOIN event_details d ON d.tenant_id = e.tenant_id AND d.position = e.position
	LEFT JOIN contact_consents k ON k.id = d.id
	LEFT JOIN dictionary r ON r.number = e.reasons LEFT JOIN dictionary v ON v.number = e.rules
	LEFT JOIN dictionary u ON u.number = e.url LEFT JOIN dictionary a ON a.number = e.agent
	LEFT JOIN dictionary p ON p.number = e.provider;
{end_sqlite}
{postgres_only}
CREATE VIEW email_events AS
SELECT e.position, e.tenant_id, e.message, m.id AS message_id,
	CASE WHEN e.node IS NULL THEN d.id ELSE
		(lpad(to_hex((EXTRACT(EPOCH FROM e.occurred_at) * 1000000)::bigint / 1000), 12, '0') ||
		'7' || lpad(to_hex(e.node >> 4), 3, '0') ||
		to_hex(32768 | ((e.node & 15) << 10) | (e.sequence >> 48)::integer) ||
		lpad(to_hex(e.sequence & 281474976710655), 12, '0'))::uuid END AS id,
	replace(m.id::text, '-', '') AS token, t.name AS event_type, e.occurred_at,
	e.flags >> 5 & 1 = 1 AS is_unique, e.flags >> 6 & 1 = 1 AS is_duplicate, e.flags >> 7 & 1 = 1 AS bot_filtered,
	CASE WHEN e.flags >> 8 & 1 = 1 THEN (e.flags >> 16 & 15)::smallint END AS actor,
	CASE WHEN e.flags >> 8 & 1 = 1 THEN (e.flags >> 20 & 127)::smallint END AS confidence_percent,
	CASE WHEN e.flags >> 8 & 1 = 1 THEN e.flags >> 9 & 1 = 1 END AS settled,
	r.text AS reasons, v.text AS rules, e.burst, e.link_index, u.text AS destination_url,
	CASE length(e.address) WHEN 4 THEN (get_byte(e.address, 0) || '.' || get_byte(e.address, 1) || '.' ||
		get_byte(e.address, 2) || '.' || get_byte(e.address, 3))
	WHEN 16 THEN host(regexp_replace(encode(e.address, 'hex'), '(....)(?=.)', '\1:', 'g')::inet) END AS ip,
	a.text AS user_agent, e.signals, p.text AS provider,
	CASE WHEN e.flags >> 13 & 1 = 1 THEN m.remote_id ELSE d.remote_id END AS remote_id,
	d.bounce_class, d.bounce_code, d.bounce_reason, d.corrects, d.previous,
	COALESCE(e.repeats, 0) AS repeats, e.last_repeat_at,
	CASE WHEN e.flags >> 10 & 1 = 1 THEN '{}'::jsonb WHEN e.flags & 31 = 12 THEN jsonb_strip_nulls(
		jsonb_build_object('consent_opens', k.opens, 'consent_clicks', k.clicks, 'consent_method', k.method))
		ELSE COALESCE(m.metadata, '{}'::jsonb) - ARRAY['source', 'medium', 'campaign', 'email_position', 'contact_category'] END ||
		jsonb_strip_nulls(jsonb_build_object('source', 'pugmark', 'medium', 'email', 'campaign', m.campaign_id,
		'email_position', m.sequence_position, 'contact_category', m.contact_category)) AS metadata
FROM events e JOIN event_types t ON t.type = e.flags & 31
	LEFT JOIN messages m ON m.number = e.message
	LEFT JOIN event_details d ON d.tenant_id = e.tenant_id AND d.position = e.position
	LEFT JOIN contact_consents k ON k.id = d.id
	LEFT JOIN dictionary r ON r.number = e.reasons LEFT JOIN dictionary v ON v.number = e.rules
	LEFT JOIN dictionary u ON u.number = e.url LEFT JOIN dictionary a ON a.number = e.agent
	LEFT JOIN dictionary p ON p.number = e.provider;
{end_postgres}
CREATE VIEW email_events_counted AS
SELECT e.position, e.id, e.tenant_id, e.message_id, e.event_type, e.occurred_at, e.is_unique, a.name AS actor, e.reasons,
	e.link_index, e.token, e.destination_url, e.metadata, e.bot_filtered
FROM email_events e LEFT JOIN actors a ON a.actor = e.actor
WHERE NOT e.bot_filtered AND NOT e.is_duplicate;

-- batches: clear_events
-- batches: clear_messages

DROP TABLE email_events_before;
DROP TABLE messages_before;
{postgres_only}
ALTER INDEX messages_next_pkey RENAME TO messages_pkey;
ALTER INDEX messages_next_id_key RENAME TO messages_id_key;
{end_postgres}
