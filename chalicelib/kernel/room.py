"""How much goes into one answer.

Lambda's answers have 6 MB at most, and what counts is the JSON that has ours in it as a string, in which quotes and
backslashes take two bytes. So lists end early, with a cursor. What an agent asks for with a tool is read into its
context: Claude Code warns of results of 10,000 tokens, and takes none of more than 25,000.
"""

from __future__ import annotations

import msgspec

from chalicelib.kernel.settings import KIB

MOST_ANSWERED = 4_500_000
MOST_FOR_AGENTS = 32 * KIB


class Room:
    """What still fits. There is room for something as long as there is any: an item has 400 KB at most, the largest
    of which takes twice that, and the first always fits."""

    def __init__(self, size: int | None = None) -> None:
        self._left = MOST_ANSWERED if size is None else size

    @property
    def is_full(self) -> bool:
        return self._left <= 0

    def takes(self, text: str) -> bool:
        """Whether `text`, which is JSON, still fits; then it is counted."""
        if self.is_full:
            return False
        self._left -= weight(text)
        return True

    def takes_value(self, value: object) -> bool:
        return self.takes(msgspec.json.encode(value).decode())


def weight(text: str) -> int:
    return len(text.encode()) + text.count('"') + text.count("\\")
