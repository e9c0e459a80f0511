-- SPDX-License-Identifier: Apache-2.0
-- Opens by Apple's mail privacy, by the hour: rows of kind opens_mpp in stats_hourly. They are among those of kind opens,
-- as prefetch, too. Hours of before are counted from the events that are still there; where events have been pruned they
-- stay among the prefetches. By day of sending they were always apart.
INSERT INTO stats_hourly (tenant_id, hour, kind, actor, campaign_id, template_id, sender, value)
SELECT e.tenant_id, {occurred_hour}, 'opens_mpp', 3, COALESCE(m.campaign_id, ''), COALESCE(m.template_id, ''),
	COALESCE(m.sender, ''), COUNT(*)
FROM email_events e JOIN messages m ON m.id = e.message_id
WHERE e.event_type = 'open' AND e.actor = 3 AND NOT e.is_duplicate
	AND (e.reasons LIKE '%agent:apple_mpp%' OR e.reasons LIKE '%provider_says:mpp%')
GROUP BY e.tenant_id, {occurred_hour}, COALESCE(m.campaign_id, ''), COALESCE(m.template_id, ''), COALESCE(m.sender, '');
