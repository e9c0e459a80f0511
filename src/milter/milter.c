/* SPDX-License-Identifier: Apache-2.0 */
/* libmilter calls back on a thread for each connection, with a context that keeps one pointer of ours; which milter it
 * is for it does not say, so that stands in `serving`, set before the first thread is made.
 *
 * The order at the end of a mail: first the question to the server, which may fail, then all changes. A mail server
 * that is gone in the middle of them does not keep half of them.
 *
 * The end is not left to libmilter: its listener looks for it every five seconds only, and destroys a lock that its
 * signal thread is about to take. So the process ends under it, when no mail is under way any more. libmilter sends the
 * answer to a mail when on_end_of_mail is back and tells nobody when it has, so the last answer gets ANSWER_MS to
 * leave.
 *
 * X-Pugmark-* headers are removed from the last to the first: Postfix counts occurrences anew after a removal, Sendmail
 * does not, and both agree in this order.
 */
#include "milter/milter.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop_signals.h"
#include "milter/instrument_client.h"
#include "milter/milter_mail.h"
#include "milter/milter_rules.h"
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WARN_EVERY_US = 60 * 1000 * 1000, WATCH_MS = 1000, ANSWER_MS = 500 };
#define ACTIONS (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY)
#define STEPS_NOT_NEEDED (SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA)

struct milter {
	struct milter_config config;
	pthread_mutex_t mutex; /* of all that follows */
	pthread_cond_t idle;
	unsigned mails;   /* under way: from MAIL to their end */
	int64_t ended_us; /* when the last one was; monotonic */
	bool is_stopping; /* nobody new is let in */
	bool has_ended;   /* libmilter's main function is back */
	int64_t counts[MILTER_VERDICT_COUNT];
	int64_t failed, failed_since_warning;
	int64_t next_warning_us;
};

static struct milter *serving; /* see above; libmilter has no place for it */

/* One connection of the mail server. */
struct session {
	struct milter_mail *mail;
	struct ip_address client;
	bool has_client;
	bool has_leading_space; /* header values come with the blank behind the colon, and are given so */
	bool can_skip;          /* SMFIS_SKIP is understood */
	bool is_in_mail;
	enum milter_verdict verdict;
};

/* ---- Counting */

static void count(struct milter *m, enum milter_verdict verdict)
{
	(void)pthread_mutex_lock(&m->mutex);
	m->counts[verdict]++;
	(void)pthread_mutex_unlock(&m->mutex);
}

/* A server that is away is said once a minute, not once a mail. */
static void note_failure(struct milter *m, const char *queue_id, const struct err *err)
{
	int64_t now_us = clock_now_us(clock_system());
	(void)pthread_mutex_lock(&m->mutex);
	m->failed++;
	int64_t count = ++m->failed_since_warning;
	bool is_due = now_us >= m->next_warning_us;
	if (is_due) {
		m->next_warning_us = now_us + WARN_EVERY_US;
		m->failed_since_warning = 0;
	}
	(void)pthread_mutex_unlock(&m->mutex);
	if (is_due)
		log_warn("milter.untracked", LOG_INT("mails", count), LOG_CSTR("queue_id", queue_id), LOG_ERR(err));
}

static void begin_mail(struct milter *m, struct session *s)
{
	if (s->is_in_mail)
		return;
	s->is_in_mail = true;
	(void)pthread_mutex_lock(&m->mutex);
	m->mails++;
	(void)pthread_mutex_unlock(&m->mutex);
}

static void end_mail(struct milter *m, struct session *s)
{
	milter_mail_clear(s->mail);
	if (!s->is_in_mail)
		return;
	s->is_in_mail = false;
	(void)pthread_mutex_lock(&m->mutex);
	m->ended_us = clock_monotonic_us(clock_system());
	if (--m->mails == 0)
		(void)pthread_cond_broadcast(&m->idle);
	(void)pthread_mutex_unlock(&m->mutex);
}

static bool get(struct milter *m, const bool *flag)
{
	(void)pthread_mutex_lock(&m->mutex);
	bool value = *flag;
	(void)pthread_mutex_unlock(&m->mutex);
	return value;
}

static void set(struct milter *m, bool *flag)
{
	(void)pthread_mutex_lock(&m->mutex);
	*flag = true;
	(void)pthread_mutex_unlock(&m->mutex);
}

