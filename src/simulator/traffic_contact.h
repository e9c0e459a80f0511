/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_contact: the simulated population: who gets the mail, how they read it, from where they browse, and what
 * stands before their mailboxes. The shares and where they come from are in traffic_contact.c. */
#ifndef PUGMARK_SIMULATOR_TRAFFIC_CONTACT_H
#define PUGMARK_SIMULATOR_TRAFFIC_CONTACT_H

#include "simulator/traffic_agents.h"
#include "simulator/traffic_chance.h"

enum traffic_reader {
	READER_APPLE_MPP,
	READER_GMAIL,
	READER_YAHOO,
	READER_OUTLOOK_WEB,
	READER_MAIL_CLIENT,
	READER_BARE_WEBKIT,
	READER_WEBMAIL,
	READER_BLOCKS_IMAGES,
	READER_COUNT,
};

enum traffic_route {
	ROUTE_HOME,
	ROUTE_OFFICE,
	ROUTE_WEB_GATEWAY,
	ROUTE_VPN,
	ROUTE_CLOUD_DESKTOP,
	ROUTE_COUNT,
};

enum traffic_gateway {
	GATEWAY_NONE,
	GATEWAY_SWEEP,    /* follows all links within a second */
	GATEWAY_EOP,      /* Exchange Online Protection */
	GATEWAY_SANDBOX,  /* opens each link in a browser of its own, each from elsewhere */
	GATEWAY_DECLARED, /* says who it is */
	GATEWAY_FAN_OUT,  /* one machine looks at the first link of everybody's mail */
	GATEWAY_IMAGES,   /* loads the images of every mail */
	GATEWAY_COUNT,
};

/* A company, or a mailbox provider for consumers. */
struct traffic_company {
	bool is_consumer;
	bool isolates; /* shows links in a browser of a mail security vendor */
	enum traffic_gateway gateway;
	bool gateway_is_browser; /* a real browser, with its headers; else a program that only sends a browser's name */
	struct slice gateway_agent, gateway_image_agent;
	struct ip_address gateway_address, office, web_gateway;
};

struct traffic_contact {
	uint32_t company;
	enum traffic_reader reader;
	enum traffic_route route;
	bool is_private; /* a tool removes Accept-Language */
	struct slice mail_client, browser, second_browser;
	struct ip_address home, phone, vpn, cloud_desktop;
};

struct traffic_contacts {
	struct traffic_company *companies;
	struct traffic_contact *contacts;
	uint32_t company_count, contact_count;
};
/* Those of one company stand together. */
void traffic_contacts_make(struct traffic_contacts *c, uint32_t count, uint64_t seed,
			   const struct traffic_agents *agents);
void traffic_contacts_done(struct traffic_contacts *c);

#endif
