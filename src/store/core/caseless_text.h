/* SPDX-License-Identifier: Apache-2.0 */
/* caseless_text: what a person types into a search box, found whatever its case, in every script and on every database
 *. Private to the store. */
#ifndef PUGMARK_STORE_CASELESS_TEXT_H
#define PUGMARK_STORE_CASELESS_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends the form in which texts are equal that differ in case, or in how the same letters are written (Unicode,
 * D146): "ÉCOLE" and "e" with an accent behind it, "STRASSE" and "Straße". Bytes that are no UTF-8 become '?'. */
void text_append_caseless(struct buf *to, struct slice text, struct arena *arena);

#endif
