/* SPDX-License-Identifier: Apache-2.0 */
/* The page behind /u/ must work for everybody, also in the browser inside of a mail program of 2010: no script, no
 * font, no picture, no request to anywhere. All text is static, so the answer is a pointer.
 *
 * A GET never changes anything: gateways, previews and virus scanners follow every link of a mail (which is
 * why RFC 8058 wants a POST). What a POST means is read leniently, because a wish that is misread costs a person more
 * mail and the sender a complaint. */
#include "web/edge/unsubscribe.h"

#include "codec/url/query.h"

/* No script, no request to anywhere; it must look right in every browser that a mail program opens. */
#define PAGE_HEAD(title)                                                                                               \
	"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "                      \
	"content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>" title       \
	"</title><style>"                                                                                              \
	":root{color-scheme:light dark;--bg:#f7f6f2;--surface:#fff;--ink:#1d1b17;--ink-2:#534e46;--line:#e5e1d8;"      \
	"--accent:#17694f;--on:#fff}@media(prefers-color-scheme:dark){:root{--bg:#131513;--surface:#1a1d1a;--ink:#"    \
	"ecebe5;"                                                                                                      \
	"--ink-2:#bcbab0;--line:#2b302b;--accent:#6fc7a6;--on:#0a1f17}}*{box-sizing:border-box}body{margin:0;min-"     \
	"height:100vh;"                                                                                                \
	"display:grid;place-items:center;padding:24px;background:var(--bg);color:var(--ink);font:16px/24px "           \
	"-apple-system,"                                                                                               \
	"BlinkMacSystemFont,\"Segoe UI\",Roboto,\"Noto Sans\",\"Liberation "                                           \
	"Sans\",Arial,sans-serif}main{max-width:26rem;"                                                                \
	"width:100%;background:var(--surface);border:1px solid "                                                       \
	"var(--line);border-radius:10px;padding:32px}h1{font-size:20px;"                                               \
	"line-height:28px;margin:0 0 8px}p{margin:0 0 "                                                                \
	"20px;color:var(--ink-2)}form{display:grid;gap:12px}button{font:inherit;"                                      \
	"min-height:44px;border-radius:6px;border:1px solid var(--accent);background:var(--accent);color:var(--on);"   \
	"cursor:pointer}button.quiet{background:transparent;color:var(--accent)}button:focus-visible{outline:2px "     \
	"solid "                                                                                                       \
	"#1b6fd0;outline-offset:2px}</style></head><body><main>"
#define PAGE_END "</main></body></html>\n"

static const char ask_page[] = PAGE_HEAD(
    "Unsubscribe") "<h1>Stop getting this mail?</h1><p>Nothing has changed yet. Choose what should happen.</p>"
		   "<form method=\"post\"><button name=\"action\" value=\"unsubscribe\">Unsubscribe</button>"
		   "<button class=\"quiet\" name=\"action\" value=\"stop-tracking\">Keep the mail, stop tracking "
		   "me</button></form>" PAGE_END;
static const char done_page[] = PAGE_HEAD(
    "Unsubscribed") "<h1>You are unsubscribed</h1><p>No more of this mail will be sent to your address.</p>" PAGE_END;
static const char quiet_page[] = PAGE_HEAD("Tracking stopped") "<h1>Tracking is off</h1><p>You still get the mail. "
							       "Nobody is told whether you open it or which "
							       "links you follow.</p>" PAGE_END;
static const char foreign_page[] = PAGE_HEAD("Not found") "<h1>This link is not complete</h1><p>It may have been cut "
							  "in two by a mail program. Try the link in the mail "
							  "itself once more.</p>" PAGE_END;
static const char unclear_page[] =
    PAGE_HEAD("Nothing changed") "<h1>Nothing changed</h1><p>Go back and choose one of the two buttons.</p>" PAGE_END;

static void page(struct unsubscribe_answer *a, unsigned status, const char *body, size_t n)
{
	*a = (struct unsubscribe_answer){
	    .status = status,
	    .headers =
		{{SLICE("Content-Type"), SLICE("text/html; charset=utf-8")},
		 {SLICE("Cache-Control"), SLICE("no-store")},
		 {SLICE("Referrer-Policy"), SLICE("no-referrer")},
		 {SLICE("X-Robots-Tag"), SLICE("noindex")},
		 {SLICE("X-Content-Type-Options"), SLICE("nosniff")},
		 {SLICE("Content-Security-Policy"),
		  SLICE("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")}},
	    .header_count = 6,
	    .body = slice_of(body, n),
	};
}
#define PAGE(a, status, text) page(a, status, text, sizeof(text) - 1)

