// SPDX-License-Identifier: Apache-2.0
// Icons of 16 units and the mark. Every icon stands beside a word or carries its own label.
import type { ComponentChildren } from "preact";

const ICONS = {
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.5 10.5 3 3" />
    </>
  ),
  chart: <path d="M2.5 13.5h11M4 11V8M7 11V4.5M10 11V6.5M13 11V3" />,
  pulse: <path d="M1.5 8h3l2-4.5 3 9 2-4.5h3" />,
  mail: (
    <>
      <rect x="2" y="3.5" width="12" height="9" rx="1.5" />
      <path d="m2.5 5 5.5 4 5.5-4" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5.5" r="2.5" />
      <path d="M3 13.5c.5-2.8 2.5-4 5-4s4.5 1.2 5 4" />
    </>
  ),
  leave: <path d="M9.5 3H3.5v10h6M6.5 8h7.5M11.5 5.5 14 8l-2.5 2.5" />,
  send: <path d="M14 2 7 9M14 2l-4.5 12L7 9 2 6.5z" />,
  tray: <path d="M2 9.5 4 3.5h8l2 6v3H2zM2 9.5h3.5l1 1.5h3l1-1.5H14" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="3" />
      <path d="M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7" />
    </>
  ),
  sliders: (
    <>
      <circle cx="10.5" cy="5" r="1.5" />
      <circle cx="5.5" cy="11" r="1.5" />
      <path d="M2.5 5H9M12 5h1.5M2.5 11H4M7 11h6.5" />
    </>
  ),
  plus: <path d="M8 3.5v9M3.5 8h9" />,
  menu: <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />,
  clock: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.5V8l2.5 1.5" />
    </>
  ),
  eye: (
    <>
      <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z" />
      <circle cx="8" cy="8" r="2" />
    </>
  ),
  click: <path d="m6 6 7 3-3 1-1 3zM6 2v1.5M2 6h1.5M3.2 3.2l1 1" />,
  check: <path d="m3 8.5 3.5 3.5L13 4.5" />,
  right: <path d="m6 4 4 4-4 4" />,
  down: <path d="m4 6 4 4 4-4" />,
  left: <path d="m10 4-4 4 4 4" />,
  cal: (
    <>
      <rect x="2.5" y="3.5" width="11" height="10" rx="1.5" />
      <path d="M2.5 6.5h11M5.5 2v3M10.5 2v3" />
    </>
  ),
  lock: (
    <>
      <rect x="3" y="7" width="10" height="6.5" rx="1.5" />
      <path d="M5 7V5a3 3 0 0 1 6 0v2" />
    </>
  ),
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  play: <path d="M5 3.5v9l7-4.5z" />,
  img: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.5" />
      <path d="m3 12 3.5-4 2.5 2.5L11 9l3 3" />
    </>
  ),
  shield: <path d="M8 2 3 4v4c0 3 2 5 5 6 3-1 5-3 5-6V4z" />,
  scan: <path d="M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M4.5 8h7" />,
  link: <path d="M6.5 9.5a2.5 2.5 0 0 0 3.5 0l2.5-2.5a2.5 2.5 0 0 0-3.5-3.5l-.7.7M9.5 6.5a2.5 2.5 0 0 0-3.5 0L3.5 9a2.5 2.5 0 0 0 3.5 3.5l.7-.7" />,
  warn: <path d="M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.2" />,
  question: <path d="M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.8-1.1 1.6M8 12.4v.2" />,
  bell: <path d="M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3zM6.5 14h3" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
    </>
  ),
} satisfies Record<string, ComponentChildren>;

export type IconName = keyof typeof ICONS;

export function Icon({ name, small }: { name: IconName; small?: boolean }) {
  return (
    <svg class={small ? "i i-s" : "i"} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {ICONS[name]}
    </svg>
  );
}

const TOES = [
  { cx: 4.8, cy: 14.9, rx: 3, ry: 4.3, turn: -24 },
  { cx: 11.4, cy: 6.7, rx: 3.3, ry: 5, turn: -7 },
  { cx: 20.7, cy: 7.6, rx: 3.2, ry: 4.7, turn: 9 },
  { cx: 27.2, cy: 15.6, rx: 2.9, ry: 4.1, turn: 26 },
];

const PAD =
  "M16 14.6c2.2 0 3.6 1.2 5 2.9 1.6 2 4 4.6 4 7.9 0 2.6-1.8 4.2-3.9 4.2-1.2 0-2-.5-2.6-1.1-.7.7-1.5 1.1-2.5 1.1s-1.8-.4-2.5-1.1c-.6.6-1.4 1.1-2.6 1.1-2.1 0-3.9-1.6-3.9-4.2 0-3.3 2.4-5.9 4-7.9 1.4-1.7 2.8-2.9 5-2.9z";

/** The fore foot: four toes, the second one leading, and a pad with three lobes. */
export function Foot() {
  return (
    <>
      {TOES.map((t) => (
        <ellipse key={t.cx} cx={t.cx} cy={t.cy} rx={t.rx} ry={t.ry} transform={`rotate(${t.turn} ${t.cx} ${t.cy})`} />
      ))}
      <path d={PAD} />
    </>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" fill="currentColor" aria-hidden="true" focusable="false">
      <Foot />
    </svg>
  );
}
