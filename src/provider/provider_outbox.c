/* SPDX-License-Identifier: Apache-2.0 */
/* Mails as files, for trying things out without a mail account. */
#include "provider/provider_priv.h"

static enum status open_outbox(struct transport_loop *loop, const struct provider_request *request,
			       struct transport **ret, struct err *err)
{
	struct slice directory = provider_value(&provider_outbox, request, "directory");
	if (!loop)
		return STATUS_OK;
	struct arena *arena = arena_new();
	enum status status = transport_outbox_new(loop, arena_cstr(arena, directory), ret, err);
	arena_free(&arena);
	return status;
}

static const struct provider_setting_info settings[] = {
    {"directory", "where the mails are put, one .eml file each", NULL, true, false},
    {0},
};

const struct provider_class provider_outbox = {
    .info = {"outbox", "writes each mail to a file; nothing leaves this machine", settings},
    .open = open_outbox,
};
