#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads composed mails with Python's email package, an independent parser, and compares them with what went in.

DIRECTORY holds pairs NAME.eml and NAME.want; a line of the latter is a key and values in hexadecimal ("-" is empty).
Prints one line for each difference; exit 1 when there was one.
"""
import email
import email.policy
import pathlib
import sys


def lines(data):
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def same_text(got, want, lone):
    got, want = lines(got), lines(want)
    return got == want or (lone and got == want + b"\n")


def leaves(message):
    """All parts that are no multipart; an attached message is a leaf."""
    if message.get_content_maintype() != "multipart":
        return [message]
    return [leaf for part in message.iter_parts() for leaf in leaves(part)]


def same_name(got, want):
    # CPython (seen in 3.11) puts a space between adjacent encoded-words of a phrase, against RFC 2047, section 6.2.
    return got == want or (len(want) > 60 and got.replace(" ", "") == want.replace(" ", ""))


def check_leaves(message, want, complain):
    body = {"text/html": [], "text/plain": []}
    attachments = []
    for part in message.walk():
        if part.defects:
            complain(f"defects {part.defects} in {part.get_content_type()}")
    for part in leaves(message):
        if part.get_content_disposition():
            attachments.append(part)
        else:
            body[part.get_content_type()].append(part.get_payload(decode=True))
    lone = not message.is_multipart()
    for kind, key in (("text/html", "html"), ("text/plain", "text")):
        wanted = want.get(key)
        if not wanted:
            if any(lines(got).strip() for got in body[kind]):
                complain(f"a {kind} nobody asked for")
        elif len(body[kind]) != 1 or not same_text(body[kind][0], wanted[0][0], lone):
            complain(f"{key} differs: {body[kind]!r}")
    wanted = want.get("attachment", [])
    if len(wanted) != len(attachments):
        complain(f"{len(attachments)} attachments")
        return
    wanted = {values[0]: values for values in wanted}
    for part in attachments:
        name, kind, data, cid = wanted.get((part.get_filename() or "").encode(), (b"", b"", b"", b""))
        got = part.get_payload(0).as_bytes() if part.get_content_type() == "message/rfc822" else part.get_payload(decode=True)
        if lines(got) != lines(data) and got != data:
            complain(f"attachment {part.get_filename()!r} differs: {got!r}")
        if part.get_content_type() != kind.decode():
            complain(f"attachment {part.get_filename()!r} is {part.get_content_type()}")
        if (part["Content-ID"] or "") != (f"<{cid.decode()}>" if cid else ""):
            complain(f"Content-ID {part['Content-ID']!r}")


def check_headers(message, want, complain):
    for name, party in (("From", "from"), ("To", "to"), ("Reply-To", "reply_to")):
        if party not in want:
            if message[name] is not None:
                complain(f"{name} is there")
            continue
        display, address = (value.decode() for value in want[party][0])
        got = message[name].addresses
        if len(got) != 1 or not same_name(got[0].display_name, display) or got[0].addr_spec != address:
            complain(f"{name}: {got!r}, wanted {display!r} {address!r}")
    if message["Subject"] != want["subject"][0][0].decode():
        complain(f"Subject {message['Subject']!r}")
    for name, value in want.get("header", []):
        got = message.get_all(name.decode(), [])
        if len(got) != 1 or str(got[0]) != value.decode():
            complain(f"{name.decode()}: {got!r}")
    for name in ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version"):
        if len(message.get_all(name, [])) != 1:
            complain(f"{name} is not there once")


def check(path):
    want = {}
    for line in path.with_suffix(".want").read_text().splitlines():
        key, *values = line.split()
        want.setdefault(key, []).append([b"" if v == "-" else bytes.fromhex(v) for v in values])
    faults = []
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    check_headers(message, want, faults.append)
    check_leaves(message, want, faults.append)
    for fault in faults:
        print(f"{path.name}: {fault}")
    return not faults


paths = sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))
results = [check(path) for path in paths]
print(f"{sum(results)} of {len(results)} mails read back as they went in")
sys.exit(0 if paths and all(results) else 1)
