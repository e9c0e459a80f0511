/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that accept at the same time write new rows in one order, that of the ids: two batches that name the same new
 * campaigns, one the other way round, would make each server wait for the other. Mails of a batch mostly share
 * campaign, template and body, which are then written once. */
#include "engine/intake/accept_nouns.h"

#include "store/house/catalog.h"
#include "store/mail/bodies.h"
#include "store/people/contacts.h"
#include <stdlib.h>

struct noun {
	struct slice (*key)(const struct accepted *a); /* empty: this mail has none */
	/* Whether b says the same as a, which has the same key. NULL: is written each time. */
	bool (*is_same)(const struct accepted *a, const struct accepted *b);
	enum status (*write)(struct store_session *s, const struct accepted *a, struct err *err);
};

static struct slice contact_key(const struct accepted *a)
{
	return a->contact.id;
}

static enum status write_contact(struct store_session *s, const struct accepted *a, struct err *err)
{
	return store_contact_use(s, a->message.tenant, &a->contact, a->message.created_us, err);
}

static struct slice campaign_key(const struct accepted *a)
{
	return a->campaign.id;
}

static bool is_same_campaign(const struct accepted *a, const struct accepted *b)
{
	return slice_equal(a->campaign.name, b->campaign.name);
}

static enum status write_campaign(struct store_session *s, const struct accepted *a, struct err *err)
{
	return store_campaign_use(s, a->message.tenant, a->campaign.id, a->campaign.name, a->message.created_us, err);
}

static struct slice template_key(const struct accepted *a)
{
	return a->template.id;
}

static bool is_same_template(const struct accepted *a, const struct accepted *b)
{
	return slice_equal(a->template.name, b->template.name);
}

static enum status write_template(struct store_session *s, const struct accepted *a, struct err *err)
{
	return store_template_use(s, a->message.tenant, a->template.id, a->template.name, a->message.created_us, err);
}

static struct slice body_key(const struct accepted *a)
{
	return a->message.body_id;
}

/* The key is a hash of the content. */
static bool is_same_body(const struct accepted *a, const struct accepted *b)
{
	(void)a;
	(void)b;
	return true;
}

static enum status write_body(struct store_session *s, const struct accepted *a, struct err *err)
{
	const struct message *m = &a->message;
	return store_body_put(s, m->tenant, m->body_id, a->body, m->created_us, err);
}

static const struct noun NOUNS[] = {
    {contact_key, NULL, write_contact},
    {campaign_key, is_same_campaign, write_campaign},
    {template_key, is_same_template, write_template},
    {body_key, is_same_body, write_body},
};
enum { NOUN_COUNT = sizeof NOUNS / sizeof NOUNS[0] };

struct named {
	struct slice key;
	const struct accepted *by;
};

/* By key; those of one key in the order of the mails. */
static int by_key(const void *left, const void *right)
{
	const struct named *a = left;
	const struct named *b = right;
	int order = slice_compare(a->key, b->key);
	return order ? order : (a->by > b->by) - (a->by < b->by);
}

static enum status write_sorted(struct store_session *s, const struct noun *noun, const struct named *named,
				size_t count, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		bool is_written = i && noun->is_same && slice_equal(named[i - 1].key, named[i].key) &&
				  noun->is_same(named[i - 1].by, named[i].by);
		if (!is_written)
			status = noun->write(s, named[i].by, err);
	}
	return status;
}

enum status accept_write_nouns(struct store_session *session, const struct accepted *accepted, size_t count,
			       struct arena *arena, struct err *err)
{
	struct named *named = arena_alloc_array(arena, count, sizeof *named);
	enum status status = STATUS_OK;
	for (size_t k = 0; status == STATUS_OK && k < NOUN_COUNT; k++) {
		size_t n = 0;
		for (size_t i = 0; i < count; i++) {
			struct slice key = NOUNS[k].key(&accepted[i]);
			if (key.n)
				named[n++] = (struct named){key, &accepted[i]};
		}
		if (n)
			qsort(named, n, sizeof *named, by_key);
		status = write_sorted(session, &NOUNS[k], named, n, err);
	}
	return status;
}
