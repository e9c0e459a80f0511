/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_mandrill: Mandrill's signature of the address and of the form's fields, in order of their names. */
#ifndef PUGMARK_CODEC_WEBHOOK_MANDRILL_H
#define PUGMARK_CODEC_WEBHOOK_MANDRILL_H

#include "codec/webhook/webhook_check.h"

enum webhook_result webhook_check_mandrill(struct webhook_check *check);

#endif
