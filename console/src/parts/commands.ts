// SPDX-License-Identifier: Apache-2.0
// The first command for empty pages. The key itself is never known to the console: it was printed once. It goes to where
// this page came from: the base URL is what mail points to, and may answer nothing but that.

/** With a provider it leaves through that one, whatever the others leave through. */
export function curl_command(provider?: string): string {
  const mail = {
    from: { email: "hello@example.com" },
    to: { email: "you@example.com" },
    subject: "Hello from Pugmark",
    html: '<p>Read <a href="https://example.com/">this page</a>.</p>',
    ...(provider ? { provider } : {}),
  };
  return [
    `curl ${location.origin}/api/v1/messages \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' \\",
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify(mail)}'`,
  ].join("\n");
}
