/* SPDX-License-Identifier: Apache-2.0 */
/* What a mail server answers, in pieces of any size (the first byte): the same is understood however it is cut, the
 * words are text that may be logged, and the input is only ever used up from its front. */
#include "base/mem.h"
#include "transport/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(const struct smtp_reply *reply)
{
	BUG_IF(reply->words_size > SMTP_REPLY_WORDS_MAX || reply->words[reply->words_size] != '\0');
	for (size_t i = 0; i < reply->words_size; i++)
		BUG_IF((unsigned char)reply->words[i] < 0x20 || reply->words[i] == 0x7f);
	struct slice id = smtp_reply_queue_id(smtp_reply_words(reply));
	BUG_IF(id.n > 0 && (id.p < reply->words || id.p + id.n > reply->words + reply->words_size));
}

/* Hands over `step` bytes more each time, as a connection does; how much was left of all. */
static enum status read_reply(struct slice all, size_t step, struct smtp_reply *reply, size_t *ret_left)
{
	size_t seen = 0;
	struct slice input = slice_sub(all, 0, 0);
	enum status status = STATUS_AGAIN;

	smtp_reply_clear(reply);
	while (status == STATUS_AGAIN && seen < all.n) {
		size_t more = all.n - seen < step ? all.n - seen : step;
		const char *before = input.p;

		seen += more;
		input.n += more;
		status = smtp_reply_take(&input, reply);
		BUG_IF(status == STATUS_CORRUPT ? false : input.p < before || input.p + input.n != all.p + seen);
	}
	*ret_left = (size_t)(all.p + all.n - input.p);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smtp_reply at_once, in_pieces;
	size_t left_at_once, left_in_pieces;

	if (size < 2)
		return 0;
	struct slice text = slice_of(data + 1, size - 1);
	enum status status = read_reply(text, text.n, &at_once, &left_at_once);
	check_words(&at_once);
	if (status != STATUS_OK)
		return 0;
	BUG_IF(at_once.code < 200 || at_once.code > 599);
	BUG_IF(read_reply(text, data[0] + 1u, &in_pieces, &left_in_pieces) != STATUS_OK);
	BUG_IF(in_pieces.code != at_once.code || left_at_once != left_in_pieces ||
	       !slice_equal(smtp_reply_words(&at_once), smtp_reply_words(&in_pieces)));
	return 0;
}
