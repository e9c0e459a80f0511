// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../icons";
import { preset, type Range } from "../range";
import { go_with } from "../router";

const PRESETS = ["7d", "30d", "90d", "all"] as const;

interface Props {
  range: Range;
  time_zone: string;
}

export function RangePicker({ range, time_zone }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    function outside(e: MouseEvent) {
      if (menu.current?.open && !menu.current.contains(e.target as Node)) menu.current.open = false;
    }
    document.addEventListener("click", outside);
    return () => document.removeEventListener("click", outside);
  }, []);

  function close() {
    if (!menu.current) return;
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
  }
  function choose(key: string) {
    go_with({ range: key === "30d" ? null : key, from: null, to: null }, "push");
    close();
  }
  function custom(e: Event) {
    e.preventDefault();
    const fields = new FormData(form.current!);
    const from = String(fields.get("from") ?? "");
    const to = String(fields.get("to") ?? "");
    if (!from || !to) return;
    go_with({ range: null, from: from < to ? from : to, to: from < to ? to : from }, "push");
    close();
  }

  return (
    <details class="menu r" ref={menu}>
      <summary class="btn" title={`Days of ${time_zone}`}>
        <Icon name="cal" />
        <span class="sr">Range: </span>
        <span>{range.name}</span>
        <Icon name="down" small />
      </summary>
      <div class="pop">
        {PRESETS.map((key) => {
          const p = preset(key, time_zone);
          return (
            <button key={key} type="button" aria-pressed={range.key === key} onClick={() => choose(key)}>
              {p.name}
              <span class="small faint">{p.dates}</span>
            </button>
          );
        })}
        <form class="custom" ref={form} onSubmit={custom}>
          <div class="field">
            <label class="small" for="range-from">
              From
            </label>
            <input class="input s" id="range-from" name="from" type="date" required value={range.key === "all" ? "" : range.from} />
          </div>
          <div class="field">
            <label class="small" for="range-to">
              To
            </label>
            <input class="input s" id="range-to" name="to" type="date" required value={range.to} />
          </div>
          <p class="hint">Days of {time_zone}.</p>
          <button class="btn s" type="submit">
            Show these days
          </button>
        </form>
      </div>
    </details>
  );
}
