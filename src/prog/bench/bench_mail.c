/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are mixed by the finaliser of SplitMix64 (Steele, Lea, Flood 2014), which is enough to spread recipients and
 * addresses over their ranges; nothing here has to be unpredictable. */
#include "prog/bench/bench_mail.h"
#include "store/house/catalog.h"
#include "store/people/contacts.h"

#include "store/mail/messages.h"
#include <stdio.h>

enum {
	CAMPAIGNS = 200,
	MAILS_PER_CAMPAIGN = 2000, /* one after the other; then the next campaign goes out */
	TEMPLATES = 20,
	SENDERS = 50,
	RECIPIENTS = 200000,
	EVERY_RESTRICTED = 50, /* 2 % of the recipients */
	TRANSACTION_MAILS = 20000,
	DELIVERY_US = 1000000,
};

struct adding {
	struct store_session *session;
	uint32_t tenant;
	char recipient[64], campaign[32], template[32], sender[32], subject[64], metadata[64];
};

/* When it was accepted; it is delivered a second later. */
static int64_t accepted_us(uint32_t n)
{
	return BENCH_MAIL_START_US + (int64_t)n * BENCH_MAIL_EVERY_US;
}

uint64_t bench_mail_mixed(uint64_t n)
{
	uint64_t z = n + UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct uuid bench_mail_id(uint32_t n)
{
	uint8_t random[10] = {0};
	uint64_t mixed = bench_mail_mixed(n);
	memcpy(random, &mixed, sizeof mixed);
	return uuid_v7(accepted_us(n), random);
}

uint32_t bench_mail_recipient(uint32_t n)
{
	return (uint32_t)(bench_mail_mixed(n ^ UINT64_C(0x4d41494c)) % RECIPIENTS);
}

uint32_t bench_mail_campaign(uint32_t n)
{
	return n / MAILS_PER_CAMPAIGN % CAMPAIGNS;
}

static void write_texts(struct adding *a, uint32_t n)
{
	uint32_t campaign = bench_mail_campaign(n);
	(void)snprintf(a->recipient, sizeof a->recipient, "contact-%u@company-%u.example", bench_mail_recipient(n),
		       bench_mail_recipient(n) / 100);
	(void)snprintf(a->campaign, sizeof a->campaign, "campaign-%u", campaign);
	(void)snprintf(a->template, sizeof a->template, "template-%u", campaign % TEMPLATES);
	(void)snprintf(a->sender, sizeof a->sender, "u-%u", n % SENDERS);
	(void)snprintf(a->subject, sizeof a->subject, "News about your enquiry, part %u", campaign);
	(void)snprintf(a->metadata, sizeof a->metadata, "{\"deal\":\"d-%u\"}", n % 100000);
}

static enum status add_message(struct adding *a, uint32_t n, struct err *err)
{
	int64_t time_us = accepted_us(n);
	struct message m = {
	    .id = bench_mail_id(n),
	    .tenant = a->tenant,
	    .state = MESSAGE_DELIVERED,
	    .created_us = time_us,
	    .send_at_us = time_us,
	    .sent_us = time_us + DELIVERY_US / 2,
	    .delivered_us = time_us + DELIVERY_US,
	    .cohort_day = (int32_t)(time_us / 86400000000),
	    .stream = SLICE("bulk"),
	    .provider = SLICE("smtp"),
	    .from_email = SLICE("sales@agency.example"),
	    .from_name = SLICE("The Agency"),
	    .to_email = slice_from_cstr(a->recipient),
	    .subject = slice_from_cstr(a->subject),
	    .contact_id = slice_from_cstr(a->recipient),
	    .contact_category = n % 3 ? SLICE("seller") : SLICE("buyer"),
	    .campaign_id = slice_from_cstr(a->campaign),
	    .template_id = slice_from_cstr(a->template),
	    .sender = slice_from_cstr(a->sender),
	    .position = -1,
	    .track_opens = CONSENT_FULL,
	    .track_clicks = CONSENT_FULL,
	    .key_id = 1,
	    .options = SLICE("{\"pixel\":true}"),
	    .metadata = slice_from_cstr(a->metadata),
	    .link_count = 8,
	};
	return store_message_add(a->session, &m, err);
}

/* Used again for every mail, as accepting does. */
static enum status add_recipient(struct adding *a, uint32_t n, struct err *err)
{
	uint32_t recipient = bench_mail_recipient(n);
	int64_t time_us = accepted_us(n);
	struct contact contact = {.id = slice_from_cstr(a->recipient), .email = slice_from_cstr(a->recipient)};
	struct contact_consent less = {contact.id, CONSENT_ANONYMOUS, recipient % 2 ? CONSENT_OFF : CONSENT_FULL};
	enum status status = store_contact_use(a->session, a->tenant, &contact, time_us, err);
	if (status == STATUS_OK && recipient % EVERY_RESTRICTED == 0)
		status = store_contact_set_consent(a->session, a->tenant, &less, time_us, err);
	return status;
}

static enum status add_one(struct adding *a, uint32_t n, struct err *err)
{
	int64_t time_us = accepted_us(n);
	write_texts(a, n);
	enum status status = add_message(a, n, err);
	if (status == STATUS_OK)
		status = add_recipient(a, n, err);
	if (status != STATUS_OK || n % MAILS_PER_CAMPAIGN)
		return status;
	status = store_campaign_use(a->session, a->tenant, slice_from_cstr(a->campaign), SLICE_EMPTY, time_us, err);
	return status == STATUS_OK
		   ? store_template_use(a->session, a->tenant, slice_from_cstr(a->template), SLICE_EMPTY, time_us, err)
		   : status;
}

/* Checkpoints in between: the write-ahead log would become larger than the store. */
enum status bench_mail_add(struct store_session *session, const struct bench_mail_range *range, struct err *err)
{
	struct adding a = {.session = session, .tenant = range->tenant};
	enum status status = STATUS_OK;
	for (uint32_t n = range->from; status == STATUS_OK && n < range->to;) {
		uint32_t end = range->to - n < TRANSACTION_MAILS ? range->to : n + TRANSACTION_MAILS;
		status = store_begin(session, err);
		for (; status == STATUS_OK && n < end; n++)
			status = add_one(&a, n, err);
		status = status == STATUS_OK ? store_commit(session, err) : status;
		if (status == STATUS_OK)
			status = store_checkpoint(session, 0, err);
	}
	return status;
}
