"""Settings and keys of a stage that is deployed; its functions use them within five minutes, without a deployment.

python -m infra.tools.configure STAGE rotate [now]     a new signing key; `now`: the old one is worth nothing
python -m infra.tools.configure STAGE name=value name  set settings; without a value it asks, and shows nothing
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getpass

from infra.tools import stages
from infra.tools.account import account
from infra.tools.command import run
from infra.tools.secret import Secret
from infra.tools.stack import Stack
from infra.tools.stages import Refusal


def configure(secret: Secret, arguments: Sequence[str]) -> str:
    """Do what the arguments say; what was done, in one line."""
    if arguments[:1] == ["rotate"]:
        since = datetime.fromtimestamp(secret.rotate(at_once=list(arguments[1:]) == ["now"]), UTC)
        return f"A new key signs from {since:%H:%M:%S} UTC on."
    given = [argument.partition("=") for argument in arguments]
    if not given:
        raise Refusal(
            "Nothing to set: write SETTINGS='name=value name', with names of chalicelib/kernel/settings.py."
        )
    chosen = {name: value if sign else getpass(f"{name}: ") for name, sign, value in given}
    return f"Set: {', '.join(sorted(chosen))}." if secret.set(chosen) else "Nothing to change."


def main(arguments: Sequence[str]) -> bool:
    stage = stages.checked(*arguments[:1])
    at = account()
    outputs = Stack(at.clients.client("cloudformation"), stages.stack_name(stage)).outputs()
    if "Secret" not in outputs:
        raise Refusal(f"There is no stack {stages.stack_name(stage)} in {at.region}: run 'make deploy' first.")
    print(configure(Secret(at.clients.client("secretsmanager"), outputs["Secret"]), arguments[1:]))
    return True


if __name__ == "__main__":
    sys.exit(run(main))
