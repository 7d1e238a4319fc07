"""How a command ends: well, or with what is wrong in a line or a few, and no traceback for what a person can mend."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from infra.tools.stages import Refusal
from infra.tools.template import TemplateError


def run(command: Callable[[Sequence[str]], bool]) -> int:
    """The exit status of `command`, called with the program's arguments; it says whether it did what it is for."""
    try:
        return 0 if command(sys.argv[1:]) else 1
    except (Refusal, TemplateError) as refusal:
        print(refusal, file=sys.stderr)
    except ClientError as error:
        problem = error.response["Error"]
        print(f"AWS refuses {error.operation_name}: {problem['Message']} ({problem['Code']})", file=sys.stderr)
    except BotoCoreError as error:
        print(f"AWS cannot be used from here: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    return 1
