// SPDX-License-Identifier: Apache-2.0
// What an empty page says about how mail comes onto it: who runs the tenant sends one, and reads where that goes; the
// others have no key, and wait for mail that somebody sends in their name.
import { curl_command } from "./commands";
import { Command } from "./states";
import { is_admin, use_session } from "../session";
import { is_outbox_only, provider_name } from "../words";

export function FirstMail() {
  const { me } = use_session();
  if (!is_admin(me)) return <InYourName />;
  return (
    <>
      <p>
        {is_outbox_only(me)
          ? "Send a first mail. It needs no mail account: it lands in the Outbox, and opening it there makes real events."
          : `Send a first mail. It leaves through ${provider_name(me.provider)}, so put in an address of yours.`}
      </p>
      <Command text={curl_command()} />
    </>
  );
}

/** Mail without a sender belongs to nobody, and is seen by owners and admins only. */
export function InYourName() {
  const { me } = use_session();
  return (
    <p>
      Mail that is sent in your name appears here: mail whose <span class="mono">sender</span> is {me.user.email}. Mail without a sender is seen by
      owners and admins only; ask one of them if yours is missing.
    </p>
  );
}
