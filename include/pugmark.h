/* SPDX-License-Identifier: Apache-2.0 */
/* libpugmark: mail tracking as a library. It puts tracking links and an open pixel into a mail without changing any
 * other byte, mints and opens the sealed tokens that these links carry, judges who was behind a hit, and verifies
 * webhooks.
 *
 *     struct pugmark_keys *keys;
 *     struct pugmark_instrumenter *instrumenter;
 *     struct pugmark_result *result;
 *
 *     pugmark_keys_new(NULL, &keys);
 *     pugmark_keys_set(keys, 1, secret, PUGMARK_KEY_SIZE);
 *     pugmark_instrumenter_new(NULL, &instrumenter);
 *     pugmark_instrumenter_set_base_url(instrumenter, "https://t.example.com", PUGMARK_CSTR);
 *     pugmark_instrumenter_set_keys(instrumenter, keys, 1);
 *     pugmark_instrumenter_set_message(instrumenter, message_id, 0);
 *     pugmark_instrument_html(instrumenter, html, html_size, NULL, 0, &result);
 *     fwrite(result->output.bytes, 1, result->output.size, stdout);
 *     pugmark_result_free(result);
 *
 * (Every one of these returns an enum pugmark_status to look at.) The manual is libpugmark(3).
 *
 * WHAT IT DOES NOT DO
 * No file, socket, clock, environment, signal or thread is touched, nothing is printed, and there is no state outside
 * the objects below. It uses OpenSSL's libcrypto (in its default context), libidn2 and the C library's iconv, which
 * have their own; iconv reads its tables from files when a link has characters of another charset than UTF-8 and
 * windows-1252. An invariant of the library itself that does not hold ends the process by abort(), as assert() would,
 * with a line on standard error; no input, no argument but a wild pointer, and no lack of memory can cause that.
 *
 * THREADS
 * An object belongs to one thread at a time: different threads may use different objects without locks, and may hand
 * objects over. `struct pugmark_keys` and `struct pugmark_verifier` may be used by any number of threads at once after
 * the last call that changes them; functions that only read take them as const. An allocator that several threads come
 * to in this way must bear that. Functions without an object may be called from anywhere. Nothing blocks.
 *
 * MEMORY
 * All memory comes from the allocator that an object was made with, and goes back to it when the object is freed. When
 * the allocator returns NULL, the call returns PUGMARK_NO_MEMORY, gives back what it had taken, and leaves its object
 * as it was; the same call may be made again.
 * OpenSSL, libidn2 and iconv allocate what they need for a call by themselves (CRYPTO_set_mem_functions redirects
 * OpenSSL's, for the whole process). When they cannot, the result is PUGMARK_NO_MEMORY where that can be known, and
 * otherwise a no: PUGMARK_BAD_INPUT for a token, PUGMARK_BAD_SIGNATURE or PUGMARK_BAD_SECRET for a webhook,
 * PUGMARK_SKIP_BAD_URL for a link to an international host, PUGMARK_SKIP_CHARSET for one in another charset. OpenSSL's
 * queue of errors is left as it was. What goes into a call is copied where it is kept, so that it may be changed or
 * freed afterwards, except where a contract says "must outlive".
 *
 * TEXT
 * Text is a pointer and a size in bytes; it may hold any bytes, and is UTF-8 where it means characters. PUGMARK_CSTR as
 * the size says that the text ends with a NUL. A NULL pointer with size 0 (or PUGMARK_CSTR) is the empty text. In what
 * the library gives, `bytes` is never NULL, and in a pugmark_result a NUL that does not count follows each text.
 *
 * RESULTS
 * A function that can fail returns enum pugmark_status. Out-parameters come last, are called ret_…, may not be NULL
 * unless that is said, and are untouched unless the result is PUGMARK_OK.
 *
 * GROWTH
 * The soname changes when a program that was built against an older header would no longer work. Within one soname:
 *
 * - Objects are opaque; options are set by functions, so new options are new functions.
 *
 * - Structs that the library makes (pugmark_result, pugmark_part, pugmark_link) are read through the pointers that it
 *   gives and may grow at their end: never copy one by value, never use sizeof on one.
 *
 * - Structs that the caller makes (pugmark_token, pugmark_hit, pugmark_verdict, pugmark_webhook, pugmark_delivery)
 *   begin with their size, which the PUGMARK_…_INIT macros set. They may grow at their end, too: what an older, shorter
 *   one does not have counts as zero, and what a newer, longer one has more than this library knows must be zero, or
 *   the call is PUGMARK_MISUSE.
 *
 * - pugmark_text, pugmark_header and pugmark_allocator never change.
 *
 * - Enums may get new values, which an older program must expect to see and treat as it does the unknown one.
 *
 * OTHER LANGUAGES
 * Nothing is passed by value but numbers and pointers, no function has a variable number of arguments, every object is
 * an opaque pointer with one function that frees it, and no macro is needed: each is a number, or an initialiser that
 * sets `size` and leaves all else zero. Enums are as wide as int. That, and the rules above, are what a binding needs.
 */
