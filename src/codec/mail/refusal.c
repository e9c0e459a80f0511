/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced status code decides when there is one: its subject says what was wrong (RFC 3463, 3: 1 the address, 2
 * the mailbox, 3 the system, 4 the network, 5 the protocol, 6 the content, 7 policy). Servers that give none, or
 * say 5.0.0 for everything, are read by the words that large operators use for blocking. */
#include "codec/mail/refusal.h"

const char *refusal_class_name(enum refusal_class class)
{
	switch (class) {
	case REFUSAL_HARD: return "hard";
	case REFUSAL_BLOCK: return "block";
	default: return "soft";
	}
}

/* One to three digits at `at`; their number, or 0. */
static size_t digits_at(struct slice s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && n < 3 && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

/* The length of class "." subject "." detail at `at`, or 0. */
static size_t code_at(struct slice s, size_t at)
{
	if (s.p[at] != '2' && s.p[at] != '4' && s.p[at] != '5')
		return 0;
	size_t end = at + 1;
	for (int part = 0; part < 2; part++) {
		if (end >= s.n || s.p[end] != '.')
			return 0;
		size_t n = digits_at(s, end + 1);
		if (n == 0)
			return 0;
		end += 1 + n;
	}
	/* "5.1.1.1" is an address, and "5.1.1234" nothing at all. */
	bool goes_on = end < s.n && ((s.p[end] >= '0' && s.p[end] <= '9') ||
				     (s.p[end] == '.' && end + 1 < s.n && digits_at(s, end + 1) > 0));
	return goes_on ? 0 : end - at;
}

static bool is_boundary(char c)
{
	return c == ' ' || c == '\t' || c == '-' || c == '#' || c == '(' || c == '[' || c == '<' || c == ':' ||
	       c == '\r' || c == '\n';
}

static struct slice find_code(struct slice words)
{
	for (size_t i = 0; i < words.n; i++) {
		size_t n = i == 0 || is_boundary(words.p[i - 1]) ? code_at(words, i) : 0;
		if (n)
			return slice_sub(words, i, i + n);
	}
	return SLICE_EMPTY;
}

static bool speaks_of_blocking(struct slice words)
{
	static const struct slice MARKS[] = {SLICE("spam"),       SLICE("blocked"),   SLICE("blacklist"),
					     SLICE("block list"), SLICE("blocklist"), SLICE("denylist"),
					     SLICE("reputation"), SLICE("dnsbl"),     SLICE("policy")};
	for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++)
		if (slice_contains_nocase(words, MARKS[i]))
			return true;
	return false;
}

static enum refusal_class class_of(uint32_t reply_code, struct slice code, struct slice words)
{
	bool is_permanent = code.n ? code.p[0] == '5' : reply_code >= 500 && reply_code < 600;
	char subject = code.n ? code.p[2] : '0';
	if (subject == '7' || (subject != '1' && speaks_of_blocking(words)))
		return REFUSAL_BLOCK;
	if (!is_permanent)
		return REFUSAL_SOFT;
	/* A full mailbox, a system that is down and a route that is broken are temporary whatever the first digit. */
	bool is_disabled = slice_equal(code, SLICE("5.2.1"));
	if ((subject == '2' && !is_disabled) || subject == '3' || subject == '4')
		return REFUSAL_SOFT;
	return REFUSAL_HARD;
}

void refusal_parse(uint32_t reply_code, struct slice words, struct refusal *ret)
{
	ret->enhanced_code = find_code(words);
	ret->class = class_of(reply_code, ret->enhanced_code, words);
}
