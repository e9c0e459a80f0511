/* SPDX-License-Identifier: Apache-2.0 */
/* A PROXY header from anywhere: read within its bounds, and the same however much of it has come. */
#include "net/proxy_protocol.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice whole = slice_of(data, size);
	struct proxy_protocol header = {0}, again = {0};
	enum proxy_protocol_result result = proxy_protocol_read(whole, &header);
	if (result != PROXY_PROTOCOL_WHOLE)
		return 0;
	if (header.size > size || header.size > PROXY_PROTOCOL_MAX)
		abort();
	if (proxy_protocol_read(slice_sub(whole, 0, header.size - 1), &again) != PROXY_PROTOCOL_MORE)
		abort();
	return 0;
}