#ifndef PUGMARK_H
#define PUGMARK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && __GNUC__ >= 4
#define PUGMARK_API __attribute__((visibility("default")))
#define PUGMARK_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PUGMARK_API
#define PUGMARK_MUST_CHECK
#endif

/* ---- Version ---- */

/* Of this header. */
#define PUGMARK_VERSION_MAJOR 0
#define PUGMARK_VERSION_MINOR 1
#define PUGMARK_VERSION_PATCH 0
#define PUGMARK_VERSION_TEXT "0.1.0"
/* One number that grows with the version: 0.1.0 is 100, 1.2.3 would be 10203. */
#define PUGMARK_VERSION (PUGMARK_VERSION_MAJOR * 10000 + PUGMARK_VERSION_MINOR * 100 + PUGMARK_VERSION_PATCH)

/* Of the library that is running: PUGMARK_VERSION and PUGMARK_VERSION_TEXT as they were when it was built. */
PUGMARK_API uint32_t pugmark_version(void);
PUGMARK_API const char *pugmark_version_text(void);

/* ---- How a call ended ---- */

enum pugmark_status {
	PUGMARK_OK = 0,
	PUGMARK_BAD_INPUT = 1, /* what was given is not valid: a URL, a host, a token that these keys did not seal */
	PUGMARK_MISUSE = 2,    /* the call itself is wrong: NULL where it may not be, a wrong size, an option missing */
	PUGMARK_TOO_BIG = 3,   /* past a limit, or the room that was given */
	PUGMARK_NOT_FOUND = 4, /* no key of that id; a path that is none of ours */
	PUGMARK_NO_MEMORY = 5, /* the allocator, or OpenSSL, has no more */

	/* Webhooks: pugmark_verifier_verify. */
	PUGMARK_BAD_SIGNATURE = 16,   /* also a wrong password or token */
	PUGMARK_MISSING = 17,         /* a header, or a member of the body, that the scheme needs */
	PUGMARK_MALFORMED = 18,       /* it is there but cannot be read; also a header that is there twice */
	PUGMARK_UNSUPPORTED = 19,     /* a version of the scheme that is not known here */
	PUGMARK_TOO_OLD = 20,         /* rightly signed, but longer ago than the tolerance */
	PUGMARK_TOO_NEW = 21,         /* … or that far in the future */
	PUGMARK_BAD_SECRET = 22,      /* ours: none is given, or none can be used with this scheme */
	PUGMARK_BAD_CERTIFICATE = 23, /* Amazon SNS: out of date, for another name, or from elsewhere */
	PUGMARK_FOREIGN_TOPIC = 24    /* Amazon SNS: rightly signed, but by a topic that is not ours */
};

/* The lower-case name ("bad_input"), and a sentence in English. Static, never NULL, also for a value that is none. */
PUGMARK_API const char *pugmark_status_name(enum pugmark_status status);
PUGMARK_API const char *pugmark_status_text(enum pugmark_status status);

/* ---- Small types ---- */

struct pugmark_text {
	const char *bytes;
	size_t size;
};

/* As a size: the text ends with a NUL. */
#define PUGMARK_CSTR ((size_t)-1)

/* Where memory comes from. Functions that take an allocator copy the struct; what `user` points to must outlive the
 * object. NULL in place of an allocator: realloc and free of the C library. */
struct pugmark_allocator {
	/* As realloc: a NULL `block` asks for new memory; size 0 frees `block` (never NULL then) and its result is not
	 * looked at. Aligned for any type. NULL when there is none; `block` is then as it was. Called from inside the
	 * library's functions, in the thread that calls them; may not call into the library, nor leave by longjmp or
	 * an exception. The memory for keys holds secrets and is wiped before it is given back. */
	void *(*resize)(void *user, void *block, size_t size);
	void *user;
};

/* ---- Keys ---- */

#define PUGMARK_KEY_SIZE 32 /* bytes of a key: AES-128-SIV takes two of 16 */

/* The keys that tokens are sealed with, by their ids of 0 to 255. To rotate, set one with a new id and seal with that;
 * the old ones must stay for as long as old links are to work. */
struct pugmark_keys;

/* PUGMARK_OK, PUGMARK_NO_MEMORY, PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_keys_new(const struct pugmark_allocator *allocator,
						 struct pugmark_keys **ret_keys) PUGMARK_MUST_CHECK;
/* Wipes and frees them; nothing that was made with them may be used any more. NULL is allowed. */
PUGMARK_API void pugmark_keys_free(struct pugmark_keys *keys);
/* Copies a key of PUGMARK_KEY_SIZE bytes, from a good source of random numbers. A key that is there under that id
 * already is replaced for sealers and instrumenters that are made from now on. PUGMARK_BAD_INPUT: another size, or an
 * id above 255. PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_keys_set(struct pugmark_keys *keys, uint32_t key_id, const void *key,
						 size_t key_size) PUGMARK_MUST_CHECK;

/* ---- Tokens ---- */

