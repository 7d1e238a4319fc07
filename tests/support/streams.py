"""Reading streams: what one shows of a workspace, and hanging up while another thread reads it, as a browser does."""

from __future__ import annotations

import contextlib
import socket

from tests.support.clients import EventStream, Frame


def hang_up(stream: EventStream) -> None:
    """What had arrived is in `stream.frames` when this returns, and nothing comes after it."""
    connection: socket.socket = stream.response.extensions["network_stream"].get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    stream.wait_until_closed()
    stream.close()


def of(stream: EventStream, workspace_id: str) -> list[Frame]:
    """Of a stream over several workspaces, what it has shown of one."""
    return [frame for frame in list(stream.frames) if frame.json["workspace_id"] == workspace_id]


def ids(stream: EventStream, workspace_id: str) -> list[int]:
    return [int(frame.id or 0) for frame in of(stream, workspace_id)]


def wait_for(stream: EventStream, workspace_id: str, seq: int) -> Frame:
    return stream.wait_for(lambda frame: frame.id == str(seq) and frame.json["workspace_id"] == workspace_id)
