// SPDX-License-Identifier: Apache-2.0
// Badges carry an icon and a word; the more solid, the more human.
import { Icon } from "../icons";
import { actor_words, state_words, type_badge } from "../words";
import type { Event } from "../types";

export function EventBadge({ event }: { event: Event }) {
  const actor = actor_words(event);
  if (actor)
    return (
      <span class={`badge ${actor.badge}`}>
        <Icon name={actor.icon} />
        {actor.word}
      </span>
    );
  const { word, badge, icon } = type_badge(event.type);
  return (
    <span class={`badge ${badge}`}>
      {icon ? <Icon name={icon} /> : null}
      {word}
    </span>
  );
}

export function StateBadge({ status }: { status: string }) {
  const { word, badge, icon } = state_words(status);
  return (
    <span class={`badge ${badge}${icon ? "" : " bare"}`}>
      {icon ? <Icon name={icon} /> : null}
      {word}
    </span>
  );
}
