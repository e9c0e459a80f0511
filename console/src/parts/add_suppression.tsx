// SPDX-License-Identifier: Apache-2.0
// Puts an address by hand on the list of those that get no mail.
import { useState } from "preact/hooks";
import { api_add, Problem } from "../api";
import { Dialog } from "./dialog";
import type { Suppression } from "../types";

const REASONS = [
  { value: "unsubscribed", word: "Asked for no more mail" },
  { value: "complaint", word: "Complained about a mail" },
  { value: "hard_bounce", word: "The mailbox does not exist" },
  { value: "manual", word: "Something else" },
];
/** Fewer letters than the API has bytes for, in whatever script. */
const WHY_MAX = 300;

interface Props {
  close: () => void;
  added: (row: Suppression, is_new: boolean, address: string) => void;
}

function words_of(error: unknown): string {
  if (!(error instanceof Problem)) return "Not saved. Try again.";
  if (error.status === 403) return "Your role may not do this.";
  if (error.status === 422 || error.status === 400) return "This does not look like an e-mail address.";
  return `Not saved: ${error.detail ?? "the server does not answer."} Try again.`;
}

function use_form(added: Props["added"]) {
  const [fields, set_fields] = useState({ address: "", reason: "unsubscribed", why: "" });
  const [busy, set_busy] = useState(false);
  const [problem, set_problem] = useState<string | null>(null);
  async function save() {
    const address = fields.address.trim();
    if (!address) return set_problem("Write the address first.");
    set_busy(true);
    set_problem(null);
    try {
      const { row, is_new } = await api_add<Suppression>("/suppressions", { address, reason: fields.reason, why: fields.why.trim() || null });
      added(row, is_new, address);
    } catch (error) {
      set_busy(false);
      set_problem(words_of(error));
    }
  }
  return {
    fields,
    busy,
    problem,
    save,
    set: (name: keyof typeof fields, value: string) => set_fields((before) => ({ ...before, [name]: value })),
  };
}

export function AddSuppression({ close, added }: Props) {
  const { fields, busy, problem, save, set } = use_form(added);
  function submit(e: Event) {
    e.preventDefault();
    void save();
  }
  return (
    <Dialog title="Stop mail to an address" close={close}>
      <h2>Stop mail to an address</h2>
      <form class="rows" noValidate onSubmit={submit}>
        <div class="field">
          <label for="add-address">Address</label>
          <input
            id="add-address"
            class="input"
            type="email"
            autocomplete="off"
            autofocus
            aria-required="true"
            value={fields.address}
            onInput={(e) => set("address", e.currentTarget.value)}
          />
        </div>
        <div class="field">
          <label for="add-reason">Why</label>
          <select id="add-reason" class="input" value={fields.reason} onChange={(e) => set("reason", e.currentTarget.value)}>
            {REASONS.map((r) => (
              <option key={r.value} value={r.value}>
                {r.word}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="add-why">A note, if you want</label>
          <input
            id="add-why"
            class="input"
            type="text"
            autocomplete="off"
            maxLength={WHY_MAX}
            aria-describedby="add-hint"
            value={fields.why}
            onInput={(e) => set("why", e.currentTarget.value)}
          />
          <p class="hint" id="add-hint">
            Stays in the audit with your name.
          </p>
        </div>
        {problem ? (
          <p class="note amber" role="alert">
            {problem}
          </p>
        ) : null}
        <div class="btns">
          <button class="btn" type="button" onClick={close}>
            Cancel
          </button>
          <button class="btn primary" disabled={busy}>
            Stop mail
          </button>
        </div>
      </form>
    </Dialog>
  );
}
