// SPDX-License-Identifier: Apache-2.0
// Other people's HTML rewriters and parsers for Node.js, each asked for the same: the http(s) addresses of `<a>` and `<area>`
// are replaced and a pixel is put in at the end of the body.
//
// An engine is { name, package, work, load }; load() gives { read, run, text }:
//   read(bytes)                  a file as the engine wants it; not timed
//   run(file, replace, pixel)    does the work and returns the output; replace(value) gives the new value; pixel may be null
//   bytes(output)                the output as bytes; not timed
// run may be asynchronous. What only finds links has no `bytes`.
//
// Engines that take strings get one character for each byte (Latin-1), so that no byte is lost before they see it.

const latin1 = { read: (bytes) => bytes.toString("latin1"), bytes: (text) => Buffer.from(text, "latin1") };
const is_http = (value) => /^\s*https?:/i.test(value);
const is_link = (name) => name === "a" || name === "area";

function lol_html_handlers(rewriter, replace, pixel) {
  const link = {
    element(element) {
      const value = element.getAttribute("href");
      if (is_http(value)) element.setAttribute("href", replace(value));
    },
  };
  rewriter.on("a[href]", link);
  rewriter.on("area[href]", link);
  if (pixel) rewriter.on("body", { element: (element) => element.append(pixel, { html: true }) });
}

async function html_rewriter_wasm() {
  const { HTMLRewriter } = await import("html-rewriter-wasm");
  return {
    read: (bytes) => bytes,
    bytes: (chunks) => Buffer.concat(chunks),
    async run(file, replace, pixel) {
      const chunks = [];
      const rewriter = new HTMLRewriter((chunk) => chunks.push(chunk));
      lol_html_handlers(rewriter, replace, pixel);
      try {
        await rewriter.write(file);
        await rewriter.end();
      } finally {
        rewriter.free();
      }
      return chunks;
    },
  };
}

async function lol_html() {
  const { HTMLRewriter } = (await import("lol-html")).default;
  return {
    read: (bytes) => bytes,
    bytes: (chunks) => Buffer.concat(chunks),
    run(file, replace, pixel) {
      const chunks = [];
      const rewriter = new HTMLRewriter("utf-8", (chunk) => chunks.push(chunk));
      lol_html_handlers(rewriter, replace, pixel);
      rewriter.write(file);
      rewriter.end();
      rewriter.free();
      return chunks;
    },
  };
}

async function htmlparser2_find() {
  const { Parser } = await import("htmlparser2");
  return {
    read: latin1.read,
    run(file, replace) {
      let found = 0;
      const parser = new Parser({
        onopentag(name, attributes) {
          if (is_link(name) && attributes.href !== undefined && is_http(attributes.href)) found += replace(attributes.href).length;
        },
      });
      parser.end(file);
      return found;
    },
  };
}

async function htmlparser2_document() {
  const { parseDocument, DomUtils } = await import("htmlparser2");
  return {
    ...latin1,
    run(file, replace, pixel) {
      const document = parseDocument(file);
      const links = DomUtils.findAll((node) => is_link(node.name) && node.attribs.href !== undefined, document.children);
      for (const link of links) if (is_http(link.attribs.href)) link.attribs.href = replace(link.attribs.href);
      if (pixel) {
        const body = DomUtils.findOne((node) => node.name === "body", document.children) ?? document;
        DomUtils.appendChild(body, parseDocument(pixel).children[0]);
      }
      return DomUtils.getOuterHTML(document);
    },
  };
}

function walk_parse5(root, see) {
  const nodes = [root];
  while (nodes.length > 0) {
    const node = nodes.pop();
    see(node);
    if (node.content) nodes.push(node.content);
    if (node.childNodes) for (const child of node.childNodes) nodes.push(child);
  }
}

