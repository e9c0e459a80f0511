/* SPDX-License-Identifier: Apache-2.0 */
/* hit_signals: what the judge asks of a hit's headers, packed into a small number that a row keeps, so that the hit can
 * be judged again by later rules. Pure.
 *
 * Address, user agent and times stand in the row by themselves. Of the Referer only what the rules ask of it is kept:
 * the page somebody came from is nobody's business. Bits, which never change their meaning:
 *
 *   0      always 1, so that 0 is "nothing was kept"
 *   1-3    method: 0 the one that such a hit comes with, 1 HEAD, 2 another; 3-7 are free
 *   4-5    Purpose and its like: 0 none that counts, 1 prefetch, 2 preview
 *   6-7    Referer: 0 none, 1 of a page, 2 of a service that rewrites links, 3 of Gmail
 *   8      the three below are known
 *   9-11   Accept-Language was sent, Sec-Fetch-* was sent, over HTTPS
 *   12     a link that no person sees
 *   13-14  free
 */
#ifndef PUGMARK_CODEC_HIT_SIGNALS_H
#define PUGMARK_CODEC_HIT_SIGNALS_H

#include "codec/judge/verdict.h"

enum { HIT_SIGNALS_NOT_KEPT = 0 };

/* 1 to 32767. */
uint16_t hit_signals_pack(const struct hit_signals *hit);
/* Fills the method, `purpose`, `referer`, the headers and is_honeypot with something that is judged as what was packed;
 * leaves the rest alone. HIT_SIGNALS_NOT_KEPT: nothing is known of them. */
void hit_signals_unpack(uint16_t bits, struct hit_signals *ret);
/* The same from the reasons of a verdict, for rows from before the bits were kept. They name only what spoke against a
 * person, and only where the verdict asked for it; what they do not name speaks for nobody and against nobody. */
void hit_signals_from_reasons(struct slice reasons, struct hit_signals *ret);

#endif
