// SPDX-License-Identifier: Apache-2.0
// The foot of a list that goes on: a button for the next rows, and a word when they could not be read.
interface Props {
  load: () => void;
  failed?: boolean;
  /** How many come next, where that is known. */
  rows?: number;
}

export function ShowMore({ load, failed = false, rows }: Props) {
  return (
    <footer class="inl">
      <button class="btn s" type="button" onClick={load}>
        {rows ? `Show ${rows} more` : "Show more"}
      </button>
      {failed ? <span role="alert">They could not be read just now. Try again.</span> : null}
    </footer>
  );
}
