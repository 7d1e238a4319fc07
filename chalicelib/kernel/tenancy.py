"""Which workspaces the work at hand is for. What is stored of a workspace is read and written inside `within` only.

A scope decides it, from the credential that it was made of; whoever serves a request for a workspace stays in it
until the answer is there, so what is entered inside must be part of it. On AWS each access is made with credentials
that reach these workspaces and no others (`chalicelib/aws/`); on one machine there is nobody to keep apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

Reach = tuple[str, ...]

_reach: ContextVar[Reach] = ContextVar("reach", default=())


class Outside(Exception):
    """Work for some workspaces turned to another one. Nothing a client sends can cause this: it is a defect."""


class Keeper(Protocol):
    """Who has the credentials. One set of them is for at most `most_together` workspaces."""

    most_together: int

    def has(self, reach: Reach) -> bool:
        """Whether they are at hand, so that using them costs nothing."""


@dataclass
class Everything:
    """One machine: whoever may open the database may read all of it."""

    most_together: int = 100

    def has(self, reach: Reach) -> bool:
        return True


_keeper: Keeper = Everything()


def keep_with(keeper: Keeper) -> None:
    global _keeper
    _keeper = keeper


def keeper() -> Keeper:
    return _keeper


@contextmanager
def within(*workspace_ids: str) -> Iterator[None]:
    """What happens inside is for these workspaces."""
    outer = _reach.get()
    if outer and not set(workspace_ids) <= set(outer):
        raise Outside(f"work for {', '.join(outer)} turned to {', '.join(workspace_ids)}")
    entered = _reach.set(workspace_ids)
    try:
        yield
    finally:
        _reach.reset(entered)


def reach() -> Reach:
    return _reach.get()


def groups(workspace_ids: Sequence[str], most: int) -> list[Reach]:
    """`workspace_ids` in parts that one request can be for, each of `most` at most."""
    size = min(most, _keeper.most_together)
    return [tuple(workspace_ids[start : start + size]) for start in range(0, len(workspace_ids), size)]