/* ---- The connection */

static const char *macro(SMFICTX *ctx, const char *name)
{
	const char *value = smfi_getsymval(ctx, (char *)(uintptr_t)name);
	return value ? value : "";
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long unused_2,
			     unsigned long unused_3, unsigned long *ret_actions, unsigned long *ret_steps,
			     unsigned long *ret_2, unsigned long *ret_3)
{
	(void)unused_2, (void)unused_3;
	if ((actions & ACTIONS) != ACTIONS) {
		log_error("milter.mail_server", LOG_CSTR("error", "it does not let filters change headers and body"));
		return SMFIS_REJECT;
	}
	if (get(serving, &serving->is_stopping))
		return SMFIS_REJECT;
	struct session *s = MEM_NEW(struct session);
	s->mail = milter_mail_new(milter_rules_size_max(serving->config.rules));
	s->has_leading_space = (steps & SMFIP_HDR_LEADSPC) != 0;
	s->can_skip = (steps & SMFIP_SKIP) != 0;
	(void)smfi_setpriv(ctx, s);
	*ret_actions = ACTIONS;
	*ret_steps = steps & (STEPS_NOT_NEEDED | SMFIP_HDR_LEADSPC | SMFIP_SKIP);
	*ret_2 = *ret_3 = 0;
	return SMFIS_CONTINUE;
}

static void take_address(struct session *s, const _SOCK_ADDR *address)
{
	static const uint8_t v4_in_v6[12] = {[10] = 0xff, [11] = 0xff};
	s->has_client = true;
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
		memcpy(s->client.bytes, &v6->sin6_addr, 16);
	} else if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
		memcpy(s->client.bytes, v4_in_v6, 12);
		memcpy(s->client.bytes + 12, &v4->sin_addr, 4);
	} else {
		s->has_client = false; /* a unix socket: somebody on this machine */
	}
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct session *s = smfi_getpriv(ctx);
	/* "unknown" addresses are given as NULL, too: what cannot be named is not ours. */
	s->has_client = true;
	s->client = (struct ip_address){{0}};
	if (address)
		take_address(s, address);
	(void)host;
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	if (s) {
		end_mail(serving, s);
		milter_mail_free(&s->mail);
		mem_free(s);
	}
	(void)smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

/* ---- The mail */

static sfsistat on_sender(SMFICTX *ctx, char **arguments)
{
	struct session *s = smfi_getpriv(ctx);
	milter_mail_clear(s->mail);
	begin_mail(serving, s);
	milter_mail_set_sender(s->mail, slice_from_cstr(arguments[0]));
	return SMFIS_CONTINUE;
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	struct session *s = smfi_getpriv(ctx);
	milter_mail_add_recipient(s->mail, slice_from_cstr(arguments[0]));
	return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *s = smfi_getpriv(ctx);
	struct slice text = slice_from_cstr(value);
	char *with_space = NULL;
	if (!s->has_leading_space) {
		with_space = mem_alloc(text.n + 2);
		with_space[0] = ' ';
		memcpy(with_space + 1, text.p, text.n);
		text = slice_of(with_space, text.n + 1);
	}
	milter_mail_add_header(s->mail, slice_from_cstr(name), text);
	mem_free(with_space);
	return SMFIS_CONTINUE;
}

/* Everything that the rules look at but the size is known here. A mail that nothing happens to is let go at once. */
static sfsistat on_end_of_headers(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	struct milter_subject subject = {
	    .envelope_from = milter_mail_sender(s->mail),
	    .header_from = milter_mail_from(s->mail),
	    .client = s->has_client ? &s->client : NULL,
	    .is_signed_in = macro(ctx, "{auth_authen}")[0] != '\0',
	    .daemon = slice_from_cstr(macro(ctx, "{daemon_name}")),
	    .has_header = milter_mail_has_attribution(s->mail),
	    .is_own = milter_mail_is_own(s->mail),
	};
	s->verdict = milter_rules_judge(serving->config.rules, &subject);
	if (s->verdict == MILTER_TRACK || (subject.has_header && s->verdict != MILTER_OWN))
		return SMFIS_CONTINUE;
	count(serving, s->verdict);
	end_mail(serving, s);
	return SMFIS_ACCEPT;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct session *s = smfi_getpriv(ctx);
	if (s->verdict == MILTER_TRACK)
		milter_mail_add_body(s->mail, slice_of(bytes, n));
	bool is_needed = s->verdict == MILTER_TRACK && !milter_mail_is_too_big(s->mail);
	return !is_needed && s->can_skip ? SMFIS_SKIP : SMFIS_CONTINUE;
}

