/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "loopback.h"
#include "net/worker_pool.h"
#include <pthread.h>
#include <stdatomic.h>

struct fixture {
	struct http_server *server;
	struct worker_pool *pool;
	pthread_mutex_t gate; /* held by the test to keep workers busy */
	_Atomic int contexts, freed, running, done, dropped, refused;
	/* Jobs of paths that begin with /park, until the test resumes them. */
	pthread_mutex_t lock;
	struct work *parked[8];
	size_t parked_count;
};

struct context {
	pthread_t thread;
};

struct work {
	struct worker_job job;
	struct fixture *f;
	struct http_request *request;
	pthread_t loop_thread;
	size_t answer;
};

static void *context_new(void *user)
{
	struct fixture *f = user;
	struct context *context = MEM_NEW(struct context);
	context->thread = pthread_self();
	f->contexts++;
	return context;
}

static void context_free(void *user, void *context)
{
	struct fixture *f = user;
	f->freed++;
	mem_free(context);
}

static void run_again(struct worker_job *job, void *context)
{
	(void)context;
	((struct work *)(void *)job)->answer++;
}

/* Whoever has it next may be through with it before this returns, as the writer may be. */
static void park(struct work *work)
{
	struct fixture *f = work->f;
	work->job.run = run_again;
	work->answer = http_request_path(work->request).n - 1;
	if (!worker_pool_park(f->pool, &work->job)) {
		work->answer++;
		f->refused++;
		return;
	}
	pthread_mutex_lock(&f->lock);
	f->parked[f->parked_count++] = work;
	pthread_mutex_unlock(&f->lock);
}

static size_t parked_count(struct fixture *f)
{
	pthread_mutex_lock(&f->lock);
	size_t count = f->parked_count;
	pthread_mutex_unlock(&f->lock);
	return count;
}

static void *resume_all(void *user)
{
	struct fixture *f = user;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->parked_count; i++)
		worker_pool_resume(f->pool, &f->parked[i]->job);
	f->parked_count = 0;
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static void run(struct worker_job *job, void *context)
{
	struct work *work = (struct work *)(void *)job;
	const struct context *own = context;
	BUG_IF(!pthread_equal(own->thread, pthread_self()) || pthread_equal(work->loop_thread, pthread_self()));
	if (slice_starts_with(http_request_path(work->request), SLICE("/park"))) {
		park(work);
		return;
	}
	work->f->running++;
	work->answer = http_request_path(work->request).n;
	if (job->is_quick)
		return; /* waits for nobody */
	pthread_mutex_lock(&work->f->gate);
	pthread_mutex_unlock(&work->f->gate);
}

static void done(struct worker_job *job)
{
	struct work *work = (struct work *)(void *)job;
	BUG_IF(!pthread_equal(work->loop_thread, pthread_self()));
	work->f->done++;
	struct slice path = http_request_path(work->request);
	BUG_IF(path.n != work->answer);
	http_answer(work->request, 200, NULL, 0, path);
	mem_free(work);
}

static void drop(struct worker_job *job)
{
	struct work *work = (struct work *)(void *)job;
	work->f->dropped++;
	mem_free(work);
}

static void handle(void *user, struct http_request *request)
{
	struct fixture *f = user;
	struct work *work = MEM_NEW(struct work);
	*work = (struct work){
	    .job = {.run = run, .done = done, .drop = drop}, .f = f, .request = request, .loop_thread = pthread_self()};
	work->job.is_quick = slice_starts_with(http_request_path(request), SLICE("/quick"));
	if (worker_pool_post(f->pool, http_request_loop(request), &work->job))
		return;
	mem_free(work);
	http_answer(request, 503, NULL, 0, SLICE_EMPTY);
	f->refused++;
}

static void *loop_start(void *user, struct http_loop *loop)
{
	(void)loop;
	return user;
}

static void start_reserved(struct fixture *f, unsigned loops, unsigned reserved)
{
	struct http_server_config config = {
	    .address = "127.0.0.1", .loops = loops, .loop_start = loop_start, .handle = handle, .user = f};
	struct worker_pool_config pool = {.workers = 2,
					  .reserved = reserved,
					  .queue_size = 4,
					  .context_new = context_new,
					  .context_free = context_free,
					  .user = f};
	struct err err;
	memset(f, 0, sizeof *f);
	pthread_mutex_init(&f->gate, NULL);
	pthread_mutex_init(&f->lock, NULL);
	assert_int_equal(worker_pool_start(&pool, &f->pool, &err), STATUS_OK);
	assert_int_equal(http_server_start(&config, &f->server, &err), STATUS_OK);
}

static void start(struct fixture *f, unsigned loops)
{
	start_reserved(f, loops, 0);
}

static void end(struct fixture *f, int timeout_ms)
{
	http_server_shut_down(f->server, timeout_ms);
	worker_pool_stop(&f->pool);
	http_server_free(&f->server);
	assert_null(f->pool);
	assert_int_equal(f->contexts, 2);
	assert_int_equal(f->freed, 2);
	pthread_mutex_destroy(&f->lock);
	pthread_mutex_destroy(&f->gate);
}

static int ask(const struct fixture *f, const char *path)
{
	char request[100];
	int fd = loopback_connect(http_server_port(f->server));
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	loopback_say(fd, request);
	return fd;
}

static void expect(int fd, int status, const char *body)
{
	char *answer = loopback_read_answer(fd);
	assert_int_equal(loopback_status(answer), status);
	assert_string_equal(loopback_body(answer), body);
	free(answer);
	close(fd);
}

static void test_jobs_run_on_workers_and_come_back_to_their_loop(void **state)
{
	struct fixture f;
	int fd[4];
	(void)state;
	start(&f, 3);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 4; i++)
			fd[i] = ask(&f, "/some/path");
		for (int i = 0; i < 4; i++)
			expect(fd[i], 200, "/some/path");
	}
	end(&f, 10000);
	assert_int_equal(f.done, 200);
	assert_int_equal(f.dropped, 0);
}

