// SPDX-License-Identifier: Apache-2.0
// Asks before an address gets mail again: says what that means for the person, and for a reason where the API wants one.
import { useState } from "preact/hooks";
import { api_delete, Problem, query } from "../api";
import { Dialog } from "./dialog";
import { SuppressionForm, use_saving, WhyField } from "./suppression_form";
import { suppression_words } from "../suppression_words";
import type { Suppression } from "../types";

interface Props {
  address: string;
  row: Suppression;
  close: () => void;
  /** It is off the list; false: somebody else was faster. */
  removed: (by_us: boolean) => void;
}

function words_of(problem: Problem): string | null {
  return problem.status > 0 && problem.status < 500 ? `Not saved. ${problem.message}` : null;
}

export function RemoveSuppression({ address, row, close, removed }: Props) {
  const words = suppression_words(row.reason);
  const [why, set_why] = useState("");
  const saving = use_saving(words_of);
  async function remove() {
    try {
      await api_delete(`/suppressions/${encodeURIComponent(address)}${query({ why: why.trim() })}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return removed(false);
      throw error;
    }
    removed(true);
  }
  function submit() {
    if (words.needs_why && !why.trim()) return saving.say("Write down what makes it right. It is kept in the audit.");
    void saving.run(remove);
  }
  const buttons = (
    <>
      <button class="btn" type="button" autofocus={!words.needs_why} onClick={close}>
        Keep it stopped
      </button>
      <button class="btn danger" disabled={saving.busy}>
        Allow mail
      </button>
    </>
  );
  return (
    <Dialog title="Allow mail again" close={close}>
      <h2>Allow mail to {address} again?</h2>
      <p>{words.again} What was held back meanwhile is not sent later.</p>
      <SuppressionForm saving={saving} submit={submit} buttons={buttons}>
        <WhyField
          id="remove-why"
          label={words.needs_why ? "What makes it right" : "What makes it right, if you want to say"}
          value={why}
          set={set_why}
          needed={words.needs_why}
          such_as={words.needs_why ? " Such as: asked for it by phone on 3 October." : ""}
        />
      </SuppressionForm>
    </Dialog>
  );
}
