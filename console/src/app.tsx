// SPDX-License-Identifier: Apache-2.0
// Who is signed in decides what is shown; the address decides which page.
import { useCallback, useEffect, useState } from "preact/hooks";
import { api_get, on_signed_out, Problem } from "./api";
import { Shell } from "./parts/shell";
import { Failed, Loading } from "./parts/states";
import { Audit } from "./pages/audit";
import { Live } from "./pages/live";
import { Message } from "./pages/message";
import { Messages } from "./pages/messages";
import { NotFound } from "./pages/not_found";
import { Outbox } from "./pages/outbox";
import { Privacy } from "./pages/privacy";
import { SignIn } from "./pages/sign_in";
import { Stats } from "./pages/stats";
import { Suppressions } from "./pages/suppressions";
import { Unsubscribes } from "./pages/unsubscribes";
import { forget_all } from "./resource";
import { go, route_of, use_route, type Route } from "./router";
import { SessionContext } from "./session";
import type { Me } from "./types";

type Who = { state: "asking" } | { state: "nobody" } | { state: "somebody"; me: Me } | { state: "unknown"; problem: Problem };

/** Where to go after signing in; only a page of the console, never another host. */
function next_page(route: Route): string {
  const next = route.params.get("next") ?? "/";
  if (!next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
  const url = new URL(next, location.origin);
  const page = route_of(url.pathname, url.search).page;
  return url.origin === location.origin && page !== "none" && page !== "sign_in" ? url.pathname + url.search : "/";
}

function sign_in_href(route: Route): string {
  return route.href === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(route.href)}`;
}

function CurrentPage({ route }: { route: Route }) {
  switch (route.page) {
    case "stats":
      return <Stats route={route} />;
    case "live":
      return <Live route={route} />;
    case "messages":
      return <Messages route={route} />;
    case "message":
      return <Message key={route.id} id={route.id!} />;
    case "outbox":
      return <Outbox route={route} />;
    case "unsubscribes":
      return <Unsubscribes route={route} />;
    case "privacy":
      return <Privacy />;
    case "suppressions":
      return <Suppressions route={route} />;
    case "audit":
      return <Audit route={route} />;
    default:
      return <NotFound />;
  }
}

function use_who() {
  const [who, set_who] = useState<Who>({ state: "asking" });
  const ask = useCallback(async () => {
    try {
      set_who({ state: "somebody", me: await api_get<Me>("/me") });
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, String(error), null);
      set_who(problem.status === 401 ? { state: "nobody" } : { state: "unknown", problem });
    }
  }, []);
  const leave = useCallback(() => {
    forget_all();
    set_who({ state: "nobody" });
  }, []);
  useEffect(() => {
    on_signed_out(leave);
    void ask();
  }, [ask, leave]);
  const enter = useCallback((me: Me) => set_who({ state: "somebody", me }), []);
  return { who, ask, enter, leave };
}

export function App() {
  const route = use_route();
  const { who, ask, enter, leave } = use_who();

  useEffect(() => {
    if (who.state === "nobody" && route.page !== "sign_in") go(sign_in_href(route), "replace");
    if (who.state === "somebody" && route.page === "sign_in") go(next_page(route), "replace");
  }, [who.state, route]);
  useEffect(() => {
    if (route.page === "privacy" && route.href !== location.pathname + location.search) go(route.href, "replace");
  }, [route]);

  if (who.state === "asking") return <Loading slow />;
  if (who.state === "unknown")
    return (
      <main class="door" id="main">
        <Failed what="The console" problem={who.problem} retry={() => void ask()} />
      </main>
    );
  if (who.state === "nobody") return <SignIn signed_in={enter} />;
  if (route.page === "sign_in") return null;
  return (
    <SessionContext.Provider value={{ me: who.me, changed: enter, leave }}>
      <Shell route={route}>
        <CurrentPage route={route} />
      </Shell>
    </SessionContext.Provider>
  );
}
