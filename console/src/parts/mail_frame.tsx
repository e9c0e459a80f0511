// SPDX-License-Identifier: Apache-2.0
// The mail in a frame of an opaque origin: no scripts, no cookies, no way back into the console. Images load and links
// open in a new tab, so that reading it makes the events that a mail app would make.
export const MAIL_SANDBOX = "allow-popups allow-popups-to-escape-sandbox";

export function MailFrame({ id }: { id: string }) {
  return (
    <div class="frame">
      <iframe
        class="mail-frame"
        title="Mail as sent"
        sandbox={MAIL_SANDBOX}
        referrerpolicy="no-referrer"
        src={`/api/v1/messages/${encodeURIComponent(id)}/preview?frame=1`}
      />
    </div>
  );
}
