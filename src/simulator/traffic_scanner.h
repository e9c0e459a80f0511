/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_scanner: what machines do with a mail: gateways before the mailbox, chats that show a preview, robots. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_SCANNER_H
#define PUGMARK_SIMULATOR_TRAFFIC_SCANNER_H

#include "simulator/traffic_stage.h"

void traffic_scanner_act(struct traffic_stage *stage);

/* When a sweep begins, after the mail was taken: as with the 836 contacts of craft-campaign#546. */
int64_t traffic_scanner_sweep_start_us(struct prng *random);

#endif
