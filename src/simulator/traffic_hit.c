/* SPDX-License-Identifier: Apache-2.0 */
/* The truth about a behaviour is one row, whose name, words and actor stand side by side: tables of a report go by
 * name, and the judge is measured against the actor. */
#include "simulator/traffic_hit.h"

struct behaviour_row {
	const char *name, *text;
	enum actor actor;
};

static const struct behaviour_row ROWS[TRAFFIC_BEHAVIOUR_COUNT] = {
    [TRAFFIC_MAIL_CLIENT] = {"mail_client", "mail client", ACTOR_HUMAN},
    [TRAFFIC_BARE_WEBKIT] = {"bare_webkit", "Apple Mail without privacy proxy", ACTOR_HUMAN},
    [TRAFFIC_WEBMAIL] = {"webmail", "mail read in a browser", ACTOR_HUMAN},
    [TRAFFIC_CLICK] = {"click", "click from home or on the way", ACTOR_HUMAN},
    [TRAFFIC_FAST] = {"fast", "opens and clicks within a minute", ACTOR_HUMAN},
    [TRAFFIC_DOUBLE_CLICK] = {"double_click", "double click", ACTOR_HUMAN},
    [TRAFFIC_SECOND_DEVICE] = {"second_device", "second device", ACTOR_HUMAN},
    [TRAFFIC_IMAGES_BLOCKED] = {"images_blocked", "click, images blocked", ACTOR_HUMAN},
    [TRAFFIC_NO_LANGUAGE] = {"no_language", "no Accept-Language", ACTOR_HUMAN},
    [TRAFFIC_OFFICE] = {"office", "office behind one address", ACTOR_HUMAN},
    [TRAFFIC_WEB_GATEWAY] = {"web_gateway", "secure web gateway", ACTOR_HUMAN},
    [TRAFFIC_VPN] = {"vpn", "VPN out of a data centre", ACTOR_HUMAN},
    [TRAFFIC_CLOUD_DESKTOP] = {"cloud_desktop", "Windows 365", ACTOR_HUMAN},
    [TRAFFIC_ISOLATION] = {"isolation", "isolation browser, later", ACTOR_HUMAN},
    [TRAFFIC_GMAIL_PROXY] = {"gmail_proxy", "Gmail's image proxy", ACTOR_PROXY_HUMAN},
    [TRAFFIC_YAHOO_PROXY] = {"yahoo_proxy", "Yahoo's image proxy", ACTOR_PROXY_HUMAN},
    [TRAFFIC_OUTLOOK_WEB] = {"outlook_web", "Outlook on the web's proxy", ACTOR_PROXY_HUMAN},
    [TRAFFIC_GMAIL_PREFETCH] = {"gmail_prefetch", "Gmail's prefetch", ACTOR_PREFETCH},
    [TRAFFIC_APPLE_MPP] = {"apple_mpp", "Apple Mail Privacy Protection", ACTOR_PREFETCH},
    [TRAFFIC_SWEEP] = {"sweep", "sweep of all links", ACTOR_SCANNER},
    [TRAFFIC_SWEEP_OF_ONE] = {"sweep_of_one", "sweep of the only link", ACTOR_SCANNER},
    [TRAFFIC_EOP] = {"eop", "Microsoft 365, two GETs in a second", ACTOR_SCANNER},
    [TRAFFIC_DECLARED] = {"declared", "scanner that says so", ACTOR_SCANNER},
    [TRAFFIC_SANDBOX] = {"sandbox", "sandbox, changing addresses", ACTOR_SCANNER},
    [TRAFFIC_SANDBOX_OF_ONE] = {"sandbox_of_one", "sandbox, only link", ACTOR_SCANNER},
    [TRAFFIC_FAN_OUT] = {"fan_out", "one source, all of a company", ACTOR_SCANNER},
    [TRAFFIC_IMAGE_FETCH] = {"image_fetch", "gateway loads the images", ACTOR_SCANNER},
    [TRAFFIC_HEAD] = {"head", "HEAD", ACTOR_SCANNER},
    [TRAFFIC_PREVIEW] = {"preview", "link pasted into a chat", ACTOR_LINK_PREVIEW},
    [TRAFFIC_CRAWLER] = {"crawler", "robot", ACTOR_CRAWLER},
};

const char *traffic_behaviour_text(enum traffic_behaviour behaviour)
{
	return ROWS[behaviour].text;
}

const char *traffic_behaviour_name(enum traffic_behaviour behaviour)
{
	return ROWS[behaviour].name;
}

enum actor traffic_behaviour_actor(enum traffic_behaviour behaviour)
{
	return ROWS[behaviour].actor;
}