/* What a token is for. */
enum pugmark_kind {
	PUGMARK_ANY_KIND = 0,
	PUGMARK_OPEN = 1,
	PUGMARK_CLICK = 2,
	PUGMARK_UNSUBSCRIBE = 3,
	PUGMARK_PREFERENCES = 4
};
/* "open", "click", "unsubscribe", "preferences"; "unknown" for all else. */
PUGMARK_API const char *pugmark_kind_name(enum pugmark_kind kind);

/* What the recipient agreed to; sealed into the token, so that a later hit is treated as was promised. */
enum pugmark_consent {
	PUGMARK_CONSENT_OFF = 0,       /* do not record it */
	PUGMARK_CONSENT_ANONYMOUS = 1, /* count it, but not for this person; keep no address and no user agent */
	PUGMARK_CONSENT_FULL = 2
};

#define PUGMARK_MESSAGE_ID_SIZE 16
#define PUGMARK_DESTINATION_MAX 2048    /* bytes of a destination in a token */
#define PUGMARK_DESTINATION_KEY_SIZE 16 /* bytes of what stands for a longer one */
#define PUGMARK_TOKEN_ROOM 2881         /* bytes that any token has room in, a NUL included */

/* What a token carries. Nothing of it can be read from the token, or changed in it, without the key. */
struct pugmark_token {
	size_t size; /* sizeof(struct pugmark_token) */
	enum pugmark_kind kind;
	enum pugmark_consent consent;
	uint32_t tenant;                                   /* whatever number you like; 0 when you have but one */
	uint32_t link_index;                               /* click: which link of the mail */
	unsigned char message_id[PUGMARK_MESSAGE_ID_SIZE]; /* which mail to whom; a UUID, but any bytes will do */
	/* Click only: an http or https URL, checked when it is sealed and when it is opened, so that it can go into a
	 * Location header as it is. Or, with `is_stored`, the PUGMARK_DESTINATION_KEY_SIZE bytes that you keep a longer
	 * one under. */
	struct pugmark_text destination;
	int is_stored;   /* 0 or 1 */
	uint32_t key_id; /* of the key that seals it, or has sealed it */
};
/* clang-format off */
#define PUGMARK_TOKEN_INIT \
	{sizeof(struct pugmark_token), PUGMARK_ANY_KIND, PUGMARK_CONSENT_OFF, 0, 0, {0}, {NULL, 0}, 0, 0}
/* clang-format on */

/* What seals and opens: prepared cipher contexts. Make one for each thread and keep it; then a token takes about a
 * microsecond. */
struct pugmark_sealer;

/* `keys` must outlive it. PUGMARK_OK, PUGMARK_NO_MEMORY (also when OpenSSL has no AES-SIV), PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_sealer_new(const struct pugmark_keys *keys,
						   const struct pugmark_allocator *allocator,
						   struct pugmark_sealer **ret_sealer) PUGMARK_MUST_CHECK;
/* NULL is allowed. */
PUGMARK_API void pugmark_sealer_free(struct pugmark_sealer *sealer);

/* Seals a token and writes its text to `room`, with a NUL: A-Z a-z 0-9 - _ only, so it is right in a URL, in every kind
 * of attribute value and in quoted-printable without any escaping. The same token always gives the same text.
 * *ret_size, which may be NULL, is its size without the NUL.
 * PUGMARK_OK; PUGMARK_NOT_FOUND: no key of that id; PUGMARK_BAD_INPUT: the kind, the consent or the destination is not
 * valid, or there is a destination in a token that is none of a click; PUGMARK_TOO_BIG: the destination is longer than
 * PUGMARK_DESTINATION_MAX, or `room` too small; PUGMARK_NO_MEMORY; PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_token_mint(struct pugmark_sealer *sealer, const struct pugmark_token *token,
						   char *room, size_t room_size, size_t *ret_size) PUGMARK_MUST_CHECK;

/* Opens a token of this kind, or of any (PUGMARK_ANY_KIND), into *ret_token, whose size must be set. Its destination
 * stays valid until the next call with this sealer, and a NUL that does not count follows it. Looks nothing up;
 * PUGMARK_BAD_INPUT is all that is said of a token that these keys did not seal, that was changed or cut, or that is of
 * another kind: answer neutrally, record nothing. PUGMARK_OK, PUGMARK_BAD_INPUT, PUGMARK_NO_MEMORY, PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_token_open(struct pugmark_sealer *sealer, enum pugmark_kind kind,
						   const char *text, size_t text_size,
						   struct pugmark_token *ret_token) PUGMARK_MUST_CHECK;

/* ---- Paths ---- */

