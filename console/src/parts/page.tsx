// SPDX-License-Identifier: Apache-2.0
import { useEffect } from "preact/hooks";
import type { ComponentChildren } from "preact";

/** Names the page in the title of the window. */
export function use_title(title: string): void {
  useEffect(() => {
    document.title = `${title} · Pugmark`;
  }, [title]);
}

interface TopProps {
  title: string;
  sub?: ComponentChildren;
  children?: ComponentChildren;
  /** Keep the actions on the line of the title on a phone. */
  one?: boolean;
}

export function Top({ title, sub, children, one }: TopProps) {
  return (
    <div class={one ? "top one" : "top"}>
      <div class="grow">
        <h1>{title}</h1>
        {sub ? <p class="sub">{sub}</p> : null}
      </div>
      {children}
    </div>
  );
}
