"""The real Pushpin of the one-machine program, in front of any origin on this machine."""

import os
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

from chalicelib.kernel.relays import Relays
from chalicelib.kernel.settings import ConfigurationError
from chalicelib.onebox import pushpin
from tests.contract.grip.origin import Origin, hold

DEADLINE = 30.0


def must_be_installed() -> None:
    """Where it is not, a test is skipped; in CI nothing may be."""
    try:
        pushpin.must_be_installed()
    except ConfigurationError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


class Pushpin:
    """`with Pushpin(origin_port) as pushpin:` → `pushpin.url`, `pushpin.publish(items)`."""

    def __init__(self, origin_port: int, *, signature_key: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pushpin-"))
        # What is held is known from the log, at level 2.
        self.process = pushpin.Pushpin(self.folder, origin_port, signature_key, log_level=2)
        self.url, self.port = self.process.url, self.process.port
        self.publish_url = self.process.publish_url
        self._relays = Relays(lambda: [self.publish_url])

    def __enter__(self) -> "Pushpin":
        self.process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.process.end()
        self.process.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def warm_up(self, origin: Origin) -> None:
        origin.on("/ready", hold(b"", "/ready"))
        self.process.wait_until_ready("/ready", DEADLINE)

    def wait_held(self, channel: str) -> None:
        """Until a response is held on the channel, and the second asking after a second is past, if it comes."""
        log, pause = self.folder / "pushpin-handler.log", threading.Event()
        since = 0
        for tick in range(int(DEADLINE / 0.02)):
            text = log.read_text()
            if f" channel={channel} retry" in text or (since and tick - since > 100):
                return
            if not since and f" channel={channel}\n" in text:
                since = tick
            pause.wait(0.02)
        raise AssertionError(f"nothing was held on {channel}")

    def publish(self, items: Sequence[Mapping[str, object]]) -> None:
        self._relays.publish(items)
