// SPDX-License-Identifier: Apache-2.0
// A mail in doubt waits for a person: nobody can know whether it left, and nothing is sent again or dropped by itself.
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "./dialog";
import { api_post, Problem } from "../api";
import { Icon } from "../icons";
import { as_sentence } from "../sentence";
import type { Message, MessageDetail } from "../types";

type As = "sent" | "resend" | "failed";

const CHOICES: { as: As; word: string; what: string }[] = [
  { as: "sent", word: "It was sent", what: "Counts as sent from now on. Nothing leaves." },
  { as: "resend", word: "Send again", what: "Leaves once more. Whoever has it already gets it twice." },
  { as: "failed", word: "Give up", what: "Counts as failed from now on. Nothing leaves." },
];

const NOTED: Record<As, string> = {
  sent: "Noted: it was sent.",
  resend: "It is being sent again. What becomes of it appears here.",
  failed: "Noted: it failed.",
};

function words_of(error: unknown): string {
  if (!(error instanceof Problem)) return "Not saved. Try again.";
  if (error.status === 403) return "Your role may not decide this.";
  if (error.status === 409) return `Not saved. ${error.message}`; // somebody else was faster
  return `Not saved. ${error.detail ?? "The server does not answer."} Try again.`;
}

interface Said {
  as: As;
  /** Of how many it was said: when one more has been made and the doubt is there again, it is asked again. */
  attempts: number;
}

function use_decision(m: MessageDetail, reload: () => void) {
  const [said, set_said] = useState<Said | null>(null);
  const [busy, set_busy] = useState(false);
  const [problem, set_problem] = useState<string | null>(null);
  async function decide(as: As) {
    set_busy(true);
    set_problem(null);
    try {
      await api_post<Message | null>(`/messages/${encodeURIComponent(m.id)}/resolve`, { as });
      set_said({ as, attempts: m.attempts });
    } catch (error) {
      set_problem(words_of(error));
    }
    set_busy(false);
    reload();
  }
  return { said, busy, problem, decide };
}

function SendAgain({ m, close, send }: { m: Message; close: () => void; send: () => void }) {
  const who = m.to?.name ?? m.to?.email ?? "whoever it is for";
  return (
    <Dialog title="Send it again" close={close}>
      <h2>Send it again?</h2>
      <p>The other side may already have this mail. If so, {who} gets it twice. If you wait, an open or a bounce may tell.</p>
      <div class="btns">
        <button class="btn" type="button" autofocus onClick={close}>
          Wait
        </button>
        <button class="btn primary" type="button" onClick={send}>
          Send again
        </button>
      </div>
    </Dialog>
  );
}

/** Takes the place of the buttons that were pressed, and their focus. */
function Noted({ as }: { as: As }) {
  const ref = useRef<HTMLParagraphElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return (
    <p ref={ref} class={as === "failed" ? "note mb" : "note good mb"} role="status" tabIndex={-1}>
      <span class="grow">{NOTED[as]}</span>
    </p>
  );
}

interface ChoicesProps {
  m: MessageDetail;
  busy: boolean;
  problem: string | null;
  decide: (as: As) => void;
}

function Choices({ m, busy, problem, decide }: ChoicesProps) {
  const [asks, set_asks] = useState(false);
  return (
    <section class="card mb" aria-labelledby="doubt-h">
      <header class="line">
        <h2 id="doubt-h" class="grow">
          In doubt
        </h2>
        <span class="small soft">Nothing is sent again or dropped without you.</span>
      </header>
      <p class="note amber known">
        <Icon name="warn" />
        <span class="grow">{as_sentence(m.error ?? "the line broke before the answer came")} Whether it arrived, nobody can know from here.</span>
      </p>
      <ul class="decide">
        {CHOICES.map((c) => (
          <li key={c.as}>
            <button class="btn s" type="button" disabled={busy} aria-describedby={`as-${c.as}`} onClick={() => (c.as === "resend" ? set_asks(true) : decide(c.as))}>
              {c.word}
            </button>
            <span id={`as-${c.as}`} class="small soft">
              {c.what}
            </span>
          </li>
        ))}
      </ul>
      {problem ? (
        <p class="note amber known" role="alert">
          {problem}
        </p>
      ) : null}
      {asks ? (
        <SendAgain
          m={m}
          close={() => set_asks(false)}
          send={() => {
            set_asks(false);
            decide("resend");
          }}
        />
      ) : null}
    </section>
  );
}

/** Nothing for a mail that was never in doubt since the page was opened. */
export function Doubt({ m, reload }: { m: MessageDetail; reload: () => void }) {
  const { said, busy, problem, decide } = use_decision(m, reload);
  const is_doubt = m.status === "in_doubt";
  const waits = is_doubt && (!said || (said.as === "resend" && m.attempts > said.attempts));
  if (waits) return <Choices m={m} busy={busy} problem={problem} decide={(as) => void decide(as)} />;
  if (said && (is_doubt || said.as !== "resend")) return <Noted as={said.as} />;
  return problem ? (
    <p class="note amber mb" role="alert">
      {problem}
    </p>
  ) : null;
}
