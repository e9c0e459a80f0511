/* SPDX-License-Identifier: Apache-2.0 */
/* The two kinds of change differ only in how they are written down, so one errand carries both. */
#include "prog/serve/change_errand.h"

#include "base/clock.h"
#include "prog/serve/change_line.h"
#include "prog/serve/control.h"
#include "prog/serve/errand.h"

struct carried {
	struct installation *installation;
	const struct account_change *account; /* or */
	const struct tenant_change *tenant;
};

static enum status write_change(const struct carried *c, struct store_session *session, struct err *err)
{
	int64_t now_us = clock_now_us(clock_system());
	return c->account ? account_change_write(session, now_us, c->account, err)
			  : tenant_change_write(session, now_us, c->tenant, err);
}

static enum status write_here(void *user, struct writer *writer, uint64_t *ret_count, struct err *err)
{
	const struct carried *c = user;
	struct store_session *session = NULL;
	(void)writer;
	enum status status = store_session_open(c->installation->store, STORE_WRITE, &session, err);
	if (status != STATUS_OK)
		return status;
	status = store_begin(session, err);
	if (status == STATUS_OK)
		status = write_change(c, session, err);
	if (status == STATUS_OK)
		status = store_commit(session, err);
	else
		store_rollback(session);
	store_session_close(&session);
	*ret_count = status == STATUS_OK;
	return status;
}

/* The line is made even where no server turns out to run: whether there is one is found out by asking. */
static enum status carry(struct carried *c, struct err *err)
{
	char line[CONTROL_LINE_MAX];
	struct buf b;
	uint64_t count = 0;
	buf_init_fixed(&b, line, sizeof line);
	buf_append_cstr(&b, c->account ? "account " : "tenant ");
	if (c->account)
		change_line_append_account(&b, c->account);
	else
		change_line_append_tenant(&b, c->tenant);
	buf_append_byte(&b, '\n');
	if (buf_failed(&b))
		return err_set(err, STATUS_TOO_BIG, "this is too much for one change; make several of it");
	struct errand errand = {.request = buf_cstr(&b), .here = write_here, .user = c};
	return errand_run(c->installation, &errand, &count, err);
}

enum status change_errand_account(struct installation *installation, const struct account_change *change,
				  struct err *err)
{
	struct carried c = {.installation = installation, .account = change};
	return carry(&c, err);
}

enum status change_errand_tenant(struct installation *installation, const struct tenant_change *change, struct err *err)
{
	struct carried c = {.installation = installation, .tenant = change};
	return carry(&c, err);
}
