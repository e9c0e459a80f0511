/* SPDX-License-Identifier: Apache-2.0 */
/* The switch has no default, so that the compiler names a status that was forgotten here (-Wswitch). An err is filled
 * once, at the place that knows the fault; the layers above add nothing and only pass it on. */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *status_name(enum status status)
{
	switch (status) {
	case STATUS_OK: return "ok";
	case STATUS_AGAIN: return "again";
	case STATUS_END: return "end";
	case STATUS_BAD_INPUT: return "bad_input";
	case STATUS_TOO_BIG: return "too_big";
	case STATUS_NOT_FOUND: return "not_found";
	case STATUS_CONFLICT: return "conflict";
	case STATUS_DENIED: return "denied";
	case STATUS_IO: return "io";
	case STATUS_FULL: return "full";
	case STATUS_CORRUPT: return "corrupt";
	case STATUS_TIMEOUT: return "timeout";
	case STATUS_FAULT: return "fault";
	case STATUS_UNCERTAIN: return "uncertain";
	case STATUS_REFUSED_TEMP: return "refused_temp";
	case STATUS_REFUSED_PERM: return "refused_perm";
	}
	return "unknown";
}

enum status err_set(struct err *err, enum status status, const char *format, ...)
{
	if (!err)
		return status;
	va_list args;
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	err->status = status;
	err->os_errno = 0;
	return status;
}

enum status err_set_errno(struct err *err, int os_errno, const char *format, ...)
{
	/* A quota that is used up is a full disk to whoever writes: both pass when somebody makes room. */
	enum status status = os_errno == ENOSPC || os_errno == EDQUOT ? STATUS_FULL : STATUS_IO;
	if (!err)
		return status;
	va_list args;
	va_start(args, format);
	int n = vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	err->status = status;
	err->os_errno = os_errno;
	size_t used = n < 0 ? 0 : (size_t)n;
	/* strerror is not safe between threads, and follows the locale. */
	const char *words = strerrordesc_np(os_errno); /* NULL for a number that means nothing */
	if (used < sizeof err->text)
		(void)snprintf(err->text + used, sizeof err->text - used, ": %s", words ? words : "unknown error");
	return status;
}
