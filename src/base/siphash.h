/* SPDX-License-Identifier: Apache-2.0 */
/* siphash: SipHash-1-3, a short hash under a secret key (Aumasson and Bernstein 2012, with fewer rounds): who does not
 * have the key can neither choose collisions nor try out what was hashed. Not for signatures. */
#ifndef PUGMARK_BASE_SIPHASH_H
#define PUGMARK_BASE_SIPHASH_H

#include "base/slice.h"

uint64_t siphash(const uint64_t key[2], struct slice bytes);

#endif
