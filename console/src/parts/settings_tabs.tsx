// SPDX-License-Identifier: Apache-2.0
// Over each page of the settings: the others. Who may see only one of them sees no tabs.
import { settings_for } from "./shell_pages";
import { Empty } from "./states";
import type { Route } from "../router";
import { is_admin, use_session } from "../session";

export function SettingsTabs({ here }: { here: Route["page"] }) {
  const { me } = use_session();
  const pages = settings_for(is_admin(me));
  if (pages.length < 2) return null;
  return (
    <nav class="tabs" aria-label="Settings">
      {pages.map((s) => (
        <a key={s.href} href={s.href} {...(s.page === here ? { "aria-current": "page" as const } : {})}>
          {s.word}
        </a>
      ))}
    </nav>
  );
}

/** In place of a page that is not for this role. */
export function ForAdmins({ what }: { what: string }) {
  return (
    <section class="card">
      <Empty title={`Only owners and admins see ${what}.`}>
        <p>It is about everybody’s mail, not only yours. Ask one of them.</p>
      </Empty>
    </section>
  );
}
