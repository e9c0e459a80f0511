// SPDX-License-Identifier: Apache-2.0
// Light or dark: the system decides until the reader does.
import { keep, kept } from "./kept";

export function apply_kept_theme(): void {
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}

export function is_dark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function toggle_theme(): void {
  const theme = is_dark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  keep("theme", theme);
}
