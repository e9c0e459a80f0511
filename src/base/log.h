/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line an event, `time level event key=value …`, on standard error.
 *
 * Only engine, web and prog log, once, at the place that decides. Values are quoted and escaped whenever they hold
 * anything but plain word characters, so that nobody's bytes can forge a line. Never on a hot path.
 * Thread-safe: a line is one write(2).
 */
#ifndef PUGMARK_BASE_LOG_H
#define PUGMARK_BASE_LOG_H

#include "base/slice.h"
#include "base/status.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
	const char *key; /* NULL ends a list */
	bool is_number;
	int64_t number;
	struct slice text;
};

#define LOG_STR(key, value) ((struct log_field){key, false, 0, value})
#define LOG_CSTR(key, value) ((struct log_field){key, false, 0, slice_from_cstr(value)})
#define LOG_INT(key, value) ((struct log_field){key, true, (int64_t)(value), {"", 0}})
#define LOG_ERR(err) LOG_CSTR("status", status_name((err)->status)), LOG_CSTR("error", (err)->text)

void log_write(enum log_level level, const char *event, const struct log_field *fields);
/* Lines below this level are dropped. INFO at the start. */
void log_set_level(enum log_level level);

#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define log_debug(event, ...) log_write(LOG_LEVEL_DEBUG, event, LOG_FIELDS(__VA_ARGS__))
#define log_info(event, ...) log_write(LOG_LEVEL_INFO, event, LOG_FIELDS(__VA_ARGS__))
#define log_warn(event, ...) log_write(LOG_LEVEL_WARN, event, LOG_FIELDS(__VA_ARGS__))
#define log_error(event, ...) log_write(LOG_LEVEL_ERROR, event, LOG_FIELDS(__VA_ARGS__))

#endif
