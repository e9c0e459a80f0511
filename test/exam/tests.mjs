// SPDX-License-Identifier: Apache-2.0
// The tests of the exam that run here, by their number in doc/exam.md:
//   parts            programs of the suite, as test/run.mjs names them; or
//   command          something else, with {build} for the build directory
//   env              what makes them longer than in a run in passing
//   counts           what they say they did: words, and the pattern whose first group is the number
//   show             lines of it that are repeated
//   bound            the one of these of which none failed
//   once             one round is all there is to it
//   only_when_asked  not without EXAM=
const tests = {
  T1: {
    what: "killed under mixed load",
    parts: ["crash/kill", "unit/engine/writer"],
    env: { PUGMARK_KILLS: "100" },
    counts: {
      kills: /(\d+) kills,/g,
      "answered hits": /kills, (\d+) answered hits/g,
      "accepted mails": /hits, (\d+) accepted mails/g,
      "in doubt": /events, (\d+) in doubt/g,
      "kills of a writer": /killed (\d+) times;/g,
    },
    bound: "kills",
  },
  T2: {
    what: "power cut at every operation",
    parts: ["unit/journal/power_cut"],
    env: { PUGMARK_EXAM_STRIDE: "1" },
    counts: { cuts: /(\d+) cuts, at/g },
    bound: "cuts",
  },
  T3: {
    what: "power cut in recovery, eight deep",
    parts: ["unit/journal/power_cut", "unit/journal/losses"],
    env: { PUGMARK_EXAM_STRIDE: "1" },
    counts: { "cut starts": /(\d+) starts that were cut/g },
    bound: "cut starts",
  },
  T4: {
    what: "EIO at every call, once and for ever",
    parts: ["unit/journal/faults", "flow/journal_failed"],
    counts: { faults: /(\d+) faults/g },
    once: true,
  },
  T5: { what: "ENOSPC and short writes", parts: ["unit/journal/faults", "unit/engine/writer", "unit/transport/outbox"], once: true },
  T6: { what: "full disk under load", parts: ["flow/disk_full"] },
  T7: {
    what: "bytes that change at rest",
    parts: ["unit/journal/damage", "unit/journal/salvage", "flow/journal_losses"],
    counts: { damages: /(\d+) damages:/g },
    bound: "damages",
  },
  T8: {
    what: "names that were not synced",
    parts: ["unit/journal/power_cut", "unit/journal/damage"],
    counts: { cuts: /(\d+) cuts, at/g },
    bound: "cuts",
  },
  T9: { what: "every other file of the journal gone or garbled", parts: ["unit/journal/damage"], once: true },
  T10: { what: "what was read once is read again", parts: ["unit/journal/power_cut"], counts: { cuts: /(\d+) cuts, at/g }, bound: "cuts" },
  T11: {
    what: "no memory",
    parts: ["unit/base/mem", "unit/base/allocator", "unit/library/memory", "unit/library/openssl", "flow/hostile_load"],
    once: true,
  },
  T12: {
    what: "records of any kind, and stores of older programs",
    parts: ["unit/engine/record", "unit/engine/store_migration", "flow/cli"],
    env: { PUGMARK_EXAM_ROUNDS: "1000000" },
    counts: { records: /(\d+) records there/g },
    once: true,
  },
  T13: {
    what: "one writer and one checkpointer on SQLite",
    parts: ["unit/store/store_one_writer"],
    env: { PUGMARK_EXAM_ROUNDS: "20000" },
    counts: { commits: /(\d+) commits beside/g, "readers that meddled": /beside (\d+) readers/g },
  },
  T14: { what: "dot barrier", parts: ["unit/transport/smtp", "unit/engine/dispatch", "flow/smtp"] },
  T16: { what: "leases, fencing, a server that freezes", parts: ["unit/engine/dispatch_leases", "unit/engine/writer_node", "flow/two_servers"], once: true },
  T17: { what: "PostgreSQL away", parts: ["flow/stop", "flow/stored_links", "unit/store/store_failures"] },
  T18: {
    what: "a queue emptied beside a transaction that stays open",
    parts: ["unit/store/store_queue_snapshot"],
    env: { PUGMARK_EXAM_ROUNDS: process.env.PUGMARK_EXAM_ROUNDS ?? "50000" },
    show: /^(?:\d+ rows, .*|  (?:first|last) tenth .*|  a look .*)$/gm,
    once: true,
  },
  T21: { what: "backoff", parts: ["unit/engine/attempt_end"], once: true },
  T22: { what: "clocks", parts: ["unit/engine/dispatch_leases", "unit/engine/time_zone", "unit/engine/timers", "unit/engine/second_look_needed"], once: true },
  T24: { what: "idempotency keys", parts: ["flow/api_errors", "flow/busy_writer"] },
  T25: {
    what: "two appliers on one journal, killed",
    parts: ["unit/engine/applier_race"],
    env: { PUGMARK_EXAM_ROUNDS: "50" },
    counts: { races: /(\d+) races of/g, fenced: /appliers, (\d+) fenced/g, commits: /fenced, (\d+) commits/g },
    bound: "races",
  },
  T29: { what: "signatures of webhooks", parts: ["unit/codec/webhook_signature", "unit/codec/webhook_vectors", "unit/codec/webhook_public_key"], once: true },
  T31: { what: "open redirect", parts: ["unit/codec/url", "flow/tracking"] },
  T32: { what: "forged tokens", parts: ["unit/codec/link_token", "unit/library/tokens"], once: true },
  T33: {
    what: "time of a wrong guess (t; beyond 4.5 it tells something)",
    command: ["{build}/bench/bench_timing", "1000000"],
    counts: { samples: /of (\d+) samples/g },
    show: /^.* t = .*$/gm,
    once: true,
  },
  T34: {
    what: "control characters in every field",
    parts: ["unit/codec/mail_compose", "unit/codec/json_text", "unit/base/log", "unit/net/sse", "flow/api_errors"],
    once: true,
  },
  T35: { what: "HTTP smuggling", parts: ["unit/net/smuggling", "flow/http_abuse"], counts: { shapes: /(\d+) shapes/g }, bound: "shapes" },
  T36: { what: "slow, silent and many", parts: ["unit/net/http_limits", "flow/http_abuse", "flow/hostile_load"] },
  T37: { what: "Host", parts: ["unit/web/host_names", "flow/strangers"], once: true },
  T38: { what: "sign-in", parts: ["unit/web/sign_in_guard", "unit/engine/password", "unit/engine/password_queue", "flow/sign_in", "flow/roles"], once: true },
  T39: { what: "every route, every role, every owner", parts: ["unit/web/api_permissions", "unit/web/api_own"], once: true },
  T40: { what: "forged webhooks of providers", parts: ["unit/library/verifier", "unit/codec/webhook_public_key"], once: true },
  T41: {
    what: "fuzzing with address and undefined-behaviour checks",
    command: ["test/fuzz/run"],
    counts: { executions: /targets, ([\d,]+) executions/g },
    once: true,
  },
  T44: { what: "one sync, check, fence or barrier less", command: ["node", "test/exam/mutants.mjs"], counts: { killed: /(\d+) mutants killed/g, "that make no difference": /(\d+) mutants same/g }, once: true, only_when_asked: true },
  T42: { what: "the suite with address, undefined-behaviour and thread checks", command: ["sh", "-c", "make SAN=address,undefined test && make SAN=thread test"], once: true, only_when_asked: true },
};

export const TESTS = Object.entries(tests).map(([t, test]) => ({ t, ...test }));
