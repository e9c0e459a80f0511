/* SPDX-License-Identifier: Apache-2.0 */
/* How: the message's JSON was validated when it was accepted, so the members of the top level can be found by counting
 * brackets outside of strings and copied as they are; no tree is built, because this runs once per event. */
#include "store/events/event_metadata.h"

static void append_json_text(struct buf *b, struct slice s)
{
	buf_append_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			buf_append_byte(b, '\\');
		if (c < 0x20)
			buf_printf(b, "\\u%04x", (unsigned)c);
		else
			buf_append_byte(b, (char)c);
	}
	buf_append_byte(b, '"');
}

static void append_member(struct buf *b, struct slice name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_append_cstr(b, ",\"");
	buf_append(b, name);
	buf_append_cstr(b, "\":");
	append_json_text(b, value);
}

/* The index behind the string whose opening quote is at `at`; s.n when it does not end. */
static size_t skip_string(struct slice s, size_t at)
{
	for (at++; at < s.n; at++) {
		if (s.p[at] == '\\')
			at++;
		else if (s.p[at] == '"')
			return at + 1;
	}
	return s.n;
}

/* The index of the ',' that ends the member at `at`, or s.n. */
static size_t skip_member(struct slice s, size_t at)
{
	size_t depth = 0;
	while (at < s.n) {
		char c = s.p[at];
		if (c == '"') {
			at = skip_string(s, at);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		else if (c == ',' && depth == 0)
			return at;
		at++;
	}
	return s.n;
}

/* `member` starts with its name in quotes. */
static bool is_ours(struct slice member)
{
	static const char *const names[] = {"\"source\"", "\"medium\"", "\"campaign\"", "\"email_position\"",
					    "\"contact_category\""};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_starts_with(member, slice_from_cstr(names[i])))
			return true;
	return false;
}

static void append_own(struct buf *b, struct slice own)
{
	own = slice_trim(own);
	if (own.n < 2 || own.p[0] != '{' || own.p[own.n - 1] != '}')
		return;
	struct slice members = slice_sub(own, 1, own.n - 1);
	for (size_t at = 0; at < members.n;) {
		size_t end = skip_member(members, at);
		struct slice member = slice_trim(slice_sub(members, at, end));
		if (member.n > 0 && member.p[0] == '"' && !is_ours(member)) {
			buf_append_byte(b, ',');
			buf_append(b, member);
		}
		at = end + 1;
	}
}

void event_metadata_append(struct buf *b, const struct event *e)
{
	buf_append(b, SLICE("{\"source\":\"pugmark\",\"medium\":\"email\""));
	append_member(b, SLICE("campaign"), e->campaign_id);
	if (e->sequence_position >= 0) {
		buf_append(b, SLICE(",\"email_position\":"));
		buf_append_i64(b, e->sequence_position);
	}
	append_member(b, SLICE("contact_category"), e->contact_category);
	append_own(b, e->metadata);
	buf_append_byte(b, '}');
}
