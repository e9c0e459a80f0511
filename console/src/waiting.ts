// SPDX-License-Identifier: Apache-2.0
// How many unsubscribes wait for a decision: read on every page, and again after a decision.
import { useEffect } from "preact/hooks";
import { use_resource } from "./resource";
import type { Route } from "./router";
import type { HeldPage } from "./types";

let read_again: () => void = () => {};

/** One was decided. */
export function waiting_changed(): void {
  read_again();
}

export function use_waiting(route: Route): number {
  const { data, reload } = use_resource<HeldPage>("/unsubscribes/held?limit=1");
  useEffect(() => {
    read_again = reload;
    return () => {
      read_again = () => {};
    };
  }, [reload]);
  useEffect(reload, [route.page]);
  return data?.waiting ?? 0;
}
