/* SPDX-License-Identifier: Apache-2.0 */
/* openapi: doc/openapi.yaml as JSON, made at build time and part of the program. */
#ifndef PUGMARK_PROG_OPENAPI_H
#define PUGMARK_PROG_OPENAPI_H

#include "base/slice.h"

struct slice openapi_json(void);

#endif
