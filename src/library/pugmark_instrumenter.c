/* SPDX-License-Identifier: Apache-2.0 */
/* Each setter checks first, allocates next and changes last, since an allocation may not come back; so an option that
 * was refused, or that there was no memory for, leaves the object as it was. */
#include "library/instrumenter.h"

#include "library/argument.h"
#include "library/keys.h"
#include "library/openssl_errors.h"

enum { OUTPUT_MAX_AT_FIRST = 256 << 20 };

_Static_assert(PUGMARK_MESSAGE_ID_SIZE == sizeof(struct uuid), "public and internal size of a message's id");

/* With everything on that is right for most mails, so that a host sets what is his and no more. */
enum pugmark_status pugmark_instrumenter_new(const struct pugmark_allocator *allocator,
					     struct pugmark_instrumenter **ret_instrumenter)
{
	void *object;
	if (!ret_instrumenter)
		return PUGMARK_MISUSE;
	enum pugmark_status status = memory_object_new(allocator, sizeof(struct pugmark_instrumenter), &object);
	if (status != PUGMARK_OK)
		return status;
	struct pugmark_instrumenter *in = object;
	in->opens = PUGMARK_CONSENT_FULL;
	in->clicks = PUGMARK_CONSENT_FULL;
	in->vml = true;
	in->output_max = OUTPUT_MAX_AT_FIRST;
	*ret_instrumenter = in;
	return PUGMARK_OK;
}

void pugmark_instrumenter_free(struct pugmark_instrumenter *in)
{
	if (!in)
		return;
	link_token_sealer_free(&in->sealer);
	memory_object_free(&in->memory);
}

/* ---- texts ---- */

/* A text that takes the place of another. */
struct replacing {
	struct memory *memory;
	struct slice *text;
	struct slice by;
};

/* Copied before the old one is freed: the new text may be the old one, or there may be no memory. */
static enum pugmark_status replace(void *user)
{
	struct replacing *r = user;
	struct slice copy = text_copy(&r->memory->allocator, r->by);
	allocator_free(&r->memory->allocator, (char *)(uintptr_t)r->text->p);
	*r->text = copy;
	return PUGMARK_OK;
}

/* A text at the end of a list. */
struct adding {
	struct memory *memory;
	struct text_list *list;
	struct slice text;
};

static enum pugmark_status add(void *user)
{
	struct adding *a = user;
	text_list_add(a->list, &a->memory->allocator, a->text);
	return PUGMARK_OK;
}

/* An empty text in a list would match nothing or everything; either is a mistake. */
static enum pugmark_status add_text(struct pugmark_instrumenter *in, struct text_list *list, const char *bytes,
				    size_t size)
{
	struct adding a = {&in->memory, list, SLICE_EMPTY};
	if (!argument_slice(bytes, size, &a.text))
		return PUGMARK_MISUSE;
	return a.text.n ? memory_try(&in->memory, add, &a) : PUGMARK_BAD_INPUT;
}

/* ---- links ---- */

static enum pugmark_status check_base_url(struct slice url)
{
	if (url.n > PUGMARK_BASE_URL_MAX)
		return PUGMARK_TOO_BIG;
	/* What the rewriter takes in a tracked URL, and what leaves a token where a path is looked for. */
	for (size_t i = 0; i < url.n; i++)
		if (slice_index(SLICE("?#@%[]"), url.p[i]) < 6)
			return PUGMARK_BAD_INPUT;
	return url_check_redirect(url) == URL_OK ? PUGMARK_OK : PUGMARK_BAD_INPUT;
}

/* Slashes at the end are taken off, since the paths of links begin with one. */
enum pugmark_status pugmark_instrumenter_set_base_url(struct pugmark_instrumenter *in, const char *url, size_t url_size)
{
	struct slice text;
	if (!in || !argument_slice(url, url_size, &text))
		return PUGMARK_MISUSE;
	while (slice_ends_with(text, SLICE("/")))
		text.n--;
	enum pugmark_status status = check_base_url(text);
	if (status != PUGMARK_OK)
		return status;
	struct replacing r = {&in->memory, &in->base_url, text};
	return memory_try(&in->memory, replace, &r);
}

struct sealing {
	struct memory *memory;
	const struct pugmark_keys *keys;
	struct link_token_sealer *sealer;
};

static enum pugmark_status make_sealer(void *user)
{
	struct sealing *s = user;
	s->sealer = keys_sealer(s->keys, s->memory);
	return s->sealer ? PUGMARK_OK : PUGMARK_NO_MEMORY;
}

/* A sealer is made at once instead of with the first mail, so that a lack of memory or of AES-SIV shows where it can
 * be handled. */
enum pugmark_status pugmark_instrumenter_set_keys(struct pugmark_instrumenter *in, const struct pugmark_keys *keys,
						  uint32_t key_id)
{
	if (!in)
		return PUGMARK_MISUSE;
	if (keys && (key_id >= LINK_TOKEN_KEYS_MAX || !link_token_keys_has(keys->keys, (uint8_t)key_id)))
		return PUGMARK_NOT_FOUND;
	struct sealing s = {&in->memory, keys, NULL};
	openssl_errors_begin();
	enum pugmark_status status = keys ? memory_try(&in->memory, make_sealer, &s) : PUGMARK_OK;
	openssl_errors_end();
	if (status != PUGMARK_OK)
		return status;
	link_token_sealer_free(&in->sealer);
	in->sealer = s.sealer;
	in->key_id = (uint8_t)key_id;
	return PUGMARK_OK;
}

