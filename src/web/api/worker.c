/* SPDX-License-Identifier: Apache-2.0 */
/* A worker survives its store: the thread is started whether or not the store answers, and each request asks again. So
 * a PostgreSQL that restarts costs the requests of that moment and no restart of ours. */
#include "web/api/worker.h"

#include "base/clock.h"
#include "base/mem.h"
#include "codec/token/link_token.h"
#include "store/core/store.h"
#include "web/api/services.h"

/* A store that does not answer costs a worker seconds to find out, and the requests behind this one need not wait for
 * the same. One that refuses at once is asked by each: it may be back, and another worker may have said so. */
static const int64_t AWAY_US = 1000000;
static const int64_t QUICK_US = 500000;

enum status worker_recover(struct api_worker *w, struct err *err)
{
	int64_t began_us = clock_monotonic_us(clock_system());
	if (w->away_until_us > began_us) {
		*err = w->away;
		return STATUS_IO;
	}
	enum status status = w->session ? store_session_recover(w->session, err)
					: store_session_open(w->services->store, STORE_READ, &w->session, err);
	int64_t now_us = clock_monotonic_us(clock_system());
	bool is_silent = status != STATUS_OK && now_us - began_us > QUICK_US;
	w->away_until_us = is_silent ? now_us + AWAY_US : 0;
	if (is_silent)
		w->away = *err;
	return status;
}

struct api_worker *worker_new(const struct api_services *services, const struct link_token_keys *keys)
{
	struct err err = {0};
	struct api_worker *w = MEM_NEW(struct api_worker);
	w->services = services;
	w->sealer = link_token_sealer_new(keys);
	enum status status = worker_recover(w, &err);
	(void)status; /* tried again with each request, and said then */
	return w;
}

void worker_free(struct api_worker **worker)
{
	struct api_worker *w = *worker;
	if (!w)
		return;
	store_session_close(&w->session);
	link_token_sealer_free(&w->sealer);
	mem_free(w);
	*worker = NULL;
}
