/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_person: what a recipient does with a mail, and what the services do that stand between them and the pixel:
 * image proxies, prefetchers, Apple's privacy proxy. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_PERSON_H
#define PUGMARK_SIMULATOR_TRAFFIC_PERSON_H

#include "simulator/traffic_stage.h"

void traffic_person_act(struct traffic_stage *stage);

#endif
