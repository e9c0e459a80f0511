// SPDX-License-Identifier: Apache-2.0
// One event in a list: time, badge, a sentence with the person first, source. Machines are quiet but readable.
import { memo } from "./memo";
import { EventBadge } from "./badge";
import { time_s } from "../format";
import { counts, is_hit, sentence, source } from "../words";
import type { Event } from "../types";

function is_loud(event: Event): boolean {
  return is_hit(event) ? counts(event) : /bounced|complained|failed|unsubscribed|hot$/.test(event.type);
}

export const EventRow = memo(function EventRow({ event }: { event: Event }) {
  const { who, text, soft } = sentence(event);
  const name = event.message_id ? (
    <a href={`/messages/${encodeURIComponent(event.message_id)}`} data-row>
      {who}
    </a>
  ) : (
    <b>{who}</b>
  );
  return (
    <li class={is_loud(event) ? "ev" : "ev quiet"} data-event={event.id}>
      <time dateTime={event.occurred_at}>{time_s(event.occurred_at)}</time>
      <span class="badge-c">
        <EventBadge event={event} />
      </span>
      <span class="txt">
        {name}
        {text} {soft ? <span class="soft">{soft}</span> : null}
      </span>
      <span class="src">{source(event)}</span>
    </li>
  );
});
