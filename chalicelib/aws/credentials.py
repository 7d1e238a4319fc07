"""Credentials for the workspaces of the work at hand and no others, made by `sts:AssumeRole` and kept for an hour.

One workspace: the tenant role, with the session tag `workspace`. Several: the overview role, which only reads, with a
tag for each. What the roles may do with their tags is in `infra/template/tenant.yaml`; the function's own role cannot
touch the workspace table.

    made ─────────────── 55 min ───────── 59 min 30 ── 60 min
         in use                 renewed; if   not used   dead
                                that fails,
                                still in use
Both ages are measured on our own clock, so it may be wrong; who finds credentials dead before their time `forget`s
them. Threads that need the same ones wait for one call.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from chalicelib.aws import sessions
from chalicelib.kernel import clock, outage
from chalicelib.kernel.errors import Unavailable
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.settings import ConfigurationError, Settings
from chalicelib.kernel.tenancy import Outside, Reach

# Longer is not to be had by a role that was assumed itself, as a function's is.
LIFETIME = 3_600
FRESH, USABLE = LIFETIME - 300, LIFETIME - 30
# About 2 KB each.
MOST_KEPT = 10_000
# The tags of a session share about 450 bytes.
MOST_TOGETHER = 20

Assume = Callable[[Reach], ReadOnlyCredentials]


@dataclass
class _Kept:
    keys: ReadOnlyCredentials | None = None
    made_at: float = 0.0
    making: threading.Lock = field(default_factory=threading.Lock)

    def is_younger(self, seconds: float) -> bool:
        return self.keys is not None and 0 <= clock.now().timestamp() - self.made_at < seconds


class Narrowed:
    """The credentials at hand, by whom they are for; those that were not used for the longest time are let go."""

    most_together = MOST_TOGETHER

    def __init__(self, assume: Assume, most_kept: int = MOST_KEPT) -> None:
        self._assume, self._most_kept = assume, most_kept
        self._kept: OrderedDict[Reach, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, reach: Reach) -> bool:
        with self._lock:
            kept = self._kept.get(_ordered(reach))
        return kept is not None and kept.is_younger(FRESH)

    def of(self, reach: Reach) -> ReadOnlyCredentials:
        """Raises `Unavailable` where none can be had now."""
        if not reach or not all(map(is_id, reach)) or len(reach) > self.most_together:
            raise Outside(f"there are no credentials for {reach!r}")
        kept = self._entry(_ordered(reach))
        with kept.making:
            if not kept.is_younger(FRESH):
                self._renew(kept, _ordered(reach))
            assert kept.keys is not None
            return kept.keys

    def forget(self, reach: Reach, keys: ReadOnlyCredentials) -> None:
        """`keys` turned out to be dead. What was made since then stays."""
        kept = self._entry(_ordered(reach))
        with kept.making:
            if kept.keys == keys:
                kept.keys = None

    def _entry(self, reach: Reach) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(reach, _Kept())
            self._kept.move_to_end(reach)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
            return kept

    def _renew(self, kept: _Kept, reach: Reach) -> None:
        asked_at = clock.now().timestamp()
        try:
            keys = self._assume(reach)
        except Exception as error:
            if kept.is_younger(USABLE):
                return
            if outage.as_problem(error) is None:
                raise
            raise Unavailable(
                f"The way into the workspace could not be opened, so nothing was done. Wait {outage.PAUSE} seconds, "
                "then send the same again.",
                outage.PAUSE,
            ) from error
        kept.keys, kept.made_at = keys, asked_at


def _ordered(reach: Reach) -> Reach:
    return tuple(sorted(set(reach)))


class TokenService(Protocol):
    def assume_role(
        self, *, RoleArn: str, RoleSessionName: str, DurationSeconds: int, Tags: list[dict[str, str]]
    ) -> Mapping[str, Mapping[str, str]]: ...


def from_token_service(chosen: Settings) -> Assume:
    """Asks AWS STS; what is connected is kept between calls."""
    if not (chosen.tenant_role and chosen.overview_role):
        raise ConfigurationError("Set HANDRAIL_TENANT_ROLE and HANDRAIL_OVERVIEW_ROLE to the roles of the stack.")
    waits = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"})
    client: TokenService = sessions.client("sts", chosen.region, waits)

    def assume(reach: Reach) -> ReadOnlyCredentials:
        role = chosen.tenant_role if len(reach) == 1 else chosen.overview_role
        name = reach[0] if len(reach) == 1 else "overview"
        answer = client.assume_role(
            RoleArn=role, RoleSessionName=name, DurationSeconds=LIFETIME, Tags=tags_of(reach)
        )["Credentials"]
        return ReadOnlyCredentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])

    return assume


def tags_of(reach: Reach) -> list[dict[str, str]]:
    """What a session is told of its workspaces. An overview has a fixed number of places; none is left empty."""
    if len(reach) == 1:
        return [{"Key": "workspace", "Value": reach[0]}]
    places = [*reach, *[reach[0]] * (MOST_TOGETHER - len(reach))]
    return [{"Key": f"w{place}", "Value": id} for place, id in enumerate(places)]
