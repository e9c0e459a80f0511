/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the queue share of its SQL. Private to the store. */
#ifndef PUGMARK_STORE_QUEUE_ROWS_H
#define PUGMARK_STORE_QUEUE_ROWS_H

/* The state in which a row starts to wait: nobody may claim it while its tenant or provider is paused. */
#define WAITING_OR_PAUSED_OF(tenant, provider)                                                                         \
	"CASE WHEN EXISTS (SELECT 1 FROM queue_pauses p WHERE p.tenant_id IN (0, " tenant                              \
	") AND p.provider IN ('', " provider ")) THEN 'paused' ELSE 'waiting' END"
#define WAITING_OR_PAUSED WAITING_OR_PAUSED_OF("send_queue.tenant_id", "send_queue.provider")

#endif
