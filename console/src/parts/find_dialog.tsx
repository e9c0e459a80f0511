// SPDX-License-Identifier: Apache-2.0
// Find: pages, and messages by subject or address as the server finds them, or by their whole id.
import { useEffect, useRef, useState } from "preact/hooks";
import { api_get, query } from "../api";
import { Dialog } from "./dialog";
import { PAGES, settings_for, type PageLink } from "./shell_pages";
import { short_time } from "../format";
import { after_page_change, go } from "../router";
import { is_admin, use_session } from "../session";
import type { Message, Page } from "../types";

const SHOWN = 8;
const TYPING_MS = 150;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The settings each by its own name, as far as the reader may see them. */
function pages_to_find(admin: boolean): Pick<PageLink, "href" | "word">[] {
  return [...PAGES.filter((p) => p.word !== "Settings"), ...settings_for(admin)];
}

interface Hit {
  href: string;
  text: string;
  side: string;
}

function hits_of(text: string, messages: Message[], admin: boolean): Hit[] {
  const needle = text.trim().toLowerCase();
  const pages = pages_to_find(admin).filter((p) => p.word.toLowerCase().includes(needle)).map((p) => ({ href: p.href, text: p.word, side: "Page" }));
  const found = messages.map((m) => ({
    href: `/messages/${encodeURIComponent(m.id)}`,
    text: m.subject || "No subject",
    side: `${m.to?.email ?? "several"}, ${short_time(m.created_at)}`,
  }));
  return [...pages, ...found].slice(0, SHOWN);
}

/** The messages that the server finds, asked a moment after the last key. */
function use_found(text: string): { messages: Message[]; asking: boolean } {
  const [found, set_found] = useState<{ text: string; messages: Message[] }>({ text: "", messages: [] });
  const needle = text.trim();
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      const path = UUID.test(needle) ? `/messages/${needle}` : `/messages${query({ limit: SHOWN, q: needle })}`;
      try {
        const answer = await api_get<Page<Message> | Message>(path, abort.signal);
        set_found({ text: needle, messages: "data" in answer ? answer.data : [answer] });
      } catch {
        if (!abort.signal.aborted) set_found({ text: needle, messages: [] });
      }
    };
    const timer = needle ? setTimeout(() => void ask(), TYPING_MS) : undefined;
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [needle]);
  return { messages: needle ? found.messages : [], asking: needle !== "" && found.text !== needle };
}

export function FindDialog({ close }: { close: () => void }) {
  const { me } = use_session();
  const [text, set_text] = useState("");
  const [at, set_at] = useState(0);
  const box = useRef<HTMLInputElement>(null);
  const { messages, asking } = use_found(text);
  const hits = hits_of(text, messages, is_admin(me));
  const chosen = Math.min(at, hits.length - 1);

  function open(hit: Hit | undefined) {
    if (!hit) return;
    box.current?.closest("dialog")?.close();
    go(hit.href);
    after_page_change();
  }
  function on_key(e: KeyboardEvent) {
    if (e.key === "ArrowDown") set_at(Math.min(chosen + 1, hits.length - 1));
    else if (e.key === "ArrowUp") set_at(Math.max(chosen - 1, 0));
    else if (e.key === "Enter") open(hits[chosen]);
    else return;
    e.preventDefault();
  }
  return (
    <Dialog title="Find" close={close} wide>
      <input
        ref={box}
        class="input"
        type="text"
        role="combobox"
        list={undefined}
        aria-label="Find a page or a message"
        aria-expanded="true"
        aria-controls="find-hits"
        aria-activedescendant={hits.length ? `find-${chosen}` : undefined}
        placeholder="Page, subject, address or message id"
        autocomplete="off"
        autofocus
        value={text}
        onInput={(e) => {
          set_text(e.currentTarget.value);
          set_at(0);
        }}
        onKeyDown={on_key}
      />
      <ul class="hits" id="find-hits" role="listbox" aria-label="Found">
        {hits.map((hit, i) => (
          <li key={hit.href} id={`find-${i}`} role="option" aria-selected={i === chosen} onClick={() => open(hit)}>
            <span class="cut">{hit.text}</span>
            <span class="small faint cut">{hit.side}</span>
          </li>
        ))}
      </ul>
      {hits.length === 0 && !asking ? <p class="hint">Nothing found among pages and messages.</p> : null}
    </Dialog>
  );
}
