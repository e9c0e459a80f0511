// SPDX-License-Identifier: Apache-2.0
// The first command for empty pages. The key itself is never known to the console: it was printed once.

export function curl_command(base_url: string): string {
  const mail = {
    from: { email: "hello@example.com" },
    to: { email: "you@example.com" },
    subject: "Hello from Pugmark",
    html: '<p>Read <a href="https://example.com/">this page</a>.</p>',
  };
  return [
    `curl ${base_url.replace(/\/$/, "")}/api/v1/messages \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' \\",
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify(mail)}'`,
  ].join("\n");
}
