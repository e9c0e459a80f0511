/* SPDX-License-Identifier: Apache-2.0 */
/* A few headers, cut to what the judge looks at: a record is written for each hit, and nobody needs the rest. */
#include "web/edge/hit_request.h"

enum { SHORT_HEADER_MAX = 64 };

static struct slice cut(struct slice s, size_t max)
{
	return slice_sub(s, 0, max);
}

static struct slice first_header(const struct http_request *request, const struct slice *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice value = http_request_header(request, names[i]);
		if (value.p)
			return value;
	}
	return SLICE_EMPTY;
}

/* Scheme and host of a Referer; the rest is nobody's business. */
static struct slice origin_of(struct slice referer)
{
	size_t slashes = 0;
	for (size_t i = 0; i < referer.n; i++)
		if (referer.p[i] == '/' && ++slashes == 3)
			return cut(slice_sub(referer, 0, i), SHORT_HEADER_MAX);
	return cut(referer, SHORT_HEADER_MAX);
}

static bool is_one(const struct http_request *request, struct slice name)
{
	return slice_equal(slice_trim(http_request_header(request, name)), SLICE("1"));
}

struct hit_record hit_request_read(const struct http_request *request, const struct link_token *token, uint8_t key_id)
{
	static const struct slice purposes[] = {{"sec-purpose", 11}, {"purpose", 7}, {"x-purpose", 9}, {"x-moz", 5}};
	return (struct hit_record){
	    .kind = token->kind == LINK_TOKEN_OPEN    ? HIT_OPEN
		    : token->kind == LINK_TOKEN_CLICK ? HIT_CLICK
						      : HIT_UNSUBSCRIBE,
	    .key_id = key_id,
	    .consent = token->consent,
	    .tenant = token->tenant,
	    .message = token->message,
	    .link_index = token->link_index,
	    .destination_is_stored = token->is_stored,
	    .destination = token->destination,
	    .client = *http_request_client(request),
	    .user_agent = cut(http_request_header(request, SLICE("user-agent")), USER_AGENT_MAX),
	    .purpose = cut(first_header(request, purposes, sizeof purposes / sizeof purposes[0]), SHORT_HEADER_MAX),
	    .referer = origin_of(http_request_header(request, SLICE("referer"))),
	    .accept_language = cut(http_request_header(request, SLICE("accept-language")), SHORT_HEADER_MAX),
	    .has_sec_fetch = http_request_header(request, SLICE("sec-fetch-mode")).p != NULL,
	    .is_https = http_request_is_https(request),
	    .opts_out = is_one(request, SLICE("sec-gpc")) || is_one(request, SLICE("dnt")),
	};
}
