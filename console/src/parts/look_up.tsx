// SPDX-License-Identifier: Apache-2.0
// A field that asks when Enter is pressed, for lists that are looked up by a whole word.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../icons";

interface Props {
  label: string;
  value: string;
  look_up: (text: string) => void;
}

export function LookUp({ label, value, look_up }: Props) {
  const [text, set_text] = useState(value);
  useEffect(() => set_text(value), [value]);
  function submit(e: Event) {
    e.preventDefault();
    look_up(text.trim());
  }
  return (
    <form class="look-up" role="search" onSubmit={submit}>
      <input
        class="input s"
        type="search"
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={text}
        onInput={(e) => set_text(e.currentTarget.value)}
      />
      <button class="btn look" aria-label={`Look up ${label.toLowerCase()}`}>
        <Icon name="search" />
      </button>
      {value ? (
        <button class="btn quiet look" type="button" onClick={() => look_up("")}>
          Show all
        </button>
      ) : null}
    </form>
  );
}
