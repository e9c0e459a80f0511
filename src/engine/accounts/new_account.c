/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets are made where they are shown, before anything is written, so that only hashes travel: to the writer's
 * thread, and from a command to the server that runs (prog/serve/control.h). */
#include "engine/accounts/new_account.h"

#include "base/clock.h"
#include "base/random.h"
#include "codec/mail/mail_address.h"
#include "engine/accounts/password.h"
#include "engine/accounts/secret.h"

/* So much of a key stands in lists, to recognise it by: the prefix and 36 bits of 192. */
enum { KEY_SHOWN = 10 };

static struct uuid new_id(void)
{
	uint8_t random[10];
	random_bytes(random, sizeof random);
	return uuid_v7(clock_now_us(clock_system()), random);
}

static struct slice keep_hash(const uint8_t hash[SECRET_HASH_SIZE], struct arena *arena)
{
	return arena_copy(arena, slice_of(hash, SECRET_HASH_SIZE));
}

static enum status make_password(struct account_change *change, struct arena *arena, struct slice *ret_password,
				 struct err *err)
{
	struct slice password = password_generate(arena);
	change->user.password_hash = password_hash(password, arena);
	if (!change->user.password_hash.n)
		return err_set(err, STATUS_IO, "not enough memory to hash a password");
	*ret_password = password;
	return STATUS_OK;
}

enum status new_account_email_check(struct slice email, struct err *err)
{
	struct err why = {0};
	if (mail_address_check(email, &why) == STATUS_OK)
		return STATUS_OK;
	return err_set(err, STATUS_BAD_INPUT, "'%.*s' is no mail address: %s", SLICE_FMT(slice_sub(email, 0, 60)),
		       why.text);
}

enum status new_account_user(struct account_change *change, struct arena *arena, struct slice *ret_password,
			     struct err *err)
{
	enum status status = new_account_email_check(change->user.email, err);
	if (status != STATUS_OK)
		return status;
	change->action = ACCOUNT_USER_ADDED;
	change->user.id = new_id();
	return make_password(change, arena, ret_password, err);
}

enum status new_account_password(struct account_change *change, struct arena *arena, struct slice *ret_password,
				 struct err *err)
{
	change->action = ACCOUNT_PASSWORD_SET;
	return make_password(change, arena, ret_password, err);
}

void new_account_key(struct account_change *change, struct arena *arena, struct slice *ret_secret)
{
	uint8_t hash[SECRET_HASH_SIZE];
	struct slice secret = secret_new(API_KEY_PREFIX, arena, hash);
	change->action = ACCOUNT_KEY_ADDED;
	change->key.id = new_id();
	change->key.prefix = slice_sub(secret, 0, KEY_SHOWN);
	change->key.hash = keep_hash(hash, arena);
	*ret_secret = secret;
}

void new_account_session(struct account_change *change, int64_t now_us, struct arena *arena, struct slice *ret_secret)
{
	uint8_t hash[SECRET_HASH_SIZE];
	*ret_secret = secret_new(SLICE_EMPTY, arena, hash);
	change->action = ACCOUNT_SESSION_STARTED;
	change->session = (struct console_session){.hash = keep_hash(hash, arena),
						   .user = change->user.id,
						   .created_us = now_us,
						   .expires_us = now_us + SESSION_SECONDS * INT64_C(1000000)};
}
