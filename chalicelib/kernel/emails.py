"""E-mail addresses, as far as a program may judge them: what looks like one, and which two are the same."""

from __future__ import annotations

import re

LONGEST = 254
_ADDRESS = re.compile(r"""[^@\s<>"(),:;\\\[\]\x00-\x1f\x7f-\x9f]+@[^\W_]([\w.-]*[^\W_])?""")


def is_email(text: str) -> bool:
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None


def plain(email: str) -> str:
    """The one form in which addresses are compared."""
    return email.strip().casefold()