/* Takes a request's path apart, without its query: "/o/TOKEN.gif" or "/o/TOKEN" (open), "/c/TOKEN" (click), "/u/TOKEN"
 * (unsubscribe). What the base URL has for a path must have been taken off its front. *ret_token points into `path` and
 * is not looked into; it is not followed by a NUL. PUGMARK_OK; PUGMARK_NOT_FOUND: another path, which is yours to
 * answer; PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_path_read(const char *path, size_t path_size, enum pugmark_kind *ret_kind,
						  struct pugmark_text *ret_token) PUGMARK_MUST_CHECK;

/* The image that an open is to be answered with, in any case: a transparent GIF of one pixel, image/gif. Static. */
PUGMARK_API const void *pugmark_pixel_gif(size_t *ret_size);

/* ---- Instrumenting a mail: what is found ---- */

/* Why a link was left alone. */
enum pugmark_skip {
	PUGMARK_NOT_SKIPPED = 0,
	PUGMARK_SKIP_DUPLICATE_ATTRIBUTE = 1, /* a second href of one tag; readers take the first */
	PUGMARK_SKIP_EMPTY = 2,
	PUGMARK_SKIP_FRAGMENT = 3,     /* "#…" */
	PUGMARK_SKIP_TEMPLATE = 4,     /* a merge tag is left in it */
	PUGMARK_SKIP_RELATIVE = 5,     /* no scheme */
	PUGMARK_SKIP_NOT_HTTP = 6,     /* "mailto:" and the like */
	PUGMARK_SKIP_CHARSET = 7,      /* characters of an encoding that cannot be decoded here */
	PUGMARK_SKIP_BAD_URL = 8,      /* see pugmark_link.fault */
	PUGMARK_SKIP_NO_TRACK = 9,     /* the tag asks for it, in the words of any of the large senders */
	PUGMARK_SKIP_OWN_LINK = 10,    /* leads to the tracking host already */
	PUGMARK_SKIP_UNSUBSCRIBE = 11, /* see pugmark_instrumenter_add_unsubscribe_url */
	PUGMARK_SKIP_VISIBLE_URL = 12, /* see pugmark_instrumenter_set_skip_visible_urls */
	PUGMARK_SKIP_AMP = 13,         /* an AMP mail, which must stay valid */
	PUGMARK_SKIP_REFUSED = 14,     /* the track function said no, or the destination is too long for a token */
	PUGMARK_SKIP_CLICKS_OFF = 15,  /* consent for clicks is off */
	PUGMARK_SKIP_TOO_MANY_ATTRIBUTES = 16, /* 4,096 or more in one tag: not all of them were looked at */
	PUGMARK_SKIP_OTHER = 255
};
/* The name in Pugmark's API: "not_http", "template", …; empty for PUGMARK_NOT_SKIPPED. Static, never NULL. */
PUGMARK_API const char *pugmark_skip_name(enum pugmark_skip skip);

/* Why a part of a MIME message was left alone. */
enum pugmark_part_skip {
	PUGMARK_PART_NOT_SKIPPED = 0,
	PUGMARK_PART_SIGNED = 1,
	PUGMARK_PART_ENCRYPTED = 2,
	PUGMARK_PART_ATTACHED = 3,
	PUGMARK_PART_EMBEDDED = 4, /* in a message inside the message */
	PUGMARK_PART_AMP = 5,
	PUGMARK_PART_ENCODING = 6,     /* an unknown Content-Transfer-Encoding */
	PUGMARK_PART_BROKEN = 7,       /* in a multipart without an end, or bytes that its encoding does not have */
	PUGMARK_PART_UNCHANGEABLE = 8, /* the change would not survive the encoding */
	PUGMARK_PART_OTHER = 255
};
/* "signed", "attached", …; empty for PUGMARK_PART_NOT_SKIPPED. Static, never NULL. */
PUGMARK_API const char *pugmark_part_skip_name(enum pugmark_part_skip skip);

/* Bits of `warnings`. */
enum pugmark_warning {
	PUGMARK_WARN_PASSED_THROUGH = 1 << 0, /* an encoding that cannot be edited byte by byte; nothing was changed */
	PUGMARK_WARN_AMP = 1 << 1,            /* AMP for email: nothing was changed */
	PUGMARK_WARN_NO_PIXEL = 1 << 2,       /* there is no place to put it */
	PUGMARK_WARN_PIXEL_PRESENT = 1 << 3,  /* one on an own host is there already; no second one was added */
	PUGMARK_WARN_CUT = 1 << 4,            /* the document ends inside a tag, a comment or raw text */
	PUGMARK_WARN_TEMPLATE = 1 << 5,       /* merge tags are left in links */
	PUGMARK_WARN_BAD_URL = 1 << 6,
	PUGMARK_WARN_CHARSET = 1 << 7,     /* links could not be decoded */
	PUGMARK_WARN_VISIBLE_URL = 1 << 8, /* tracked links whose text is an address: filters may see phishing */
	PUGMARK_WARN_CLIP = 1 << 9,        /* larger than 102 KB: Gmail clips the mail */
	PUGMARK_WARN_REFUSED = 1 << 10,
	PUGMARK_WARN_AMBIGUOUS = 1 << 11, /* raw text in a select or behind a frameset, in which nothing was touched */
	PUGMARK_WARN_OTHER = 1 << 30
};
/* The name ("gmail_clip") and a sentence for one bit. Static, never NULL. */
PUGMARK_API const char *pugmark_warning_name(enum pugmark_warning warning);
PUGMARK_API const char *pugmark_warning_text(enum pugmark_warning warning);

