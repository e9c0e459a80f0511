/* SPDX-License-Identifier: Apache-2.0 */
/* status: the results of base and codec in the words of the library. */
#ifndef PUGMARK_LIBRARY_STATUS_H
#define PUGMARK_LIBRARY_STATUS_H

#include "base/status.h"
#include <pugmark.h>

/* STATUS_AGAIN of the codec layer means that OpenSSL has no memory. */
enum pugmark_status status_of(enum status status);

#endif
