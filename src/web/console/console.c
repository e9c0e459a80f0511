/* SPDX-License-Identifier: Apache-2.0 */
/* The console's files lie in the program, compressed once at build time, so one file is all there is to install and a
 * page can never be of another version than the API it asks.
 *
 * ETag instead of a long max-age: after an update of the program the next load has the new page, and otherwise 304 is
 * all that is sent. Every address that wants HTML gets the same page; what it shows, the script in it knows. */
#include "web/console/console.h"

#include "web/console/assets.h"

/* No inline script or style anywhere; nothing is asked of another host. */
static const char content_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

enum { HEADERS_MAX = 7 };

static bool accepts(const struct http_request *request, struct slice header, struct slice what)
{
	struct slice value = http_request_header(request, header);
	return value.p && slice_contains_nocase(value, what);
}

static void answer_asset(struct http_request *request, const struct asset *asset)
{
	struct http_header headers[HEADERS_MAX];
	size_t n = 0;
	headers[n++] = (struct http_header){SLICE("Cache-Control"), SLICE("no-cache")};
	headers[n++] = (struct http_header){SLICE("Referrer-Policy"), SLICE("same-origin")};
	headers[n++] = (struct http_header){SLICE("Content-Security-Policy"), slice_from_cstr(content_policy)};
	headers[n++] = (struct http_header){SLICE("Content-Type"), slice_from_cstr(asset->content_type)};
	headers[n++] = (struct http_header){SLICE("ETag"), slice_from_cstr(asset->etag)};
	headers[n++] = (struct http_header){SLICE("Vary"), SLICE("Accept-Encoding")};
	struct slice known = http_request_header(request, SLICE("if-none-match"));
	if (known.p && slice_contains(known, slice_from_cstr(asset->etag))) {
		http_answer(request, 304, headers, n, SLICE_EMPTY);
		return;
	}
	struct slice body = slice_of(asset->bytes, asset->size);
	if (asset->gzip_bytes && accepts(request, SLICE("accept-encoding"), SLICE("gzip"))) {
		headers[n++] = (struct http_header){SLICE("Content-Encoding"), SLICE("gzip")};
		body = slice_of(asset->gzip_bytes, asset->gzip_size);
	}
	http_answer_shared(request, 200, headers, n, body);
}

/* Asked last, behind tracking paths and the API, so that no page can hide one of those. */
bool console_handle(struct http_request *request, struct slice openapi_json)
{
	enum http_method method = http_request_method(request);
	struct slice path = http_request_path(request);
	if (method != HTTP_GET && method != HTTP_HEAD)
		return false;
	if (slice_equal(path, SLICE("/openapi.json"))) {
		struct http_header type = {SLICE("Content-Type"), SLICE("application/json")};
		http_answer_shared(request, 200, &type, 1, openapi_json);
		return true;
	}
	const struct asset *asset = asset_find(path);
	if (slice_equal(path, SLICE("/")) || (!asset && accepts(request, SLICE("accept"), SLICE("text/html"))))
		asset = asset_find(SLICE("/index.html"));
	if (!asset)
		return false;
	answer_asset(request, asset);
	return true;
}