/* One link: an href of an <a> or <area>, or of a VML shape. */
struct pugmark_link {
	uint32_t index; /* 0, 1, … in the order of the mail, skipped ones included */
	uint32_t part;  /* index into pugmark_result.parts; 0 for the track function, which comes too early */
	size_t start; /* the value as written is bytes [start, end) of the HTML: of the input, or of a MIME part with */
	size_t end;   /* its transfer encoding taken off */
	enum pugmark_skip skip;
	int is_conditional;              /* in a comment for Outlook */
	struct pugmark_text url;         /* as its reader's program sees it: decoded and trimmed, UTF-8 */
	struct pugmark_text destination; /* where a click must lead: ASCII, parameters added; empty when skipped */
	struct pugmark_text tracked_url; /* what stands there now; empty when skipped, and for the track function */
	struct pugmark_text text;        /* the first words inside the link, as written; may be empty */
	struct pugmark_text fault;       /* PUGMARK_SKIP_BAD_URL: what is wrong with it, in a few words */
};

/* One HTML part of a MIME message; pugmark_instrument_html has one part. */
struct pugmark_part {
	enum pugmark_part_skip skip;
	uint32_t warnings; /* bits of enum pugmark_warning */
	size_t start;      /* its body, still encoded, is bytes [start, end) of the input */
	size_t end;
	int64_t pixel_at;             /* where in the HTML (see pugmark_link.start); -1: there is none in this part */
	struct pugmark_text charset;  /* as declared, or found; may be empty when skipped */
	struct pugmark_text html;     /* the new HTML as a mail client decodes it; empty when skipped */
	int becomes_quoted_printable; /* its Content-Transfer-Encoding has changed, for the length of its lines */
};

/* What came of one mail. Everything in it belongs to it and stays valid, and as it is, until pugmark_result_free. */
struct pugmark_result {
	struct pugmark_text output; /* the new mail */
	uint32_t warnings;          /* of all parts; bits of enum pugmark_warning */
	int has_pixel;              /* one was put in */
	int has_text;               /* MIME: there is a plain text part, too */
	int has_signature;          /* MIME: there are DKIM or ARC signatures, which no change survives; sign again */
	size_t tracked_count;       /* links that are tracked now */
	size_t link_count;
	const struct pugmark_link *const *links; /* pointers to link_count of them, in order */
	size_t part_count;
	const struct pugmark_part *const *parts;
};
/* NULL is allowed. */
PUGMARK_API void pugmark_result_free(struct pugmark_result *result);

/* ---- Instrumenting a mail: options ---- */

/* The options for mails, and what is needed to make their links. Keep it, and change for each mail what differs. */
struct pugmark_instrumenter;

/* PUGMARK_OK, PUGMARK_NO_MEMORY, PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status
pugmark_instrumenter_new(const struct pugmark_allocator *allocator,
			 struct pugmark_instrumenter **ret_instrumenter) PUGMARK_MUST_CHECK;
/* Results that it made stay. NULL is allowed. */
PUGMARK_API void pugmark_instrumenter_free(struct pugmark_instrumenter *instrumenter);

/* Each of the functions below returns PUGMARK_OK or PUGMARK_MISUSE, and what it says. */

/* What tracking links begin with: scheme, host and perhaps a path; links are this, then "/c/" or "/o/", and a token. A
 * slash at its end is dropped. Links to its host count as ours and are left alone. PUGMARK_BAD_INPUT: not http(s), no
 * valid host, or any of ? # @ % [ ]. PUGMARK_TOO_BIG: longer than PUGMARK_BASE_URL_MAX. PUGMARK_NO_MEMORY. */
#define PUGMARK_BASE_URL_MAX 1024
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_base_url(struct pugmark_instrumenter *instrumenter,
								  const char *url, size_t url_size) PUGMARK_MUST_CHECK;

