/* SPDX-License-Identifier: Apache-2.0 */
/* By the states of the tokenizer: something that opens one and never closes it, as many attributes as one likes, what
 * must be kept until later. A rewriter that is linear takes the same time a byte however long the document is. */
#include "prog/bench/hostile_html.h"

/* clang-format off */
static const struct hostile_html LIST[] = {
    /* Characters that begin something, which then does not come. */
    {"<", "", "<"},
    {"</", "", "</"},
    {"<a ", "", "<a "},
    {"<a \" ", "", "<a \" "},
    {"\"", "", "\""},
    {"'", "", "'"},
    {"&", "", "&"},
    {"=", "", "="},
    {"%", "", "%"},
    {"{{", "", "{{"},
    {"\\n", "", "\n"},
    {"<\\x01", "", "<\x01"},
    {"<a<a", "", "<a<a"},
    {"</a>", "", "</a>"},
    {"<b>", "", "<b>"},
    /* As many tags that look like one that matters, or are one. */
    {"<bo>", "", "<bo>"},
    {"<ar>", "", "<ar>"},
    {"</bo>", "", "</bo>"},
    {"<img>", "", "<img>"},
    {"<img src=/o/>", "", "<img src=/o/>"},
    {"<a>", "", "<a>"},
    {"<p \"'\"'>", "", "<p \"'\"'>"},
    {"<?", "", "<?"},
    {"<?>", "", "<?>"},
    /* Attributes */
    {"<a x=1 ..", "<a ", "x=1 ", NULL, ">"},
    {"<a x0 x1 ..", "<a ", " x", NULL, ">", .is_numbered = true},
    {"<a href=\"\" ..", "<a ", "href=\"\" ", NULL, ">"},
    {"<a href=0 href=1", "<a ", " href=http://e.com/", NULL, ">", .is_numbered = true},
    {"<a / / /", "<a ", "/ ", NULL, ">"},
    {"<a = = =", "<a ", "= ", NULL, ">"},
    {"<a \"\"\"", "<a ", "\"", NULL, ">"},
    {"<a (spaces)", "<a", " ", NULL, ">"},
    {"<a xxxx", "<a ", "x", NULL, ">"},
    {"<aaaa", "<a", "a", NULL, ">"},
    {"<a x='..", "<a x='", "<\"", NULL, "'>"},
    {"<a x=\" unclosed", "", "<a x=\""},
    {"<a x= unclosed", "", "<a x='\"<"},
    {"<p a=b c='d'>", "", "<p a=b c='d' e=\"f\">"},
    {"<a data-no-track ..", "<a ", "data-no-track ", NULL, " href=http://e.com/>"},
    /* Comments, markup declarations, raw text */
    {"<!--", "", "<!--"},
    {"<!-", "", "<!-"},
    {"<!--->", "", "<!--->"},
    {"<!-- - -", "<!--", "- -"},
    {"<!-- --", "<!--", "--"},
    {"<!-- --!", "<!--", "--!"},
    {"<!--[if", "", "<!--[if"},
    {"<!--[if mso]>", "", "<!--[if mso]>"},
    {"<!--[if mso]>-->", "", "<!--[if mso]>-->"},
    {"<!--[if]><a", "<!--[if mso]>", "<a "},
    {"<!--[if]><v:", "<!--[if mso]>", "<v:rect x=\"", NULL, "-->"},
    {"<![endif]", "", "<![endif]"},
    {"<![CDATA[", "", "<![CDATA["},
    {"svg <![CDATA[", "<svg>", "<![CDATA["},
    {"svg <![CDATA[]]>", "<svg>", "<![CDATA[]]>"},
    {"svg ]]", "<svg><![CDATA[", "]]"},
    {"<script><!--..", "", "<script><!--<script>"},
    {"<script> <!--", "<script>", "<!--"},
    {"<script> --><!--", "<script>", "<!--<script>-->"},
    {"<script> </script", "<script>", "<!--<script></script"},
    {"<style> </styl", "<style>", "</styl"},
    {"<style></style>", "", "<style></style>"},
    {"<style></styl", "", "<style></styl"},
    {"<title> </titl", "<title>", "</titl"},
    {"<textarea>", "", "<textarea>"},
    {"<plaintext>", "", "<plaintext>"},
    {"<noscript>", "", "<noscript>"},
    {"<select>", "", "<select>"},
    {"<frameset>", "", "<frameset>"},
    /* Nests */
    {"<svg>", "", "<svg>"},
    {"<svg> </svg>", "", "<svg>", "</svg>"},
    {"<svg> </g>", "", "<svg>", "</g>"},
    {"<svg> </p>", "", "<svg>", "</p>"},
    {"<svg> <p>", "", "<svg>", "<p>"},
    {"<svg><desc>", "", "<svg><desc>"},
    {"<svg><desc> </a>", "", "<svg><desc>", "</a>"},
    {"<svg><desc> <p>", "", "<svg><desc>", "<p>"},
    {"<svg><desc> </svg>", "", "<svg><desc>", "</svg>"},
    {"<math><mi>", "", "<math><mi>", "</mo>"},
    {"<svg><style>", "", "<svg><style>"},
    {"<table><svg>", "", "<table><svg>"},
    {"<div>", "", "<div>", "</div>"},
    {"<template>", "", "<template>", "</p>"},
    {"<body>", "", "<body>"},
    {"</body>", "", "</body>"},
    {"</body></html>", "", "</body></html>"},
    {"<meta>", "", "<meta charset=x>"},
    {"<meta charset", "", "<meta charset"},
    {"<base>", "", "<base href=x>"},
    {"<html amp", "", "<html amp "},
    /* Many links */
    {"<a href=#>", "", "<a href=#>"},
    {"<a href=mailto:a>", "", "<a href=mailto:a>"},
    {"<a href=\"", "", "<a href=\"", .is_made_of_links = true},
    {"<a href=\"&", "", "<a href=\"&", .is_made_of_links = true},
    {"<a href=http://e.com/>", "", "<a href=http://e.com/>", .is_made_of_links = true},
    {"<a href> http://", "", "<a href=http://e.com/>http://e.com/</a>", .is_made_of_links = true},
    {"<a href> text", "<a href=http://e.com/>", "x"},
    {"<a href> <b>", "<a href=http://e.com/>", "<b>"},
    {"<a href> <b> ..", "", "<a href=http://e.com/>", "<b>", .is_made_of_links = true},
    {"if <a href>", "", "<!--[if mso]><a href=http://e.com/>x</a><![endif]-->", .is_made_of_links = true},
    {"<v:rect href>", "<!--[if mso]>", "<v:rect href=http://e.com/>", NULL, "<![endif]-->", .is_made_of_links = true},
    /* One long address */
    {"url: xxx", "<a href=\"http://e.com/", "x", NULL, "\">", .is_made_of_links = true},
    {"url: %", "<a href=\"http://e.com/", "%", NULL, "\">", .is_made_of_links = true},
    {"url: %a", "<a href=\"http://e.com/", "%a", NULL, "\">", .is_made_of_links = true},
    {"url: %%", "<a href=\"http://e.com/", "%% ", NULL, "\">", .is_made_of_links = true},
    {"url: &", "<a href=\"http://e.com/", "&", NULL, "\">", .is_made_of_links = true},
    {"url: &amp", "<a href=\"http://e.com/?", "&amp", NULL, "\">", .is_made_of_links = true},
    {"url: &amp;", "<a href=\"http://e.com/?", "&amp;", NULL, "\">", .is_made_of_links = true},
    {"url: &Coun", "<a href=\"http://e.com/?", "&CounterClockwiseContourIntegra", NULL, "\">", .is_made_of_links = true},
    {"url: &#9", "<a href=\"http://e.com/?&#", "9", NULL, "\">", .is_made_of_links = true},
    {"url: {{", "<a href=\"http://e.com/", "{{", NULL, "\">", .is_made_of_links = true},
    {"url: {", "<a href=\"http://e.com/", "{ ", NULL, "\">", .is_made_of_links = true},
    {"url: ${", "<a href=\"http://e.com/", "${", NULL, "\">", .is_made_of_links = true},
    {"url: [[", "<a href=\"http://e.com/", "[[", NULL, "\">", .is_made_of_links = true},
    {"url: *|", "<a href=\"http://e.com/", "*|", NULL, "\">", .is_made_of_links = true},
    {"url: <%", "<a href=\"http://e.com/", "<%", NULL, "\">", .is_made_of_links = true},
    {"url: ##", "<a href=\"http://e.com/", "#", NULL, "\">", .is_made_of_links = true},
    {"url: ##x", "<a href=\"http://e.com/", "##x ", NULL, "\">", .is_made_of_links = true},
    {"url: \\n", "<a href=\"http://e.com/", "\n", NULL, "\">", .is_made_of_links = true},
    {"url: (space)x", "<a href=\"http://e.com/", " x", NULL, "\">", .is_made_of_links = true},
    {"url: /../", "<a href=\"http://e.com/", "../", NULL, "\">", .is_made_of_links = true},
    {"url: u-umlaut", "<a href=\"http://e.com/", "\xc3\xbc", NULL, "\">", .is_made_of_links = true},
    {"url: \\xff", "<a href=\"http://e.com/", "\xff", NULL, "\">", .is_made_of_links = true},
    {"url: a=b&", "<a href=\"http://e.com/?", "a=b&", NULL, "\">", .is_made_of_links = true},
    {"host: a", "<a href=\"http://", "a", NULL, "/\">", .is_made_of_links = true},
    {"host: a.", "<a href=\"http://", "a.", NULL, "/\">", .is_made_of_links = true},
    {"host: u-umlaut", "<a href=\"http://", "\xc3\xbc", NULL, "/\">", .is_made_of_links = true},
    {"host: u-umlaut.", "<a href=\"http://", "\xc3\xbc.", NULL, "/\">", .is_made_of_links = true},
    {"host: @", "<a href=\"http://", "@", NULL, "/\">", .is_made_of_links = true},
    {"host: :1", "<a href=\"http://", ":1", NULL, "/\">", .is_made_of_links = true},
    {"scheme", "<a href=\"", "h", NULL, ":\">", .is_made_of_links = true},
    {"spaces before", "<a href=\"", " ", NULL, "http://e.com/\">", .is_made_of_links = true},
};
/* clang-format on */

const struct hostile_html *hostile_html_list(size_t *ret_count)
{
	*ret_count = sizeof LIST / sizeof LIST[0];
	return LIST;
}

static void repeat(const struct hostile_html *h, const char *unit, size_t until, struct buf *to)
{
	struct slice text = slice_from_cstr(unit);
	for (uint64_t i = 0; to->n < until && !buf_failed(to); i++) {
		buf_append(to, text);
		if (h->is_numbered)
			buf_append_u64(to, i);
	}
}

void hostile_html_write(const struct hostile_html *h, size_t size, struct buf *to)
{
	size_t end = to->n + size;
	buf_append_cstr(to, h->head);
	repeat(h, h->unit, h->second ? end - size / 2 : end, to);
	if (h->second)
		repeat(h, h->second, end, to);
	buf_append_cstr(to, h->tail ? h->tail : "");
}
