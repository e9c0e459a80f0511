-- SPDX-License-Identifier: Apache-2.0
-- What the judge asked of a hit's headers (codec/judge/hit_signals.h), so that later rules can judge it again. NULL: not kept,
-- or from before.
ALTER TABLE email_events ADD COLUMN signals SMALLINT;
