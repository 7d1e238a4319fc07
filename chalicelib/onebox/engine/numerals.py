"""DynamoDB numbers: up to 38 significant digits, 1E-130 to 9.99…E+125, exact.

A number has one canonical text, so equal numbers are equal strings. `sortable` maps it to bytes whose
order is the order of the numbers:

    negative   40  ~exponent  ~pairs…  FF      the terminator puts -1.55 before -1.5
    zero       80
    positive   C0   exponent   pairs…          pairs of digits, 01-64 hex; no trailing zeros
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from chalicelib.onebox.engine.errors import invalid

MAX_DIGITS = 38
MIN_EXPONENT, MAX_EXPONENT = -130, 125

_PLAIN_INTEGER = re.compile(r"-?[1-9][0-9]{0,37}|0", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
# Wide enough that parsing and adding lose nothing; the limits are checked afterwards, by name.
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999)


def canonical(text: str) -> str:
    """The one way in which DynamoDB writes this number."""
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    if not _NUMBER.fullmatch(text) or len(text) > 400:
        raise invalid(f"The parameter cannot be converted to a numeric value: {text[:100]}")
    try:
        return _written(_EXACT.create_decimal(text))
    except InvalidOperation as problem:
        raise invalid(f"The parameter cannot be converted to a numeric value: {text[:100]}") from problem


def add(left: str, right: str) -> str:
    return _written(_EXACT.add(Decimal(left), Decimal(right)))


def subtract(left: str, right: str) -> str:
    return _written(_EXACT.subtract(Decimal(left), Decimal(right)))


def sortable(text: str) -> bytes:
    """Bytes in the order of the numbers; `text` is canonical."""
    sign, digits, exponent = _stripped(Decimal(text))
    if digits == "":
        return b"\x80"
    biased = exponent + len(digits) - 1 - MIN_EXPONENT
    if len(digits) % 2:
        digits += "0"
    pairs = bytes(int(digits[i : i + 2]) + 1 for i in range(0, len(digits), 2))
    if sign:
        return b"\x40" + bytes(255 - byte for byte in (biased, *pairs)) + b"\xff"
    return bytes((0xC0, biased)) + pairs


def significant_digits(text: str) -> int:
    return len(_stripped(Decimal(text))[1])


def _stripped(number: Decimal) -> tuple[int, str, int]:
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # the pattern admits no NaN and no infinity
    written = "".join(map(str, digits)).lstrip("0")
    stripped = written.rstrip("0")
    return sign, stripped, exponent + len(written) - len(stripped)


def _written(number: Decimal) -> str:
    sign, digits, exponent = _stripped(number)
    if digits == "":
        return "0"
    magnitude = exponent + len(digits) - 1
    if magnitude > MAX_EXPONENT:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if magnitude < MIN_EXPONENT:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    if len(digits) > MAX_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    return ("-" if sign else "") + _plain(digits, exponent)


def _plain(digits: str, exponent: int) -> str:
    if exponent >= 0:
        return digits + "0" * exponent
    whole, fraction = digits[:exponent], digits[exponent:]
    return f"{whole or '0'}.{'0' * (-exponent - len(fraction))}{fraction}"
