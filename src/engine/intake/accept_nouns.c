/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that accept at the same time write new rows in one order, that of the ids: two batches that name the same new
 * campaigns, one the other way round, would make each server wait for the other. Mails of a batch mostly share
 * campaign, template and body, which are then written once. */
#include "engine/intake/accept_nouns.h"

#include "store/house/catalog.h"
#include "store/mail/bodies.h"
#include "store/people/contacts.h"
#include <stddef.h>
#include <stdlib.h>

/* Offsets are of slices in struct accepted. */
struct noun {
	size_t key;  /* empty: this mail has none */
	size_t said; /* what is written beside the key; 0: more than that, so each is written */
	enum status (*write)(struct store_session *s, const struct accepted *a, struct err *err);
};

static enum status write_contact(struct store_session *s, const struct accepted *a, struct err *err)
{
	return (a->contact_is_kept ? store_contact_add : store_contact_use)(s, a->message.tenant, &a->contact,
									    a->message.created_us, err);
}

static enum status write_campaign(struct store_session *s, const struct accepted *a, struct err *err)
{
	return (a->nouns_are_kept ? store_campaign_add : store_campaign_use)(
	    s, a->message.tenant, a->campaign.id, a->campaign.name, a->message.created_us, err);
}

static enum status write_template(struct store_session *s, const struct accepted *a, struct err *err)
{
	return (a->nouns_are_kept ? store_template_add : store_template_use)(
	    s, a->message.tenant, a->template.id, a->template.name, a->message.created_us, err);
}

static enum status write_body(struct store_session *s, const struct accepted *a, struct err *err)
{
	const struct message *m = &a->message;
	return store_body_put(s, m->tenant, m->body_id, a->body, m->created_us, err);
}

#define AT(field) offsetof(struct accepted, field)
static const struct noun NOUNS[] = {
    {AT(contact.id), 0, write_contact},
    {AT(campaign.id), AT(campaign.name), write_campaign},
    {AT(template.id), AT(template.name), write_template},
    {AT(message.body_id), AT(message.body_id), write_body}, /* the key is a hash of the content */
};
enum { NOUN_COUNT = sizeof NOUNS / sizeof NOUNS[0] };

static struct slice text_at(const struct accepted *a, size_t offset)
{
	return *(const struct slice *)(const void *)((const char *)a + offset);
}

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

static bool says_the_same(const struct noun *noun, const struct named *a, const struct named *b)
{
	return noun->said && slice_equal(a->key, b->key) &&
	       slice_equal(text_at(a->by, noun->said), text_at(b->by, noun->said));
}

static enum status write_sorted(struct store_session *s, const struct noun *noun, const struct named *named,
				size_t count, struct err *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (!i || !says_the_same(noun, &named[i - 1], &named[i]))
			status = noun->write(s, named[i].by, err);
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
			struct slice key = text_at(&accepted[i], NOUNS[k].key);
			if (key.n)
				named[n++] = (struct named){key, &accepted[i]};
		}
		if (n)
			qsort(named, n, sizeof *named, by_key);
		status = write_sorted(session, &NOUNS[k], named, n, err);
	}
	return status;
}
