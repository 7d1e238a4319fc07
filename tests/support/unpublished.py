"""The program as it is between a commit and its publishing: it stores changes, and nobody ever hears of them."""

from __future__ import annotations

import sys

from chalicelib.onebox import __main__
from chalicelib.onebox.pump import Pump


def _nothing(pump: Pump) -> None:
    """In place of `Pump.start` and `Pump.stop`."""


if __name__ == "__main__":
    setattr(Pump, "start", _nothing)  # noqa: B010  # mypy refuses to assign to a method
    setattr(Pump, "stop", _nothing)  # noqa: B010
    sys.exit(__main__.main())
