/* SPDX-License-Identifier: Apache-2.0 */
/* mail_address: one bare mail address (addr-spec), checked and brought into one spelling.
 *
 * The subset of RFC 5321/5322 that is in use: the local part is a dot-atom or a quoted string, the domain is labels of
 * letters, digits and hyphens; an internationalised one becomes its xn-- form, as hosts of links do (codec/url/idn).
 * Neither display names, comments, domain literals, spaces and angle brackets in quotes, nor UTF-8 local parts (RFC
 * 6531), which few receivers take. What this takes can be sent: transport goes by it, too. Pure.
 */
#ifndef PUGMARK_CODEC_MAIL_ADDRESS_H
#define PUGMARK_CODEC_MAIL_ADDRESS_H

#include "base/arena.h"
#include "base/status.h"

enum { MAIL_ADDRESS_MAX = 254, MAIL_ADDRESS_LOCAL_MAX = 64, MAIL_ADDRESS_DOMAIN_MAX = 253 };

/* Checks `text`, which may have spaces around it, and puts its normal form into the arena, NUL-terminated: the domain
 * in lower case, the local part's case kept (RFC 5321, 2.4), quotes that are not needed taken off. Normal forms are
 * equal when the addresses are the same, but for receivers that ignore the case of the local part. STATUS_BAD_INPUT or
 * STATUS_TOO_BIG with words for people; *ret is untouched then. */
enum status mail_address_normalise(struct slice text, struct arena *arena, struct slice *ret,
				   struct err *err) MUST_CHECK;

/* Whether mail_address_normalise would take it as it stands, so without a letter outside of ASCII. `err` may be NULL.
 */
enum status mail_address_check(struct slice text, struct err *err) MUST_CHECK;

/* The domain of a normalised address (so in lower case), a slice into it; empty when there is no "@". */
struct slice mail_address_domain(struct slice address);

#endif
