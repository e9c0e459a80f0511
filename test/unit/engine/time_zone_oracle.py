#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Days by Python's zoneinfo, which reads the same zone data with code that has nothing in common with ours: one line
`ZONE INSTANT DAY BEGIN` a sample, in seconds and days since 1970. Samples are random instants in every zone, and every half
hour around changes of the clock in the year of the sample.

A day that has begun does not end because clocks go back over midnight (time_zone.h): the day of an instant is the latest date that
clocks showed until then."""
import datetime
import random
import zoneinfo

EPOCH = datetime.date(1970, 1, 1).toordinal()
UTC = datetime.timezone.utc
HOUR = 3600
FIRST, END = 0, 2145916800  # 2038: the tables of Debian and Ubuntu end there, and GLib misreads the rule of one zone (decisions/0030)


def offset(zone, t):
    return int(datetime.datetime.fromtimestamp(t, zone).utcoffset().total_seconds())


def date(zone, t):
    return datetime.datetime.fromtimestamp(t, zone).date().toordinal() - EPOCH


def day_of(zone, t):
    if offset(zone, t - 3 * HOUR) <= offset(zone, t):
        return date(zone, t)
    return max(date(zone, t - minutes * 60) for minutes in range(180))


def begin_of(zone, day, t):
    """The first second that belongs to the day; t does."""
    before, inside = t - 50 * HOUR, t
    while inside - before > 1:
        middle = (before + inside) // 2
        if day_of(zone, middle) >= day:
            inside = middle
        else:
            before = middle
    return inside


def changes(zone, t):
    """About when clocks are set within the next year."""
    for day in range(366):
        at = t + day * 24 * HOUR
        if offset(zone, at) != offset(zone, at + 24 * HOUR):
            yield at


def samples(name, zone):
    for _ in range(8):
        yield random.randrange(FIRST, END)
    for at in changes(zone, random.randrange(FIRST, END - 400 * 24 * HOUR)):
        for step in range(-4, 100, 3):
            yield at + step * HOUR // 2


random.seed(20261121)
for name in sorted(zoneinfo.available_timezones()):
    is_legacy = any(c.isdigit() for c in name) and not name.startswith("Etc/")
    if is_legacy or not name[0].isupper() or name == "Factory":
        continue
    zone = zoneinfo.ZoneInfo(name)
    for t in samples(name, zone):
        day = day_of(zone, t)
        print(name, t, day, begin_of(zone, day, t))
