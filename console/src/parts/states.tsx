// SPDX-License-Identifier: Apache-2.0
// What a card shows when it has no rows: nothing there, not readable, or still on its way.
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Icon, Mark } from "../icons";
import type { Problem } from "../api";

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Mark />
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** The error stays in the card that failed; the others live on. */
export function Failed({ what, problem, retry }: { what: string; problem: Problem; retry: () => void }) {
  const cause = problem.status === 0 ? "The server does not answer." : (problem.detail ?? problem.title);
  return (
    <div class="note amber failed" role="alert">
      <Icon name="warn" />
      <p class="grow">
        {what} could not be read just now. Sending and tracking go on. <span class="soft">{cause}</span>
      </p>
      <button class="btn s" type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** A thin line at the top of a card, only when loading takes long. */
export function Loading({ slow }: { slow: boolean }) {
  return slow ? <div class="loading" role="progressbar" aria-label="Loading" /> : null;
}

export function Command({ text }: { text: string }) {
  const [copied, set_copied] = useState(false);
  function copy() {
    navigator.clipboard?.writeText(text).then(
      () => set_copied(true),
      () => set_copied(false),
    );
  }
  return (
    <div class="command">
      <pre class="answer" tabIndex={0} aria-label="Command">
        {text}
      </pre>
      {navigator.clipboard ? (
        <button class="btn s" type="button" onClick={copy}>
          <Icon name={copied ? "check" : "copy"} />
          <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
        </button>
      ) : null}
    </div>
  );
}
