"""Hanging up a stream while another thread reads it, as a browser does that goes away."""

from __future__ import annotations

import contextlib
import socket

from tests.support.clients import EventStream


def hang_up(stream: EventStream) -> None:
    """What had arrived is in `stream.frames` when this returns, and nothing comes after it."""
    connection: socket.socket = stream.response.extensions["network_stream"].get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    stream.wait_until_closed()
    stream.close()