/* Links carry tokens, sealed with the key of this id. `keys` must outlive the instrumenter, or the next call of this
 * function. NULL: no more tokens. PUGMARK_NOT_FOUND: no key of that id. PUGMARK_NO_MEMORY. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_keys(struct pugmark_instrumenter *instrumenter,
							      const struct pugmark_keys *keys,
							      uint32_t key_id) PUGMARK_MUST_CHECK;

/* The mail that the tokens name, of PUGMARK_MESSAGE_ID_SIZE bytes. To be set for every mail; else two mails could not
 * be told apart. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_message(struct pugmark_instrumenter *instrumenter,
								 const void *message_id,
								 uint32_t tenant) PUGMARK_MUST_CHECK;

/* What the recipient agreed to, for opens and for clicks; full for both when this is not called. With opens off there
 * is no pixel, with clicks off no link is changed. PUGMARK_BAD_INPUT: no such value. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_consent(struct pugmark_instrumenter *instrumenter,
								 enum pugmark_consent opens,
								 enum pugmark_consent clicks) PUGMARK_MUST_CHECK;

/* Makes the tracked URL of one link that is to be tracked: writes it to `room`, without a NUL, and returns its size. It
 * may hold A-Z a-z 0-9 - . _ ~ : / only, so that the same bytes are right in every kind of quoting. 0, other
 * characters, or more than room_size leave the link as it is (PUGMARK_SKIP_REFUSED). Called from inside
 * pugmark_instrument_…, in its thread, once for each link, in order. `link` is valid during the call; it may use other
 * objects of the library, but not this instrumenter, and may not leave by longjmp or an exception. */
#define PUGMARK_TRACK_ROOM 4096
typedef size_t pugmark_track_fn(void *user, const struct pugmark_link *link, char *room, size_t room_size);

/* Links are made by `track` instead of tokens; `user` goes to it as it is. NULL: by tokens again. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_track(struct pugmark_instrumenter *instrumenter,
							       pugmark_track_fn *track, void *user) PUGMARK_MUST_CHECK;

enum pugmark_pixel_place {
	PUGMARK_PIXEL_BOTTOM = 0, /* before the last </body>; where nothing clips it, the best place */
	PUGMARK_PIXEL_TOP = 1,    /* behind <body>: also counts readers of mails that Gmail clips */
	PUGMARK_PIXEL_OFF = 2
};
/* Where the pixel goes; at the bottom when this is not called. PUGMARK_BAD_INPUT: no such place. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_pixel_place(struct pugmark_instrumenter *instrumenter,
								     enum pugmark_pixel_place place) PUGMARK_MUST_CHECK;
/* The markup of the pixel, put in as it is. Empty, as when this is not called: an <img> with a token, which needs keys;
 * without keys there is no pixel then. PUGMARK_TOO_BIG: longer than PUGMARK_PIXEL_HTML_MAX. PUGMARK_NO_MEMORY. */
#define PUGMARK_PIXEL_HTML_MAX 8192
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_pixel_html(struct pugmark_instrumenter *instrumenter,
								    const char *html,
								    size_t html_size) PUGMARK_MUST_CHECK;

/* Whether comments for Outlook (<!--[if mso]>) are looked into: 0 or 1; 1 when this is not called. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_vml(struct pugmark_instrumenter *instrumenter,
							     int is_on) PUGMARK_MUST_CHECK;
/* Whether links whose text is an address are left alone: 0 or 1; 0 when this is not called. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_skip_visible_urls(struct pugmark_instrumenter *instrumenter,
									   int is_on) PUGMARK_MUST_CHECK;

/* The most bytes that an output may have: PUGMARK_TOO_BIG for larger ones. 256 MB when this is not called.
 * PUGMARK_BAD_INPUT: 0, or more than PUGMARK_INPUT_MAX * 4. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_set_output_max(struct pugmark_instrumenter *instrumenter,
								    size_t output_max) PUGMARK_MUST_CHECK;

/* Another host, with or without a port, to which links are left alone. PUGMARK_BAD_INPUT: empty. PUGMARK_NO_MEMORY. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_add_own_host(struct pugmark_instrumenter *instrumenter,
								  const char *host,
								  size_t host_size) PUGMARK_MUST_CHECK;
/* A parameter (utm_source=…) that is added to every tracked destination that does not have one of that name.
 * PUGMARK_BAD_INPUT: no name. PUGMARK_NO_MEMORY. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_add_parameter(struct pugmark_instrumenter *instrumenter,
								   const char *name, size_t name_size,
								   const char *value,
								   size_t value_size) PUGMARK_MUST_CHECK;
/* A URL, as in the List-Unsubscribe header, to which links are left alone. PUGMARK_BAD_INPUT: empty.
 * PUGMARK_NO_MEMORY. */
PUGMARK_API enum pugmark_status pugmark_instrumenter_add_unsubscribe_url(struct pugmark_instrumenter *instrumenter,
									 const char *url,
									 size_t url_size) PUGMARK_MUST_CHECK;
/* Forgets the parameters and the unsubscribe URLs, which are those of one mail or one campaign. */
PUGMARK_API enum pugmark_status
pugmark_instrumenter_clear_additions(struct pugmark_instrumenter *instrumenter) PUGMARK_MUST_CHECK;

/* ---- Instrumenting a mail ---- */

#define PUGMARK_INPUT_MAX ((size_t)256 << 20) /* bytes of one mail */

