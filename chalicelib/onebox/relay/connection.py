"""The line between the relay and the HTTP server: what a held connection can do, and what it tells.

The server puts a `Connection` into `scope["extensions"][EXTENSION]`. After `detach` the ASGI call
may return while the connection stays open: no task and no parser are kept for it, and the holder
writes bytes (chunked framing included) straight to the socket. Everything happens on the event
loop's thread.
"""

from typing import Protocol

EXTENSION = "handrail.connection"


class Holder(Protocol):
    def connection_lost(self) -> None:
        """The client is gone; nothing can be written any more."""

    def connection_writable(self) -> None:
        """The unsent bytes have fallen below the low-water mark again."""

    def server_stopping(self) -> None:
        """The server wants to end: finish what is held, now."""


class Connection(Protocol):
    def watch(self, holder: Holder | None) -> None:
        """Tell this holder (or nobody) what happens to the connection."""

    def detach(self) -> None:
        """Take the connection over from the request in progress, whose headers have been sent."""

    def write(self, data: bytes) -> None: ...

    def unsent(self) -> int: ...

    def congested(self) -> bool:
        """Whether `connection_writable` is still to come."""

    def finish(self) -> None:
        """End the chunked body and close once everything is sent."""

    def abort(self) -> None: ...
