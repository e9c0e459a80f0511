/* SPDX-License-Identifier: Apache-2.0 */
/* The first name of the table that occurs wins, so names that ride on others' agents stand before them: Outlook before
 * MSIE, Edge before Chrome, Chrome before Safari. Each is looked for as it is spelled in the wild, without folding:
 * no client writes its own name in another case. */
#include "codec/user_agent.h"

#include "codec/byte_pairs.h"

struct known_client {
	struct slice mark;
	enum client_kind kind;
	const char *name;
};

/* Sources: uap-core test_ua.yaml, device-detector pim.yml, and the vendors' own words; see doc/judging.md. */
static const struct known_client KNOWN_CLIENTS[] = {
    {SLICE("GoogleImageProxy"), CLIENT_PROXY, "Gmail (proxy)"},
    {SLICE("googleimageproxy"), CLIENT_PROXY, "Gmail (proxy)"},
    {SLICE("YahooMailProxy"), CLIENT_PROXY, "Yahoo Mail (proxy)"},
    {SLICE("FastmailUA/"), CLIENT_PROXY, "Fastmail (proxy)"},
    {SLICE("Shortwave Image Fetcher"), CLIENT_PROXY, "Shortwave (proxy)"},
    {SLICE("SeznamEmailProxy"), CLIENT_PROXY, "Seznam (proxy)"},
    {SLICE("RamblerMail/"), CLIENT_PROXY, "Rambler (proxy)"},
    {SLICE("mail.ukr.net proxy"), CLIENT_PROXY, "Ukr.net (proxy)"},

    {SLICE("Thunderbird/"), CLIENT_MAIL, "Thunderbird"},
    {SLICE("Betterbird/"), CLIENT_MAIL, "Betterbird"},
    {SLICE("Postbox/"), CLIENT_MAIL, "Postbox"},
    {SLICE("Outlook-Express/"), CLIENT_MAIL, "Outlook Express"},
    {SLICE("Outlook"), CLIENT_MAIL, "Outlook"},
    {SLICE("MSOffice "), CLIENT_MAIL, "Outlook"},
    {SLICE("ms-office"), CLIENT_MAIL, "Outlook"},
    {SLICE("Microsoft Office/"), CLIENT_MAIL, "Outlook"},
    {SLICE("WindowsMail/"), CLIENT_MAIL, "Windows Mail"},
    {SLICE("Windows-Mail"), CLIENT_MAIL, "Windows Mail"},
    {SLICE("Lotus-Notes/"), CLIENT_MAIL, "Lotus Notes"},
    {SLICE("HCL-Notes/"), CLIENT_MAIL, "HCL Notes"},
    {SLICE("Android-Gmail/"), CLIENT_MAIL, "Gmail"},
    {SLICE("YahooMobileMail/"), CLIENT_MAIL, "Yahoo Mail"},
    {SLICE("Yahoo%20Mail/"), CLIENT_MAIL, "Yahoo Mail"},
    {SLICE("YahooMail/"), CLIENT_MAIL, "Yahoo Mail"},
    {SLICE("NaverMailApp/"), CLIENT_MAIL, "Naver Mail"},
    {SLICE("eMClient/"), CLIENT_MAIL, "eM Client"},
    {SLICE("Airmail "), CLIENT_MAIL, "Airmail"},
    {SLICE("Airmail/"), CLIENT_MAIL, "Airmail"},
    {SLICE("MailBar/"), CLIENT_MAIL, "MailBar"},
    {SLICE("Mailspring/"), CLIENT_MAIL, "Mailspring"},
    {SLICE("Superhuman/"), CLIENT_MAIL, "Superhuman"},
    {SLICE("Evolution/"), CLIENT_MAIL, "Evolution"},
    {SLICE("kmail"), CLIENT_MAIL, "KMail"},
    {SLICE("KMail/"), CLIENT_MAIL, "KMail"},
    {SLICE("Barca/"), CLIENT_MAIL, "Barca"},
    {SLICE("The Bat!"), CLIENT_MAIL, "The Bat!"},
    {SLICE("SamsungEmail"), CLIENT_MAIL, "Samsung Email"},
    {SLICE("BlueMail/"), CLIENT_MAIL, "BlueMail"},
    {SLICE("K-9 Mail"), CLIENT_MAIL, "K-9 Mail"},
    {SLICE("ExchangeWebServices/"), CLIENT_MAIL, "Apple Mail"},
    {SLICE("Mail/"), CLIENT_MAIL, "Apple Mail"},

    {SLICE("Edg/"), CLIENT_BROWSER, "Edge"},
    {SLICE("EdgA/"), CLIENT_BROWSER, "Edge"},
    {SLICE("EdgiOS/"), CLIENT_BROWSER, "Edge"},
    {SLICE("Edge/"), CLIENT_BROWSER, "Edge"},
    {SLICE("OPR/"), CLIENT_BROWSER, "Opera"},
    {SLICE("OPT/"), CLIENT_BROWSER, "Opera"},
    {SLICE("Opera"), CLIENT_BROWSER, "Opera"},
    {SLICE("SamsungBrowser/"), CLIENT_BROWSER, "Samsung Internet"},
    {SLICE("Vivaldi/"), CLIENT_BROWSER, "Vivaldi"},
    {SLICE("YaBrowser/"), CLIENT_BROWSER, "Yandex Browser"},
    {SLICE("UCBrowser/"), CLIENT_BROWSER, "UC Browser"},
    {SLICE("DuckDuckGo/"), CLIENT_BROWSER, "DuckDuckGo"},
    {SLICE("FxiOS/"), CLIENT_BROWSER, "Firefox"},
    {SLICE("Firefox/"), CLIENT_BROWSER, "Firefox"},
    {SLICE("CriOS/"), CLIENT_BROWSER, "Chrome"},
    {SLICE("GSA/"), CLIENT_BROWSER, "Google app"},
    {SLICE("Chrome/"), CLIENT_BROWSER, "Chrome"},
    {SLICE("Chromium/"), CLIENT_BROWSER, "Chrome"},
    {SLICE("Safari/"), CLIENT_BROWSER, "Safari"},
    {SLICE("MSIE "), CLIENT_BROWSER, "Internet Explorer"},
    {SLICE("Trident/"), CLIENT_BROWSER, "Internet Explorer"},
    {SLICE("Gecko/"), CLIENT_BROWSER, "Firefox"},
};

