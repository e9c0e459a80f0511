/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/serve/new_account.h"

#include "base/clock.h"
#include "base/random.h"
#include "web/sign_in/auth.h"
#include "web/sign_in/password.h"

static struct uuid new_id(int64_t now_us)
{
	uint8_t random[10];
	random_bytes(random, sizeof random);
	return uuid_v7(now_us, random);
}

enum status new_password(struct arena *arena, struct slice *ret_password, struct slice *ret_hash, struct err *err)
{
	struct slice password = password_generate(arena);
	struct slice hash = password_hash(password, arena);
	if (!hash.n)
		return err_set(err, STATUS_IO, "not enough memory to hash a password");
	*ret_password = password;
	*ret_hash = hash;
	return STATUS_OK;
}

enum status new_user(struct store_session *session, struct user user, struct arena *arena, struct slice *ret_password,
		     struct err *err)
{
	struct slice password;
	enum status status = new_password(arena, &password, &user.password_hash, err);
	if (status != STATUS_OK)
		return status;
	user.created_us = clock_now_us(clock_system());
	user.id = new_id(user.created_us);
	status = store_user_add(session, &user, err);
	if (status == STATUS_OK)
		*ret_password = password;
	return status;
}

enum status new_api_key(struct store_session *session, uint32_t tenant, struct slice name, struct arena *arena,
			struct slice *ret_secret, struct err *err)
{
	uint8_t hash[SECRET_HASH_SIZE];
	int64_t now_us = clock_now_us(clock_system());
	struct slice secret = auth_new_secret(API_KEY_PREFIX, arena, hash);
	struct api_key key = {.id = new_id(now_us),
			      .tenant = tenant,
			      .name = name,
			      .prefix = slice_sub(secret, 0, API_KEY_SHOWN),
			      .hash = slice_of(hash, sizeof hash),
			      .scopes = SCOPE_SEND | SCOPE_READ | SCOPE_ADMIN | SCOPE_TRACK,
			      .created_us = now_us};
	enum status status = store_api_key_add(session, &key, err);
	if (status == STATUS_OK)
		*ret_secret = secret;
	return status;
}
