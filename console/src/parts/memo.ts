// SPDX-License-Identifier: Apache-2.0
// Rows that did not change are not drawn again: a live list would else redraw a thousand rows for each event.
import { Component, createElement } from "preact";
import type { ComponentChildren, ComponentType } from "preact";

export function memo<P extends object>(Inner: ComponentType<P>): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const keys = new Set([...Object.keys(next), ...Object.keys(this.props)]) as Set<keyof P>;
      for (const key of keys) if (next[key] !== this.props[key]) return true;
      return false;
    }
    override render(props: P): ComponentChildren {
      return createElement(Inner, props);
    }
  };
}
