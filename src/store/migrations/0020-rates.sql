-- SPDX-License-Identifier: Apache-2.0
-- What rates are of (doc/decisions/0035): of the mail of a day that was delivered, and of that in flight, how many could be
-- seen to be opened or clicked, and how many were. A program that does not know these columns would leave them behind, so it
-- must not write beside.
ALTER TABLE stats_daily ADD COLUMN openable_delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN opened_delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN opened_strict_delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN opened_all_delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN clickable_delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN clicked_delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN clicked_all_delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN openable_in_flight BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN opened_in_flight BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN opened_strict_in_flight BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN opened_all_in_flight BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN clickable_in_flight BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN clicked_in_flight BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stats_daily ADD COLUMN clicked_all_in_flight BIGINT NOT NULL DEFAULT 0;
-- How earlier numbers divide nobody has written down. They go to delivered mail as far as there is any, then to that in flight.
UPDATE stats_daily SET openable_delivered = delivered, openable_in_flight = in_flight, clickable_delivered = delivered,
	clickable_in_flight = in_flight,
	opened_delivered = CASE WHEN opens_unique < delivered THEN opens_unique ELSE delivered END,
	opened_in_flight = CASE WHEN opens_unique <= delivered THEN 0 WHEN opens_unique - delivered < in_flight THEN opens_unique - delivered ELSE in_flight END,
	opened_strict_delivered = CASE WHEN opens_unique_strict < delivered THEN opens_unique_strict ELSE delivered END,
	opened_strict_in_flight = CASE WHEN opens_unique_strict <= delivered THEN 0 WHEN opens_unique_strict - delivered < in_flight THEN opens_unique_strict - delivered ELSE in_flight END,
	opened_all_delivered = CASE WHEN opens_unique_all < delivered THEN opens_unique_all ELSE delivered END,
	opened_all_in_flight = CASE WHEN opens_unique_all <= delivered THEN 0 WHEN opens_unique_all - delivered < in_flight THEN opens_unique_all - delivered ELSE in_flight END,
	clicked_delivered = CASE WHEN clicks_unique < delivered THEN clicks_unique ELSE delivered END,
	clicked_in_flight = CASE WHEN clicks_unique <= delivered THEN 0 WHEN clicks_unique - delivered < in_flight THEN clicks_unique - delivered ELSE in_flight END,
	clicked_all_delivered = CASE WHEN clicks_unique_all < delivered THEN clicks_unique_all ELSE delivered END,
	clicked_all_in_flight = CASE WHEN clicks_unique_all <= delivered THEN 0 WHEN clicks_unique_all - delivered < in_flight THEN clicks_unique_all - delivered ELSE in_flight END;
-- Whether opens (1) and clicks (2) of a mail could be seen to be a person's. It outlives the person; NULL: as track_opens and
-- track_clicks say.
ALTER TABLE messages ADD COLUMN measured INTEGER;
