/* SPDX-License-Identifier: Apache-2.0 */
/* url: web addresses as mail carries them and as a redirect may use them.
 *
 * Two forms. The *written* form is an href value after entity decoding: UTF-8, perhaps with spaces and line breaks in
 * it. The *destination* is what a Location header gets: printable ASCII only, http or https, with a host.
 * url_destination makes the second from the first, url_check_redirect judges it; both are used when a mail is built,
 * and the check again at the redirect, so that nothing else ever leaves (open redirects, header injection). Hosts that
 * are not ASCII, or have percent signs in them, become what browsers look up (WHATWG URL 3.5): `xn--mller-kva.example`.
 * Nothing here resolves relative addresses.
 */
#ifndef PUGMARK_CODEC_URL_H
#define PUGMARK_CODEC_URL_H

#include "base/buf.h"

/* The longest destination, in bytes. */
enum { URL_MAX = 16384 };

enum url_fault {
	URL_OK = 0,
	URL_TOO_LONG,
	URL_NOT_HTTP,     /* another scheme, or none */
	URL_NO_SLASHES,   /* `https:host`, which browsers read as a host and checks as a path */
	URL_BAD_BYTE,     /* a byte below 0x21 or above 0x7e, or one of " < > ` \ */
	URL_BAD_USERINFO, /* a second `@`, or what hides the host */
	URL_BAD_HOST,     /* none, or bytes that no host has */
	URL_BAD_PORT,
};

/* A few words in English, for a report. Never NULL. */
const char *url_fault_text(enum url_fault fault);

/* `s` without the bytes 0x00-0x20 at either end, as browsers trim it (WHATWG URL 4.4, step 1). */
struct slice url_trim(struct slice s);

/* The scheme without its colon, or empty when there is none. `s` is trimmed and holds no TAB, CR or LF. */
struct slice url_scheme(struct slice s);
bool url_is_http(struct slice s);

/* Judges a destination. The rules: at most URL_MAX bytes; only 0x21-0x7e without " < > ` and backslash; `http://` or
 * `https://` in any case; a host of letters, digits, `-._` and percent-encoded non-ASCII bytes, without empty labels,
 * or an IPv6 literal; at most one `@`; a port of 0-65535. Percent-encoded hosts are in links that were sent before
 * there was punycode here, and those must keep working. */
enum url_fault url_check_redirect(struct slice destination);

/* Makes the destination from a written, trimmed URL: TAB, CR and LF fall out; spaces, quotes, angle brackets, control
 * and non-ASCII bytes are percent-encoded; a backslash becomes `/` in the path as browsers do it, %5C behind it, and is
 * a fault in front of it. A host that is neither ASCII nor an IDNA name is a fault; one whose characters libidn2 does
 * not know stays percent-encoded, for the browser to decide. An ASCII host without percent signs is not touched, `xn--`
 * included. Appends to `to` only when the result is URL_OK. */
enum url_fault url_destination(struct slice written, struct buf *to);

/* Whether there are percent signs in the host of an http(s) address: valid, but not the form that url_destination
 * gives. */
bool url_has_encoded_host(struct slice url);

/* Host and port as written, without userinfo: `e.com`, `e.com:8443`, `[::1]:80`. Empty when `url` is not http(s). */
struct slice url_authority(struct slice url);
/* The host alone; brackets stay. */
struct slice url_host(struct slice url);

/* Whether `url` lies on `own`, a host with or without a port. Without one, any port of that host counts. ASCII case
 * does not. */
bool url_is_on_host(struct slice url, struct slice own);

struct url_parameter {
	struct slice key;
	struct slice value;
};

/* Appends `url` with the parameters whose key it does not have yet, in front of its fragment. Keys and values are
 * percent-encoded. */
void url_append_with_parameters(struct slice url, const struct url_parameter *parameters, size_t count, struct buf *to);

#endif
