// SPDX-License-Identifier: Apache-2.0
import { use_title } from "../parts/page";
import { Empty } from "../parts/states";

export function NotFound() {
  use_title("Not found");
  return (
    <section class="card">
      <h1 class="sr">Not found</h1>
      <Empty title="There is no such page.">
        <p>
          <a href="/">Stats</a>, <a href="/live">Live</a>, <a href="/messages">Messages</a> and <a href="/outbox">Outbox</a> are here.
        </p>
      </Empty>
    </section>
  );
}
