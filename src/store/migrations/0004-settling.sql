-- SPDX-License-Identifier: Apache-2.0
-- Verdicts that can still change when more is known, and what became of them.

-- Messages with hits to look at again; rows come with the hits and go when they are settled. due_at is rounded up to
-- ten seconds, so that a reader who clicks around is one row.
CREATE TABLE hits_to_settle (
	due_at {time} NOT NULL,
	message_id {uuid} NOT NULL,
	PRIMARY KEY (due_at, message_id)
) {clustered};

-- Of event_type corrected: the event whose verdict changed, and that verdict as the API shows it.
ALTER TABLE email_events ADD COLUMN corrects {uuid};
ALTER TABLE email_events ADD COLUMN previous TEXT;

-- How many links of the mail can be clicked; NULL: not known.
ALTER TABLE messages ADD COLUMN link_count INTEGER;
