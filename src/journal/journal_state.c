/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of a journal asks or says of it, on any thread: how it is, how far it is, and that there is work. It
 * stands below the parts so that none of them needs the one that opens and closes them all. */
#include "journal/journal_state.h"

#include "base/clock.h"

#include <stdio.h>

int64_t journal_monotonic_us(void)
{
	return clock_monotonic_us(clock_system());
}

void journal_wake(struct journal *journal)
{
	/* Whoever finds it set knows that the thread has not looked since; one post is enough. */
	if (!atomic_exchange(&journal->woken, true))
		(void)sem_post(&journal->wake); /* never more than one outstanding, so it cannot overflow */
}

uint16_t journal_node(const struct journal *journal)
{
	return journal->node;
}

uint64_t journal_durable_sequence(const struct journal *journal)
{
	return atomic_load_explicit(&journal->durable, memory_order_acquire);
}

enum journal_health journal_health(const struct journal *journal)
{
	return (enum journal_health)atomic_load(&journal->health);
}

void journal_set_health(struct journal *journal, enum journal_health health, const char *words)
{
	pthread_mutex_lock(&journal->health_lock);
	(void)snprintf(journal->health_words, sizeof journal->health_words, "%s", words);
	atomic_store(&journal->health, health);
	pthread_mutex_unlock(&journal->health_lock);
}

uint64_t journal_failures(const struct journal *journal)
{
	return atomic_load(&journal->failures);
}

struct journal_losses journal_losses(const struct journal *journal)
{
	struct journal_losses losses = journal->losses;

	losses.applied_count = atomic_load(&journal->lost_applied);
	return losses;
}

void journal_tell_losses(struct journal *journal, const struct journal_losses *losses)
{
	if (losses->count > 0) {
		journal->losses.first = losses->first;
		journal->losses.last = losses->last;
	}
	journal->losses.count += losses->count;
	atomic_fetch_add(&journal->lost_applied, losses->applied_count);
}

void journal_health_text(const struct journal *journal, char *text, size_t size)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&journal->health_lock; /* const for callers, not for us */

	pthread_mutex_lock(lock);
	(void)snprintf(text, size, "%s", journal->health_words);
	pthread_mutex_unlock(lock);
}

void journal_on_commit(struct journal *journal, void (*committed)(void *user), void *user)
{
	pthread_mutex_lock(&journal->feeds_lock);
	journal->committed = committed;
	journal->committed_user = user;
	pthread_mutex_unlock(&journal->feeds_lock);
}