async function parse5() {
  const { parse, parseFragment, serialize } = await import("parse5");
  return {
    ...latin1,
    run(file, replace, pixel) {
      const document = parse(file, { scriptingEnabled: false });
      walk_parse5(document, (node) => {
        if (!is_link(node.tagName)) return;
        const href = node.attrs.find((attribute) => attribute.name === "href");
        if (href && is_http(href.value)) href.value = replace(href.value);
      });
      if (pixel) {
        const html = document.childNodes.find((node) => node.tagName === "html");
        const image = parseFragment(pixel).childNodes[0];
        image.parentNode = html;
        html.childNodes.at(-1).childNodes.push(image);
      }
      return serialize(document, { scriptingEnabled: false });
    },
  };
}

async function parse5_rewriting_stream() {
  const { RewritingStream } = await import("parse5-html-rewriting-stream");
  return {
    ...latin1,
    run(file, replace, pixel) {
      const stream = new RewritingStream();
      const chunks = [];
      stream.on("startTag", (tag, raw) => {
        const href = is_link(tag.tagName) && tag.attrs.find((attribute) => attribute.name === "href");
        const is_wanted = href && is_http(href.value);
        if (is_wanted) href.value = replace(href.value);
        if (is_wanted) stream.emitStartTag(tag);
        else stream.emitRaw(raw);
      });
      stream.on("endTag", (tag, raw) => {
        if (pixel && tag.tagName === "body") stream.emitRaw(pixel);
        stream.emitRaw(raw);
      });
      return new Promise((resolve, reject) => {
        stream.on("data", (chunk) => chunks.push(chunk));
        stream.on("error", reject);
        stream.on("end", () => resolve(chunks.join("")));
        stream.end(file);
      });
    },
  };
}

/* The value is cut out where the parser says that its attribute stands: `name = "value"`, quotes and white space as written. */
function value_range(file, { startOffset, endOffset }) {
  const attribute = file.slice(startOffset, endOffset);
  const before = /^[^=]*=\s*(["']?)/.exec(attribute);
  return [startOffset + before[0].length, endOffset - before[1].length];
}

async function parse5_positions() {
  const { parse } = await import("parse5");
  return {
    ...latin1,
    run(file, replace, pixel) {
      const ranges = new Map();
      walk_parse5(parse(file, { scriptingEnabled: false, sourceCodeLocationInfo: true }), (node) => {
        if (!is_link(node.tagName)) return;
        const href = node.attrs.find((attribute) => attribute.name === "href");
        const location = node.sourceCodeLocation?.attrs?.href;
        if (href && location && is_http(href.value)) ranges.set(...value_range(file, location));
      });
      const pieces = [];
      let at = 0;
      for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
        pieces.push(file.slice(at, start), replace(file.slice(start, end)));
        at = end;
      }
      pieces.push(file.slice(at));
      if (pixel) pieces.push(pixel);
      return pieces.join("");
    },
  };
}

const CALLBACKS = "wasm, the whole job; time in JavaScript callbacks included";
export const engines = [
  { name: "html-rewriter-wasm", package: "html-rewriter-wasm", work: `older lol-html as ${CALLBACKS}`, load: html_rewriter_wasm },
  { name: "lol-html", package: "lol-html", work: `lol-html as ${CALLBACKS}`, load: lol_html },
  { name: "htmlparser2 find", package: "htmlparser2", work: "JavaScript, finds only: events, nothing is written", load: htmlparser2_find },
  { name: "htmlparser2 document", package: "htmlparser2", work: "JavaScript, the whole job: tree, replace, serialise", load: htmlparser2_document },
  { name: "parse5", package: "parse5", work: "JavaScript, the whole job: tree, replace, serialise", load: parse5 },
  { name: "parse5 positions", package: "parse5", work: "JavaScript, tree with positions, splice, pixel at the end", load: parse5_positions },
  {
    name: "parse5 stream",
    package: "parse5-html-rewriting-stream",
    work: "JavaScript, the whole job: tokens, replace, other tags raw",
    load: parse5_rewriting_stream,
  },
];
