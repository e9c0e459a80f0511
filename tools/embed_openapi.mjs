#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Turns doc/openapi.yaml into the C file that serves it as JSON: node embed_openapi.mjs IN.yaml OUT.c
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../console/package.json", import.meta.url));
const { parse } = require("yaml");

const [input, output] = process.argv.slice(2);
const bytes = Buffer.from(JSON.stringify(parse(readFileSync(input, "utf8"))));
const lines = [];
for (let i = 0; i < bytes.length; i += 24) lines.push(`\t${[...bytes.subarray(i, i + 24)].join(",")},`);
writeFileSync(
  output,
  `/* SPDX-License-Identifier: Apache-2.0 */
/* Made from doc/openapi.yaml. Not to be edited. */
#include "prog/serve/openapi.h"

static const unsigned char json[] = {
${lines.join("\n")}
};

struct slice openapi_json(void)
{
	return slice_of(json, sizeof json);
}
`,
);
