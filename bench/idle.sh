#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/idle.sh DIR: resident memory of a server that has just started, with all roles and a loop per core.
set -eu
pugmark=${PUGMARK:-build/src/prog/pugmark}
"$pugmark" init --data "$1" --json >/dev/null
"$pugmark" serve --data "$1" --listen 127.0.0.1:0 2>"$1/log" &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true' EXIT INT TERM
tries=0
until [ -s "$1/port" ] && curl -sf "http://127.0.0.1:$(cat "$1/port")/readyz" >/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || { cat "$1/log" >&2; exit 1; }
	sleep 0.05
done
sleep 2
awk '/VmRSS/ { printf "resident   %.1f MB\n", $2 / 1024 }' "/proc/$server/status"
