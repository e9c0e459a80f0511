/* SPDX-License-Identifier: Apache-2.0 */
/* An array: an installation has a handful of providers, and the loop over their names costs less than a map. */
#include "engine/dispatch/outlets.h"

#include "base/mem.h"

struct outlet {
	char *name;
	struct transport *transport; /* NULL: could not be opened */
};
struct outlets {
	size_t count;
	struct outlet at[];
};

enum status outlets_open(struct transport_loop *loop, const struct outlet_config *configs, size_t count,
			 struct outlets **ret, struct err *err)
{
	struct outlets *outlets = mem_alloc(sizeof *outlets + count * sizeof outlets->at[0]);
	outlets->count = count;
	for (size_t i = 0; i < count; i++) {
		struct provider_request request = {slice_from_cstr(configs[i].name), configs[i].settings,
						   configs[i].setting_count};
		outlets->at[i].name = mem_copy(request.name);
		enum status status = provider_open(loop, &request, &outlets->at[i].transport, err);
		if (status != STATUS_OK) {
			outlets_close(&outlets);
			return status;
		}
	}
	*ret = outlets;
	return STATUS_OK;
}

void outlets_close(struct outlets **outlets)
{
	struct outlets *o = *outlets;
	*outlets = NULL;
	for (size_t i = 0; o && i < o->count; i++) {
		transport_free(&o->at[i].transport);
		mem_free(o->at[i].name);
	}
	mem_free(o);
}

struct transport *outlets_find(const struct outlets *outlets, struct slice name)
{
	for (size_t i = 0; i < outlets->count; i++)
		if (slice_equal(name, slice_from_cstr(outlets->at[i].name)))
			return outlets->at[i].transport;
	return NULL;
}

size_t outlets_active(const struct outlets *outlets)
{
	size_t active = 0;
	for (size_t i = 0; i < outlets->count; i++)
		active += transport_active(outlets->at[i].transport);
	return active;
}
