"""Text for a notification: short, and never less than honest about what it leaves out.

A notification shows plain text, so what could hide or reorder it is named instead of obeyed, as the dashboard does.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

ELLIPSIS = "…"
# Controls except tab and newline, soft hyphen, fillers, zero-width and direction marks, variation selectors, tags.
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_JOINING = "\u200c\u200d\ufe0f"
# What stands between an emoji and its joiner: the colours of skin, and how it is to be drawn.
_MODIFIERS = "\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_MOST_LINES = 12
_WIDE_GAP = re.compile(r"\s{12}")


def revealed(text: str) -> str:
    """`text` with the code points of hidden characters in their place; those that spell words and emoji stay."""

    def name(match: re.Match[str]) -> str:
        if match.group() in _JOINING and _is_joined(text[max(0, match.start() - 3) : match.start()]):
            return match.group()
        return f"[U+{ord(match.group()):04X}]"

    return _HIDDEN.sub(name, text)


def _is_joined(before: str) -> bool:
    """Whether a joiner after `before` is part of an emoji, or of a script that is written with them."""
    joined = before[-1:]
    base = before.rstrip(_MODIFIERS)[-1:]
    in_script = joined != "" and unicodedata.category(joined) in {"Lo", "Mn", "Mc"} and not _HIDDEN.match(joined)
    return in_script or (base != "" and unicodedata.category(base) == "So")


def one_line(text: str, most: int) -> str:
    """`text` for a title: at most `most` characters, in one line."""
    flat = revealed(" ".join(text.split()))
    return flat if len(flat) <= most else flat[: most - 1] + ELLIPSIS


def cut(text: str, most: int) -> str:
    """The beginning of `text`, revealed, that takes at most `most` bytes as JSON."""
    shown = revealed(text)
    if len(msgspec.json.encode(shown)) - 2 <= most:
        return shown
    left = most - len(ELLIPSIS.encode())
    kept = 0
    for character in shown[:most]:
        left -= len(msgspec.json.encode(character)) - 2
        if left < 0:
            break
        kept += 1
    return shown[:kept] + ELLIPSIS


def is_plain(text: str) -> bool:
    """Whether all of `text` can be seen where it is shown: nothing hidden, nothing pushed out of sight."""
    visible = all(character == "\n" or character.isprintable() for character in text)
    return visible and not (
        _HIDDEN.search(text) or _WIDE_GAP.search(text) or text.count("\n") >= _MOST_LINES or text.strip() != text
    )
