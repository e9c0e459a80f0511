/* SPDX-License-Identifier: Apache-2.0 */
/* accept: takes requests to send (or only to instrument) mails and makes them queued messages, or says all that is
 * wrong with them.
 *
 * Everything that can be done before is done on the calling thread: reading, checking, consent, suppressions, the
 * rewriting of links, the answer's text. What is left for the writer is one command with the rows of all messages, so a
 * batch of a thousand costs one commit.
 */
#ifndef PUGMARK_ENGINE_ACCEPT_H
#define PUGMARK_ENGINE_ACCEPT_H

#include "base/arena.h"
#include "codec/token/link_token.h"
#include "engine/accounts/permission.h"
#include "engine/ledger/writer.h"
#include "engine/mail/instrument.h"
#include "engine/mail/sending.h"
#include "engine/request/mail_request.h"
#include "engine/request/problem.h"
#include "engine/request/send_request.h"
#include "store/people/consents.h"
#include <jansson.h>

struct accept_result {
	struct uuid id;
	const char *status; /* "queued", "scheduled", "suppressed"; ACCEPT_INSTRUMENT: "instrumented" */
	int64_t send_at_us;
	struct mail_link *links;
	size_t link_count;
	struct slice *warnings;
	size_t warning_count;
	struct slice html;  /* ACCEPT_INSTRUMENT: what to send */
	struct slice eml;   /* the same, when a whole mail was given */
	bool eml_is_base64; /* it came so */
};

/* One message of a request. */
struct accept_item {
	const json_t *body; /* in */
	/* In: a mail that came by itself, with `body` made of its headers (mail_request_read); or NULL. Nobody is there
	 * to be told what is wrong, so asking for more tracking than consent allows gets what is allowed. */
	const struct mail_request *mail;
	enum status status;           /* out: OK, BAD_INPUT, DENIED */
	const char *refusal;          /* when DENIED: what is not allowed, as a sentence */
	struct accept_result result;  /* when OK */
	struct problem_list problems; /* otherwise */
};

/* The answer to a request with an Idempotency-Key is kept in the transaction that does what was asked: either both are
 * there after a crash, or neither is. */
struct accept_idempotency {
	struct slice key;
	struct slice request_hash; /* 32 bytes */
	uint32_t status;           /* HTTP status to keep */
	/* Writes the answer's body. Called once, on the calling thread, before anything is committed; the answer is
	 * only to be given when the commit succeeds. */
	void (*render)(void *user, const struct accept_item *items, size_t count, struct buf *to);
	void *user;
};
enum { ACCEPT_ITEMS_MAX = 1000, ACCEPT_RESPONSE_MAX = 16 * 1024 * 1024 };

struct accept_request {
	uint32_t tenant;
	/* Who asks (permission.h). A scoped one is the sender, in nobody else's name, and of contacts, campaigns and
	 * templates that are there already changes nothing that is not his. */
	struct caller caller;
	enum accept_kind kind;
	struct arena *arena;                          /* results and problems live here */
	const struct accept_idempotency *idempotency; /* NULL: none */
};

/* Who asks: what the calling thread reads and seals with. */
struct accept_context {
	const struct sending *sending;
	struct store_session *session;
	struct link_token_sealer *sealer;
	const struct accept_request *request;
	int64_t now_us; /* one for the whole request */
};

/* Everything up to the command. Checks each body (doc/openapi.yaml, POST /messages) whole, resolves consent (the most
 * restrictive of installation, tenant, campaign, contact and request) and suppressions, and instruments. Each item gets
 * a status of its own: STATUS_BAD_INPUT with every problem at once; STATUS_DENIED: it asks for more tracking than
 * consent allows, or names a sender that the caller is not, and refusal and problems say so.
 *
 * STATUS_OK: *ret is to be submitted (writer.h); it commits the message, body, queue row and email.queued (or
 * .suppressed) of each good item, all in one transaction. NULL when no item was good: then nothing is to be written and
 * the answer is not kept. It lives in the request's arena, as do the items, whose bodies must outlive it. The answer
 * that an Idempotency-Key keeps is rendered by then. STATUS_TOO_BIG past ACCEPT_ITEMS_MAX; STATUS_IO: try later;
 * STATUS_CORRUPT: something of the installation is missing.
 *
 * The command may end with STATUS_CONFLICT: the Idempotency-Key was used meanwhile; nothing was written, read the kept
 * answer again (store_idempotency_find). STATUS_UNCERTAIN: the same Idempotency-Key tells. */
enum status accept_begin(const struct accept_context *context, struct accept_item *items, size_t count,
			 struct writer_command **ret) MUST_CHECK;
/* Wakes the deliverer when the command ended well; returns how it ended. */
enum status accept_end(const struct sending *sending, const struct writer_command *command) MUST_CHECK;

#endif
