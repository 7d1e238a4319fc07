"""What the people of a workspace may do: an owner everything, a member everything but what stands in `OwnersOnly`."""

from __future__ import annotations

from typing import Literal

from chalicelib.kernel.directory import Role
from chalicelib.kernel.errors import Forbidden

OwnersOnly = Literal[
    "archive it",
    "restore it",
    "delete it",
    "invite somebody",
    "revoke an invitation",
    "change what somebody may do",
    "remove somebody else",
]


def check(role: Role | None, act: OwnersOnly) -> None:
    if role != "owner":
        raise Forbidden(f"Only an owner of this workspace can {act}. Its settings say, under Members, who is one.")
