/* SPDX-License-Identifier: Apache-2.0 */
/* key_watch: a server that runs takes up the keys that its file gets.
 *
 * A thread of its own looks at the file once a second, and whoever has a token of a key that is not here has it look at
 * once. New keys are agreed with the store (key_agreement.h), by the writer, and then added to those that all threads
 * use: they open links from then on. A file that cannot be used changes nothing and is logged once (keys.refused).
 *
 * New links are sealed with the newest key. On a store that several servers share: with the newest that every one of
 * them has told to have, so that none makes links which another one cannot open. Who is waited for is logged
 * (keys.waiting).
 */
#ifndef PUGMARK_ENGINE_KEY_WATCH_H
#define PUGMARK_ENGINE_KEY_WATCH_H

#include "codec/token/link_token.h"
#include "store/core/store.h"

struct key_watch;
struct writer;

struct key_watch_config {
	struct store *store;
	struct writer *writer;
	struct link_token_keys *keys; /* as the file had them at the start; only the watch adds to them */
	const char *path;             /* of the file */
	struct node_claim node;       /* of the writer */
};

/* Looks once, and starts the thread. The writer must run, and so have its node: a server that begins while others turn
 * to a new key is either seen by them or sees the key. STATUS_CONFLICT: it does, and its file lacks it. Everything in
 * the configuration must outlive the watch. */
enum status key_watch_start(const struct key_watch_config *config, struct key_watch **ret, struct err *err) MUST_CHECK;
/* Before the writer stops. Nobody may be looking. */
void key_watch_stop(struct key_watch **watch);

/* Returns when the file was looked at since `asked_us` (monotonic), and what was new there, if it can be used, is in
 * use; or a second after `asked_us`, because the store hangs. Looks ten times a second at most, however many ask. Any
 * thread that may block. */
void key_watch_look(struct key_watch *watch, int64_t asked_us);
/* Links may be sealed with a key of that id: the store or the file has one; or a store that others share has not been
 * heard of for half a minute, and nobody here can say. Any thread. */
bool key_watch_knows(const struct key_watch *watch, uint8_t id);
/* Whether the file is not what it should be; `text` gets why. Links that are out are good all the same, or the reader
 * is asked to come again. Any thread. */
bool key_watch_objects(struct key_watch *watch, char *text, size_t size);

#endif
