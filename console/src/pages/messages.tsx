// SPDX-License-Identifier: Apache-2.0
import { Chips } from "../parts/choice";
import { FirstMail } from "../parts/first_mail";
import { MessageTable } from "../parts/message_table";
import { Top, use_title } from "../parts/page";
import { ShowMore } from "../parts/show_more";
import { Empty, Failed, Loading } from "../parts/states";
import { date_range, today_in } from "../format";
import { Icon } from "../icons";
import { is_day } from "../range";
import { go_with, type Route } from "../router";
import { PAGE_ROWS, use_paged, type List } from "../paged";
import { use_session } from "../session";
import type { Message } from "../types";

const STATUSES = [
  { value: "all", word: "All" },
  { value: "scheduled", word: "Scheduled" },
  { value: "queued", word: "Queued" },
  { value: "sent", word: "Sent" },
  { value: "delivered", word: "Delivered" },
  { value: "bounced", word: "Bounced" },
  { value: "failed", word: "Failed" },
  { value: "in_doubt", word: "In doubt" },
] as const;
type Status = (typeof STATUSES)[number]["value"];

const LIST: List<Message> = { path: "/messages", key: (m) => m.id };

function day_of(route: Route, name: string): string | null {
  const text = route.params.get(name);
  return text && is_day(text) ? text : null;
}

export function Messages({ route }: { route: Route }) {
  use_title("Messages");
  const { me } = use_session();
  const from = day_of(route, "from");
  const to = day_of(route, "to");
  const status = (STATUSES.find((s) => s.value === route.params.get("status"))?.value ?? "all") as Status;
  const { first, rows, next, load_more, failed_more } = use_paged(LIST, { from, to, status: status === "all" ? null : status });
  const filtered = status !== "all" || from || to;
  const dates =
    from && to ? (from === "1970-01-01" ? "since the first mail" : `sent ${date_range(from, to, today_in(me.tenant.time_zone))}`) : "newest first";
  return (
    <>
      <Top title="Messages" sub={`Every mail to one person, ${dates}`}>
        {from || to ? (
          <button class="btn" type="button" onClick={() => go_with({ from: null, to: null }, "push")}>
            <Icon name="cal" />
            All days
          </button>
        ) : null}
      </Top>
      <div class="filters">
        <Chips label="State" options={STATUSES} value={status} choose={(v) => go_with({ status: v === "all" ? null : v }, "push")} />
      </div>
      {status === "in_doubt" && rows.length > 0 ? (
        <p class="explain">The line broke before the answer came. Nothing here is sent again or dropped without you: open a mail to decide about it.</p>
      ) : null}
      <section class={first.stale ? "card is-stale" : "card"} aria-label="Messages" aria-busy={first.loading}>
        <Loading slow={first.slow} />
        {first.problem ? <Failed what="The messages" problem={first.problem} retry={first.reload} /> : null}
        {rows.length > 0 ? (
          <MessageTable rows={rows} />
        ) : first.data && filtered ? (
          <Empty title="No such messages.">
            <p>
              None with this state on these days. <a href="/messages">Show all messages</a>
            </p>
          </Empty>
        ) : first.data ? (
          <Empty title="No messages yet.">
            <FirstMail />
          </Empty>
        ) : null}
        {next && rows.length > 0 ? <ShowMore load={() => void load_more()} failed={failed_more} rows={PAGE_ROWS} /> : null}
      </section>
    </>
  );
}
