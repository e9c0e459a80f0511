/* SPDX-License-Identifier: Apache-2.0 */
/* openssl_errors: what fails in a call of the library must not stay in OpenSSL's queue of this thread, where its host's
 * next SSL_get_error would take it for its own (SSL_get_error(3)). */
#ifndef PUGMARK_LIBRARY_OPENSSL_ERRORS_H
#define PUGMARK_LIBRARY_OPENSSL_ERRORS_H

#include <openssl/err.h>

static inline void openssl_errors_begin(void)
{
	(void)ERR_set_mark(); /* says no on an empty queue; the other then empties it again */
}

static inline void openssl_errors_end(void)
{
	(void)ERR_pop_to_mark();
}

#endif
