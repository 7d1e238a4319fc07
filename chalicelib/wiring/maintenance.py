"""What the scheduled function serves: the work that falls due. One function for all, as they share its minute."""

from __future__ import annotations

from chalicelib.attachments import rules as attachment_rules
from chalicelib.kernel import due
from chalicelib.members import invitations
from chalicelib.tasks import claims
from chalicelib.tokens import presence
from chalicelib.tokens import rules as token_rules
from chalicelib.workspaces import rules as workspace_rules

kinds = [
    due.Kind("token_expiry", "tokens expired", token_rules.expire),
    due.Kind("invitation_expiry", "invitations expired", invitations.expire),
    due.Kind("presence", "agents gone", presence.check, presence.sift),
    due.Kind("lease", "leases released", claims.release),
    due.Kind("upload", "uploads forgotten", attachment_rules.forget),
    due.Kind("purge", "items purged", workspace_rules.purge),
]


def run_due_work(seconds: float = due.USUAL_SECONDS) -> dict[str, int]:
    """What every scheduled run does; the numbers say how much of each kind it did, and what was not done."""
    return due.run(kinds, seconds)
