/* SPDX-License-Identifier: Apache-2.0 */
/* An answer about one mail is everyday and said at info; that the account or the line does not work concerns all mail,
 * and is a warning. The reply's code belongs to the kind: 535 and 421 are cured differently. Its words do not, because
 * servers put addresses and times into them. */
#include "engine/dispatch/failure_log.h"

#include "base/buf.h"
#include "base/log.h"

enum { KEY_MAX = 200, REPLY_MAX = 200 };

struct advice {
	enum status status;
	enum log_level level;
	const char *event, *what;
};

static const struct advice advice[] = {
    {STATUS_DENIED, LOG_LEVEL_WARN, "dispatch.turned_away",
     "check user, secret and what the provider allows this account"},
    {STATUS_IO, LOG_LEVEL_WARN, "dispatch.not_reached", "check host, port, TLS and the network; it is tried again"},
    {STATUS_NOT_FOUND, LOG_LEVEL_WARN, "dispatch.not_configured",
     "set this provider up again, or cancel the mails that wait for it; they are tried again"},
    {STATUS_TIMEOUT, LOG_LEVEL_WARN, "dispatch.not_reached", "the mail server is slow or stuck; it is tried again"},
    {STATUS_UNCERTAIN, LOG_LEVEL_WARN, "dispatch.no_answer", "decide about the mail in doubt"},
    {STATUS_REFUSED_TEMP, LOG_LEVEL_INFO, "dispatch.put_off", "nothing; it is tried again"},
    {STATUS_REFUSED_PERM, LOG_LEVEL_INFO, "dispatch.refused", "nothing for one mail; for many ask the provider"},
    {STATUS_BAD_INPUT, LOG_LEVEL_WARN, "dispatch.unsendable", "look at the message"},
};

static const struct advice *advice_for(enum status status)
{
	for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++)
		if (advice[i].status == status)
			return &advice[i];
	return NULL;
}

static struct slice key_of(const struct transport_outcome *said, struct slice provider, char room[KEY_MAX])
{
	struct buf b;
	buf_init_fixed(&b, room, KEY_MAX);
	buf_printf(&b, "%s %d ", status_name(said->status), said->reply_code);
	buf_append(&b, slice_sub(provider, 0, KEY_MAX / 2));
	return buf_slice(&b);
}

void failure_log(struct log_limit *limit, struct slice provider, const struct transport_outcome *said, int64_t now_us)
{
	char room[KEY_MAX];
	uint64_t left_out;
	const struct advice *a = advice_for(said->status);
	if (!a || !log_limit_allows(limit, key_of(said, provider, room), now_us, &left_out))
		return;
	log_write(a->level, a->event,
		  LOG_FIELDS(LOG_STR("account", provider), LOG_CSTR("status", status_name(said->status)),
			     LOG_INT("code", said->reply_code), LOG_STR("reply", slice_sub(said->reply, 0, REPLY_MAX)),
			     LOG_INT("left_out", left_out), LOG_CSTR("do", a->what)));
}