/* In rising order: of several wishes in one body the last one here wins. */
enum wish { WISH_UNCLEAR, WISH_STOP_TRACKING, WISH_UNSUBSCRIBE, WISH_ONE_CLICK };

static enum wish wish_of_value(struct slice name, struct slice value)
{
	value = slice_trim(value);
	if (slice_equal_nocase(name, SLICE("List-Unsubscribe")) && slice_equal_nocase(value, SLICE("One-Click")))
		return WISH_ONE_CLICK;
	if (!slice_equal(name, SLICE("action")))
		return WISH_UNCLEAR;
	return slice_equal(value, SLICE("unsubscribe"))     ? WISH_UNSUBSCRIBE
	       : slice_equal(value, SLICE("stop-tracking")) ? WISH_STOP_TRACKING
							    : WISH_UNCLEAR;
}

/* Fields may be separated by lines as well (text/plain). One that cannot be decoded says nothing. */
static struct slice next_field(struct slice *body)
{
	size_t end = 0;
	while (end < body->n && !memchr("&\r\n", body->p[end], 3))
		end++;
	struct slice field = slice_sub(*body, 0, end);
	*body = slice_from(*body, end < body->n ? end + 1 : end);
	return field;
}

static enum wish wish_of_form(struct slice body, struct arena *arena)
{
	enum wish wish = WISH_UNCLEAR;
	while (body.n) {
		struct slice value = next_field(&body);
		struct slice name = slice_cut(&value, '=');
		if (percent_decode(name, PERCENT_QUERY, arena, &name) != STATUS_OK ||
		    percent_decode(value, PERCENT_QUERY, arena, &value) != STATUS_OK)
			continue;
		enum wish one = wish_of_value(slice_trim(name), value);
		wish = one > wish ? one : wish;
	}
	return wish;
}

/* Lenient on purpose: providers differ in how they write the one part, and the example that RFC 8058 itself gives has
 * delimiters that do not fit the boundary it declares (8.3). */
static enum wish wish_of_multipart(struct slice body)
{
	if ((slice_contains_nocase(body, SLICE("name=\"List-Unsubscribe\"")) ||
	     slice_contains_nocase(body, SLICE("name=List-Unsubscribe"))) &&
	    slice_contains_nocase(body, SLICE("One-Click")))
		return WISH_ONE_CLICK;
	if (!slice_contains(body, SLICE("name=\"action\"")))
		return WISH_UNCLEAR;
	if (slice_contains(body, SLICE("stop-tracking")))
		return WISH_STOP_TRACKING;
	return slice_contains(body, SLICE("unsubscribe")) ? WISH_UNSUBSCRIBE : WISH_UNCLEAR;
}

enum { BODY_MAX = 16384 };

/* The body shows by itself which of the two it is; a type that is missing or wrong must not cost anybody their wish. */
static enum wish wish_of(struct http_request *request)
{
	struct slice body = slice_sub(http_request_body(request), 0, BODY_MAX);
	bool is_multipart = slice_contains_nocase(body, SLICE("content-disposition:"));
	return is_multipart ? wish_of_multipart(body) : wish_of_form(body, http_request_arena(request));
}

void unsubscribe_answer(struct http_request *request, bool is_ours, struct unsubscribe_answer *ret)
{
	if (!is_ours) {
		PAGE(ret, 404, foreign_page);
		return;
	}
	if (http_request_method(request) != HTTP_POST) {
		PAGE(ret, 200, ask_page);
		return;
	}
	enum wish wish = wish_of(request);
	if (wish == WISH_UNCLEAR) {
		PAGE(ret, 400, unclear_page);
		return;
	}
	if (wish == WISH_STOP_TRACKING)
		PAGE(ret, 200, quiet_page);
	else
		PAGE(ret, 200, done_page);
	ret->counts = true;
	ret->one_click = wish == WISH_ONE_CLICK;
	ret->stop_tracking = wish == WISH_STOP_TRACKING;
}

void unsubscribe_write(const struct unsubscribe_answer *answer, struct buf *to)
{
	buf_printf(to, "HTTP/1.1 %u OK\r\nContent-Length: %zu\r\n", answer->status, answer->body.n);
	for (size_t i = 0; i < answer->header_count; i++) {
		buf_append(to, answer->headers[i].name);
		buf_append(to, SLICE(": "));
		buf_append(to, answer->headers[i].value);
		buf_append(to, SLICE("\r\n"));
	}
	buf_append(to, SLICE("\r\n"));
	buf_append(to, answer->body);
}
