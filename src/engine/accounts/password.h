/* SPDX-License-Identifier: Apache-2.0 */
/* password: argon2id by libsodium, at OWASP's floor of 19 MiB and two passes. One at a time in the whole process, so
 * that a flood of sign-ins costs 19 MiB and not 19 MiB each. Slow on purpose; never on a loop, nor on a worker of the
 * API (password_queue.h). Thread-safe. */
#ifndef PUGMARK_ENGINE_PASSWORD_H
#define PUGMARK_ENGINE_PASSWORD_H

#include "base/arena.h"
#include "base/buf.h"

enum { PASSWORD_MAX = 1024 };

/* The text to store; empty when there was not enough memory, or the password is longer than PASSWORD_MAX. */
struct slice password_hash(struct slice password, struct arena *arena);
/* False also for a hash that is none. Takes as long for an empty hash as for a real one, so that nobody learns from the
 * time which addresses exist. */
bool password_is_right(struct slice password, struct slice hash);
/* 20 characters that can be read out on the telephone. */
struct slice password_generate(struct arena *arena);

#endif
