-- SPDX-License-Identifier: Apache-2.0
-- What contacts agreed to, with its proof, and what a campaign allows at most.

-- Append only: the newest is in contacts too, where every hit looks. The id is also that of the event contact.consent.
CREATE TABLE contact_consents (
	id {uuid} PRIMARY KEY, -- version 7: ascending by time
	tenant_id INTEGER NOT NULL,
	contact_id TEXT NOT NULL,
	opens TEXT NOT NULL, -- full, anonymous, off
	clicks TEXT NOT NULL,
	method TEXT NOT NULL, -- how it was given or withdrawn
	text TEXT, -- what the person was shown
	decided_by TEXT NOT NULL, -- user:E-MAIL, key:NAME, or contact
	created_at {time} NOT NULL
);
-- A contact's history, oldest first.
CREATE INDEX contact_consents_of_contact ON contact_consents (tenant_id, contact_id, created_at);

ALTER TABLE campaigns ADD COLUMN track_opens TEXT NOT NULL DEFAULT 'full';
ALTER TABLE campaigns ADD COLUMN track_clicks TEXT NOT NULL DEFAULT 'full';
