#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C file that holds the schema migrations: embed-migrations.py OUTPUT 0001-first.sql 0002-next.sql ...

The files must be numbered from 1 without gaps. Comments and indentation are left out of what is embedded; lines
"-- batches: NAME" stay, see store/core/migrate.c. A line "-- Oldest writer: N" says that a program which knows the schema N may go on
writing beside this one; without it none older than the step itself may.
"""
import os
import re
import sys


def literal(text):
    out = []
    for line in text.splitlines():
        if not line.startswith("-- batches: "):
            line = re.sub(r"\s*--.*$", "", line).strip()
        if line:
            out.append('\t"%s\\n"' % line.replace("\\", "\\\\").replace('"', '\\"'))
    return "\n".join(out)


def main():
    output, files = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    rows = []
    for number, path in enumerate(files, 1):
        name = os.path.splitext(os.path.basename(path))[0]
        if int(name.split("-")[0]) != number:
            sys.exit("%s: expected number %d" % (path, number))
        with open(path, encoding="utf-8") as f:
            text = f.read()
        oldest = re.search(r"^-- Oldest writer: (\d+)$", text, re.M)
        rows.append('    {%d, "%s", %d,\n%s},\n' % (number, name, int(oldest[1]) if oldest else number, literal(text)))
    with open(output, "w", encoding="utf-8") as f:
        f.write('#include "store/core/migrations.h"\n\n')
        f.write("const struct migration store_migrations[] = {\n%s};\n" % "".join(rows))
        f.write("const size_t store_migrations_count = sizeof store_migrations / sizeof store_migrations[0];\n")


if __name__ == "__main__":
    main()
