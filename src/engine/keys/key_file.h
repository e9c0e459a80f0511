/* SPDX-License-Identifier: Apache-2.0 */
/* key_file: the installation's token keys, in one small file that only its owner can read.
 *
 * One line a key: `ID HEX`, id 1 to 255, 64 hexadecimal digits. The highest id seals new tokens; all of them open old
 * ones, for ever. Losing this file breaks every link ever sent: back it up.
 */
#ifndef PUGMARK_ENGINE_KEY_FILE_H
#define PUGMARK_ENGINE_KEY_FILE_H

#include "base/status.h"
#include "codec/token/link_token.h"

/* STATUS_NOT_FOUND: no such file. STATUS_BAD_INPUT: not a key file, with the line. */
enum status key_file_load(const char *path, struct link_token_keys **ret, uint8_t *ret_newest,
			  struct err *err) MUST_CHECK;
/* Makes the file with one random key, or adds the next one; written beside it, synced and renamed. STATUS_CONFLICT:
 * all 255 are used. */
enum status key_file_create(const char *path, struct err *err) MUST_CHECK;
enum status key_file_rotate(const char *path, uint8_t *ret_newest, struct err *err) MUST_CHECK;

#endif