enum pugmark_status pugmark_instrumenter_set_message(struct pugmark_instrumenter *in, const void *message_id,
						     uint32_t tenant)
{
	if (!in || !message_id)
		return PUGMARK_MISUSE;
	memcpy(in->token.message.bytes, message_id, sizeof in->token.message.bytes);
	in->token.tenant = tenant;
	in->has_message = true;
	return PUGMARK_OK;
}

/* By value, since a C enum holds any int that a host puts into it. */
static bool is_consent(enum pugmark_consent consent)
{
	return consent == PUGMARK_CONSENT_OFF || consent == PUGMARK_CONSENT_ANONYMOUS ||
	       consent == PUGMARK_CONSENT_FULL;
}

enum pugmark_status pugmark_instrumenter_set_consent(struct pugmark_instrumenter *in, enum pugmark_consent opens,
						     enum pugmark_consent clicks)
{
	if (!in)
		return PUGMARK_MISUSE;
	if (!is_consent(opens) || !is_consent(clicks))
		return PUGMARK_BAD_INPUT;
	in->opens = opens;
	in->clicks = clicks;
	return PUGMARK_OK;
}

/* NULL takes it away again, and links are made of tokens. */
enum pugmark_status pugmark_instrumenter_set_track(struct pugmark_instrumenter *in, pugmark_track_fn *track, void *user)
{
	if (!in)
		return PUGMARK_MISUSE;
	in->track = track;
	in->user = user;
	return PUGMARK_OK;
}

/* ---- the pixel ---- */

enum pugmark_status pugmark_instrumenter_set_pixel_place(struct pugmark_instrumenter *in,
							 enum pugmark_pixel_place place)
{
	if (!in)
		return PUGMARK_MISUSE;
	if (place != PUGMARK_PIXEL_BOTTOM && place != PUGMARK_PIXEL_TOP && place != PUGMARK_PIXEL_OFF)
		return PUGMARK_BAD_INPUT;
	in->pixel_place = place;
	return PUGMARK_OK;
}

enum pugmark_status pugmark_instrumenter_set_pixel_html(struct pugmark_instrumenter *in, const char *html,
							size_t html_size)
{
	struct slice text;
	if (!in || !argument_slice(html, html_size, &text))
		return PUGMARK_MISUSE;
	if (text.n > PUGMARK_PIXEL_HTML_MAX)
		return PUGMARK_TOO_BIG;
	struct replacing r = {&in->memory, &in->pixel_html, text};
	return memory_try(&in->memory, replace, &r);
}

/* ---- the rest ---- */

enum pugmark_status pugmark_instrumenter_set_vml(struct pugmark_instrumenter *in, int is_on)
{
	if (!in)
		return PUGMARK_MISUSE;
	in->vml = is_on != 0;
	return PUGMARK_OK;
}

enum pugmark_status pugmark_instrumenter_set_skip_visible_urls(struct pugmark_instrumenter *in, int is_on)
{
	if (!in)
		return PUGMARK_MISUSE;
	in->skip_visible_urls = is_on != 0;
	return PUGMARK_OK;
}

/* Four times the largest input is more than any mail becomes; a larger limit is most likely a wrong unit. */
enum pugmark_status pugmark_instrumenter_set_output_max(struct pugmark_instrumenter *in, size_t output_max)
{
	if (!in)
		return PUGMARK_MISUSE;
	if (output_max == 0 || output_max / 4 > PUGMARK_INPUT_MAX)
		return PUGMARK_BAD_INPUT;
	in->output_max = output_max;
	return PUGMARK_OK;
}

enum pugmark_status pugmark_instrumenter_add_own_host(struct pugmark_instrumenter *in, const char *host,
						      size_t host_size)
{
	return in ? add_text(in, &in->own_hosts, host, host_size) : PUGMARK_MISUSE;
}

enum pugmark_status pugmark_instrumenter_add_unsubscribe_url(struct pugmark_instrumenter *in, const char *url,
							     size_t url_size)
{
	return in ? add_text(in, &in->unsubscribe_urls, url, url_size) : PUGMARK_MISUSE;
}

enum pugmark_status pugmark_instrumenter_add_parameter(struct pugmark_instrumenter *in, const char *name,
						       size_t name_size, const char *value, size_t value_size)
{
	struct slice text;
	if (!in || !argument_slice(value, value_size, &text))
		return PUGMARK_MISUSE;
	enum pugmark_status status = add_text(in, &in->parameter_names, name, name_size);
	if (status != PUGMARK_OK)
		return status;
	struct adding a = {&in->memory, &in->parameter_values, text};
	/* The two lists are of one length at all times. */
	status = memory_try(&in->memory, add, &a);
	if (status != PUGMARK_OK)
		text_list_truncate(&in->parameter_names, &in->memory.allocator, in->parameter_values.count);
	return status;
}

/* What belongs to one mail goes, what belongs to the host stays: own hosts are the same for the next mail. */
enum pugmark_status pugmark_instrumenter_clear_additions(struct pugmark_instrumenter *in)
{
	if (!in)
		return PUGMARK_MISUSE;
	text_list_truncate(&in->unsubscribe_urls, &in->memory.allocator, 0);
	text_list_truncate(&in->parameter_names, &in->memory.allocator, 0);
	text_list_truncate(&in->parameter_values, &in->memory.allocator, 0);
	return PUGMARK_OK;
}
