// SPDX-License-Identifier: Apache-2.0
// Mails to one person each, a row for each: state, what people did, what machines did. The whole row opens the message.
import { StateBadge } from "./badge";
import { count, day_time, person } from "../format";
import { after_page_change, go } from "../router";
import type { Message } from "../types";

interface CountProps {
  label: string;
  n: number;
  off: boolean;
  /** Opens by Apple's mail privacy: nobody knows whether somebody read it then, so they stand beside the number. */
  apple?: number;
}

/** A zero is a zero only where tracking was on. */
function CountCell({ label, n, off, apple = 0 }: CountProps) {
  return (
    <td class={n > 0 && !off ? "n" : "n faint"} data-l={label}>
      {off ? "not tracked" : count(n)}
      {apple > 0 && !off ? <small>{count(apple)} by Apple</small> : null}
    </td>
  );
}

function Row({ m }: { m: Message }) {
  const href = `/messages/${encodeURIComponent(m.id)}`;
  function open(e: MouseEvent) {
    if ((e.target as Element).closest("a,button") || e.metaKey || e.ctrlKey || getSelection()?.toString()) return;
    go(href);
    after_page_change();
  }
  return (
    <tr class="go" onClick={open}>
      <td class="two">
        <a class="name" href={href} data-row>
          {m.subject || "No subject"}
        </a>
        <small>{person(m.to, "To several")}</small>
      </td>
      <td data-l="State">
        <StateBadge status={m.status} />
      </td>
      <CountCell label="Opens" n={m.opens} off={m.tracked?.opens === "off"} apple={m.opens_mpp} />
      <CountCell label="Clicks" n={m.clicks} off={m.tracked?.clicks === "off"} />
      <CountCell label="Machines" n={m.machine_opens + m.machine_clicks} off={false} />
      <td class="n soft last">{day_time(m.sent_at ?? m.created_at)}</td>
    </tr>
  );
}

export function MessageTable({ rows }: { rows: Message[] }) {
  return (
    <table class="tbl fold big msgs">
      <caption class="sr">Messages, newest first, with state, opens and clicks by people, opens by Apple’s mail privacy, and hits by machines</caption>
      <thead>
        <tr>
          <th scope="col">Message</th>
          <th scope="col">State</th>
          <th scope="col" class="n">
            Opens
          </th>
          <th scope="col" class="n">
            Clicks
          </th>
          <th scope="col" class="n">
            Machines
          </th>
          <th scope="col" class="n">
            Sent
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((m) => (
          <Row key={m.id} m={m} />
        ))}
      </tbody>
    </table>
  );
}
