/* SPDX-License-Identifier: Apache-2.0 */
/* A list under a lock. Whoever takes gets all that is there, so a busy receiver pays for one lock however many have
 * posted. Waiting goes by the monotonic clock: a step of the wall clock neither ends nor prolongs it. */
#include "base/letterbox.h"

#include "base/mem.h"
#include <time.h>

void letterbox_init(struct letterbox *m, void (*wake)(void *user), void *user)
{
	pthread_condattr_t attributes;
	BUG_IF(pthread_condattr_init(&attributes) != 0);
	BUG_IF(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0);
	BUG_IF(pthread_mutex_init(&m->lock, NULL) != 0);
	BUG_IF(pthread_cond_init(&m->arrived, &attributes) != 0);
	(void)pthread_condattr_destroy(&attributes);
	list_init(&m->letters);
	m->is_woken = false;
	m->wake = wake;
	m->user = user;
}

void letterbox_done(struct letterbox *m)
{
	/* A letter that nobody took has no owner any more. */
	BUG_IF(!list_is_empty(&m->letters));
	(void)pthread_cond_destroy(&m->arrived);
	(void)pthread_mutex_destroy(&m->lock);
}

void letterbox_post(struct letterbox *m, struct list_link *letter)
{
	pthread_mutex_lock(&m->lock);
	list_append(&m->letters, letter);
	pthread_cond_signal(&m->arrived);
	pthread_mutex_unlock(&m->lock);
	/* Behind the lock, so that whoever it wakes does not run into it. */
	if (m->wake)
		m->wake(m->user);
}

static bool take_locked(struct letterbox *m, struct list_link *to)
{
	struct list_link *link = list_take_first(&m->letters);
	if (!link)
		return false;
	for (; link; link = list_take_first(&m->letters))
		list_append(to, link);
	return true;
}

bool letterbox_take(struct letterbox *m, struct list_link *to)
{
	pthread_mutex_lock(&m->lock);
	bool any = take_locked(m, to);
	pthread_mutex_unlock(&m->lock);
	return any;
}

static struct timespec deadline_after(int64_t timeout_us)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(timeout_us / 1000000);
	t.tv_nsec += (long)(timeout_us % 1000000) * 1000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

bool letterbox_wait(struct letterbox *m, struct list_link *to, int64_t timeout_us)
{
	pthread_mutex_lock(&m->lock);
	struct timespec until = deadline_after(timeout_us < 0 ? 0 : timeout_us);
	/* A loop, because a condition variable may wake for no reason. */
	for (bool is_over = false; !is_over && list_is_empty(&m->letters) && !m->is_woken;) {
		if (timeout_us < 0)
			pthread_cond_wait(&m->arrived, &m->lock);
		else
			is_over = pthread_cond_timedwait(&m->arrived, &m->lock, &until) != 0;
	}
	m->is_woken = false;
	bool any = take_locked(m, to);
	pthread_mutex_unlock(&m->lock);
	return any;
}

void letterbox_wake(struct letterbox *m)
{
	pthread_mutex_lock(&m->lock);
	m->is_woken = true;
	pthread_cond_broadcast(&m->arrived);
	pthread_mutex_unlock(&m->lock);
}
