/* SPDX-License-Identifier: Apache-2.0 */
/* Strict in what a reply decides, its code and where it ends; generous with the words, which only people read. Those
 * are cleaned here, once: what a server says is stored with the message, logged and shown on a page. */
#include "transport/smtp_reply.h"

#include "codec/text/utf8.h"

void smtp_reply_clear(struct smtp_reply *reply)
{
	reply->code = 0;
	reply->words_size = 0;
	reply->words[0] = 0;
}

/* Adds text behind what is there, as much as fits, with everything that could disturb a log or a page taken out. */
static void add_words(struct smtp_reply *reply, struct slice text)
{
	char line[SMTP_REPLY_LINE_MAX];
	struct buf words;
	size_t n = text.n < sizeof line ? text.n : sizeof line;
	for (size_t i = 0; i < n; i++)
		line[i] = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i];
	struct slice clean = slice_trim(slice_of(line, n));
	if (clean.n == 0)
		return;
	buf_init(&words, SMTP_REPLY_WORDS_MAX + 4 * (size_t)SMTP_REPLY_LINE_MAX);
	buf_append_bytes(&words, reply->words, reply->words_size);
	if (words.n)
		buf_append_byte(&words, ' ');
	utf8_append_lossy(&words, clean);
	struct slice kept = utf8_prefix(buf_slice(&words), SMTP_REPLY_WORDS_MAX);
	memcpy(reply->words, kept.p, kept.n);
	reply->words[kept.n] = 0;
	reply->words_size = kept.n;
	buf_done(&words);
}

void smtp_reply_set_words(struct smtp_reply *reply, struct slice words)
{
	reply->words_size = 0;
	reply->words[0] = 0;
	add_words(reply, words);
}

struct slice smtp_reply_words(const struct smtp_reply *reply)
{
	return slice_of(reply->words, reply->words_size);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Three digits from 200 to 599, then nothing, a space (the last line) or a hyphen (more to come). */
static enum status take_line(struct slice line, struct smtp_reply *reply)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !is_digit(line.p[1]) || !is_digit(line.p[2]))
		return STATUS_CORRUPT;
	if (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')
		return STATUS_CORRUPT;
	reply->code = (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
	add_words(reply, slice_from(line, 4));
	return line.n > 3 && line.p[3] == '-' ? STATUS_AGAIN : STATUS_OK;
}

enum status smtp_reply_take(struct slice *input, struct smtp_reply *reply)
{
	for (;;) {
		size_t n = slice_index(*input, '\n');
		if (n >= SMTP_REPLY_LINE_MAX)
			return STATUS_CORRUPT;
		if (n == input->n)
			return STATUS_AGAIN;
		struct slice line = slice_sub(*input, 0, n);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		*input = slice_from(*input, n + 1);
		enum status status = take_line(line, reply);
		if (status != STATUS_AGAIN)
			return status;
	}
}

static bool is_id_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

static struct slice id_at(struct slice s)
{
	size_t n = 0;
	while (n < s.n && is_id_character(s.p[n]))
		n++;
	return n <= 100 ? slice_sub(s, 0, n) : SLICE_EMPTY;
}

/* The id behind the first `mark`. */
static struct slice id_behind(struct slice words, struct slice mark)
{
	for (size_t i = 0; i + mark.n <= words.n; i++)
		if (slice_starts_with_nocase(slice_from(words, i), mark))
			return id_at(slice_from(words, i + mark.n));
	return SLICE_EMPTY;
}

struct slice smtp_reply_queue_id(struct slice words)
{
	/* Postfix and many others; Exim; Amazon SES ("250 Ok 0100…"), whose id is long and the last word. */
	struct slice id = id_behind(words, SLICE("queued as "));
	if (id.n == 0)
		id = id_behind(words, SLICE(" id="));
	if (id.n)
		return id;
	id = id_behind(words, SLICE("Ok "));
	return id.n >= 32 && slice_ends_with(words, id) ? id : SLICE_EMPTY;
}
