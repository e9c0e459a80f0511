// SPDX-License-Identifier: Apache-2.0
// The browser's own dialog: it keeps the focus inside, gives it back, and closes on Esc.
import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";

interface Props {
  title: string;
  close: () => void;
  children: ComponentChildren;
  wide?: boolean;
}

export function Dialog({ title, close, children, wide }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  function on_click(e: MouseEvent) {
    if (e.target === ref.current) ref.current?.close(); // the backdrop
  }
  return (
    <dialog ref={ref} class={wide ? "wide" : ""} aria-label={title} onClose={close} onClick={on_click}>
      <div class="in">{children}</div>
    </dialog>
  );
}
