/* SPDX-License-Identifier: Apache-2.0 */
/* person_hash: what stands for a person where his id or address must not. Part of the store (see store.h).
 *
 * With no key: whoever has the store and a list of addresses can try them, as he could with a key beside it; it cannot
 * be read back, and another tenant's hash of the same person is another one.
 */
#ifndef PUGMARK_STORE_PERSON_HASH_H
#define PUGMARK_STORE_PERSON_HASH_H

#include "base/slice.h"
#include <stdint.h>

enum { PERSON_ID_MAX = 1024, PERSON_HASH_SIZE = 72 };

/* "sha256:…" of a contact's id or an address, in `room`. An address, and an id that is one, is taken in lower case.
 * What is longer than PERSON_ID_MAX is taken as far as that. */
struct slice person_hash(uint32_t tenant, struct slice id, char room[PERSON_HASH_SIZE]);

#endif
