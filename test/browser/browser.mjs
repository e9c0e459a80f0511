// SPDX-License-Identifier: Apache-2.0
// A headless Chromium that keeps to this machine, with what the tests need to know: what was asked for, and what the
// policy refused.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from_console = createRequire(join(here, "../../console/package.json"));
/** Where the browser is. */
export const CHROMIUM = process.env.PUGMARK_CHROMIUM ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function open_browser() {
  const { chromium } = from_console("playwright-core");
  const folder = mkdtempSync(join(tmpdir(), "pugmark-browser-"));
  const executablePath = CHROMIUM;
  const browser = await chromium.launch({ executablePath, headless: true, args: ARGS, env: { ...process.env, HOME: folder } });
  /* Without a screen it says so, and the judge takes it for the machine that it is. */
  const userAgent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version()} Safari/537.36`;
  const own = { locale: "en-GB", timezoneId: "Europe/London", viewport: { width: 1280, height: 900 }, userAgent };
  return {
    /** A reader with a browser of their own. */
    reader: (options = {}) => browser.newContext({ ...own, ...options }),
    close: async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Notes what a page asks for and what its policy refuses. */
export function watch(page) {
  const seen = { urls: [], refused: [], errors: [] };
  page.on("request", (request) => seen.urls.push(request.url()));
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) seen.refused.push(message.text());
    else if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  return seen;
}

export async function sign_in(page, base, user, path = "/") {
  await page.goto(`${base}${path}`);
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".shell h1").first().waitFor({ state: "attached" });
}
