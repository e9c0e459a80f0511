/* SPDX-License-Identifier: Apache-2.0 */
/* key_file: the installation's token keys, in one small file that only its owner can read.
 *
 * One line a key: `ID HEX CHECK`, id 1 to 255, 64 hexadecimal digits, and the first eight of its fingerprint
 * (link_token_keys_fingerprint), by which one wrong digit is seen; a file from before has no CHECK. The highest id
 * seals new tokens; all of them open old ones, for ever. Losing this file breaks every link ever sent: back it up.
 */
#ifndef PUGMARK_ENGINE_KEY_FILE_H
#define PUGMARK_ENGINE_KEY_FILE_H

#include "base/status.h"
#include "codec/token/link_token.h"

/* STATUS_NOT_FOUND: no such file. STATUS_BAD_INPUT: not a key file, with the line. STATUS_CORRUPT: a key is not the one
 * that was written, with its number. */
enum status key_file_load(const char *path, struct link_token_keys **ret, uint8_t *ret_newest,
			  struct err *err) MUST_CHECK;
/* The same, and which keys have a check value that was right. */
enum status key_file_load_checked(const char *path, struct link_token_keys **ret, uint8_t *ret_newest,
				  bool ret_checked[LINK_TOKEN_KEYS_MAX], struct err *err) MUST_CHECK;
/* Makes the file with one random key, or adds the next one; written beside it, synced and renamed. STATUS_CONFLICT:
 * all 255 are used. */
enum status key_file_create(const char *path, struct err *err) MUST_CHECK;
enum status key_file_rotate(const char *path, uint8_t *ret_newest, struct err *err) MUST_CHECK;

#endif
