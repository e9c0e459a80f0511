/* SPDX-License-Identifier: Apache-2.0 */
/* key_agreement: the installation's file of keys against its store.
 *
 * Every server of a store must open the links of every other, and of all that were there before. So the store remembers
 * a fingerprint of each key that was used with it (store/house/link_keys.h), and whoever comes with other keys is
 * refused. Blocks; for a start, one thread. The installation is open.
 */
#ifndef PUGMARK_PROG_KEY_AGREEMENT_H
#define PUGMARK_PROG_KEY_AGREEMENT_H

#include "prog/serve/installation.h"

/* Adds the keys that the store does not know. STATUS_CONFLICT, and nothing is written: the store has a key that the
 * file lacks, or has with another value. */
enum status key_agreement_reach(const struct installation *installation, struct err *err) MUST_CHECK;

/* Before new keys are made. STATUS_CONFLICT: links of this store are sealed with keys that must be copied here. */
enum status key_agreement_may_begin(const struct installation *installation, struct err *err) MUST_CHECK;

#endif
