/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_table: a traffic report as tables for people, and as JSON. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_TABLE_H
#define PUGMARK_SIMULATOR_TRAFFIC_TABLE_H

#include "base/buf.h"
#include "simulator/traffic_report.h"

void traffic_table_append(const struct traffic_report *report, struct buf *to);
void traffic_table_append_json(const struct traffic_report *report, struct buf *to);

#endif