/* ---- The end of the mail */

static bool remove_attribution(SMFICTX *ctx, const struct milter_mail *mail)
{
	size_t count;
	const struct milter_removal *removals = milter_mail_removals(mail, &count);
	bool ok = true;
	for (size_t i = 0; i < count; i++)
		for (int n = removals[i].count; n > 0; n--)
			ok = smfi_chgheader(ctx, (char *)(uintptr_t)removals[i].name, n, NULL) == MI_SUCCESS && ok;
	return ok;
}

static bool apply_edits(SMFICTX *ctx, const struct session *s, const struct milter_edits *edits)
{
	bool ok = true;
	for (size_t i = 0; i < edits->header_count; i++) {
		const struct milter_header_change *change = &edits->headers[i];
		const char *value = change->value;
		if (!s->has_leading_space && *value == ' ')
			value++; /* the mail server puts one itself */
		char *name = (char *)(uintptr_t)change->name, *text = (char *)(uintptr_t)value;
		int result = change->occurrence ? smfi_chgheader(ctx, name, change->occurrence, text)
						: smfi_addheader(ctx, name, text);
		ok = result == MI_SUCCESS && ok;
	}
	/* An empty body cannot be said; it would not differ from the old one either. */
	if (ok && edits->has_body && edits->body.n)
		ok = smfi_replacebody(ctx, (unsigned char *)(uintptr_t)edits->body.p, (int)edits->body.n) == MI_SUCCESS;
	return ok;
}

static void say(const char *queue_id, const struct instrument_answer *answer)
{
	/* A header that could not be understood is somebody's mistake; that everything went well is no news. */
	if (answer->warnings[0])
		log_info("milter.warning", LOG_CSTR("queue_id", queue_id), LOG_CSTR("message", answer->message_id),
			 LOG_CSTR("warnings", answer->warnings));
	else
		log_debug("milter.tracked", LOG_CSTR("queue_id", queue_id), LOG_CSTR("message", answer->message_id),
			  LOG_CSTR("links", answer->links));
}

/* True when *ret_edits is what to do; `to` then holds the body. */
static bool ask(struct milter *m, struct session *s, const char *queue_id, struct buf *to,
		struct milter_edits *ret_edits)
{
	struct instrument_answer answer;
	struct err err = {0};
	enum status status = instrument_client_ask(m->config.client, milter_mail_message(s->mail), to, &answer, &err);
	if (status == STATUS_OK)
		status = milter_mail_compare(s->mail, buf_slice(to), ret_edits, &err);
	if (status == STATUS_OK)
		say(queue_id, &answer);
	else
		note_failure(m, queue_id, &err);
	return status == STATUS_OK;
}

static sfsistat on_end_of_mail(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	struct milter_edits edits = {0};
	struct buf answer;
	/* Links grow; what does not fit in this is no mail of that size. */
	buf_init(&answer, 4 * milter_rules_size_max(serving->config.rules) + (1 << 20));
	if (s->verdict == MILTER_TRACK && milter_mail_is_too_big(s->mail))
		s->verdict = MILTER_TOO_BIG;
	else if (s->verdict == MILTER_TRACK && !milter_mail_has_attribution(s->mail) &&
		 !milter_mail_mentions_html(s->mail))
		s->verdict = MILTER_NO_HTML;
	bool is_tracked = s->verdict == MILTER_TRACK && ask(serving, s, macro(ctx, "i"), &answer, &edits);
	if (is_tracked || s->verdict != MILTER_TRACK)
		count(serving, s->verdict);
	bool ok = remove_attribution(ctx, s->mail) && apply_edits(ctx, s, &edits);
	buf_done(&answer);
	end_mail(serving, s);
	/* When the mail server cannot be told, it must not take half of it. */
	return ok ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);
	if (s)
		end_mail(serving, s);
	return SMFIS_CONTINUE;
}

/* ---- The process */

