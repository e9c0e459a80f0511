/* SPDX-License-Identifier: Apache-2.0 */
/* An address is folded, because its owner writes it one day so and one day so; an id is the caller's, and "A1" and "a1"
 * may be two people. The tenant is hashed along, so that nobody can compare the lists of two tenants. The words in
 * front may never change: rows of years are found by what they give. */
#include "store/core/person_hash.h"

#include "codec/text/sha256.h"
#include "store/core/clean_text.h"
#include <stdio.h>

struct slice person_hash(uint32_t tenant, struct slice id, char room[PERSON_HASH_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	char folded[PERSON_ID_MAX];
	char text[PERSON_ID_MAX + 32];
	id = slice_sub(id, 0, PERSON_ID_MAX);
	if (slice_index(id, '@') < id.n)
		id = text_folded(id, folded);
	int n = snprintf(text, sizeof text, "pugmark suppression %u %.*s", tenant, SLICE_FMT(id));
	sha256_of(slice_of(text, (size_t)n), digest);
	n = snprintf(room, PERSON_HASH_SIZE, "sha256:");
	for (size_t i = 0; i < sizeof digest; i++)
		n += snprintf(room + n, PERSON_HASH_SIZE - (size_t)n, "%02x", digest[i]);
	return slice_of(room, (size_t)n);
}
