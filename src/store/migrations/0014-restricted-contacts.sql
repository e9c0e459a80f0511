-- SPDX-License-Identifier: Apache-2.0
-- Oldest writer: 13
-- Those who agreed to less than everything are few, and a writer keeps them all in memory (engine/ledger/consent_memory):
-- it finds them here, without reading every contact.
CREATE INDEX contacts_restricted ON contacts (tenant_id, id) WHERE consent_opens <> 'full' OR consent_clicks <> 'full';
