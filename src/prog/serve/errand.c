/* SPDX-License-Identifier: Apache-2.0 */
/* The socket is tried first and the directory locked only afterwards: a server that is just starting holds the lock
 * before it has the socket, and the command then hears that a server runs instead of taking its place. */
#include "prog/serve/errand.h"

#include "prog/serve/control.h"
#include "prog/serve/local_writer.h"
#include <inttypes.h>
#include <stdio.h>

struct asking {
	const struct errand *errand;
	uint64_t *count;
};

static bool take_line(void *user, const char *line, enum status *ret_status, struct err *err)
{
	struct asking *a = user;
	const struct errand *e = a->errand;
	uint64_t count;
	unsigned per_mille;
	if (e->take_line && e->take_line(e->user, line))
		return true;
	if (sscanf(line, "progress %" SCNu64 " %u", &count, &per_mille) == 2) {
		*a->count = count;
		if (e->progress)
			e->progress(e->user, count, per_mille);
		return true;
	}
	*ret_status = control_outcome(line, a->count, err);
	return false;
}

static enum status with_writer(struct installation *i, const struct errand *e, uint64_t *ret_count, struct err *err)
{
	struct local_writer local = {0};
	enum status status = local_writer_start(i, &local, err);
	if (status == STATUS_OK)
		status = e->here(e->user, local.writer, ret_count, err);
	local_writer_stop(&local);
	return status;
}

static enum status do_here(struct installation *i, const struct errand *e, uint64_t *ret_count, struct err *err)
{
	enum status status = i->store ? STATUS_OK : installation_open(i, err);
	if (status == STATUS_OK && e->prepare)
		status = e->prepare(e->user, err);
	if (status != STATUS_OK)
		return status;
	return e->needs_writer ? with_writer(i, e, ret_count, err) : e->here(e->user, NULL, ret_count, err);
}

enum status errand_run(struct installation *installation, const struct errand *errand, uint64_t *ret_count,
		       struct err *err)
{
	int fd = -1;
	struct asking asking = {errand, ret_count};
	enum status status = control_connect(installation->data, &fd, err);
	if (status == STATUS_OK)
		return control_ask(fd, errand->request, take_line, &asking, err);
	/* STATUS_IO: perhaps there is no directory; opening it says that better. */
	return status == STATUS_NOT_FOUND || status == STATUS_IO ? do_here(installation, errand, ret_count, err)
								 : status;
}
