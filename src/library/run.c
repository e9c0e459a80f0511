/* SPDX-License-Identifier: Apache-2.0 */
/* From the options of an instrumenter to those of html_rewrite, with one of three ways to make a link: the host's
 * function, tokens, or not at all. */
#include "codec/token/tracking_url.h"
#include "library/instrumenter.h"
#include "library/link.h"

static struct tracking_origin origin_of(const struct pugmark_instrumenter *in)
{
	return (struct tracking_origin){in->sealer, in->key_id, in->base_url};
}

/* ---- links ---- */

/* A link that cannot be sealed stays as it is, but for a lack of memory: then there is no result at all
 * (pugmark_result.c). */
static bool track_by_token(void *user, const struct html_link *link, struct buf *to)
{
	struct run *run = user;
	struct link_token token = run->from->token;
	token.kind = LINK_TOKEN_CLICK;
	token.consent = (enum link_token_consent)run->from->clicks;
	token.link_index = link->index;
	token.destination = link->destination;
	struct tracking_origin origin = origin_of(run->from);
	enum status status = tracking_url_append(&origin, &token, to);
	run->is_out_of_memory |= status == STATUS_AGAIN;
	return status == STATUS_OK;
}

/* More than the room can only be a mistake of the host's; what he wrote past it is his affair, but it is not sent. */
static bool track_by_host(void *user, const struct html_link *link, struct buf *to)
{
	struct run *run = user;
	struct pugmark_link shown;
	link_show(link, &shown);
	size_t n = run->from->track(run->from->user, &shown, run->room, sizeof run->room);
	if (n == 0 || n > sizeof run->room)
		return false;
	buf_append_bytes(to, run->room, n);
	return true;
}

static bool leave(void *user, const struct html_link *link, struct buf *to)
{
	(void)user, (void)link, (void)to;
	return false;
}

/* Consent before all: a host's function is not even asked for a link of somebody who wants none. */
static html_track_fn *track_of(const struct pugmark_instrumenter *in)
{
	if (in->clicks == PUGMARK_CONSENT_OFF)
		return leave;
	return in->track ? track_by_host : track_by_token;
}

/* ---- the pixel ---- */

/* A host with a track function and no keys has no token for one; he may still give the markup. */
static bool has_pixel(const struct pugmark_instrumenter *in)
{
	return in->opens != PUGMARK_CONSENT_OFF && in->pixel_place != PUGMARK_PIXEL_OFF &&
	       (in->pixel_html.n || in->sealer);
}

/* Once a mail, in front of the first link: a lack of memory shows before anything is written. */
static enum status make_pixel(const struct pugmark_instrumenter *in, struct arena *arena, struct slice *ret)
{
	struct link_token token = in->token;
	struct tracking_origin origin = origin_of(in);
	struct buf markup;
	if (in->pixel_html.n) {
		*ret = in->pixel_html;
		return STATUS_OK;
	}
	token.kind = LINK_TOKEN_OPEN;
	token.consent = (enum link_token_consent)in->opens;
	buf_init_in_arena(&markup, PUGMARK_PIXEL_HTML_MAX, arena);
	enum status status = tracking_pixel_append(&origin, &token, &markup);
	*ret = buf_slice(&markup);
	return status;
}

/* ---- all of it ---- */

/* The base URL's host is always an own one: links to it are tracked already. */
static struct html_link_policy policy_of(const struct pugmark_instrumenter *in, struct arena *arena)
{
	size_t host_count = in->own_hosts.count;
	struct slice *hosts = arena_alloc_array(arena, host_count + 1, sizeof *hosts);
	if (host_count)
		memcpy(hosts, in->own_hosts.items, host_count * sizeof *hosts);
	if (in->base_url.n)
		hosts[host_count++] = url_authority(in->base_url);
	size_t parameter_count = in->parameter_names.count;
	struct url_parameter *parameters = arena_alloc_array(arena, parameter_count, sizeof *parameters);
	for (size_t i = 0; i < parameter_count; i++)
		parameters[i] = (struct url_parameter){in->parameter_names.items[i], in->parameter_values.items[i]};
	return (struct html_link_policy){
	    .own_hosts = hosts,
	    .own_host_count = host_count,
	    .unsubscribe_urls = in->unsubscribe_urls.items,
	    .unsubscribe_url_count = in->unsubscribe_urls.count,
	    .parameters = parameters,
	    .parameter_count = parameter_count,
	};
}

/* Asked before any memory is taken: what is missing is missing for every mail. */
enum pugmark_status run_check(const struct pugmark_instrumenter *from)
{
	if (!from->track && !from->sealer)
		return PUGMARK_MISUSE;
	return from->sealer && (!from->base_url.n || !from->has_message) ? PUGMARK_MISUSE : PUGMARK_OK;
}

enum pugmark_status run_begin(struct run *run, const struct pugmark_instrumenter *from, struct arena *arena)
{
	struct slice pixel = SLICE_EMPTY;
	if (has_pixel(from) && make_pixel(from, arena, &pixel) != STATUS_OK)
		return PUGMARK_NO_MEMORY; /* the key is there, and a token without a destination is small */
	run->from = from;
	run->is_out_of_memory = false;
	run->options = (struct html_rewrite_options){
	    .policy = policy_of(from, arena),
	    .track = track_of(from),
	    .user = run,
	    .pixel = pixel,
	    .pixel_place = pixel.n == 0                             ? HTML_PIXEL_OFF
			   : from->pixel_place == PUGMARK_PIXEL_TOP ? HTML_PIXEL_TOP
								    : HTML_PIXEL_BOTTOM,
	    .vml = from->vml,
	    .skip_visible_urls = from->skip_visible_urls,
	};
	return PUGMARK_OK;
}
