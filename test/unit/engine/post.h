/* SPDX-License-Identifier: Apache-2.0 */
/* post: a world that accepts and sends mail: writer, deliverer, an outbox, and a clock that is set by hand. Everything
 * fails the running test when it does not work. */
#ifndef PUGMARK_TEST_ENGINE_POST_H
#define PUGMARK_TEST_ENGINE_POST_H

#include "engine/apply/resolve.h"
#include "engine/apply/send_fence.h"
#include "engine/dispatch/dispatch.h"
#include "engine/intake/accept.h"
#include "harness/smtp_peer.h"
#include "world.h"
#include <stdatomic.h>

struct post {
	struct world world;
	struct clock clock; /* wall time by hand, the machine's monotonic time and what post_advance_both adds to it */
	atomic_int_fast64_t now_us, monotonic_ahead_us;
	struct sending sending;
	struct send_fence *fence;
	struct link_token_sealer *sealer;
	struct arena *arena; /* of answers */
	json_t *bodies;      /* of requests */
	char outbox[96];
	struct dispatcher *dispatcher;
	uint16_t smtp_port; /* 0: no "smtp" provider */
	uint32_t attempts_max;
	size_t built_bytes_max; /* 0: the default */
	bool resend_in_doubt;
};

void post_open(struct post *p);
/* With the provider "smtp", which is such a peer; stopped by the test. */
struct smtp_peer *post_open_with_peer(struct post *p, const struct smtp_peer_script *script);
void post_close(struct post *p);
/* All handles and threads anew, as after a start of the program. */
void post_restart(struct post *p);
/* For a process that shares nothing: opens handles on a directory that is there. */
void post_open_handles(struct post *p);

void post_start_dispatcher(struct post *p);
void post_stop_dispatcher(struct post *p);
void post_advance(struct post *p, int64_t seconds);
/* Both clocks, as when so much time really passes. */
void post_advance_both(struct post *p, int64_t seconds);

/* Submits the command and waits for its end. */
enum status post_run(struct post *p, struct writer_command *command);
/* Begins, submits and ends, as who does not block does it. */
enum status post_accept(struct post *p, const struct accept_request *request, struct accept_item *items, size_t count);
enum status post_resolve(struct post *p, struct uuid id, enum resolve_as as);
/* Accepts one message; `json` is the body. The result lives until post_close. */
struct accept_result post_send(struct post *p, enum accept_kind kind, const char *json);
/* Accepts with any outcome. */
enum status post_try(struct post *p, enum accept_kind kind, const char *json, struct accept_result *ret,
		     struct problem_list *ret_problems);
/* A plain mail by `provider` to `to`. */
struct uuid post_mail(struct post *p, const char *provider, const char *to);

/* Waits until clients have come so often to this step. */
void post_wait_until_reached(struct smtp_peer *peer, enum smtp_peer_step step, unsigned times);
/* Waits until the message has this state. */
void post_wait(struct post *p, struct uuid id, enum message_state state);
const struct message *post_message(struct post *p, struct uuid id);
size_t post_events(struct post *p, struct uuid id, const struct event **ret);
/* How many .eml files the outbox has. */
size_t post_outbox_count(struct post *p);
/* Ends everything and counts all sums again. */
void post_check_sums(struct post *p);

#endif
