// SPDX-License-Identifier: Apache-2.0
// A disk that fills up: people still get their pixels and pages, nothing is accepted that could not be kept, and all
// goes on by itself when there is space again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness/flow.mjs";
import { BROWSER_AGENT, links_of, mail, pixel_of, start_server, temporary_directory, until } from "../harness/pugmark.mjs";

const SIZE = "24m";

/** A small file system of its own, or null when this user may not make one. */
function small_disk(t, before_unmount) {
  const directory = temporary_directory(null, "pugmark-disk-");
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", directory]);
  t.after(async () => {
    await before_unmount();
    if (status === 0) spawnSync("umount", [directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  return status === 0 ? directory : null;
}

function fill(directory) {
  const path = join(directory, "filler");
  for (let size = 1 << 20; size >= 512; size >>= 1) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size), { flag: "a" });
      } catch {
        break;
      }
    }
  }
  return path;
}

test("a full disk stops sends with 503 and nothing else, and space makes all well without a restart", async (t) => {
  let server;
  const disk = small_disk(t, () => server?.stop("SIGKILL"));
  if (!disk) return t.skip("no file system may be mounted here");
  server = await start_server(t, { data: join(disk, "data"), env: { PUGMARK_JOURNAL_SEGMENT_MB: "1", PUGMARK_SERVER_TRUSTED_PROXIES: "127.0.0.1" }, may_warn: [/writer\.failing status=full/, /journal\.full/, /store\.away .*full/, /api\.store_away .* status=full/, /unsubscribe\.not_confirmed status=full/] });
  const sent = await server.send();
  const html = await server.preview(sent.id);
  const agent = (text) => ({ "user-agent": `${text} ${BROWSER_AGENT}` });

  const filler = fill(disk);
  // What was set aside is used up first: a send is refused once that is gone.
  let accepted = 0;
  const refused = await until(async () => {
    fill(disk);
    for (let i = 0; i < 50; i++) await server.get(pixel_of(html), agent(`filling ${"x".repeat(400)}`));
    const answer = await server.api("POST", "/messages", mail({ html: `<p>${"y".repeat(5000)}${Math.random()}</p>` }));
    accepted += answer.status === 202;
    return answer.status === 503 ? answer : null;
  }, "a send to be refused", 60000);
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  const ready = await until(async () => {
    fill(disk);
    await server.get(pixel_of(html), agent(`more ${"x".repeat(400)}`));
    const answer = await server.get("/readyz");
    return answer.status === 503 && answer.text();
  }, "readyz to say so", 60000);
  assert.match(ready, /full|space/i);
  for (let i = 0; i < 20; i++) {
    assert.equal((await server.get(pixel_of(html), agent("full"))).status, 200);
    const click = await server.get(links_of(html)[0], agent("full"));
    assert.equal(click.status, 302);
    assert.equal(click.headers.get("location"), "https://example.com/sale?a=1&b=2");
  }
  assert.equal((await server.get("/healthz")).status, 200);
  assert.ok(statfsSync(disk).bavail * statfsSync(disk).bsize < 1 << 20, "it is full indeed");

  rmSync(filler);
  await until(async () => (await server.get("/readyz")).status === 200, "readyz to be well again", 30000);
  const after = await server.send();
  assert.equal((await server.get(pixel_of(html), { ...agent("after"), "x-forwarded-for": "198.51.100.7" })).status, 200);
  const list = await server.settled_events(`message=${sent.id}&type=email.opened`);
  assert.equal(list.filter((e) => e.user_agent.startsWith("after")).length, 1, "events are kept again");
  const { body } = await server.api("GET", "/messages?limit=500");
  assert.equal(body.data.length, accepted + 2, "exactly what was accepted is there");
  assert.equal(new Set(body.data.map((m) => m.id)).size, body.data.length);
  assert.ok(after.id);
  assert.equal(server.exited, false);
});
