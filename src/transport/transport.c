/* SPDX-License-Identifier: Apache-2.0 */
/* What all transports have in common: the checks before anything leaves, the barrier's order, the end. */
#include "transport/transport.h"

#include "base/mem.h"
#include "codec/mail/mail_address.h"
#include "transport/transport_priv.h"

/* A bare CR or LF is where servers disagree about what ends a line, and so a message: CVE-2023-51764 and its relatives
 * (SMTP smuggling). */
static bool has_bare_line_end(struct slice s)
{
	size_t i = 0;
	while (i < s.n) {
		const char *cr = memchr(s.p + i, '\r', s.n - i);
		size_t end = cr ? (size_t)(cr - s.p) : s.n;
		if (end > i && memchr(s.p + i, '\n', end - i))
			return true;
		if (!cr)
			return false;
		if (end + 1 >= s.n || s.p[end + 1] != '\n')
			return true;
		i = end + 2;
	}
	return false;
}

/* The same rule as wherever an address comes in, so that what was taken can be sent. Nothing that it takes can break
 * out of "<…>" in a command. */
static bool is_envelope_safe(struct slice address)
{
	return mail_address_check(address, NULL) == STATUS_OK;
}

/* NULL when the mail may leave, else what is wrong with it. */
static const char *fault_of(const struct transport_mail *mail)
{
	if (mail->envelope_from.n && !is_envelope_safe(mail->envelope_from))
		return "the envelope sender is not an address that SMTP can carry";
	if (!is_envelope_safe(mail->envelope_to))
		return "the envelope recipient is not an address that SMTP can carry";
	if (has_bare_line_end(mail->bytes))
		return "the message has a line end that is not CRLF";
	return NULL;
}

struct delivery *transport_start(struct transport *transport, const struct transport_mail *mail,
				 const struct delivery_events *events, void *user)
{
	struct delivery *delivery = transport->class->start(transport, mail);
	delivery->transport = transport;
	delivery->mail = *mail;
	delivery->events = *events;
	delivery->user = user;
	delivery->state = DELIVERY_STARTED;
	list_init(&delivery->queued);
	transport->active++;
	delivery_queue(delivery);
	return delivery;
}

void delivery_queue(struct delivery *delivery)
{
	list_remove(&delivery->queued);
	list_append(loop_queue(delivery->transport->loop), &delivery->queued);
}

void delivery_advance(struct delivery *delivery)
{
	const char *fault = delivery->state == DELIVERY_STARTED ? fault_of(&delivery->mail) : NULL;
	if (fault)
		delivery_fail(delivery, STATUS_BAD_INPUT, fault);
	else
		delivery->transport->class->advance(delivery);
}

void delivery_reach_barrier(struct delivery *delivery)
{
	delivery->state = DELIVERY_AT_BARRIER;
	delivery->events.at_barrier(delivery->user, delivery);
}

void delivery_end(struct delivery *delivery, const struct transport_outcome *outcome)
{
	struct transport *transport = delivery->transport;
	list_remove(&delivery->queued);
	delivery->events.done(delivery->user, delivery, outcome);
	transport->class->discard(delivery);
	transport->active--; /* last, so that the transport cannot be freed from within done() */
}

void delivery_fail(struct delivery *delivery, enum status status, const char *words)
{
	struct transport_outcome outcome = {
	    .status = status, .reply = slice_from_cstr(words), .remote_id = SLICE_EMPTY};
	delivery_end(delivery, &outcome);
}

void transport_pass_barrier(struct delivery *delivery)
{
	BUG_IF(delivery->state != DELIVERY_AT_BARRIER);
	delivery->state = DELIVERY_PASSED;
	delivery_queue(delivery);
}

void transport_abandon(struct delivery *delivery)
{
	/* Behind the dot the other side may have it, and nobody can give it up any more. */
	BUG_IF(delivery->state == DELIVERY_PASSED);
	delivery_fail(delivery, STATUS_AGAIN, "given up before the end of the message was sent");
}

size_t transport_active(const struct transport *transport)
{
	return transport->active;
}

void transport_free(struct transport **transport)
{
	struct transport *t = *transport;
	*transport = NULL;
	if (!t)
		return;
	BUG_IF(t->active);
	t->class->free(t);
}
