# SPDX-License-Identifier: Apache-2.0
"""What the checks look at: the files of the checkout that git knows or would take, and the layers of src/."""
import os
import subprocess
import sys

# One number a layer; the same number means side by side, which may not see one another.
RANK = {"base": 0, "codec": 1, "library": 2, "journal": 2, "store": 2, "net": 2, "transport": 2, "provider": 3, "engine": 4, "milter": 4, "web": 5,
        "simulator": 5, "prog": 6}

# The rooms of a layer, from the bottom up: a room sees those before it. What lies in the layer's own folder sees them all.
ROOMS = {
    "codec": "text url html mail mime token judge webhook lint",
    "store": "core sqlite postgres migrations house mail events people",
    "engine": "request mail ledger keys accounts tenant people feed judge apply dispatch intake upkeep",
    "web": "console sign_in edge api",
    "prog": "show serve backup command bench",
}


def enter():
    """Into the top of the checkout, wherever the check was started."""
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def files(*suffixes, under=""):
    """Paths that end in one of the suffixes (all when there is none) and lie in one of the folders."""
    # safe.directory: CI often checks out as somebody else.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode != 0:
        sys.exit("check: this is no git checkout: " + listed.stderr.strip())
    folders = tuple(folder + "/" for folder in under.split())
    return sorted(f for f in set(listed.stdout.split("\0"))
                  if os.path.isfile(f) and not os.path.islink(f) and (not suffixes or f.endswith(suffixes))
                  and (not folders or f.startswith(folders)))


def text(path):
    """The file's text, or None for a file that is none."""
    with open(path, "rb") as f:
        data = f.read()
    return None if b"\0" in data else data.decode("utf-8", "replace")


def finish(findings):
    """Prints what was found, one line each, and leaves with 1 when that is anything."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