/* Makes the tracked form of an HTML document. Only the values of the tracked links are replaced, and the pixel is put
 * in; every other byte is copied. `charset` is that of the Content-Type header, or empty. Any bytes will do. A second
 * pass over an output changes nothing. Time and memory are linear in the size of the input. *ret_result is the
 * caller's, to be freed by pugmark_result_free; its memory is from the instrumenter's allocator. PUGMARK_OK;
 * PUGMARK_MISUSE: NULL, or there is neither a track function nor keys, or there are keys but no base URL or no message;
 * PUGMARK_TOO_BIG: the input is larger than PUGMARK_INPUT_MAX, or the output would be than the limit set;
 * PUGMARK_NO_MEMORY. */
PUGMARK_API enum pugmark_status pugmark_instrument_html(struct pugmark_instrumenter *instrumenter, const char *html,
							size_t html_size, const char *charset, size_t charset_size,
							struct pugmark_result **ret_result) PUGMARK_MUST_CHECK;

/* The same for a whole message (RFC 5322, MIME), headers and all. Every inline text/html part is rewritten inside its
 * transfer encoding; headers, boundaries, line ends, line widths and all other parts stay as they are. Signed,
 * encrypted and attached parts are left alone and reported. One pixel for a mail. What is no message at all comes out
 * unchanged. Sign (DKIM) behind this. */
PUGMARK_API enum pugmark_status pugmark_instrument_mime(struct pugmark_instrumenter *instrumenter, const char *message,
							size_t message_size,
							struct pugmark_result **ret_result) PUGMARK_MUST_CHECK;

/* ---- Judging a hit ---- */

/* Who was behind a hit. */
enum pugmark_actor {
	PUGMARK_ACTOR_UNKNOWN = 0,
	PUGMARK_ACTOR_HUMAN = 1,
	PUGMARK_ACTOR_PROXY_HUMAN = 2,  /* an image proxy acting for a person who opened */
	PUGMARK_ACTOR_PREFETCH = 3,     /* fetched beforehand: nobody can know */
	PUGMARK_ACTOR_SCANNER = 4,      /* a security product */
	PUGMARK_ACTOR_LINK_PREVIEW = 5, /* a messenger that shows what is behind a link */
	PUGMARK_ACTOR_CRAWLER = 6
};
/* "human", "proxy_human", …; "unknown" for all else. Static. */
PUGMARK_API const char *pugmark_actor_name(enum pugmark_actor actor);

/* What is known of a hit. Header values as they came, of the first such header; empty when there is none. */
struct pugmark_hit {
	size_t size; /* sizeof(struct pugmark_hit) */
	enum pugmark_kind kind;
	int is_head; /* the method was HEAD; looked at when `method` is empty */
	struct pugmark_text user_agent;
	struct pugmark_text purpose; /* Sec-Purpose, else Purpose, else X-Purpose, else X-Moz */
	struct pugmark_text referer;

	/* What is not known is left empty or 0, and counts for nobody and against nobody. */
	struct pugmark_text method;          /* "GET", "OPTIONS", … */
	struct pugmark_text address;         /* where it came from, as text: "203.0.113.7", "2001:db8::7" */
	struct pugmark_text accept_language; /* looked at when headers_are_known */
	struct pugmark_text sec_fetch_mode;  /* the same */
	int headers_are_known;               /* the two above were looked for: an empty one was not sent */
	int is_https;                        /* browsers send Sec-Fetch-Mode over HTTPS only */
	int has_delivery_age;                /* delivery_age_s is known */
	int delivery_age_s;                  /* since the mail was delivered, or else accepted; negative: before */
};
/* clang-format off */
#define PUGMARK_HIT_INIT {sizeof(struct pugmark_hit), PUGMARK_ANY_KIND, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, \
	{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0, 0, 0}
/* clang-format on */

struct pugmark_verdict {
	size_t size; /* sizeof(struct pugmark_verdict) */
	enum pugmark_actor actor;
	int is_counted;         /* in the headline: a human, or a proxy for one */
	int is_mpp;             /* Apple Mail Privacy Protection */
	int confidence_percent; /* 0 to 100 */
	const char *rules;      /* the version of the rules, a date; static */
	char reasons[256];      /* codes with one space between them, and a NUL */
};
/* clang-format off */
#define PUGMARK_VERDICT_INIT {sizeof(struct pugmark_verdict), PUGMARK_ACTOR_UNKNOWN, 0, 0, 0, NULL, {0}}
/* clang-format on */

/* Judges one hit from itself alone: what it is worth is a label, never a reason to answer differently. Its neighbours
 * are not looked at, so a machine that looks like a person in every way passes for one here. Allocates nothing.
 * PUGMARK_OK; PUGMARK_BAD_INPUT: the kind is not open, click or unsubscribe, or the address is none; PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_judge(const struct pugmark_hit *hit,
					      struct pugmark_verdict *ret_verdict) PUGMARK_MUST_CHECK;

/* ---- Webhooks ---- */

