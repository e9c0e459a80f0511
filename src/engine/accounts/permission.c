/* SPDX-License-Identifier: Apache-2.0 */
/* Everything is refused that is not allowed in so many words: a role that somebody adds and forgets here is scoped, and
 * a touch that somebody adds is nobody's. No function looks anything up, so each can be read as the sentence it is, and
 * be tested without a store. */
#include "engine/accounts/permission.h"

bool permission_is_scoped(const struct caller *c)
{
	return c->user && c->user->role != ROLE_OWNER && c->user->role != ROLE_ADMIN;
}

const char *permission_refusal(const struct caller *c, unsigned scopes, enum touch touch)
{
	if (scopes && !(scopes & c->scopes))
		return "This key or role may not do that.";
	switch (touch) {
	case TOUCHES_CONTENT:
	case TOUCHES_SELF:
	case TOUCHES_NEW_MAIL:
	case TOUCHES_MAIL:
	case TOUCHES_CONTACT:
	case TOUCHES_CAMPAIGN:
	case TOUCHES_TENANT:
	case TOUCHES_INSTALLATION: return NULL;
	case TOUCHES_EVERYBODY:
		return permission_is_scoped(c) ? "This role sees only whom it sent to, and this is everybody's." : NULL;
	}
	return "Nobody may do that.";
}

bool permission_is_by_row(enum touch touch)
{
	return touch != TOUCHES_CONTENT && touch != TOUCHES_SELF && touch != TOUCHES_EVERYBODY;
}

bool permission_to_read(const struct caller *c)
{
	return c->scopes & (SCOPE_READ | SCOPE_ADMIN);
}

struct slice permission_sender(const struct caller *c)
{
	return permission_is_scoped(c) ? c->user->email : (struct slice){NULL, 0};
}

/* Exactly: addresses of users are kept in lower case, and so is the sender of what they send. */
bool permission_of_mail(const struct caller *c, struct slice sender)
{
	return !permission_is_scoped(c) || slice_equal(c->user->email, sender);
}

/* As people and other programs write somebody down: by address or by id. */
static bool means_user(const struct user *user, struct slice name)
{
	struct uuid id;
	return slice_equal_nocase(name, user->email) || (uuid_parse(name, &id) && uuid_equal(id, user->id));
}

bool permission_may_be_sender(const struct caller *c, struct slice sender)
{
	return !permission_is_scoped(c) || means_user(c->user, sender);
}

bool permission_of_contact(const struct caller *c, const struct contact_facts *facts)
{
	return !permission_is_scoped(c) || facts->has_got_ones_own || means_user(c->user, facts->agent);
}

bool permission_of_campaign(const struct caller *c, const struct campaign_facts *facts)
{
	return !permission_is_scoped(c) || facts->has_ones_own;
}

bool permission_to_change_campaign(const struct caller *c, const struct campaign_facts *facts)
{
	return !permission_is_scoped(c) || (facts->has_ones_own && !facts->has_others);
}

bool permission_to_loosen(const struct caller *c)
{
	return !permission_is_scoped(c);
}

bool permission_of_tenant(const struct caller *c, bool is_own, bool runs_all)
{
	return is_own || (runs_all && (c->scopes & SCOPE_ADMIN));
}
