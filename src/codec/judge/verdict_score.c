/* SPDX-License-Identifier: Apache-2.0 */
/* Points and windows are those of doc/judging.md. Each sign alone stays below what makes a suspect, so that it takes
 * two that agree; a vendor's network is the exception. Signs that a network of people explains
 * (a gateway that strips headers) do not count there. */
#include "codec/judge/verdict_score.h"

enum {
	PROBABLE_SCANNER_MS = 600 * 1000,
	EARLY_CLICK_MS = 30 * 1000,
	EARLY_OPEN_MS = 60 * 1000,
	BEFORE_DELIVERY_MS = 600 * 1000,

	OLD_CHROME = 105, /* scanners freeze theirs; some people's telephones are as old, and nobody's desktop is: of
			     10,000 agents of real traffic (humans_weighted.tsv) none */
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

unsigned verdict_points_of(struct slice code)
{
	static const struct {
		struct slice code;
		unsigned points;
	} SIGNS[] = {
	    {SLICE("network_probable"), POINTS_PROBABLE_SCANNER}, {SLICE("impossible_agent"), POINTS_IMPOSSIBLE_AGENT},
	    {SLICE("no_sec_fetch"), POINTS_NO_FETCH_METADATA},    {SLICE("data_centre"), POINTS_DATA_CENTRE},
	    {SLICE("no_accept_language"), POINTS_NO_LANGUAGE},    {SLICE("old_agent"), POINTS_OLD_AGENT},
	    {SLICE("frozen_agent"), POINTS_FROZEN_AGENT},
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

static unsigned network_points(const struct hit_look *look, struct buf *reasons)
{
	const struct hit_signals *hit = look->hit;
	const struct network *network = &look->network;
	bool is_data_centre = network->role == NETWORK_DATA_CENTRE ||
			      (network->role == NETWORK_CLOUD_WITH_PEOPLE && hit->kind != HIT_OPEN);
	if (network->role == NETWORK_PROBABLE_SCANNER && hit->has_delivery_age &&
	    hit->delivery_age_ms < PROBABLE_SCANNER_MS) {
		buf_printf(reasons, " network_probable:%s", network->label);
		return POINTS_PROBABLE_SCANNER;
	}
	if (!is_data_centre || look->client.kind == CLIENT_MAIL)
		return 0;
	buf_printf(reasons, " data_centre:%s", network->label);
	return POINTS_DATA_CENTRE;
}

/* Chrome from 80, Firefox from 90 and Safari from 16.4 say where a request comes from, over HTTPS only. Of versions the
 * whole part is read, so that Safari is asked from 17 on. */
static bool sends_fetch_metadata(const struct agent_marks *marks, unsigned chrome)
{
	if (chrome)
		return chrome >= 80;
	if (agent_marks_has(marks, SIGN_FIREFOX))
		return agent_marks_version(marks, SIGN_FIREFOX) >= 90;
	return agent_marks_has(marks, SIGN_SAFARI) && agent_marks_version(marks, SIGN_VERSION) >= 17;
}

/* What fetches images sends few headers, whoever looks at them; a webmail's reader sends them all. Some proxies have a
 * browser's agent (Outlook on the web's), so that it counts only while machines come. */
static bool shows_page(const struct hit_look *look, bool is_early)
{
	enum hit_kind kind = look->hit->kind;
	return kind == HIT_CLICK || (is_early && kind == HIT_OPEN && look->client.kind == CLIENT_BROWSER);
}

static unsigned header_points(const struct hit_look *look, unsigned chrome, struct buf *reasons)
{
	const struct hit_signals *hit = look->hit;
	unsigned points = 0;
	if (!hit->headers_are_known)
		return 0;
	if (hit->is_https && !hit->has_sec_fetch && sends_fetch_metadata(&look->marks, chrome)) {
		buf_append_cstr(reasons, " no_sec_fetch");
		points += POINTS_NO_FETCH_METADATA;
	}
	if (!hit->has_accept_language) {
		buf_append_cstr(reasons, " no_accept_language");
		points += POINTS_NO_LANGUAGE;
	}
	return points;
}

static bool is_impossible(const struct agent_marks *marks, unsigned chrome)
{
	bool is_xp = agent_marks_has(marks, SIGN_WINDOWS_NT_5) || agent_marks_has(marks, SIGN_WINDOWS_NT_6_0);
	if (chrome)
		return is_xp && chrome > LAST_CHROME_ON_XP;
	unsigned firefox = agent_marks_version(marks, SIGN_FIREFOX);
	if (firefox)
		return firefox < IMPOSSIBLE_FIREFOX;
	bool is_explorer = agent_marks_has(marks, SIGN_TRIDENT) || agent_marks_has(marks, SIGN_MSIE);
	return is_explorer && agent_marks_has(marks, SIGN_MAC_OS_X);
}

static bool is_desktop(const struct client *client)
{
	return slice_equal(slice_from_cstr(client->device), SLICE("desktop"));
}

/* Nobody clicks with Internet Explorer any more either; but in opens its name is desktop Outlook's. */
static bool is_retired(const struct hit_look *look)
{
	return look->hit->kind == HIT_CLICK && agent_marks_has(&look->marks, SIGN_MSIE);
}

static unsigned agent_points(const struct hit_look *look, unsigned chrome, struct buf *reasons)
{
	if (is_impossible(&look->marks, chrome)) {
		buf_append_cstr(reasons, " impossible_agent");
		return POINTS_IMPOSSIBLE_AGENT;
	}
	if (is_retired(look)) {
		buf_append_cstr(reasons, " frozen_agent");
		return POINTS_FROZEN_AGENT;
	}
	if (!chrome || chrome >= OLD_CHROME)
		return 0;
	bool is_frozen = is_desktop(&look->client);
	buf_append_cstr(reasons, is_frozen ? " frozen_agent:chrome=" : " old_agent:chrome=");
	buf_append_u64(reasons, chrome);
	return is_frozen ? POINTS_FROZEN_AGENT : POINTS_OLD_AGENT;
}

unsigned verdict_score(const struct hit_look *look, struct buf *reasons)
{
	const struct hit_signals *hit = look->hit;
	if (verdict_is_rewritten_link(hit->referer)) {
		buf_append_cstr(reasons, " referer:rewritten_link");
		return 0;
	}
	unsigned points = network_points(look, reasons);
	bool is_early = counts_as_early(hit, &look->client);
	if (is_early) {
		buf_append_cstr(reasons, " early:seconds=");
		buf_append_i64(reasons, hit->delivery_age_ms / 1000);
		points += POINTS_EARLY;
	}
	if (look->client.kind == CLIENT_MAIL || look->network.role == NETWORK_GATEWAY)
		return points;
	unsigned chrome = agent_marks_version(&look->marks, SIGN_CHROME);
	if (shows_page(look, is_early))
		points += header_points(look, chrome, reasons);
	return points + agent_points(look, chrome, reasons);
}
