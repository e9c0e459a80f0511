/* SPDX-License-Identifier: Apache-2.0 */
/* Memory is what makes trying passwords dear (argon2id, RFC 9106), so it is dear for us, too: one at a time in the
 * whole process. Those who sign in wait for each other in a line of their own (password_queue.h); this lock is for the
 * few who make a password meanwhile. */
#include "engine/accounts/password.h"

#include "base/mem.h"
#include <pthread.h>
#include <sodium.h>

enum { PASSES = 2, MEMORY_BYTES = 19 * 1024 * 1024, GENERATED = 20 };

/* The one lock of this module: argon2 at a time. */
static pthread_mutex_t *one_at_a_time(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	return &lock;
}

struct slice password_hash(struct slice password, struct arena *arena)
{
	BUG_IF(sodium_init() < 0);
	if (password.n > PASSWORD_MAX)
		return SLICE_EMPTY;
	char *text = arena_alloc(arena, crypto_pwhash_STRBYTES);
	pthread_mutex_lock(one_at_a_time());
	int failed =
	    crypto_pwhash_str_alg(text, password.p, password.n, PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
	pthread_mutex_unlock(one_at_a_time());
	return failed ? SLICE_EMPTY : slice_from_cstr(text);
}

bool password_is_right(struct slice password, struct slice hash)
{
	/* Of a password that nobody knows. */
	static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$ygJbcwGMUvjlBa7WVYp1Ug$"
				     "pVhDUxAuRiqPI6QFZm6ZVGGlA9o0GQ7jIXhDFNHGkcE";
	char text[crypto_pwhash_STRBYTES];
	struct buf b;
	buf_init_fixed(&b, text, sizeof text);
	BUG_IF(sodium_init() < 0);
	if (hash.n)
		buf_append(&b, hash);
	else
		buf_append_cstr(&b, nobody);
	if (buf_failed(&b) || password.n > PASSWORD_MAX)
		return false;
	pthread_mutex_lock(one_at_a_time());
	int wrong = crypto_pwhash_str_verify(text, password.p, password.n);
	pthread_mutex_unlock(one_at_a_time());
	return !wrong && hash.n != 0;
}

struct slice password_generate(struct arena *arena)
{
	/* Without characters that look like others. */
	static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
	BUG_IF(sodium_init() < 0);
	char *text = arena_alloc(arena, GENERATED + 1);
	for (size_t i = 0; i < GENERATED; i++)
		text[i] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
	return slice_of(text, GENERATED);
}
