/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the library share: a host with an allocator that counts and can say no, keys, and mails. */
#ifndef PUGMARK_TEST_LIBRARY_FIXTURE_H
#define PUGMARK_TEST_LIBRARY_FIXTURE_H

#include <pugmark.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A host's memory. */
struct counting {
	struct pugmark_allocator allocator;
	size_t blocks;     /* alive */
	size_t bytes;      /* alive */
	size_t requests;   /* for new or more memory, granted or not */
	size_t fail_at;    /* this request (from 1) gets nothing; 0: all are granted */
	bool fails_onward; /* and all behind it */
};

void counting_init(struct counting *counting);

#define BASE "https://t.example.com"
extern const unsigned char fixture_key[PUGMARK_KEY_SIZE];
extern const unsigned char fixture_message[PUGMARK_MESSAGE_ID_SIZE];

#define assert_status(call, status) assert_string_equal(pugmark_status_name(call), pugmark_status_name(status))
#define assert_ok(call) assert_status(call, PUGMARK_OK)
#define assert_text(text, want) assert_text_is((text), (want), __FILE__, __LINE__)
void assert_text_is(struct pugmark_text text, const char *want, const char *file, int line);

/* With fixture_key under 1. */
struct pugmark_keys *fixture_keys(const struct pugmark_allocator *allocator);
/* For fixture_message on BASE, with key 1 of `keys`. */
struct pugmark_instrumenter *fixture_instrumenter(const struct pugmark_keys *keys,
						  const struct pugmark_allocator *allocator);
struct pugmark_result *fixture_html(struct pugmark_instrumenter *instrumenter, const char *html);

/* A file of the corpus, to be freed; NULL, with a line that says SKIP, when there is none. */
char *fixture_corpus(const char *name, size_t *ret_size);

/* A mail with two HTML parts, quoted-printable and base64, a signed part and a text part. */
extern const char fixture_mail[];

#endif
