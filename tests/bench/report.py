"""How benches tell what they measured: one line a figure, beside the bound it is held to."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter

_WIDTHS = "{:56} {:34} {:22} {}"


def heading(text: str) -> None:
    print(f"\n{text}\n" + _WIDTHS.format("what", "measured", "bound", "").rstrip(), flush=True)


def figure(what: str, measured: str, bound: str = "", met: bool | None = None) -> None:
    verdict = "" if met is None else "met" if met else "NOT MET"
    print(_WIDTHS.format(what, measured, bound, verdict).rstrip(), flush=True)


def amount(what: str, value: float, unit: str, most: float | None = None) -> None:
    bound = "" if most is None else f"≤ {most:g} {unit}"
    figure(what, f"{value:,.1f} {unit}", bound, None if most is None else value <= most)


def latency(what: str, seconds: Sequence[float], bound: tuple[float, float] | None = None, *, tail: int = 99) -> None:
    """The p50 and p99 (or another `tail`) of `seconds`; `bound` is theirs, in milliseconds."""
    p50, high = statistics.median(seconds) * 1000, percentile(seconds, tail) * 1000
    measured = f"p50 {p50:7.2f} ms   p{tail} {high:7.2f} ms"
    if bound is None:
        figure(what, measured)
    else:
        figure(what, measured, f"≤ {bound[0]:g} / {bound[1]:g} ms", p50 <= bound[0] and high <= bound[1])


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank: a value that was measured, not one in between."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def timed(rounds: int, work: Callable[[int], object], warm_up: int = 20) -> list[float]:
    for turn in range(warm_up):
        work(turn)
    taken = []
    for turn in range(warm_up, warm_up + rounds):
        start = perf_counter()
        work(turn)
        taken.append(perf_counter() - start)
    return taken
