"""Short texts that people read in lists, and that must not lie about themselves: names, titles, file names.

Control characters and the marks that reorder text (by which `gpj.exe` looks like `exe.jpg`) are refused with a clear
error, never silently removed. Long texts (bodies, messages) are kept to the byte.
"""

from __future__ import annotations

import unicodedata

import msgspec

from chalicelib.kernel.errors import TooLarge, ValidationFailed

_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def line(path: str, value: str) -> str:
    """`value` without surrounding blanks; raises `ValidationFailed` for what cannot stand in one honest line."""
    trimmed = value.strip()
    if not trimmed:
        raise ValidationFailed((path, "must not be empty"))
    if any(_is_control(character) for character in trimmed):
        raise ValidationFailed((path, "must be one line without control characters"))
    if _REORDERING & set(trimmed):
        raise ValidationFailed((path, "must not contain marks that change the direction of text"))
    return trimmed


def harmless(value: object, most: int) -> str:
    """What a program calls itself, fit to be shown: a string, cut to `most`, without what `line` would refuse."""
    text = value if isinstance(value, str) else ""
    kept = (one for one in text if not _is_control(one) and one not in _REORDERING)
    return "".join(kept).strip()[:most]


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


LARGEST_TEXT = 128 * 1024


def long(path: str, value: str, most: int = LARGEST_TEXT) -> str:
    """`value` as it is, if it fits into an item and its event however its characters are written in JSON."""
    if len(value) * 6 > most and len(msgspec.json.encode(value)) > most:
        raise TooLarge(f"{path} takes more than {most >> 10} KiB as JSON. Shorten it, or send it as an attachment.")
    return value
