/* SPDX-License-Identifier: Apache-2.0 */
/* One look-up instead of up to six comparisons a byte. `?`, `!`, `/` and letters have a class of their own because a
 * `<` in front of anything else is text, which is how most of them are recognised at once. */
#include "codec/html/html_byte.h"

const uint8_t html_byte_classes[256] = {
    ['\t'] = HTML_SPACE,
    ['\n'] = HTML_SPACE,
    ['\f'] = HTML_SPACE,
    ['\r'] = HTML_SPACE,
    [' '] = HTML_SPACE,
    ['/'] = HTML_SOLIDUS | HTML_OPENS,
    ['>'] = HTML_GREATER,
    ['='] = HTML_EQUALS,
    ['!'] = HTML_OPENS,
    ['?'] = HTML_OPENS,
    ['A' ... 'Z'] = HTML_LETTER | HTML_OPENS,
    ['a' ... 'z'] = HTML_LETTER | HTML_OPENS,
};
