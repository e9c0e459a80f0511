// SPDX-License-Identifier: Apache-2.0
// Why an address gets no mail, and what it means to mail it again.
import type { IconName } from "./icons";

export interface SuppressionWords {
  word: string;
  badge: string;
  icon: IconName;
  /** Why, for who reads the list. */
  because: string;
  /** What follows for the person at the other end when it is taken off. */
  again: string;
  /** Its owner brought it about: the API asks what makes it right. */
  needs_why: boolean;
}

const WORDS: Record<string, SuppressionWords> = {
  unsubscribed: {
    word: "Unsubscribed",
    badge: "b-flat",
    icon: "leave",
    because: "Asked for no more mail.",
    again: "This person asked for no more mail. Do it only when they asked for it again: many laws require that, and people mark such mail as spam.",
    needs_why: true,
  },
  complaint: {
    word: "Complained",
    badge: "b-bad",
    icon: "warn",
    because: "Marked a mail as spam.",
    again: "This person marked your mail as spam. A second complaint makes mailbox providers distrust your mail to everybody.",
    needs_why: true,
  },
  hard_bounce: {
    word: "Bounced",
    badge: "b-bad",
    icon: "warn",
    because: "Mail to it came back for good.",
    again: "Mail to it came back for good. If nothing changed there, the next mail comes back too, and mailbox providers count that against you.",
    needs_why: false,
  },
  manual: {
    word: "By hand",
    badge: "b-flat",
    icon: "person",
    because: "By your team or one of its programs.",
    again: "Somebody put it here on purpose. The audit says who, and why if they wrote it down.",
    needs_why: false,
  },
  erased: {
    word: "Erased",
    badge: "b-unknown",
    icon: "lock",
    because: "What was kept of its owner was erased.",
    again: "Its owner had everything erased. Do it only when they came back to you themselves.",
    needs_why: true,
  },
};

/** A reason that is not known here is shown as it is; the API asks for a word about it, as of all that it does not know either. */
export function suppression_words(reason: string): SuppressionWords {
  return WORDS[reason] ?? { word: reason, badge: "b-flat", icon: "question", because: "", again: "", needs_why: true };
}