static void test_a_full_queue_refuses_and_takes_jobs_again_later(void **state)
{
	struct fixture f;
	int fd[6];
	(void)state;
	start(&f, 1);
	pthread_mutex_lock(&f.gate);
	for (int i = 0; i < 2; i++)
		fd[i] = ask(&f, "/busy");
	while (f.running < 2)
		usleep(1000);
	for (int i = 2; i < 6; i++)
		fd[i] = ask(&f, "/waits");
	while (worker_pool_waiting(f.pool) < 4)
		usleep(1000);
	expect(ask(&f, "/refused"), 503, "");
	assert_int_equal(f.refused, 1);
	pthread_mutex_unlock(&f.gate);
	for (int i = 0; i < 6; i++)
		expect(fd[i], 200, i < 2 ? "/busy" : "/waits");
	expect(ask(&f, "/again"), 200, "/again");
	end(&f, 10000);
	assert_int_equal(f.dropped, 0);
}

static void *open_later(void *user)
{
	struct fixture *f = user;
	http_server_shut_down(f->server, 10); /* cut off while the workers are busy */
	pthread_mutex_unlock(&f->gate);
	return NULL;
}

static void test_jobs_of_a_loop_that_ended_are_dropped(void **state)
{
	struct fixture f;
	int fd[3];
	(void)state;
	start(&f, 1);
	pthread_mutex_lock(&f.gate);
	for (int i = 0; i < 3; i++)
		fd[i] = ask(&f, "/busy");
	while (f.running < 2 || worker_pool_waiting(f.pool) < 1)
		usleep(1000);
	open_later(&f);
	end(&f, 0);
	assert_int_equal(f.done, 0);
	assert_int_equal(f.dropped, 3);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

/* Two workers, four parked jobs: were they held, nobody would be left. */
static void test_parked_jobs_hold_no_worker_and_are_answered_once_they_are_resumed(void **state)
{
	struct fixture f;
	int fd[4];
	(void)state;
	start(&f, 2);
	for (int round = 1; round <= 20; round++) {
		for (int i = 0; i < 4; i++)
			fd[i] = ask(&f, "/parked");
		while (parked_count(&f) < 4)
			usleep(1000);
		expect(ask(&f, "/other"), 200, "/other");
		assert_int_equal(f.done, 5 * round - 4);
		resume_all(&f);
		for (int i = 0; i < 4; i++)
			expect(fd[i], 200, "/parked");
	}
	end(&f, 10000);
	assert_int_equal(f.refused, 0);
	assert_int_equal(f.dropped, 0);
}

static void test_one_job_too_many_is_not_parked_and_can_be_answered_at_once(void **state)
{
	struct fixture f;
	int fd[4];
	(void)state;
	start(&f, 1);
	for (int i = 0; i < 4; i++)
		fd[i] = ask(&f, "/parked");
	while (parked_count(&f) < 4)
		usleep(1000);
	expect(ask(&f, "/park/more"), 200, "/park/more");
	assert_int_equal(f.refused, 1);
	resume_all(&f);
	for (int i = 0; i < 4; i++)
		expect(fd[i], 200, "/parked");
	end(&f, 10000);
}

static void test_a_reserved_worker_is_free_for_what_is_quick_while_the_others_are_held_up(void **state)
{
	struct fixture f;
	int fd[3];
	(void)state;
	start_reserved(&f, 1, 1);
	pthread_mutex_lock(&f.gate);
	for (int i = 0; i < 3; i++)
		fd[i] = ask(&f, "/busy");
	while (f.running < 1 || worker_pool_waiting(f.pool) < 2)
		usleep(1000);
	for (int i = 0; i < 20; i++)
		expect(ask(&f, "/quick"), 200, "/quick");
	assert_int_equal(f.running, 21); /* one that is slow */
	assert_int_equal(worker_pool_waiting(f.pool), 2);
	pthread_mutex_unlock(&f.gate);
	for (int i = 0; i < 3; i++)
		expect(fd[i], 200, "/busy");
	end(&f, 10000);
	assert_int_equal(f.done, 23);
}

/* The pool may not be freed under who still has its jobs. */
static void test_a_pool_that_ends_waits_for_parked_jobs_and_drops_them(void **state)
{
	struct fixture f;
	int fd[3];
	pthread_t keeper;
	(void)state;
	start(&f, 1);
	for (int i = 0; i < 3; i++)
		fd[i] = ask(&f, "/parked");
	while (parked_count(&f) < 3)
		usleep(1000);
	http_server_shut_down(f.server, 10);
	assert_int_equal(pthread_create(&keeper, NULL, resume_all, &f), 0);
	worker_pool_stop(&f.pool);
	assert_int_equal(pthread_join(keeper, NULL), 0);
	end(&f, 0);
	assert_int_equal(f.done, 0);
	assert_int_equal(f.dropped, 3);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_jobs_run_on_workers_and_come_back_to_their_loop),
	    cmocka_unit_test(test_a_full_queue_refuses_and_takes_jobs_again_later),
	    cmocka_unit_test(test_jobs_of_a_loop_that_ended_are_dropped),
	    cmocka_unit_test(test_parked_jobs_hold_no_worker_and_are_answered_once_they_are_resumed),
	    cmocka_unit_test(test_one_job_too_many_is_not_parked_and_can_be_answered_at_once),
	    cmocka_unit_test(test_a_reserved_worker_is_free_for_what_is_quick_while_the_others_are_held_up),
	    cmocka_unit_test(test_a_pool_that_ends_waits_for_parked_jobs_and_drops_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