static enum status open_socket(const struct milter_config *config, struct err *err)
{
	struct smfiDesc description = {
	    .xxfi_name = (char *)(uintptr_t) "pugmark",
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = ACTIONS,
	    .xxfi_connect = on_connect,
	    .xxfi_envfrom = on_sender,
	    .xxfi_envrcpt = on_recipient,
	    .xxfi_header = on_header,
	    .xxfi_eoh = on_end_of_headers,
	    .xxfi_body = on_body,
	    .xxfi_eom = on_end_of_mail,
	    .xxfi_abort = on_abort,
	    .xxfi_close = on_close,
	    .xxfi_negotiate = on_negotiate,
	};
	if (smfi_setconn((char *)(uintptr_t)config->listen) != MI_SUCCESS)
		return err_set(err, STATUS_BAD_INPUT, "milter.listen '%.100s' is not unix:/path or inet:port@host",
			       config->listen);
	if (smfi_register(description) != MI_SUCCESS)
		return err_set(err, STATUS_IO, "libmilter could not be set up");
	/* The mode must be right from the first moment on; no other thread makes files yet. */
	mode_t before = umask((mode_t)(~config->socket_mode & 0777));
	int opened = smfi_opensocket(1);
	(void)umask(before);
	if (opened != MI_SUCCESS)
		return err_set(err, STATUS_IO, "%.120s cannot be listened on; the system's log may say why",
			       config->listen);
	return STATUS_OK;
}

static void *run_libmilter(void *user)
{
	struct milter *m = user;
	(void)smfi_main();
	set(m, &m->has_ended);
	return NULL;
}

/* Signals are waited for on the first thread, which the kernel asks before others; libmilter waits for them on one of
 * its own, and should it be faster, its main function comes back. */
static void wait_for_end(struct milter *m)
{
	while (!stop_signals_wait(WATCH_MS) && !get(m, &m->has_ended))
		;
}

/* How long from now on the answer to the last mail may still be on its way. Behind the mutex. */
static int64_t answer_left_us(const struct milter *m)
{
	int64_t since_us = clock_monotonic_us(clock_system()) - m->ended_us;
	return m->ended_us ? ANSWER_MS * INT64_C(1000) - since_us : 0;
}

static void wait_until_idle(struct milter *m)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += m->config.stop_timeout_ms / 1000 + 1;
	int result = 0;
	(void)pthread_mutex_lock(&m->mutex);
	while (m->mails && result == 0)
		result = pthread_cond_timedwait(&m->idle, &m->mutex, &until);
	int64_t left_us = answer_left_us(m);
	(void)pthread_mutex_unlock(&m->mutex);
	if (left_us > 0)
		(void)usleep((useconds_t)left_us);
}

static void remove_socket(const char *listen_on)
{
	struct slice rest = slice_from_cstr(listen_on);
	struct slice kind = slice_cut(&rest, ':');
	if (slice_equal(kind, SLICE("unix")) || slice_equal(kind, SLICE("local")))
		(void)unlink(rest.p); /* it may be gone */
}

static void say_stopped(struct milter *m)
{
	(void)pthread_mutex_lock(&m->mutex);
	int64_t by_rule = 0;
	for (unsigned i = MILTER_TRACK + 1; i < MILTER_VERDICT_COUNT; i++)
		by_rule += m->counts[i];
	log_info("milter.stopped", LOG_INT("tracked", m->counts[MILTER_TRACK]), LOG_INT("by_rule", by_rule),
		 LOG_INT("failed", m->failed));
	(void)pthread_mutex_unlock(&m->mutex);
}

enum status milter_run(const struct milter_config *config, struct err *err)
{
	static struct milter milter = {.mutex = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER};
	pthread_t thread;
	stop_signals_block();
	milter.config = *config;
	serving = &milter;
	enum status status = open_socket(config, err);
	if (status != STATUS_OK)
		return status;
	int failed = pthread_create(&thread, NULL, run_libmilter, &milter);
	if (failed)
		return err_set_errno(err, failed, "no thread for libmilter");
	(void)pthread_detach(thread);
	log_info("milter.ready", LOG_CSTR("listen", config->listen));
	wait_for_end(&milter);
	set(&milter, &milter.is_stopping);
	wait_until_idle(&milter);
	remove_socket(config->listen);
	say_stopped(&milter);
	return STATUS_OK;
}