/* How a webhook shows where it is from, and what the secrets are. */
enum pugmark_scheme {
	PUGMARK_SCHEME_STANDARD = 1, /* Standard Webhooks 1.0, Svix, Resend, Pugmark: "whsec_…", or "whpk_…" for v1a */
	PUGMARK_SCHEME_PUGMARK = 2,    /* X-Pugmark-Signature: the secret's text as it is */
	PUGMARK_SCHEME_MAILGUN = 3,    /* the webhook signing key. Covers no byte of the event */
	PUGMARK_SCHEME_MAILERSEND = 4, /* the signing secret */
	PUGMARK_SCHEME_MANDRILL = 5,   /* the webhook key; needs the URL */
	PUGMARK_SCHEME_SENDGRID = 6,   /* the public key, base64 */
	PUGMARK_SCHEME_SNS = 7,        /* Amazon: the certificate, PEM; needs the topics */
	PUGMARK_SCHEME_BASIC = 8,      /* "user:password"; no signature: proves nothing about the body */
	PUGMARK_SCHEME_BEARER = 9,     /* the token; no signature */
	PUGMARK_SCHEME_HEADER = 10     /* "Name: value"; no signature */
};

/* What is known beforehand of the webhooks of one sender. */
struct pugmark_verifier;

/* PUGMARK_OK; PUGMARK_BAD_INPUT: no such scheme; PUGMARK_NO_MEMORY; PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_verifier_new(enum pugmark_scheme scheme,
						     const struct pugmark_allocator *allocator,
						     struct pugmark_verifier **ret_verifier) PUGMARK_MUST_CHECK;
/* NULL is allowed. */
PUGMARK_API void pugmark_verifier_free(struct pugmark_verifier *verifier);

/* One more secret; one that fits is enough, so that they can be rotated. PUGMARK_TOO_BIG: more than
 * PUGMARK_SECRETS_MAX. PUGMARK_NO_MEMORY, PUGMARK_MISUSE. */
#define PUGMARK_SECRETS_MAX 16
PUGMARK_API enum pugmark_status pugmark_verifier_add_secret(struct pugmark_verifier *verifier, const char *secret,
							    size_t secret_size) PUGMARK_MUST_CHECK;
/* How far the signed time may lie from now, either way, in seconds; 300 when this is not called; 0: any. SendGrid,
 * Mailgun and Amazon keep the time when they try again, for up to 24 hours. PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_verifier_set_tolerance(struct pugmark_verifier *verifier,
							       uint32_t tolerance_s) PUGMARK_MUST_CHECK;
/* Mandrill: the address of the webhook exactly as it was registered. PUGMARK_NO_MEMORY, PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_verifier_set_url(struct pugmark_verifier *verifier, const char *url,
							 size_t url_size) PUGMARK_MUST_CHECK;
/* Amazon: a topic (ARN) that is ours. Without any, every topic is foreign. PUGMARK_NO_MEMORY, PUGMARK_MISUSE. */
PUGMARK_API enum pugmark_status pugmark_verifier_add_topic(struct pugmark_verifier *verifier, const char *topic,
							   size_t topic_size) PUGMARK_MUST_CHECK;

struct pugmark_header {
	struct pugmark_text name; /* in any case; sizes may be PUGMARK_CSTR */
	struct pugmark_text value;
};

/* A request as it came. */
struct pugmark_webhook {
	size_t size; /* sizeof(struct pugmark_webhook) */
	const struct pugmark_header *headers;
	size_t header_count;
	struct pugmark_text body; /* the raw bytes: a body that was parsed and written again has another signature */
	int64_t now_s;            /* when it came: seconds since 1970, UTC */
};
/* clang-format off */
#define PUGMARK_WEBHOOK_INIT {sizeof(struct pugmark_webhook), NULL, 0, {NULL, 0}, 0}
/* clang-format on */

/* What a good signature says. */
struct pugmark_delivery {
	size_t size; /* sizeof(struct pugmark_delivery) */
	/* What makes this delivery unique and was signed (webhook-id, Amazon's MessageId): refuse it when it comes
	 * again. With a NUL; empty where the scheme has nothing such. */
	size_t replay_key_size;
	char replay_key[256];
};
/* clang-format off */
#define PUGMARK_DELIVERY_INIT {sizeof(struct pugmark_delivery), 0, {0}}
/* clang-format on */

/* Whether a webhook is from who has the secret. Secrets are compared in constant time. ret_delivery may be NULL; else
 * its size must be set. PUGMARK_OK: it is good. Else why not: any of the results for webhooks in enum pugmark_status;
 * PUGMARK_TOO_BIG: the body is larger than 32 MB, or the replay key than its room; PUGMARK_NO_MEMORY; PUGMARK_MISUSE.
 * Answer 401 or 403 to all of them alike; the details are for your log. */
PUGMARK_API enum pugmark_status pugmark_verifier_verify(const struct pugmark_verifier *verifier,
							const struct pugmark_webhook *webhook,
							struct pugmark_delivery *ret_delivery) PUGMARK_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
