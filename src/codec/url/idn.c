/* SPDX-License-Identifier: Apache-2.0 */
/* Non-transitional, as browsers have been since 2023: `ß` is a letter of its own and no `ss`. What libidn2 gives is
 * copied to the stack and freed before anything is appended, because an append may not come back (base/allocator.h). */
#include "codec/url/idn.h"

#include <idn2.h>

enum { NAME_MAX_BYTES = 1024 }; /* 253 characters of four bytes, and then some */

enum idn_result idn_to_ascii(struct slice host, struct buf *to)
{
	uint8_t name[NAME_MAX_BYTES + 1];
	uint8_t *ascii = NULL;
	if (host.n > NAME_MAX_BYTES)
		return IDN_REFUSED;
	memcpy(name, host.p, host.n);
	name[host.n] = 0;
	int result = idn2_lookup_u8(name, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	size_t n = result == IDN2_OK ? strnlen((const char *)ascii, NAME_MAX_BYTES) : 0;
	if (n)
		memcpy(name, ascii, n);
	idn2_free(ascii); /* before the append, which may leave by longjmp (base/allocator.h) */
	buf_append_bytes(to, name, n);
	if (result == IDN2_DISALLOWED || result == IDN2_UNASSIGNED)
		return IDN_UNKNOWN;
	return result == IDN2_OK ? IDN_OK : IDN_REFUSED;
}
