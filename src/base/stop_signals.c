/* SPDX-License-Identifier: Apache-2.0 */
/* Signals are blocked in every thread and fetched by the main one with sigtimedwait. There is no handler, so there is
 * no list of functions that one may call in it, and no call in another thread ends early. */
#include "base/stop_signals.h"

#include <signal.h>
#include <time.h>

static sigset_t awaited(void)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	return set;
}

void stop_signals_block(void)
{
	sigset_t set = awaited();
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int stop_signals_wait(unsigned timeout_ms)
{
	sigset_t set = awaited();
	struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
	int number = sigtimedwait(&set, NULL, &timeout);
	return number == SIGTERM || number == SIGINT ? number : 0;
}
