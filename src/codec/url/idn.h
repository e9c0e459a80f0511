/* SPDX-License-Identifier: Apache-2.0 */
/* idn: host names that are not ASCII, as browsers look them up (UTS 46, non-transitional; WHATWG URL 3.3), by libidn2.
 * ASCII hosts have no business here. Takes memory from malloc and gives it back before it returns. */
#ifndef PUGMARK_CODEC_IDN_H
#define PUGMARK_CODEC_IDN_H

#include "base/buf.h"

enum idn_result {
	IDN_OK,
	IDN_UNKNOWN, /* characters that IDNA 2008 or this Unicode does not have; browsers may (emoji) */
	IDN_REFUSED, /* no name: not UTF-8, labels that break the rules, too long */
};

/* Appends the name's ASCII form (`xn--mller-kva.example`); what maps to ASCII, as full-width letters do, becomes that,
 * whatever it is: the result is to be checked like any other host. Appends nothing but with IDN_OK. `host` is UTF-8
 * without NUL. */
enum idn_result idn_to_ascii(struct slice host, struct buf *to);

#endif
