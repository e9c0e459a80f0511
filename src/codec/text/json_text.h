/* SPDX-License-Identifier: Apache-2.0 */
/* json_text: writes JSON into a buf. Commas are placed by themselves; what does not hold together is a bug of the
 * caller.
 *
 *   json_open(&w, '{'); json_key(&w, "id"); json_put_string(&w, id); json_close(&w, '}');
 */
#ifndef PUGMARK_CODEC_JSON_TEXT_H
#define PUGMARK_CODEC_JSON_TEXT_H

#include "base/buf.h"
#include "codec/text/uuid.h"

struct json_text {
	struct buf *to;
	bool needs_comma;
};

static inline struct json_text json_text_on(struct buf *to)
{
	return (struct json_text){to, false};
}

void json_open(struct json_text *w, char bracket);  /* '{' or '[' */
void json_close(struct json_text *w, char bracket); /* '}' or ']' */
void json_key(struct json_text *w, const char *key);
/* Invalid UTF-8 becomes U+FFFD; control bytes, quotes, backslash and also < > & U+2028 U+2029 are escaped. */
void json_put_string(struct json_text *w, struct slice s);
void json_put_cstring(struct json_text *w, const char *s); /* NULL: null */
/* null when the slice is empty. */
void json_put_string_or_null(struct json_text *w, struct slice s);
void json_put_i64(struct json_text *w, int64_t value);
void json_put_double(struct json_text *w, double value); /* shortest form that reads back; NaN and infinities: null */
void json_put_bool(struct json_text *w, bool value);
void json_put_null(struct json_text *w);
/* RFC 3339 with milliseconds; 0: null. */
void json_put_time(struct json_text *w, int64_t time_us);
void json_put_uuid(struct json_text *w, struct uuid id);
/* JSON that is known to be valid, as it is. */
void json_put_raw(struct json_text *w, struct slice json);
/* null when the slice is empty. */
void json_put_raw_or_null(struct json_text *w, struct slice json);

/* key and value at once. */
#define JSON_FIELD(w, key, kind, value) (json_key(w, key), json_put_##kind(w, value))

#endif
