"""A member of a workspace, and an invitation to become one.

Whether somebody may enter is said by their entry in the directory alone; the member here is what others see of them.
Both change in the same transaction. A member has a new id each time they join, and one place: that of the person.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from chalicelib.kernel.directory import Role
from chalicelib.kernel.emails import LONGEST
from chalicelib.kernel.entity import Actor, Entity

# Members and open invitations of one workspace.
MOST_PEOPLE = 100


class Member(Entity, kw_only=True):
    """`invited_by` is None for who made the workspace."""

    PREFIX: ClassVar[str] = "member"

    person_id: str
    email: str
    name: str
    role: Role
    joined_at: datetime
    invited_by: Actor | None = None

    def sort_key(self) -> str:
        return self.key(self.person_id)


class Invitation(Entity, kw_only=True):
    email: str
    role: Role
    created_at: datetime
    invited_by: Actor
    expires_at: datetime


class StoredInvitation(Invitation, kw_only=True):
    PREFIX: ClassVar[str] = "invitation"

    route: str


class NewInvitation(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=LONGEST)]
    role: Role = "member"


class Invited(msgspec.Struct):
    """`link` is None in the answer to a repeated request: it is shown once, to whoever asked first."""

    invitation: Invitation
    link: str | None


class RoleChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    role: Role
    version: int | None = None


class Secret(msgspec.Struct, forbid_unknown_fields=True):
    """What an invitation's link has behind its `#`."""

    secret: Annotated[str, msgspec.Meta(max_length=100)]


class Place(msgspec.Struct):
    id: str
    name: str


class Preview(msgspec.Struct):
    """What somebody is invited to."""

    workspace: Place
    role: Role
    invited_by: Actor
    expires_at: datetime
