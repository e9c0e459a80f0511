/* SPDX-License-Identifier: Apache-2.0 */
/* Points and windows are those of doc/judging.md. Each sign alone stays below what makes a suspect, so that it takes
 * two that agree; a vendor's network is the exception. Signs that a network of people explains
 * (a gateway that strips headers) do not count there. */
#include "codec/verdict_score.h"

enum {
	PROBABLE_SCANNER_MS = 600 * 1000,
	EARLY_CLICK_MS = 30 * 1000,
	EARLY_OPEN_MS = 60 * 1000,
	BEFORE_DELIVERY_MS = 600 * 1000,

	OLD_CHROME = 105,        /* scanners freeze theirs; some people's telephones are as old */
	IMPOSSIBLE_FIREFOX = 10, /* of 2012 */
	LAST_CHROME_ON_XP = 49,
};

bool verdict_is_rewritten_link(struct slice referer)
{
	static const struct slice HOSTS[] = {SLICE("urldefense."), SLICE("safelinks.protection.outlook.com"),
					     SLICE("cudasvc.com"), SLICE("mimecast"), SLICE("secure-web.cisco.com")};
	for (size_t i = 0; i < sizeof HOSTS / sizeof HOSTS[0]; i++)
		if (slice_contains_nocase(referer, HOSTS[i]))
			return true;
	return false;
}

/* The number behind `mark`, or 0. */
static unsigned version_after(struct slice agent, struct slice mark)
{
	const char *found = memmem(agent.p, agent.n, mark.p, mark.n);
	unsigned version = 0;
	if (!found)
		return 0;
	for (const char *p = found + mark.n; p < agent.p + agent.n && *p >= '0' && *p <= '9' && version < 100000; p++)
		version = version * 10 + (unsigned)(*p - '0');
	return version;
}

unsigned verdict_points_of(struct slice code)
{
	static const struct {
		struct slice code;
		unsigned points;
	} SIGNS[] = {
	    {SLICE("network_probable"), POINTS_PROBABLE_SCANNER}, {SLICE("impossible_agent"), POINTS_IMPOSSIBLE_AGENT},
	    {SLICE("no_sec_fetch"), POINTS_NO_FETCH_METADATA},    {SLICE("data_centre"), POINTS_DATA_CENTRE},
	    {SLICE("no_accept_language"), POINTS_NO_LANGUAGE},    {SLICE("old_agent"), POINTS_OLD_AGENT},
	};
	for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++)
		if (slice_equal(code, SIGNS[i].code))
			return SIGNS[i].points;
	return 0;
}

bool verdict_is_early(enum hit_kind kind, int64_t delivery_age_ms)
{
	int64_t window_ms = kind == HIT_OPEN ? EARLY_OPEN_MS : EARLY_CLICK_MS;
	return delivery_age_ms < window_ms && delivery_age_ms > -BEFORE_DELIVERY_MS;
}

/* A mail client that loads a picture says who it is; how soon says nothing more. */
static bool counts_as_early(const struct hit_signals *hit, const struct client *client)
{
	return hit->has_delivery_age && verdict_is_early(hit->kind, hit->delivery_age_ms) &&
	       !(hit->kind == HIT_OPEN && client->kind == CLIENT_MAIL);
}

static unsigned network_points(const struct hit_signals *hit, const struct client *client,
			       const struct network *network, struct buf *reasons)
{
	bool is_data_centre = network->role == NETWORK_DATA_CENTRE ||
			      (network->role == NETWORK_CLOUD_WITH_PEOPLE && hit->kind != HIT_OPEN);
	if (network->role == NETWORK_PROBABLE_SCANNER && hit->has_delivery_age &&
	    hit->delivery_age_ms < PROBABLE_SCANNER_MS) {
		buf_printf(reasons, " network_probable:%s", network->label);
		return POINTS_PROBABLE_SCANNER;
	}
	if (!is_data_centre || client->kind == CLIENT_MAIL)
		return 0;
	buf_printf(reasons, " data_centre:%s", network->label);
	return POINTS_DATA_CENTRE;
}

/* Chrome from 80, Firefox from 90 and Safari from 16.4 say where a request comes from, over HTTPS only. */
static bool sends_fetch_metadata(struct slice agent, unsigned chrome)
{
	if (chrome)
		return chrome >= 80;
	if (slice_contains(agent, SLICE("Firefox/")))
		return version_after(agent, SLICE("Firefox/")) >= 90;
	return slice_contains(agent, SLICE("Safari/")) && version_after(agent, SLICE("Version/")) >= 17;
}

static unsigned header_points(const struct hit_signals *hit, unsigned chrome, struct buf *reasons)
{
	unsigned points = 0;
	if (hit->kind != HIT_CLICK || !hit->headers_are_known)
		return 0; /* what fetches images sends few headers, whoever looks at them */
	if (hit->is_https && !hit->has_sec_fetch && sends_fetch_metadata(hit->user_agent, chrome)) {
		buf_append_cstr(reasons, " no_sec_fetch");
		points += POINTS_NO_FETCH_METADATA;
	}
	if (!hit->has_accept_language) {
		buf_append_cstr(reasons, " no_accept_language");
		points += POINTS_NO_LANGUAGE;
	}
	return points;
}

static bool is_impossible(struct slice agent, unsigned chrome)
{
	bool is_xp = slice_contains(agent, SLICE("Windows NT 5.")) || slice_contains(agent, SLICE("Windows NT 6.0"));
	if (chrome)
		return is_xp && chrome > LAST_CHROME_ON_XP;
	unsigned firefox = version_after(agent, SLICE("Firefox/"));
	if (firefox)
		return firefox < IMPOSSIBLE_FIREFOX;
	bool is_explorer = slice_contains(agent, SLICE("Trident/")) || slice_contains(agent, SLICE("MSIE "));
	return is_explorer && slice_contains(agent, SLICE("Mac OS X"));
}

static unsigned agent_points(struct slice agent, unsigned chrome, struct buf *reasons)
{
	if (is_impossible(agent, chrome)) {
		buf_append_cstr(reasons, " impossible_agent");
		return POINTS_IMPOSSIBLE_AGENT;
	}
	if (!chrome || chrome >= OLD_CHROME)
		return 0;
	buf_printf(reasons, " old_agent:chrome=%u", chrome);
	return POINTS_OLD_AGENT;
}

unsigned verdict_score(const struct hit_signals *hit, const struct client *client, const struct network *network,
		       struct buf *reasons)
{
	if (verdict_is_rewritten_link(hit->referer)) {
		buf_append_cstr(reasons, " referer:rewritten_link");
		return 0;
	}
	unsigned points = network_points(hit, client, network, reasons);
	if (counts_as_early(hit, client)) {
		buf_printf(reasons, " early:seconds=%lld", (long long)(hit->delivery_age_ms / 1000));
		points += POINTS_EARLY;
	}
	if (client->kind == CLIENT_MAIL || network->role == NETWORK_GATEWAY)
		return points;
	unsigned chrome = version_after(hit->user_agent, SLICE("Chrome/"));
	return points + header_points(hit, chrome, reasons) + agent_points(hit->user_agent, chrome, reasons);
}
