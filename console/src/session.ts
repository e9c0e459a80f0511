// SPDX-License-Identifier: Apache-2.0
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Me } from "./types";

export interface Session {
  me: Me;
  /** Something that /me says was changed here. */
  changed: (me: Me) => void;
  leave: () => void;
}

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in. Only pages behind the sign-in ask. */
export function use_session(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("no session");
  return session;
}

/** The others see what they sent, and change nothing of the tenant's. */
export function is_admin(me: Me): boolean {
  return me.user.role === "owner" || me.user.role === "admin";
}
