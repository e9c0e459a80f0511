/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: what url_destination lets through may go into a Location header, stays the same when it is made again, and
 * has for libcurl's parser the host that it has for ours (parsers that disagree about the host are how open redirects
 * are made). Parameters that are added move neither host nor fragment. */
#include "base/mem.h"
#include "codec/url/url.h"
#include <curl/curl.h>

enum { ROOM = 8 * URL_MAX };

static void check_bytes(struct slice destination)
{
	BUG_IF(destination.n == 0 || destination.n > URL_MAX);
	for (size_t i = 0; i < destination.n; i++) {
		unsigned char c = (unsigned char)destination.p[i];
		BUG_IF(c <= 0x20 || c >= 0x7f || strchr("\"<>`\\", c));
	}
}

/* libcurl turns numbers into dotted addresses, and percent signs into what they stand for. */
static bool is_comparable(struct slice host)
{
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] == '%' || host.p[i] == '[')
			return false;
	return host.p[0] < '0' || host.p[0] > '9';
}

static void check_host(struct slice destination)
{
	struct slice host = url_host(destination);
	BUG_IF(host.n == 0 || !url_is_on_host(destination, host) ||
	       !url_is_on_host(destination, url_authority(destination)));
	if (!is_comparable(host))
		return;
	char *text = mem_copy(destination);
	char *got = NULL;
	CURLU *parsed = curl_url();
	if (curl_url_set(parsed, CURLUPART_URL, text, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_HOST, &got, 0) == CURLUE_OK)
		BUG_IF(!slice_equal_nocase(slice_from_cstr(got), host));
	curl_free(got);
	curl_url_cleanup(parsed);
	mem_free(text);
}

static void check_parameters(struct slice destination)
{
	static const struct url_parameter parameters[] = {{{"utm_source", 10}, {"a b&c=\xc3\xbc#?/", 11}},
							  {{"utm \"x", 6}, {"", 0}}};
	struct buf with;
	struct buf again;
	buf_init(&with, ROOM);
	buf_init(&again, ROOM);
	url_append_with_parameters(destination, parameters, 2, &with);
	enum url_fault fault = url_check_redirect(buf_slice(&with));
	BUG_IF(fault != URL_OK && fault != URL_TOO_LONG);
	BUG_IF(!slice_equal(url_authority(buf_slice(&with)), url_authority(destination)));
	struct slice fragment = slice_from(destination, slice_index(destination, '#'));
	BUG_IF(!slice_ends_with(buf_slice(&with), fragment));
	BUG_IF(!slice_starts_with(buf_slice(&with), slice_sub(destination, 0, slice_index(destination, '#'))));
	/* Both are there now; the key that must be encoded is not found again by its plain name, and that is all. */
	url_append_with_parameters(buf_slice(&with), parameters, 1, &again);
	BUG_IF(!slice_equal(buf_slice(&again), buf_slice(&with)));
	buf_done(&with);
	buf_done(&again);
}

static void check_destination(struct slice written)
{
	struct buf destination;
	struct buf again;
	buf_init(&destination, ROOM);
	buf_init(&again, ROOM);
	if (url_destination(written, &destination) == URL_OK) {
		BUG_IF(url_check_redirect(buf_slice(&destination)) != URL_OK);
		BUG_IF(url_destination(buf_slice(&destination), &again) != URL_OK);
		BUG_IF(!slice_equal(buf_slice(&again), buf_slice(&destination)));
		check_bytes(buf_slice(&destination));
		check_host(buf_slice(&destination));
		check_parameters(buf_slice(&destination));
	} else {
		BUG_IF(destination.n > 0);
	}
	buf_done(&destination);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice written = url_trim(slice_of(data, size));
	if (url_check_redirect(written) == URL_OK) {
		check_bytes(written);
		check_host(written);
		check_parameters(written);
	}
	check_destination(written);
	return 0;
}
