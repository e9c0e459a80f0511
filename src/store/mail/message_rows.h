/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a message and how a row becomes one. Private to the store. */
#ifndef PUGMARK_STORE_MESSAGE_ROWS_H
#define PUGMARK_STORE_MESSAGE_ROWS_H

#include "store/core/session.h"
#include "store/mail/messages.h"

#define MESSAGE_COLUMNS                                                                                                \
	"m.number, id, tenant_id, state, created_at, send_at, sent_at, delivered_at, dated_at, cohort_day, stream, "   \
	"provider, "                                                                                                   \
	"from_email, from_name, to_email, to_name, subject, contact_id, contact_category, campaign_id, template_id, "  \
	"sender, sequence_id, enrollment, sequence_position, track_opens, track_clicks, key_id, options, metadata, "   \
	"body_id, remote_id, attempts, error, link_count, opens_human, opens_proxy, opens_mpp, opens_prefetch, "       \
	"opens_scanner, opens_preview, opens_crawler, opens_unknown, clicks_human, clicks_machine, first_open_at, "    \
	"first_open_strict_at, first_open_any_at, first_click_at, first_click_any_at, unsubscribed_at, "               \
	"last_activity_at, reported_at, recent, measured"
/* Every message has its row of counters. On PostgreSQL a lock on this join is one on both rows: counters that were read
 * before the lock was there would be those of before. */
#define MESSAGE_FROM " FROM messages m JOIN message_counters c ON c.number = m.number "

/* message_counters.recent: 24 bytes a hit, little-endian: its key, its time, its position. */
enum { RECENT_HIT_BYTES = 24, RECENT_BYTES_MAX = RECENT_HITS_MAX * RECENT_HIT_BYTES };

/* Of a row that was selected with MESSAGE_COLUMNS. STATUS_CORRUPT: a name in it is not known. */
enum status message_read_row(struct rows *r, struct message *ret, struct err *err) MUST_CHECK;

#endif
