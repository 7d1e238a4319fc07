"""What can go wrong, one small class per outcome, each mapped once to HTTP and once to MCP.

`code` is stable and public. `detail` says what happened and what to do next. `extra` holds the members that a
code promises (`legal`, `errors`, `current`, ...), as plain JSON values.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Problem(Exception):
    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    def as_json(self) -> dict[str, Json]:
        """The `application/problem+json` object."""
        body: dict[str, object] = {
            "type": f"urn:handrail:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }
        plain: dict[str, Json] = msgspec.to_builtins(body)
        return plain


class BadRequest(Problem):
    status, code, title = 400, "bad_request", "The request cannot be read"


class TokenInUrl(Problem):
    status, code, title = 400, "token_in_url", "A token does not belong in a URL"


class Unauthorized(Problem):
    status, code, title = 401, "unauthorized", "Missing or dead credentials"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """Absent, or not the caller's: from outside there is no difference, so there is one text."""

    status, code, title = 404, "not_found", "Not found"

    def __init__(self) -> None:
        super().__init__("There is nothing here that you can see. Check the ids in the address.")


class Archived(Problem):
    status, code, title = 409, "archived", "The workspace is archived"

    def __init__(self) -> None:
        super().__init__("An archived workspace is read-only. A person can restore it in its settings.")


class VersionConflict(Problem):
    status, code, title = 409, "version_conflict", "Somebody else changed it first"


class IllegalTransition(Problem):
    status, code, title = 409, "illegal_transition", "That status cannot follow this one"


class AlreadyDecided(Problem):
    status, code, title = 409, "already_decided", "Somebody decided this already"


class Claimed(Problem):
    status, code, title = 409, "claimed", "Another agent works on this task"


class NotNow(Problem):
    """`retry_after` is in whole seconds, as in the header of that name, which the answer has."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after


class Busy(NotNow):
    """Every retry lost its race. Nothing was written."""

    status, code, title = 409, "busy", "Too many writers at once"


class Unavailable(NotNow):
    """Storage is overloaded or out of reach. Whether anything was written, `detail` says."""

    status, code, title = 503, "unavailable", "Not available right now"


class AlreadyMember(Problem):
    status, code, title = 409, "already_member", "Already a member"

    def __init__(self) -> None:
        super().__init__("Somebody with this e-mail address is a member of the workspace already.")


class AlreadyInvited(Problem):
    status, code, title = 409, "already_invited", "Already invited"

    def __init__(self) -> None:
        super().__init__(
            "This e-mail address is invited already. If the link is lost, revoke that invitation and make a new one."
        )


class LastOwner(Problem):
    status, code, title = 409, "last_owner", "Somebody has to own the workspace"

    def __init__(self) -> None:
        super().__init__("A workspace needs an owner, and this is the last one. Make somebody else an owner first.")


class IdempotencyMismatch(Problem):
    status, code, title = 422, "idempotency_mismatch", "The idempotency key was used for something else"


class RateLimited(NotNow):
    status, code, title = 429, "rate_limited", "Too many requests"

    def __init__(self, seconds: int) -> None:
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(f"You call too often. Wait {seconds} {unit}, then try again.", seconds)


class QuotaExceeded(Problem):
    """`quota` names it, `limit` is how much it allows."""

    status, code, title = 409, "quota_exceeded", "There is no room for more"


class TooLarge(Problem):
    status, code, title = 413, "too_large", "Too large"


class WorkspaceMismatch(Problem):
    """An entity, or a named workspace, is not the one that the credential is for."""

    status, code, title = 403, "workspace_mismatch", "That belongs to a different workspace"


class ValidationFailed(Problem):
    """`errors` is a list of `{path, message}`."""

    status, code, title = 422, "validation_failed", "Some values cannot be accepted"

    def __init__(self, *errors: tuple[str, str]) -> None:
        text = "; ".join(f"{path}: {message}" if path else message for path, message in errors)
        super().__init__(text, errors=[{"path": path, "message": message} for path, message in errors])
