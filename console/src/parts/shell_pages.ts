// SPDX-License-Identifier: Apache-2.0
// The pages that exist. Navigation, find and the phone's bar read this list.
import type { IconName } from "../icons";
import type { Route } from "../router";

export interface PageLink {
  href: string;
  word: string;
  icon: IconName;
  pages: Route["page"][];
  group: "main" | "run";
  /** Behind "More" on a phone, whose bar has room for four. */
  is_rare?: boolean;
}

export const PAGES: PageLink[] = [
  { href: "/", word: "Stats", icon: "chart", pages: ["stats"], group: "main" },
  { href: "/live", word: "Live", icon: "pulse", pages: ["live"], group: "main" },
  { href: "/messages", word: "Messages", icon: "mail", pages: ["messages", "message"], group: "main" },
  { href: "/outbox", word: "Outbox", icon: "tray", pages: ["outbox"], group: "run" },
  { href: "/unsubscribes", word: "Unsubscribes", icon: "leave", pages: ["unsubscribes"], group: "run", is_rare: true },
  { href: "/privacy", word: "Settings", icon: "sliders", pages: ["privacy", "suppressions", "audit"], group: "run", is_rare: true },
];

/** The pages behind "Settings", the first of which it opens. */
export const SETTINGS: { href: string; word: string; page: Route["page"]; for_admins: boolean }[] = [
  { href: "/privacy", word: "Tracking and privacy", page: "privacy", for_admins: false },
  { href: "/suppressions", word: "Suppressions", page: "suppressions", for_admins: true },
  { href: "/audit", word: "Audit", page: "audit", for_admins: true },
];

/** Those of the settings that somebody may see. */
export function settings_for(is_admin: boolean): typeof SETTINGS {
  return SETTINGS.filter((s) => is_admin || !s.for_admins);
}
