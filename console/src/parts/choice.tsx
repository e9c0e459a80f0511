// SPDX-License-Identifier: Apache-2.0
// One of several: a switch (radio group, arrow keys move) and chips (a group of buttons).

export interface Option<T extends string> {
  value: T;
  word: string;
  /** A single key that chooses it. */
  key?: string;
}

interface ChoiceProps<T extends string> {
  label: string;
  options: readonly Option<T>[];
  value: T;
  choose: (value: T) => void;
}

export function Switch<T extends string>({ label, options, value, choose }: ChoiceProps<T>) {
  function on_key(e: KeyboardEvent) {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[e.key];
    if (!step) return;
    e.preventDefault();
    const at = options.findIndex((o) => o.value === value);
    const next = (at + step + options.length) % options.length;
    choose(options[next]!.value);
    (e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button")[next]?.focus();
  }
  return (
    <div class="seg full" role="radiogroup" aria-label={label} onKeyDown={on_key}>
      {options.map((o) => (
        <button
          key={o.value}
          type="button"
          role="radio"
          aria-checked={o.value === value}
          tabIndex={o.value === value ? 0 : -1}
          onClick={() => choose(o.value)}
          {...(o.key ? { "data-key": o.key, "aria-keyshortcuts": o.key.toUpperCase() } : {})}
        >
          {o.word}
        </button>
      ))}
    </div>
  );
}

export function Chips<T extends string>({ label, options, value, choose }: ChoiceProps<T>) {
  return (
    <div class="chips" role="group" aria-label={label}>
      {options.map((o) => (
        <button key={o.value} class="chip" type="button" aria-pressed={o.value === value} onClick={() => choose(o.value)}>
          {o.word}
        </button>
      ))}
    </div>
  );
}
