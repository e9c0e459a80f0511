/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses of the codec layer are fewer and mean other things in other places. Here is the one place where they get
 * public names; what has none is bad input, never success. */
#include "library/status.h"

#include <stddef.h>

struct status_words {
	enum pugmark_status status;
	const char *name;
	const char *text;
};

static const struct status_words words[] = {
    {PUGMARK_OK, "ok", "Done."},
    {PUGMARK_BAD_INPUT, "bad_input", "What was given is not valid."},
    {PUGMARK_MISUSE, "misuse", "The call itself is wrong: see its contract in pugmark.h."},
    {PUGMARK_TOO_BIG, "too_big", "A limit was passed, or the room given is too small."},
    {PUGMARK_NOT_FOUND, "not_found", "There is nothing under that name."},
    {PUGMARK_NO_MEMORY, "no_memory", "There is no more memory."},
    {PUGMARK_BAD_SIGNATURE, "bad_signature", "The signature, password or token is wrong."},
    {PUGMARK_MISSING, "missing", "A header, or a member of the body, that the scheme needs is not there."},
    {PUGMARK_MALFORMED, "malformed", "A header, or a member of the body, cannot be read, or is there twice."},
    {PUGMARK_UNSUPPORTED, "unsupported", "This version of the scheme is not known here."},
    {PUGMARK_TOO_OLD, "too_old", "It is rightly signed, but too long ago."},
    {PUGMARK_TOO_NEW, "too_new", "It is rightly signed, but with a time in the future: compare the clocks."},
    {PUGMARK_BAD_SECRET, "bad_secret", "No secret is set, or none that can be used with this scheme."},
    {PUGMARK_BAD_CERTIFICATE, "bad_certificate", "The certificate is out of date or not the sender's."},
    {PUGMARK_FOREIGN_TOPIC, "foreign_topic", "It is rightly signed, but by a topic that is not ours."},
};

/* By value instead of by index: the numbers are the public ones, which leave room. */
static const struct status_words *words_of(enum pugmark_status status)
{
	static const struct status_words unknown = {PUGMARK_OK, "unknown", "An unknown result."};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].status == status)
			return &words[i];
	return &unknown;
}

const char *pugmark_status_name(enum pugmark_status status)
{
	return words_of(status)->name;
}

const char *pugmark_status_text(enum pugmark_status status)
{
	return words_of(status)->text;
}

uint32_t pugmark_version(void)
{
	return PUGMARK_VERSION;
}

const char *pugmark_version_text(void)
{
	return PUGMARK_VERSION_TEXT;
}

enum pugmark_status status_of(enum status status)
{
	switch (status) {
	case STATUS_OK: return PUGMARK_OK;
	case STATUS_AGAIN: return PUGMARK_NO_MEMORY;
	case STATUS_TOO_BIG: return PUGMARK_TOO_BIG;
	case STATUS_NOT_FOUND: return PUGMARK_NOT_FOUND;
	default: return PUGMARK_BAD_INPUT;
	}
}
