// SPDX-License-Identifier: Apache-2.0
// The server tells its problems as programs do, small and without an end; on a page they stand among sentences.

/** With a capital and a full stop. A name of a field or of a setting, which the reader may have to copy, stays as it is. */
export function as_sentence(text: string): string {
  const [first = ""] = text.split(" ");
  const begun = /^\p{Ll}+,?$/u.test(first) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return begun === "" || /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
