/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "harness/corpus.h"

/* Sizes are kept in front of the blocks. */
static void *count_and_resize(void *user, void *block, size_t size)
{
	enum { HEAD = 16 };
	struct counting *c = user;
	char *head = block ? (char *)block - HEAD : NULL;
	size_t old = 0;
	if (head)
		memcpy(&old, head, sizeof old);
	if (size == 0) {
		assert_non_null(head);
		c->blocks--;
		c->bytes -= old;
		free(head);
		return NULL;
	}
	c->requests++;
	if (c->fail_at && (c->requests == c->fail_at || (c->fails_onward && c->requests > c->fail_at)))
		return NULL;
	/* Moves every time, so that whoever keeps an old pointer is found out. */
	char *moved = malloc(HEAD + size);
	if (!moved)
		abort();
	memset(moved, 0xa5, HEAD + size);
	if (head)
		memcpy(moved, head, HEAD + (old < size ? old : size));
	free(head);
	memcpy(moved, &size, sizeof size);
	c->blocks += head == NULL;
	c->bytes += size - old;
	return moved + HEAD;
}

void counting_init(struct counting *counting)
{
	*counting = (struct counting){.allocator = {count_and_resize, counting}};
}

const unsigned char fixture_key[PUGMARK_KEY_SIZE] = "0123456789abcdef0123456789abcde";
const unsigned char fixture_message[PUGMARK_MESSAGE_ID_SIZE] = "message-id-of-16";

void assert_text_is(struct pugmark_text text, const char *want, const char *file, int line)
{
	if (!text.bytes || text.size != strlen(want) || memcmp(text.bytes, want, text.size) != 0) {
		print_error("got  \"%.*s\"\nwant \"%s\"\n", (int)text.size, text.bytes ? text.bytes : "", want);
		_fail(file, line);
	}
}

struct pugmark_keys *fixture_keys(const struct pugmark_allocator *allocator)
{
	struct pugmark_keys *keys;
	assert_ok(pugmark_keys_new(allocator, &keys));
	assert_ok(pugmark_keys_set(keys, 1, fixture_key, sizeof fixture_key));
	return keys;
}

struct pugmark_instrumenter *fixture_instrumenter(const struct pugmark_keys *keys,
						  const struct pugmark_allocator *allocator)
{
	struct pugmark_instrumenter *instrumenter;
	assert_ok(pugmark_instrumenter_new(allocator, &instrumenter));
	assert_ok(pugmark_instrumenter_set_base_url(instrumenter, BASE, PUGMARK_CSTR));
	assert_ok(pugmark_instrumenter_set_keys(instrumenter, keys, 1));
	assert_ok(pugmark_instrumenter_set_message(instrumenter, fixture_message, 7));
	return instrumenter;
}

struct pugmark_result *fixture_html(struct pugmark_instrumenter *instrumenter, const char *html)
{
	struct pugmark_result *result;
	assert_ok(pugmark_instrument_html(instrumenter, html, PUGMARK_CSTR, NULL, 0, &result));
	return result;
}

char *fixture_corpus(const char *name, size_t *ret_size)
{
	enum { ROOM = 1 << 20 };
	char path[CORPUS_PATH_ROOM];
	if (!corpus_find(name, path))
		return NULL;
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char *bytes = malloc(ROOM);
	assert_non_null(bytes);
	*ret_size = fread(bytes, 1, ROOM, file);
	(void)fclose(file);
	return bytes;
}

const char fixture_mail[] = "From: a@example.com\r\n"
			    "Subject: two parts\r\n"
			    "DKIM-Signature: v=1; b=abc\r\n"
			    "MIME-Version: 1.0\r\n"
			    "Content-Type: multipart/mixed; boundary=outer\r\n"
			    "\r\n"
			    "--outer\r\n"
			    "Content-Type: text/plain\r\n"
			    "\r\n"
			    "See https://example.com/plain\r\n"
			    "--outer\r\n"
			    "Content-Type: text/html; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: quoted-printable\r\n"
			    "\r\n"
			    "<p>Caf=C3=A9 <a href=3D\"https://example.com/first?a=3D1&amp;b=3D2\">first</a=\r\n"
			    "></p>\r\n"
			    "--outer\r\n"
			    "Content-Type: multipart/signed; boundary=inner; protocol=\"application/pgp-signature\"\r\n"
			    "\r\n"
			    "--inner\r\n"
			    "Content-Type: text/html\r\n"
			    "\r\n"
			    "<a href=\"https://example.com/signed\">signed</a>\r\n"
			    "--inner\r\n"
			    "Content-Type: application/pgp-signature\r\n"
			    "\r\n"
			    "none\r\n"
			    "--inner--\r\n"
			    "--outer\r\n"
			    "Content-Type: text/html; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: base64\r\n"
			    "\r\n"
			    "PGEgaHJlZj0iaHR0cHM6Ly9leGFtcGxlLmNvbS9zZWNvbmQiPnNlY29uZDwvYT4K\r\n"
			    "--outer--\r\n";
