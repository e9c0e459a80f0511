/* SPDX-License-Identifier: Apache-2.0 */
/* A line is made on the stack and leaves in one write(2): lines of several threads do not mix, and a log about memory
 * that runs out needs none. The level is an atomic that is only looked at, for a line below it must cost next to
 * nothing. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include <stdatomic.h>
#include <unistd.h>

#define CUT_MARK " cut=true\n"
enum { LINE_MAX_BYTES = 4096, VALUE_MAX_BYTES = 512 };

static _Atomic int threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!word && !strchr("-_./:@+,", c))
			return false;
		/* strchr finds the NUL that ends its string, too. */
		if (c == 0)
			return false;
	}
	return s.n > 0;
}

/* The line is ASCII whatever was in the value: nobody who reads it has to guess a charset, and no terminal takes a byte
 * of it for a command. */
static void append_escaped(struct buf *b, struct slice s)
{
	buf_append_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_append(b, SLICE("\\n"));
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(b, "\\x%02x", c);
		else
			buf_append_byte(b, (char)c);
	}
	buf_append_byte(b, '"');
}

static void append_field(struct buf *b, const struct log_field *f)
{
	buf_printf(b, " %s=", f->key);
	if (f->is_number) {
		buf_append_i64(b, f->number);
		return;
	}
	struct slice value = slice_sub(f->text, 0, VALUE_MAX_BYTES);
	if (is_plain(value))
		buf_append(b, value);
	else
		append_escaped(b, value);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	if ((int)level < atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	char line[LINE_MAX_BYTES];
	struct buf b;
	buf_init_fixed(&b, line, sizeof line - sizeof CUT_MARK); /* kept for the end of the line */
	time_append_rfc3339(&b, clock_now_us(clock_system()));
	buf_printf(&b, " %s %s", names[level], event);
	size_t whole = b.n;
	for (; fields->key; fields++) {
		append_field(&b, fields);
		if (buf_failed(&b))
			break;
		whole = b.n;
	}
	/* A field that does not fit goes as a whole, for half a quoted value would swallow what follows it. */
	struct slice end = buf_failed(&b) ? SLICE(CUT_MARK) : SLICE("\n");
	memcpy(line + whole, end.p, end.n);
	(void)!write(STDERR_FILENO, line, whole + end.n); /* nowhere to report it */
}
