// SPDX-License-Identifier: Apache-2.0
// What the two dialogs about a suppressed address share: a note that stays in the audit, one try at a time, and words for
// what went wrong.
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Problem } from "../api";

/** Fewer letters than the API has bytes for, in whatever script. */
const WHY_MAX = 300;

export interface Saving {
  busy: boolean;
  problem: string | null;
  say: (problem: string) => void;
  run: (save: () => Promise<void>) => Promise<void>;
}

/** `own_words`: for what this dialog knows better; null for all else. */
export function use_saving(own_words: (problem: Problem) => string | null): Saving {
  const [busy, set_busy] = useState(false);
  const [problem, set_problem] = useState<string | null>(null);
  function words_of(error: unknown): string {
    if (!(error instanceof Problem)) return "Not saved. Try again.";
    if (error.status === 403) return "Your role may not do this.";
    return own_words(error) ?? `Not saved. ${error.detail ?? "The server does not answer."} Try again.`;
  }
  async function run(save: () => Promise<void>) {
    set_busy(true);
    set_problem(null);
    try {
      await save();
    } catch (error) {
      set_busy(false);
      set_problem(words_of(error));
    }
  }
  return { busy, problem, say: set_problem, run };
}

interface WhyProps {
  id: string;
  label: string;
  value: string;
  set: (why: string) => void;
  needed?: boolean;
  /** Said behind where it stays. */
  such_as?: string;
}

export function WhyField({ id, label, value, set, needed = false, such_as = "" }: WhyProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        type="text"
        autocomplete="off"
        maxLength={WHY_MAX}
        autofocus={needed}
        aria-required={needed}
        aria-describedby={`${id}-hint`}
        value={value}
        onInput={(e) => set(e.currentTarget.value)}
      />
      <p class="hint" id={`${id}-hint`}>
        Stays in the audit with your name.{such_as}
      </p>
    </div>
  );
}

interface FormProps {
  saving: Saving;
  submit: () => void;
  children: ComponentChildren;
  buttons: ComponentChildren;
}

export function SuppressionForm({ saving, submit, children, buttons }: FormProps) {
  function on_submit(e: Event) {
    e.preventDefault();
    submit();
  }
  return (
    <form class="rows" noValidate onSubmit={on_submit}>
      {children}
      {saving.problem ? (
        <p class="note amber" role="alert">
          {saving.problem}
        </p>
      ) : null}
      <div class="btns">{buttons}</div>
    </form>
  );
}