struct known_system {
	struct slice mark;
	const char *os, *device;
};

static const struct known_system KNOWN_SYSTEMS[] = {
    {SLICE("iPad"), "iPadOS", "tablet"},
    {SLICE("iPhone"), "iOS", "phone"},
    {SLICE("iPod"), "iOS", "phone"},
    {SLICE("Outlook-iOS/"), "iOS", "phone"},
    {SLICE("Windows Phone"), "Windows Phone", "phone"},
    {SLICE("Android"), "Android", "phone"},
    {SLICE("Windows"), "Windows", "desktop"},
    {SLICE("MSOffice"), "Windows", "desktop"},
    {SLICE("Microsoft Office/"), "Windows", "desktop"},
    {SLICE("Mac OS X"), "macOS", "desktop"},
    {SLICE("Macintosh"), "macOS", "desktop"},
    {SLICE("Darwin/"), "macOS", "desktop"},
    {SLICE("CrOS"), "ChromeOS", "desktop"},
    {SLICE("Linux"), "Linux", "desktop"},
    {SLICE("X11"), "Linux", "desktop"},
};

struct agent {
	struct slice text;
	struct byte_pairs pairs;
};

static bool has(const struct agent *a, struct slice mark)
{
	return byte_pairs_may_have(&a->pairs, mark) && memmem(a->text.p, a->text.n, mark.p, mark.n) != NULL;
}

/* Apple Mail without privacy protection, and Outlook for Mac and iOS, name the engine and nothing behind it; on a phone
 * "Mobile/15E148" still follows. */
static bool is_bare_webkit(const struct agent *s)
{
	if (!has(s, SLICE("AppleWebKit/")))
		return false;
	return slice_ends_with(s->text, SLICE("(KHTML, like Gecko)")) ||
	       (has(s, SLICE("(KHTML, like Gecko) Mobile/")) && !has(s, SLICE("Safari/")));
}

static void find_client(const struct agent *s, struct client *ret)
{
	for (size_t i = 0; i < sizeof KNOWN_CLIENTS / sizeof KNOWN_CLIENTS[0]; i++) {
		if (has(s, KNOWN_CLIENTS[i].mark)) {
			ret->kind = KNOWN_CLIENTS[i].kind;
			ret->name = KNOWN_CLIENTS[i].name;
			return;
		}
	}
	if (is_bare_webkit(s)) {
		ret->kind = CLIENT_MAIL;
		ret->name = "Apple Mail";
		ret->is_bare_engine = true;
	}
}

/* Android says "Mobile" on phones only (developer.chrome.com, User-Agent strings). */
static const char *android_device(const struct agent *s)
{
	bool is_browser = has(s, SLICE("AppleWebKit/")) || has(s, SLICE("Gecko/"));
	return is_browser && !has(s, SLICE("Mobile")) ? "tablet" : "phone";
}

static void find_system(const struct agent *s, struct client *ret)
{
	for (size_t i = 0; i < sizeof KNOWN_SYSTEMS / sizeof KNOWN_SYSTEMS[0]; i++) {
		if (!has(s, KNOWN_SYSTEMS[i].mark))
			continue;
		ret->os = KNOWN_SYSTEMS[i].os;
		ret->device = KNOWN_SYSTEMS[i].device;
		if (slice_equal(KNOWN_SYSTEMS[i].mark, SLICE("Android")))
			ret->device = android_device(s);
		return;
	}
}

void user_agent_parse(struct slice user_agent, struct client *ret)
{
	struct agent agent = {.text = slice_sub(user_agent, 0, USER_AGENT_LOOK)};
	byte_pairs_init(&agent.pairs, agent.text);
	*ret = (struct client){0};
	find_client(&agent, ret);
	if (ret->kind != CLIENT_PROXY)
		find_system(&agent, ret);
}
