// SPDX-License-Identifier: Apache-2.0
// One way to the server: JSON in, JSON or a problem out (RFC 9457). The session is a cookie that scripts cannot read.

import { as_sentence } from "./sentence";
import type { Me } from "./types";

export class Problem extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly title: string,
    readonly detail: string | null,
    readonly retry_after_s: number | null = null,
  ) {
    super(as_sentence(detail ?? title));
  }
}

let when_signed_out: () => void = () => {};

/** Called whenever an answer says that the session is over. */
export function on_signed_out(call: () => void): void {
  when_signed_out = call;
}

async function problem_of(answer: Response): Promise<Problem> {
  const wait = Number(answer.headers.get("Retry-After"));
  const retry_after_s = Number.isFinite(wait) && wait > 0 ? wait : null;
  let body: { title?: unknown; detail?: unknown; errors?: { detail?: unknown }[] } = {};
  try {
    body = await answer.json();
  } catch {
    // a proxy in between may answer with a page of its own
  }
  const title = typeof body.title === "string" ? body.title : `The server answered ${answer.status}`;
  // What is wrong with each field says more than that something is.
  const faults = Array.isArray(body.errors) ? body.errors.map((e) => as_sentence(String(e.detail))).join(" ") : "";
  const detail = faults || (typeof body.detail === "string" ? as_sentence(body.detail) : null);
  return new Problem(answer.status, title, detail, retry_after_s);
}

interface Answer {
  status: number;
  body: unknown;
}

async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { Accept: "application/json", "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "The server does not answer", null);
  }
  if (!answer.ok) {
    if (answer.status === 401 && path !== "/session") when_signed_out();
    throw await problem_of(answer);
  }
  if (answer.status === 204) return { status: 204, body: null };
  try {
    return { status: answer.status, body: await answer.json() };
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(answer.status, "The answer could not be read", null);
  }
}

export async function api_get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call("GET", path, undefined, signal)).body as T;
}

export async function api_patch<T>(path: string, body: unknown): Promise<T> {
  return (await call("PATCH", path, body)).body as T;
}

export async function api_post<T>(path: string, body?: unknown): Promise<T> {
  return (await call("POST", path, body)).body as T;
}

/** What is there afterwards, and whether it was not there before. */
export async function api_add<T>(path: string, body: unknown): Promise<{ row: T; is_new: boolean }> {
  const answer = await call("POST", path, body);
  return { row: answer.body as T, is_new: answer.status === 201 };
}

export async function api_delete(path: string): Promise<void> {
  await call("DELETE", path);
}

/** The answer says who signed in, as /me does, and knows what /me no longer does: whether it was the first time. */
export async function sign_in(email: string, password: string): Promise<Me> {
  const answer = (await call("POST", "/session", { email, password })).body as Partial<Me> | null;
  return answer?.user && answer.tenant ? (answer as Me) : api_get<Me>("/me");
}

export async function sign_out(): Promise<void> {
  await call("DELETE", "/session");
}

/** A query string of what is set, with its question mark; empty when nothing is. */
export function query(fields: Record<string, string | number | null | undefined>): string {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(fields)) if (value !== null && value !== undefined && value !== "") out.set(key, String(value));
  const text = out.toString();
  return text ? `?${text}` : "";
}
