"""Ids that people and agents see: 11 characters of base62, opaque, sortable, not guessable from a neighbour.

new_id()         63 bits: 31 of seconds since 2024-01-01, 32 random. Sorts by creation time.
ordered_id(seq)  the event number (6 characters), then 5 random ones. Sorts exactly, within one workspace.
"""

from __future__ import annotations

import secrets

from chalicelib.kernel import clock

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 11
PATTERN = "^[0-9A-Za-z]{11}$"
_EPOCH = 1_704_067_200
_ORDER_LENGTH = 6


def base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    if number:
        raise OverflowError(f"the number needs more than {length} base62 digits")
    return "".join(reversed(digits))


def random_base62(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_id() -> str:
    seconds = clock.epoch(clock.now()) - _EPOCH
    return base62(seconds << 32 | secrets.randbits(32), LENGTH)


def ordered_id(seq: int) -> str:
    return base62(seq, _ORDER_LENGTH) + random_base62(LENGTH - _ORDER_LENGTH)


def last_ordered_id(seq: int) -> str:
    """No id that belongs to an event up to `seq` sorts behind this one, and every id of a later event does."""
    return base62(seq, _ORDER_LENGTH) + ALPHABET[-1] * (LENGTH - _ORDER_LENGTH)


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id; one that has not can be refused without a read."""
    return len(text) == LENGTH and text.isascii() and text.isalnum()
