/* SPDX-License-Identifier: Apache-2.0 */
/* Dates are put together and taken apart by hand. strftime follows the locale, in which the names of days and months
 * are not those of RFC 5322, and strptime knows neither fractions nor offsets as RFC 3339 has them; both would take
 * what is almost a time. */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	(void)clock_gettime(id, &t); /* cannot fail for these ids */
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now_us(void *self)
{
	(void)self;
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_us(void *self)
{
	(void)self;
	return read_clock(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
	static const struct clock system = {system_now_us, system_monotonic_us, NULL};
	return &system;
}

/* Floor division, so that times before 1970 come out right too. */
static struct tm split(int64_t time_us, int *ret_micros)
{
	int64_t seconds = time_us / 1000000;
	int64_t micros = time_us % 1000000;
	if (micros < 0) {
		micros += 1000000;
		seconds--;
	}
	time_t t = (time_t)seconds;
	struct tm tm = {0};
	(void)gmtime_r(&t, &tm);
	*ret_micros = (int)micros;
	return tm;
}

void time_append_rfc3339(struct buf *b, int64_t time_us)
{
	int micros;
	struct tm tm = split(time_us, &micros);
	buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec, micros / 1000);
}

void time_append_rfc5322(struct buf *b, int64_t time_us)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int micros;
	struct tm tm = split(time_us, &micros);
	buf_printf(b, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000", days + 3 * tm.tm_wday, tm.tm_mday,
		   months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void time_format_day(int64_t time_us, char text[DATE_TEXT_SIZE])
{
	int micros;
	struct tm tm = split(time_us, &micros);
	struct buf b;
	char room[32];
	buf_init_fixed(&b, room, sizeof room);
	buf_printf(&b, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	memcpy(text, room, DATE_TEXT_SIZE - 1);
	text[DATE_TEXT_SIZE - 1] = 0;
}

/* Reads exactly `digits` decimal digits off the front. */
static bool take_number(struct slice *s, size_t digits, int max, int *ret)
{
	uint64_t value;
	if (s->n < digits || !slice_to_u64(slice_sub(*s, 0, digits), (uint64_t)max, &value))
		return false;
	*s = slice_from(*s, digits);
	*ret = (int)value;
	return true;
}

static bool take_byte(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

static int days_in_month(const struct tm *tm)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = tm->tm_year + 1900;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[tm->tm_mon] + (is_leap && tm->tm_mon == 1);
}

static bool take_date(struct slice *s, struct tm *tm)
{
	if (!take_number(s, 4, 9999, &tm->tm_year) || !take_byte(s, '-') || !take_number(s, 2, 12, &tm->tm_mon) ||
	    !take_byte(s, '-') || !take_number(s, 2, 31, &tm->tm_mday))
		return false;
	if (tm->tm_mon < 1 || tm->tm_mday < 1)
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return tm->tm_mday <= days_in_month(tm);
}

/* RFC 3339 sets no limit to the digits; those behind the sixth are read and say nothing. */
static bool take_fraction(struct slice *s, int *ret_micros)
{
	int scale = 100000;
	*ret_micros = 0;
	if (!take_byte(s, '.'))
		return true;
	if (s->n == 0 || s->p[0] < '0' || s->p[0] > '9')
		return false;
	for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; *s = slice_from(*s, 1), scale /= 10)
		*ret_micros += (s->p[0] - '0') * scale;
	return true;
}

static bool take_offset(struct slice *s, int *ret_minutes)
{
	int hours;
	int minutes;
	*ret_minutes = 0;
	if (take_byte(s, 'Z') || take_byte(s, 'z'))
		return true;
	int sign = take_byte(s, '+') ? 1 : take_byte(s, '-') ? -1 : 0;
	if (sign == 0 || !take_number(s, 2, 23, &hours) || !take_byte(s, ':') || !take_number(s, 2, 59, &minutes))
		return false;
	*ret_minutes = sign * (hours * 60 + minutes);
	return true;
}

/* Small letters and a space for the T are what RFC 3339, 5.6 allows; second 60 is a leap second (5.7), which timegm
 * carries into the minute that follows. */
bool time_parse_rfc3339(struct slice s, int64_t *ret_us)
{
	struct tm tm = {0};
	int micros = 0;
	int offset = 0;
	if (!take_date(&s, &tm))
		return false;
	if (s.n) {
		if (!take_byte(&s, 'T') && !take_byte(&s, 't') && !take_byte(&s, ' '))
			return false;
		if (!take_number(&s, 2, 23, &tm.tm_hour) || !take_byte(&s, ':') ||
		    !take_number(&s, 2, 59, &tm.tm_min) || !take_byte(&s, ':') || !take_number(&s, 2, 60, &tm.tm_sec) ||
		    !take_fraction(&s, &micros) || !take_offset(&s, &offset) || s.n)
			return false;
	}
	time_t seconds = timegm(&tm);
	*ret_us = ((int64_t)seconds - offset * 60) * 1000000 + micros;
	return true;
}
