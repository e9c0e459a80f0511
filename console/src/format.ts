// SPDX-License-Identifier: Apache-2.0
// Numbers, times and ranges as people write them. By the reader's locale; times of day are the reader's, days of a range
// are the tenant's, because that is how they are counted.

const locale = typeof navigator === "undefined" ? "en-GB" : navigator.language;

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const clock_s = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day_short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const day_year = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const day_long = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });

export function count(n: number): string {
  return whole.format(n);
}

/** "1 mail", "2 mails". */
export function counted(n: number, one: string, many: string): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A rate of 0..1 in per cent with one decimal, without the sign; a dash when there is none. */
export function percent(rate: number | null): string {
  return rate === null ? "–" : tenth.format(rate * 100);
}

/** A share of 0..1 in whole per cent; a dash when there is none. */
export function share(rate: number | null): string {
  return rate === null ? "–" : `${whole.format(rate * 100)}%`;
}

export function decimal(n: number): string {
  return tenth.format(n);
}

export function time(iso: string): string {
  return clock.format(new Date(iso));
}

export function time_s(iso: string): string {
  return clock_s.format(new Date(iso));
}

export function long_day(iso: string): string {
  return day_long.format(new Date(iso));
}

/** The day of an instant in the reader's zone, as a key to compare. */
export function day_key(date: Date): string {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

function yesterday(now: Date): Date {
  const day = new Date(now);
  day.setDate(day.getDate() - 1);
  return day;
}

/** "Today, 15:41", "Yesterday, 09:00", "12 Nov, 09:00"; the year when it is another one. */
export function day_time(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const hour = clock.format(at);
  if (day_key(at) === day_key(now)) return `Today, ${hour}`;
  if (day_key(at) === day_key(yesterday(now))) return `Yesterday, ${hour}`;
  return `${(at.getFullYear() === now.getFullYear() ? day_short : day_year).format(at)}, ${hour}`;
}

/** Within a sentence: "today at 15:41", "12 Nov at 09:00". */
export function said_time(iso: string, now = new Date()): string {
  return day_time(iso, now)
    .replace(/^Today, /, "today at ")
    .replace(/^Yesterday, /, "yesterday at ")
    .replace(/, ([^,]*)$/, " at $1");
}

/** The day of an event as a heading: "Today", "Yesterday", "Thursday 19 November". */
export function day_name(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (day_key(at) === day_key(now)) return "Today";
  if (day_key(at) === day_key(yesterday(now))) return "Yesterday";
  return day_long.format(at);
}

/** For a list: the time for today, else the day. */
export function short_time(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (day_key(at) === day_key(now)) return clock.format(at);
  return (at.getFullYear() === now.getFullYear() ? day_short : day_year).format(at);
}

/** "0.8 s", "45 seconds", "12 minutes", "3 h 41 min", "2 days". */
export function duration(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 1) return `${decimal(s)} s`;
  if (s < 60) return counted(Math.floor(s), "second", "seconds");
  const min = Math.floor(s / 60);
  if (min < 60) return counted(min, "minute", "minutes");
  const h = Math.floor(min / 60);
  if (h < 48) return min % 60 ? `${h} h ${min % 60} min` : `${h} h`;
  return counted(Math.floor(h / 24), "day", "days");
}

/** Today's date in a time zone, as YYYY-MM-DD. */
export function today_in(time_zone: string, now = new Date()): string {
  // By parts: which locale writes a date as YYYY-MM-DD differs from one version of ICU to the next.
  const fields = (zone: string | undefined) => {
    const format = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
    const part = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
    return `${part.year}-${part.month}-${part.day}`;
  };
  try {
    return fields(time_zone);
  } catch {
    return fields("UTC"); // a zone that this browser does not know
  }
}

/** A date some days later; plain calendar arithmetic, no zone involved. */
export function add_days(date: string, days: number): string {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

function plain_day(date: string, with_year: boolean): string {
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", timeZone: "UTC" };
  if (with_year) options.year = "numeric";
  return new Intl.DateTimeFormat(locale, options).format(new Date(`${date}T00:00:00Z`));
}

/** "22 Oct – 20 Nov"; years where they differ from this one. */
export function date_range(from: string, to: string, today: string): string {
  const years = from.slice(0, 4) !== today.slice(0, 4) || to.slice(0, 4) !== today.slice(0, 4);
  return from === to ? plain_day(from, years) : `${plain_day(from, years)} – ${plain_day(to, years)}`;
}

/** Without scheme, without "www." and without a bare slash at the end: what people read. */
export function short_url(url: string): string {
  return url.replace(/^https?:\/\/(www\.)?/i, "").replace(/\/$/, "");
}

/** Who a mail is from or to, or what is said instead when nobody is named. */
export function person(address: { email: string; name: string | null } | null, nobody: string): string {
  if (!address) return nobody;
  return address.name ? `${address.name}, ${address.email}` : address.email;
}
