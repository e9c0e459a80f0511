// SPDX-License-Identifier: Apache-2.0
// The range of a page, read from the address: ?range=7d|30d|90d|all, or ?from=…&to=…. Both ends belong to it.
import { add_days, date_range, today_in } from "./format";

export interface Range {
  key: "7d" | "30d" | "90d" | "all" | "custom";
  name: string;
  from: string;
  to: string;
  dates: string;
}

const DAYS = { "7d": 7, "30d": 30, "90d": 90 } as const;
/** "All" still names a first day, so that no default of the server can cut it short. */
const FIRST_DAY = "1970-01-01";

export function is_day(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

export function preset(key: keyof typeof DAYS | "all", time_zone: string): Range {
  const to = today_in(time_zone);
  if (key === "all") return { key, name: "All time", from: FIRST_DAY, to, dates: "since the first mail" };
  const from = add_days(to, 1 - DAYS[key]);
  return { key, name: `Last ${DAYS[key]} days`, from, to, dates: date_range(from, to, to) };
}

export function range_of(params: URLSearchParams, time_zone: string): Range {
  const from = params.get("from");
  const to = params.get("to");
  if (from && to && is_day(from) && is_day(to) && from <= to) {
    const dates = date_range(from, to, today_in(time_zone));
    return { key: "custom", name: dates, from, to, dates };
  }
  const key = params.get("range");
  return preset(key === "7d" || key === "90d" || key === "all" ? key : "30d", time_zone);
}
