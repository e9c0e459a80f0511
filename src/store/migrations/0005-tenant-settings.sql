-- SPDX-License-Identifier: Apache-2.0
-- What a tenant has set for itself. A row is there only where it differs from the installation's configuration.
CREATE TABLE tenant_settings (
	tenant_id INTEGER NOT NULL,
	name TEXT NOT NULL, -- see engine/tenant/tenant_setting.c
	value TEXT NOT NULL, -- as the command line takes it
	changed_at {time} NOT NULL,
	PRIMARY KEY (tenant_id, name)
) {clustered};

-- Goes up with every change, so that all processes see one by reading a single row.
INSERT INTO counters (name, value) VALUES ('tenant_settings', 0);
