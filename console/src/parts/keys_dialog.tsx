// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { Dialog } from "./dialog";
import { KEYS, keys_are_on, turn_keys } from "../keyboard";

export function KeysDialog({ close }: { close: () => void }) {
  const [on, set_on] = useState(keys_are_on);
  function toggle() {
    turn_keys(!on);
    set_on(!on);
  }
  return (
    <Dialog title="Keyboard" close={close}>
      <h2>Keyboard</h2>
      <dl class="keys">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="tick">
        <input type="checkbox" checked={on} onChange={toggle} />
        Single keys are on
      </label>
      <form method="dialog" class="btns">
        <button class="btn">Close</button>
      </form>
    </Dialog>
  );
}
