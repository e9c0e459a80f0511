#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decodes the html parts of rewritten mails with Python's email package, an independent parser.

DIRECTORY holds pairs NAME.eml and NAME.want; each line of the latter is what one html part must decode to, in hexadecimal
("-" is empty), or "?" where anything will do; in the order of the message. Prints one line for each difference, and at
the end how many mails and parts were as wanted.
"""
import email
import pathlib
import re
import sys

TYPES = ("text/html", "text/x-amp-html")


def without_dropped_blanks(data):
    # Blanks at the end of a quoted-printable line are to be dropped (RFC 2045, 6.7, rule 3); binascii keeps them.
    return re.sub(rb"[ \t]+(?=\r?\n|\Z)", b"", data)


def is_same(part, want):
    got = part.get_payload(decode=True) or b""
    if got == want:
        return True
    return "quoted-printable" in str(part["Content-Transfer-Encoding"]).lower() and \
        without_dropped_blanks(got) == without_dropped_blanks(want)


def check(path):
    want = path.with_suffix(".want").read_text().split()
    message = email.message_from_bytes(path.read_bytes())
    parts = [part for part in message.walk() if part.get_content_type() in TYPES]
    if len(parts) != len(want):
        print(f"{path.stem}: {len(parts)} html parts, not {len(want)}")
        return 0, 0
    right = 0
    wanted = 0
    for number, (part, line) in enumerate(zip(parts, want)):
        if line == "?":
            continue
        wanted += 1
        if is_same(part, b"" if line == "-" else bytes.fromhex(line)):
            right += 1
        else:
            print(f"{path.stem}: part {number} decodes to something else")
    return right, wanted


results = [check(path) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))]
print(f"{len(results)} mails, {sum(right for right, _ in results)} of {sum(wanted for _, wanted in results)} html parts decode "
      "as wanted")
