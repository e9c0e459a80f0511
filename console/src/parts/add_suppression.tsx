// SPDX-License-Identifier: Apache-2.0
// Puts an address by hand on the list of those that get no mail.
import { useState } from "preact/hooks";
import { api_add, type Problem } from "../api";
import { Dialog } from "./dialog";
import { SuppressionForm, use_saving, WhyField } from "./suppression_form";
import type { Suppression } from "../types";

const REASONS = [
  { value: "unsubscribed", word: "Asked for no more mail" },
  { value: "complaint", word: "Complained about a mail" },
  { value: "hard_bounce", word: "The mailbox does not exist" },
  { value: "manual", word: "Something else" },
];

interface Props {
  close: () => void;
  added: (row: Suppression, is_new: boolean, address: string) => void;
}

function words_of(problem: Problem): string | null {
  return problem.status === 422 || problem.status === 400 ? "This does not look like an e-mail address." : null;
}

export function AddSuppression({ close, added }: Props) {
  const [fields, set_fields] = useState({ address: "", reason: "unsubscribed", why: "" });
  const saving = use_saving(words_of);
  function set(name: keyof typeof fields, value: string) {
    set_fields((before) => ({ ...before, [name]: value }));
  }
  function submit() {
    const address = fields.address.trim();
    if (!address) return saving.say("Write the address first.");
    void saving.run(async () => {
      const body = { address, reason: fields.reason, why: fields.why.trim() || null };
      const { row, is_new } = await api_add<Suppression>("/suppressions", body);
      added(row, is_new, address);
    });
  }
  const buttons = (
    <>
      <button class="btn" type="button" onClick={close}>
        Cancel
      </button>
      <button class="btn primary" disabled={saving.busy}>
        Stop mail
      </button>
    </>
  );
  return (
    <Dialog title="Stop mail to an address" close={close}>
      <h2>Stop mail to an address</h2>
      <SuppressionForm saving={saving} submit={submit} buttons={buttons}>
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
        <WhyField id="add-why" label="A note, if you want" value={fields.why} set={(why) => set("why", why)} />
      </SuppressionForm>
    </Dialog>
  );
}
