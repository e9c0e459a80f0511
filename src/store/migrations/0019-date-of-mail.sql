-- SPDX-License-Identifier: Apache-2.0
-- Oldest writer: 18
-- The Date of a mail's bytes: when it first left, the same at every later attempt (doc/decisions/0050). NULL: it has not.
ALTER TABLE messages ADD COLUMN dated_at {time};
-- What was tried before went out with the time of its acceptance, and goes on so.
UPDATE messages SET dated_at = created_at WHERE attempts > 0 AND id IN (SELECT message_id FROM send_queue);
