// SPDX-License-Identifier: Apache-2.0
import { useRef, useState } from "preact/hooks";
import { Problem, sign_in } from "../api";
import { Foot, Icon, Mark } from "../icons";
import { kept, keep } from "../kept";
import { use_title } from "../parts/page";
import type { Me } from "../types";

// A walk across the page: x, y, direction of each print.
const TRAIL: [number, number, number][] = [
  [-41, 816, 88],
  [32, 858, 88],
  [102, 811, 87],
  [176, 851, 86],
  [244, 801, 84],
  [321, 837, 82],
  [385, 782, 79],
  [466, 810, 76],
  [526, 749, 73],
  [612, 766, 69],
  [667, 696, 65],
  [904, 607, 53],
  [948, 516, 49],
  [1049, 483, 45],
  [1089, 378, 42],
  [1194, 322, 38],
  [1230, 201, 35],
  [1339, 120, 33],
];

function Trail() {
  return (
    <svg class="trail" viewBox="0 0 1280 900" preserveAspectRatio="xMidYMid slice" fill="currentColor" aria-hidden="true" focusable="false">
      {TRAIL.map(([x, y, turn]) => (
        <g key={x} transform={`translate(${x} ${y}) rotate(${turn}) scale(1.15) translate(-16 -16)`}>
          <Foot />
        </g>
      ))}
    </svg>
  );
}

function words_of(problem: Problem): string {
  if (problem.status === 401 || problem.status === 422) return "Address or password is not right.";
  if (problem.status === 429) return `Wait ${problem.retry_after_s ?? 30} seconds and try again.`;
  if (problem.status === 0) return "The server does not answer. Is Pugmark still running?";
  return problem.detail ?? problem.title;
}

export function SignIn({ signed_in }: { signed_in: (me: Me) => void }) {
  use_title("Sign in");
  const form = useRef<HTMLFormElement>(null);
  const [busy, set_busy] = useState(false);
  const [problem, set_problem] = useState<string | null>(null);
  const [first_time] = useState(() => kept("signed_in") === null);

  async function submit(e: Event) {
    e.preventDefault();
    if (busy) return;
    const fields = new FormData(form.current!);
    set_busy(true);
    set_problem(null);
    try {
      const me = await sign_in(String(fields.get("email") ?? "").trim(), String(fields.get("password") ?? ""));
      keep("signed_in", "yes");
      signed_in(me);
    } catch (error) {
      set_busy(false);
      set_problem(error instanceof Problem ? words_of(error) : String(error));
      const password = form.current?.querySelector<HTMLInputElement>("#password");
      password?.focus();
      password?.select();
    }
  }
  return (
    <div class="door">
      <Trail />
      <main id="main">
        <div class="logo">
          <Mark />
          <h1>Sign in to Pugmark</h1>
        </div>
        <form class="card" ref={form} onSubmit={submit}>
          <div class="field">
            <label for="email">E-mail</label>
            <input class="input" id="email" name="email" type="email" autocomplete="username" required autofocus />
          </div>
          <div class="field">
            <label for="password">Password</label>
            <input
              class="input"
              id="password"
              name="password"
              type="password"
              autocomplete="current-password"
              required
              {...(problem ? { "aria-describedby": "sign-in-problem", "aria-invalid": true } : {})}
            />
          </div>
          {problem ? (
            <p class="wrong" id="sign-in-problem" role="alert">
              <Icon name="warn" />
              {problem}
            </p>
          ) : null}
          <button class="btn primary wide" disabled={busy}>
            {busy ? "Signing in" : "Sign in"}
          </button>
        </form>
        {first_time ? (
          <div class="note">
            <Icon name="lock" />
            <p class="grow">First time? The address and password were printed where you started Pugmark.</p>
          </div>
        ) : null}
      </main>
      <footer>Pugmark</footer>
    </div>
  );
}
