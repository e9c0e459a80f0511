// SPDX-License-Identifier: Apache-2.0
// What this browser remembers. A private window may refuse to keep anything; then the page works without.

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`pugmark.${key}`, value);
  } catch {
    // nothing is kept, nothing is lost
  }
}

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(`pugmark.${key}`);
  } catch {
    return null;
  }
}
