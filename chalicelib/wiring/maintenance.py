"""What the scheduled function serves: the work that falls due."""

from __future__ import annotations

from chalicelib.kernel import due
from chalicelib.tokens import presence
from chalicelib.tokens import rules as token_rules
from chalicelib.workspaces import rules as workspace_rules


def run_due_work() -> dict[str, int]:
    """What every scheduled run does; the numbers say how much of each kind it did."""
    return {
        "tokens expired": due.work_off("token_expiry", token_rules.expire),
        "agents gone": due.work_off("presence", presence.check),
        "items purged": due.work_off("purge", workspace_rules.purge),
    }
