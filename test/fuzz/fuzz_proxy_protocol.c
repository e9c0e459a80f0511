/* SPDX-License-Identifier: Apache-2.0 */
/* The first bytes of a connection from a proxy: whatever is decided about them is decided once. A front of a header
 * asks for more or is told already that it is none; what follows a whole header changes nothing. */
#include "base/mem.h"
#include "net/proxy_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fronts(struct slice bytes, const struct proxy_protocol *whole)
{
	struct proxy_protocol again;

	for (size_t n = 1; n < whole->size; n++)
		BUG_IF(proxy_protocol_read(slice_sub(bytes, 0, n), &again) != PROXY_PROTOCOL_MORE);
	BUG_IF(proxy_protocol_read(slice_sub(bytes, 0, whole->size), &again) != PROXY_PROTOCOL_WHOLE);
	BUG_IF(again.size != whole->size || again.has_source != whole->has_source || again.is_tls != whole->is_tls ||
	       !ip_address_equal(&again.source, &whole->source));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of(data, size);
	struct proxy_protocol found = {0};
	enum proxy_protocol_result result = proxy_protocol_read(bytes, &found);

	if (result == PROXY_PROTOCOL_WHOLE) {
		BUG_IF(found.size == 0 || found.size > size || found.size > PROXY_PROTOCOL_MAX);
		check_fronts(bytes, &found);
	}
	BUG_IF(result == PROXY_PROTOCOL_MORE && size > PROXY_PROTOCOL_MAX);
	return 0;
}
