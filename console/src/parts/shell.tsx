// SPDX-License-Identifier: Apache-2.0
// Side bar, phone bar, and the page between them.
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { AccountDialog } from "./account_dialog";
import { FindDialog } from "./find_dialog";
import { KeysDialog } from "./keys_dialog";
import { PAGES, type PageLink } from "./shell_pages";
import { count } from "../format";
import { Icon, Mark } from "../icons";
import { start_keyboard } from "../keyboard";
import { after_page_change, go, type Route } from "../router";
import { use_session } from "../session";
import { toggle_theme } from "../theme";
import { use_waiting } from "../waiting";
import { role_name } from "../words";

function NavLink({ link, route, waiting = 0 }: { link: PageLink; route: Route; waiting?: number }) {
  const here = link.pages.includes(route.page);
  return (
    <a href={link.href} {...(here ? { "aria-current": "page" as const } : {})}>
      <Icon name={link.icon} />
      {link.word}
      {waiting > 0 ? (
        <span class="tally">
          {count(waiting)}
          <span class="sr"> waiting</span>
        </span>
      ) : null}
    </a>
  );
}

type Open = "find" | "keys" | "account" | null;

function SideBar({ route, waiting, open }: { route: Route; waiting: number; open: (what: Open) => void }) {
  const { me } = use_session();
  const name = me.user.name || me.user.email;
  return (
    <header class="side">
      <a class="brand" href="/">
        <Mark />
        Pugmark
      </a>
      <button class="find" type="button" onClick={() => open("find")} aria-keyshortcuts="/">
        <Icon name="search" />
        Find<kbd aria-hidden="true">/</kbd>
      </button>
      <nav class="nav" aria-label="Main">
        {PAGES.filter((p) => p.group === "main").map((link) => (
          <NavLink key={link.href} link={link} route={route} />
        ))}
        <h2>Run</h2>
        {PAGES.filter((p) => p.group === "run").map((link) => (
          <NavLink key={link.href} link={link} route={route} waiting={link.href === "/unsubscribes" ? waiting : 0} />
        ))}
      </nav>
      <div class="who">
        <button class="who-btn" type="button" aria-haspopup="dialog" onClick={() => open("account")}>
          <span class="ava" aria-hidden="true">
            {name.charAt(0).toUpperCase()}
          </span>
          <span class="cut">
            <b class="cut">{name}</b>
            <span class="small faint blk cut">{role_name(me.user.role)}</span>
          </span>
          <span class="sr">, account and sign out</span>
        </button>
        <button class="icon-btn" type="button" aria-label="Switch between light and dark" aria-keyshortcuts="T" onClick={toggle_theme}>
          <Icon name="sun" />
        </button>
      </div>
    </header>
  );
}

function PhoneBar({ route, waiting, open }: { route: Route; waiting: number; open: (what: Open) => void }) {
  return (
    <nav class="tabbar" aria-label="Main, phone">
      {PAGES.filter((p) => !p.is_rare).map((link) => (
        <NavLink key={link.href} link={link} route={route} />
      ))}
      <button type="button" aria-haspopup="dialog" onClick={() => open("account")}>
        <Icon name="menu" />
        More
        {waiting > 0 ? (
          <span class="dot amber more-dot">
            <span class="sr">, something waits</span>
          </span>
        ) : null}
      </button>
    </nav>
  );
}

export function Shell({ route, children }: { route: Route; children: ComponentChildren }) {
  const [open, set_open] = useState<Open>(null);
  const waiting = use_waiting(route);
  useEffect(
    () =>
      start_keyboard({
        find: () => set_open("find"),
        list: () => set_open("keys"),
        theme: toggle_theme,
        page: (path) => {
          go(path);
          after_page_change();
        },
      }),
    [],
  );
  const close = () => set_open(null);
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <div class="shell">
        <SideBar route={route} waiting={waiting} open={set_open} />
        <main class="main" id="main" tabIndex={-1}>
          <div class="page">{children}</div>
        </main>
        <PhoneBar route={route} waiting={waiting} open={set_open} />
      </div>
      {open === "find" ? <FindDialog close={close} /> : null}
      {open === "keys" ? <KeysDialog close={close} /> : null}
      {open === "account" ? <AccountDialog close={close} waiting={waiting} show_keys={() => set_open("keys")} /> : null}
    </>
  );
}
