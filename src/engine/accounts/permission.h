/* SPDX-License-Identifier: Apache-2.0 */
/* permission: who may do what to which row. The one place that says it; nothing is read, written or answered here.
 *
 * A caller is an API key, which belongs to a tenant, or a user, who has a role there. Owner and admin reach what is the
 * tenant's, and so do keys, as far as their scopes go. The other roles (partner, sales_rep, member) are *scoped*: they
 * reach what is theirs.
 *
 *   mail       whose sender they are, and what became of it: events, numbers, its place in the queue
 *   contact    whose agent they are, or who got mail of theirs at the address that he has; mail that was only
 *              scheduled, or left to somebody else to send, makes nobody theirs
 *   campaign   to look at: in which mail of theirs has left; to change: in which, besides, there is nobody else's
 *
 * What the rule has to know of a row, the caller of these functions brings along (belonging.h reads it). What one does
 * not reach is not there for him: it is answered like what does not exist.
 *
 * Every route of the API says what it touches (web/api/routes.c) and is let in by permission_refusal; where a row is
 * touched, the row's function decides as well.
 */
#ifndef PUGMARK_ENGINE_PERMISSION_H
#define PUGMARK_ENGINE_PERMISSION_H

#include "store/house/accounts.h"

struct caller {
	uint32_t tenant;
	unsigned scopes;         /* of enum api_scope */
	const struct user *user; /* who is signed in; NULL: an API key */
};

/* There is no 0: a route that says nothing touches nothing that is known, and is refused. */
enum touch {
	TOUCHES_CONTENT = 1, /* no row at all: what the request holds is looked at, and nothing kept */
	TOUCHES_SELF,        /* the caller's own session and account */
	TOUCHES_NEW_MAIL,    /* mail that comes into being: permission_may_be_sender */
	TOUCHES_MAIL,        /* permission_sender, permission_of_mail */
	TOUCHES_CONTACT,     /* permission_of_contact */
	TOUCHES_CAMPAIGN,    /* permission_of_campaign */
	TOUCHES_EVERYBODY,   /* what is the whole tenant's and nobody's own: no scoped role */
	TOUCHES_TENANT,      /* a tenant's settings: permission_of_tenant */
	TOUCHES_INSTALLATION /* all tenants: permission_of_tenant */
};

/* NULL when the caller may use a route that needs one of `scopes` (0: none) and touches that; else why not, as a
 * sentence. */
const char *permission_refusal(const struct caller *caller, unsigned scopes, enum touch touch);
/* A row has to be asked for as well. */
bool permission_is_by_row(enum touch touch);
/* What is written may be shown as it is then: a key that may only send learns nothing from the answer. */
bool permission_to_read(const struct caller *caller);

/* The caller reaches only what is his. */
bool permission_is_scoped(const struct caller *caller);

/* Whose mail alone the caller reaches; p == NULL: all of the tenant's. Lives as long as the user. */
struct slice permission_sender(const struct caller *caller);
bool permission_of_mail(const struct caller *caller, struct slice sender);
/* Mail may be made in this name: a user's own address, in any case, or id. */
bool permission_may_be_sender(const struct caller *caller, struct slice sender);

struct contact_facts {
	struct slice agent;    /* a user's address or id, as somebody said it; empty: none */
	bool has_got_ones_own; /* mail of the caller's, at the address that the contact has */
};
bool permission_of_contact(const struct caller *caller, const struct contact_facts *facts);

struct campaign_facts {
	bool has_ones_own; /* mail of the caller's that has left */
	bool has_others;   /* any of somebody else's */
};
bool permission_of_campaign(const struct caller *caller, const struct campaign_facts *facts);
bool permission_to_change_campaign(const struct caller *caller, const struct campaign_facts *facts);
/* More tracking than a campaign allows now: whoever runs the tenant may have set the limit. */
bool permission_to_loosen(const struct caller *caller);

/* A tenant's settings and audit. `is_own`: it is the caller's tenant; `runs_all`: the caller's tenant is the first of
 * the installation. For what touches all tenants is_own is false. */
bool permission_of_tenant(const struct caller *caller, bool is_own, bool runs_all);

#endif
