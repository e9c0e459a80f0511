/* SPDX-License-Identifier: Apache-2.0 */
/* crc32c: the Castagnoli checksum (RFC 3720, B.4), as the journal uses it.
 *
 * It finds damage, not forgery. The processor's instruction is used where there is one (SSE4.2), a table elsewhere;
 * both give the same number.
 */
#ifndef PUGMARK_BASE_CRC32C_H
#define PUGMARK_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what `crc` covers followed by n bytes; 0 covers nothing. crc32c(crc32c(0, a), b) == crc32c(0, ab).
 * Any thread. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);
/* The same without the instruction, so that tests can hold one against the other. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t n);

#endif
