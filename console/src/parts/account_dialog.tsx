// SPDX-License-Identifier: Apache-2.0
// Who is signed in, and what belongs to this browser: theme, keys, sign out. On a phone this is "More".
import { useState } from "preact/hooks";
import { Dialog } from "./dialog";
import { PAGES } from "./shell_pages";
import { Problem, sign_out } from "../api";
import { count } from "../format";
import { use_session } from "../session";
import { is_dark, toggle_theme } from "../theme";
import { role_name } from "../words";

interface Props {
  close: () => void;
  waiting: number;
  show_keys: () => void;
}

export function AccountDialog({ close, waiting, show_keys }: Props) {
  const { me, leave } = use_session();
  const [dark, set_dark] = useState(is_dark);
  const [problem, set_problem] = useState<string | null>(null);

  async function out() {
    try {
      await sign_out();
      leave();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) leave();
      else set_problem("You are still signed in: the server does not answer. Try again.");
    }
  }
  return (
    <Dialog title="Account" close={close}>
      <div class="inl">
        <span class="ava l" aria-hidden="true">
          {(me.user.name || me.user.email).charAt(0).toUpperCase()}
        </span>
        <div class="cut">
          <h2 class="cut">{me.user.name || me.user.email}</h2>
          <p class="small faint cut">
            {me.user.email} · {role_name(me.user.role)} of {me.tenant.name}
          </p>
        </div>
      </div>
      {problem ? (
        <p class="note amber" role="alert">
          {problem}
        </p>
      ) : null}
      <div class="rows">
        {PAGES.filter((p) => p.is_rare).map((p) => (
          <a key={p.href} class="btn wide" href={p.href} onClick={close}>
            {p.word}
            {waiting > 0 && p.href === "/unsubscribes" ? `, ${count(waiting)} waiting` : ""}
          </a>
        ))}
        <button
          class="btn wide"
          type="button"
          onClick={() => {
            toggle_theme();
            set_dark(is_dark());
          }}
        >
          {dark ? "Change to light" : "Change to dark"}
        </button>
        <button class="btn wide" type="button" onClick={show_keys}>
          Keyboard
        </button>
        <button class="btn wide" type="button" onClick={out}>
          Sign out
        </button>
      </div>
      <form method="dialog" class="btns">
        <button class="btn quiet">Close</button>
      </form>
    </Dialog>
  );
}
