/* SPDX-License-Identifier: Apache-2.0 */
/* Who sees only what he sent is compared with the sender of each message, byte by byte and by index. So the sender is
 * written down here as the user's address is, once, and not made out at each look. */
#include "engine/intake/accept_sender.h"

static enum status refuse(const char *field, const char *problem, struct sender_refusal *ret, struct err *err)
{
	*ret = (struct sender_refusal){field, problem};
	return err_set(err, STATUS_DENIED, "the sender is somebody else");
}

/* A colleague's address in From is a colleague's mail to whoever reads it. */
static enum status check_from(const struct accept_context *context, const struct send_request *request,
			      struct sender_refusal *ret, struct err *err)
{
	const struct caller *caller = &context->request->caller;
	struct user other;
	enum status status =
	    store_user_find_by_email(context->session, request->from.address, context->request->arena, &other, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK && other.tenant == caller->tenant && !uuid_equal(other.id, caller->user->id))
		return refuse("from", "is the address of another user", ret, err);
	return status;
}

static bool has_capitals(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'Z')
			return true;
	return false;
}

/* An address in lower case is as it is kept already, and needs no look. */
static enum status name_user(const struct accept_context *context, struct slice *sender, struct err *err)
{
	struct uuid id;
	struct user user;
	struct arena *arena = context->request->arena;
	enum status status = STATUS_NOT_FOUND;
	if (uuid_parse(*sender, &id))
		status = store_user_find(context->session, id, arena, &user, err);
	else if (has_capitals(*sender) && slice_index(*sender, '@') < sender->n)
		status = store_user_find_by_email(context->session, *sender, arena, &user, err);
	if (status == STATUS_OK && user.tenant == context->request->tenant)
		*sender = user.email;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status accept_sender_resolve(const struct accept_context *context, struct send_request *request,
				  struct sender_refusal *ret, struct err *err)
{
	const struct caller *caller = &context->request->caller;
	if (!permission_is_scoped(caller))
		return name_user(context, &request->sender, err);
	if (request->sender.n && !permission_may_be_sender(caller, request->sender))
		return refuse("sender", "must be left out, or be yourself", ret, err);
	request->sender = permission_sender(caller);
	return request->from.address.n ? check_from(context, request, ret, err) : STATUS_OK;
}
