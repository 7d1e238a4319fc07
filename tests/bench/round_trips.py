"""What each request costs in storage, counted: `python -m tests.bench.round_trips`.

`tests/kernel/test_round_trips.py` holds every count, and says why some are higher.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.kernel.settings import Settings
from chalicelib.onebox.program import Program
from tests.bench.report import figure, heading
from tests.support.clients import Person, close_clients
from tests.support.every_request import OTHERS, ROUTES, TOOLS, furnish
from tests.support.round_trips import recorded
from tests.support.unlimited import unlimited


def main() -> None:
    heading("Round trips to storage (counted; the first is authentication)")
    with TemporaryDirectory() as folder:
        program = Program(unlimited(Settings(port=0, data=Path(folder), log_level="WARNING"))).start()
        assert program.engine is not None
        for number, (name, ask) in enumerate((ROUTES | TOOLS | OTHERS).items()):
            place = furnish(Person(program.url, f"person-{number}"))
            with recorded(program.engine) as recorder:
                made = recorder.made_by(ask(place))
            figure(name, " + ".join(made) or "none")
            close_clients()
        program.stop()


if __name__ == "__main__":
    main()
