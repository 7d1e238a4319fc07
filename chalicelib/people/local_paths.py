"""Where to go after signing in: a page of this dashboard, whatever the link says. Anything else is its first page."""

from __future__ import annotations

import re

LONGEST = 1000
# Only what a URL consists of: no control characters, blanks or backslashes, which browsers drop or take for slashes.
_WRITTEN = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?#\[\]]*", re.ASCII)
_NO_PAGES = {"api", "auth", "mcp", "grip"}


def local_path(text: str) -> str:
    if len(text) > LONGEST or not _WRITTEN.fullmatch(text):
        return "/"
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    first, *more = path[1:].split("/")
    if (more and "" in (first, *more[:-1])) or {".", ".."} & {first, *more} or "%2e" in path.lower():
        return "/"
    return "/" if first.lower() in _NO_PAGES else text
