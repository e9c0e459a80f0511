/* SPDX-License-Identifier: Apache-2.0 */
/* One thread and not two: on two cores a flood of tries then leaves one of them to readers of mail, and some twenty
 * people a second can still sign in. A line of 32 is a second and a half: who has to wait longer than that gives up,
 * and what a flood puts there is work that nobody wants done. */
#include "engine/accounts/password_queue.h"

#include "base/mem.h"
#include "engine/accounts/password.h"
#include <pthread.h>
#include <signal.h>

struct line {
	struct password_check *first; /* oldest */
	struct password_check **last;
	size_t count;
};

struct password_queue {
	bool (*is_right)(struct slice password, struct slice hash);
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct line owners, others;
	bool is_closed;
	pthread_t thread;
};

static void line_init(struct line *line)
{
	*line = (struct line){.last = &line->first};
}

static void line_put(struct line *line, struct password_check *check)
{
	check->next = NULL;
	*line->last = check;
	line->last = &check->next;
	line->count++;
}

static struct password_check *line_take(struct line *line)
{
	struct password_check *check = line->first;
	if (!check)
		return NULL;
	line->first = check->next;
	line->count--;
	if (!line->first)
		line->last = &line->first;
	return check;
}

/* NULL when the queue is closed. */
static struct password_check *take(struct password_queue *q)
{
	pthread_mutex_lock(&q->lock);
	while (!q->owners.count && !q->others.count && !q->is_closed)
		pthread_cond_wait(&q->work, &q->lock);
	struct password_check *check = line_take(&q->owners);
	if (!check)
		check = line_take(&q->others);
	pthread_mutex_unlock(&q->lock);
	return check;
}

static void *work(void *self)
{
	struct password_queue *q = self;
	struct password_check *check;
	sigset_t all;
	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while ((check = take(q))) {
		check->is_right = q->is_right(check->password, check->hash);
		check->status = STATUS_OK;
		check->done(check);
	}
	return NULL;
}

enum status password_queue_start(bool (*is_right)(struct slice password, struct slice hash),
				 struct password_queue **ret, struct err *err)
{
	struct password_queue *q = MEM_NEW(struct password_queue);
	q->is_right = is_right ? is_right : password_is_right;
	line_init(&q->owners);
	line_init(&q->others);
	BUG_IF(pthread_mutex_init(&q->lock, NULL) != 0);
	BUG_IF(pthread_cond_init(&q->work, NULL) != 0);
	int failed = pthread_create(&q->thread, NULL, work, q);
	if (failed) {
		(void)pthread_cond_destroy(&q->work);
		(void)pthread_mutex_destroy(&q->lock);
		mem_free(q);
		return err_set_errno(err, failed, "cannot start the thread that checks passwords");
	}
	*ret = q;
	return STATUS_OK;
}

static void refuse(struct password_check *check)
{
	check->status = STATUS_FULL;
	check->is_right = false;
	check->done(check);
}

void password_queue_submit(struct password_queue *q, struct password_check *check)
{
	pthread_mutex_lock(&q->lock);
	struct line *line = check->goes_first ? &q->owners : &q->others;
	bool has_room = !q->is_closed && line->count < PASSWORD_QUEUE_ROOM;
	if (has_room) {
		line_put(line, check);
		pthread_cond_signal(&q->work);
	}
	pthread_mutex_unlock(&q->lock);
	if (!has_room)
		refuse(check);
}

static void refuse_all(struct password_check *check)
{
	while (check) {
		struct password_check *next = check->next;
		refuse(check);
		check = next;
	}
}

void password_queue_close(struct password_queue *q)
{
	pthread_mutex_lock(&q->lock);
	struct password_check *owners = q->owners.first, *others = q->others.first;
	line_init(&q->owners);
	line_init(&q->others);
	q->is_closed = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	refuse_all(owners);
	refuse_all(others);
}

void password_queue_free(struct password_queue **queue)
{
	struct password_queue *q = *queue;
	if (!q)
		return;
	password_queue_close(q);
	pthread_join(q->thread, NULL);
	(void)pthread_cond_destroy(&q->work);
	(void)pthread_mutex_destroy(&q->lock);
	mem_free(q);
	*queue = NULL;
}
