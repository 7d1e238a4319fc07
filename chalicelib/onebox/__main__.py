"""`python -m chalicelib.onebox`: run Handrail on this machine.

What keeps it from starting is said in one line, with exit code 1.
"""

from __future__ import annotations

import sys

from chalicelib.kernel import settings
from chalicelib.kernel.settings import ConfigurationError
from chalicelib.onebox.engine import EngineError
from chalicelib.onebox.http import AddressInUse
from chalicelib.onebox.pushpin import NotStarted


def main() -> int:
    from chalicelib.onebox.program import Program

    try:
        Program(settings.settings()).run(lambda url: print(f"Handrail is at {url}", flush=True))
    except (ConfigurationError, EngineError, AddressInUse, NotStarted) as error:
        print(f"Handrail cannot start: {error}", file=sys.stderr)
        return 1
    print("Handrail has stopped.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
