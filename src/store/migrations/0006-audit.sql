-- SPDX-License-Identifier: Apache-2.0
-- Who changed what, in the transaction that changed it. Append only, but for details about a person who was erased.
CREATE TABLE audit (
	id {uuid} PRIMARY KEY, -- version 7: ascending by time
	tenant_id INTEGER NOT NULL,
	actor TEXT NOT NULL, -- user:E-MAIL, key:NAME, command line
	action TEXT NOT NULL, -- tenant.changed, contact.erased, …
	subject TEXT NOT NULL, -- tenant:NAME, message:ID, person:sha256:…; never a person's own id or address
	details {json},
	created_at {time} NOT NULL
);
-- A tenant's entries, newest first.
CREATE INDEX audit_of_tenant ON audit (tenant_id, id);
-- What was done about one subject; forgetting details.
CREATE INDEX audit_of_subject ON audit (tenant_id, subject, id);
