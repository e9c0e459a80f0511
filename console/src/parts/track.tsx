// SPDX-License-Identifier: Apache-2.0
// The track strip: who is behind a number. Fixed order, a gap in the colour of the surface between the parts.
import { count, share } from "../format";
import type { Behind } from "../figures";

const WIDTH = 1000;
const GAP = 5;

interface Part extends Behind {
  x: number;
  width: number;
}

function parts_of(behind: Behind[]): Part[] {
  const present = behind.filter((b) => b.n > 0);
  const total = present.reduce((sum, b) => sum + b.n, 0);
  const room = WIDTH - GAP * (present.length - 1);
  let x = 0;
  return present.map((b) => {
    const width = (b.n / total) * room;
    const part = { ...b, x, width };
    x += width + GAP;
    return part;
  });
}

export function Track({ behind }: { behind: Behind[] }) {
  const total = behind.reduce((sum, b) => sum + b.n, 0);
  const label = behind.map((b) => `${b.word} ${share(total ? b.n / total : 0)}`).join(", ");
  return (
    <>
      <svg class="track track-l" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" role="img" aria-label={label}>
        {parts_of(behind).map((p) => (
          <rect key={p.key} class={`f-${p.key}`} x={p.x} width={p.width} height="10" />
        ))}
      </svg>
      <ul class="legend">
        {behind.map((b) => (
          <li key={b.key} class="key">
            <span class={`sw ${b.key}`} aria-hidden="true" />
            {b.word} <b>{count(b.n)}</b>
          </li>
        ))}
      </ul>
    </>
  );
}
