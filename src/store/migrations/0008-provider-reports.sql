-- SPDX-License-Identifier: Apache-2.0
-- Opens and clicks that a provider reports.

-- When a provider last did; NULL: never. Our own hits of such a message are compared with the reports, of others not.
ALTER TABLE messages ADD COLUMN reported_at {time};
-- The message that a provider means. remote_id is written once, when the mail leaves, so counting does not touch it.
CREATE INDEX messages_of_remote_id ON messages (remote_id) WHERE remote_id IS NOT NULL;
