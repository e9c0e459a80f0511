// SPDX-License-Identifier: Apache-2.0
// Asks before an address gets mail again: says what that means for the person, and for a reason where the API wants one.
import { useState } from "preact/hooks";
import { api_delete, Problem, query } from "../api";
import { Dialog } from "./dialog";
import { suppression_words } from "../suppression_words";
import type { Suppression } from "../types";

/** Fewer letters than the API has bytes for, in whatever script. */
const WHY_MAX = 300;

interface Props {
  address: string;
  row: Suppression;
  close: () => void;
  /** It is off the list; false: somebody else was faster. */
  removed: (by_us: boolean) => void;
}

function words_of(problem: unknown): string {
  if (!(problem instanceof Problem)) return "Not saved. Try again.";
  if (problem.status === 403) return "Your role may not do this.";
  if (problem.status === 0 || problem.status >= 500) return `Not saved: ${problem.detail ?? "the server does not answer."} Try again.`;
  return `Not saved. ${problem.message}`;
}

export function RemoveSuppression({ address, row, close, removed }: Props) {
  const words = suppression_words(row.reason);
  const [why, set_why] = useState("");
  const [busy, set_busy] = useState(false);
  const [problem, set_problem] = useState<string | null>(null);
  async function remove(e: Event) {
    e.preventDefault();
    if (words.needs_why && !why.trim()) return set_problem("Write down what makes it right. It is kept in the audit.");
    set_busy(true);
    set_problem(null);
    try {
      await api_delete(`/suppressions/${encodeURIComponent(address)}${query({ why: why.trim() })}`);
      removed(true);
    } catch (error) {
      set_busy(false);
      if (error instanceof Problem && error.status === 404) removed(false);
      else set_problem(words_of(error));
    }
  }
  return (
    <Dialog title="Allow mail again" close={close}>
      <h2>Allow mail to {address} again?</h2>
      <p>{words.again} What was held back meanwhile is not sent later.</p>
      <form class="rows" noValidate onSubmit={(e) => void remove(e)}>
        <div class="field">
          <label for="remove-why">{words.needs_why ? "What makes it right" : "What makes it right, if you want to say"}</label>
          <input
            id="remove-why"
            class="input"
            type="text"
            maxLength={WHY_MAX}
            autocomplete="off"
            autofocus={words.needs_why}
            aria-required={words.needs_why}
            aria-describedby="remove-hint"
            value={why}
            onInput={(e) => set_why(e.currentTarget.value)}
          />
          <p class="hint" id="remove-hint">
            Stays in the audit with your name.{words.needs_why ? " Such as: asked for it by phone on 3 October." : ""}
          </p>
        </div>
        {problem ? (
          <p class="note amber" role="alert">
            {problem}
          </p>
        ) : null}
        <div class="btns">
          <button class="btn" type="button" autofocus={!words.needs_why} onClick={close}>
            Keep it stopped
          </button>
          <button class="btn danger" disabled={busy}>
            Allow mail
          </button>
        </div>
      </form>
    </Dialog>
  );
}
