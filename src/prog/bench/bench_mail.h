/* SPDX-License-Identifier: Apache-2.0 */
/* bench_mail: the mail that `pugmark bench apply` has hits on: ten mails a second from 200 campaigns to recipients who
 * get several of them, and of whom some have restricted what is kept of them.
 *
 * Everything follows from a mail's number, so that nothing has to be remembered and every program makes the same. */
#ifndef PUGMARK_PROG_BENCH_MAIL_H
#define PUGMARK_PROG_BENCH_MAIL_H

#include "codec/text/uuid.h"
#include "store/core/store.h"

/* 2026-11-21T06:00:00Z: the first mail. */
#define BENCH_MAIL_START_US INT64_C(1795240800000000)
enum { BENCH_MAIL_EVERY_US = 100000, BENCH_MAIL_EVERY_GATEWAY = 10 };

struct uuid bench_mail_id(uint32_t n);
/* Whose it is; recipients have numbers, too. */
uint32_t bench_mail_recipient(uint32_t n);
uint32_t bench_mail_campaign(uint32_t n);
/* A well mixed number that follows from another; for choices that must be the same each time. */
uint64_t bench_mail_mixed(uint64_t n);

/* Adds the mails [from, to), their campaigns, templates and recipients to the store, in several transactions. */
struct bench_mail_range {
	uint32_t tenant, from, to;
};
enum status bench_mail_add(struct store_session *session, const struct bench_mail_range *range,
			   struct err *err) MUST_CHECK;

#endif
