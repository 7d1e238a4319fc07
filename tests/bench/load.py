"""`python -m tests.bench.load`: write → frame with many streams over many workspaces, for each relay.

The program runs as a user runs it; one client process, a bare asyncio protocol without a thread or a task a stream,
reads all streams and writes at a steady rate, on the other core. Each stream must show every event of its workspace,
once and in order. It takes a time known before, whatever happens: a write that is not answered, or a frame that
does not come, is counted, not waited for.

Pushpin follows ten links a second, that of a new stream before it delivers to it: it is given the time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import statistics
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import cast
from urllib.parse import urlsplit

import uvloop

from chalicelib.onebox.http import allow_many_files
from tests.bench.process import Running, running
from tests.bench.report import figure, heading, percentile

PUSHPIN_LINKS = 10  # a second
OPENED_AT_ONCE, WRITERS = 100, 16
OPEN_SECONDS, DRAIN_SECONDS, ANSWER_SECONDS = 180.0, 20.0, 10.0
PARTS = 6
SENT = re.compile(rb'"title":"at ([0-9.]+)"')


@dataclass(frozen=True)
class Plan:
    streams: int
    workspaces: int
    rate: int
    seconds: int


@dataclass
class Tally:
    """What the clients saw."""

    opened: int = 0
    frames: int = 0
    lost: int = 0
    doubled: int = 0
    closed: int = 0
    written: int = 0
    refused: int = 0
    late: float = 0.0
    waits: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)


class Reader(asyncio.Protocol):
    """One stream: decodes the chunked body, and expects ids counted up from the last event before it.

    One that is cut comes back with the last id that it has, as every client does.
    """

    __slots__ = ("body", "buffer", "client", "headers", "left", "open", "seen", "tally", "ws")

    def __init__(self, client: Client, ws: str, seen: int) -> None:
        self.client, self.tally, self.ws, self.seen = client, client.tally, ws, seen
        self.open = False
        self._begin()

    def _begin(self) -> None:
        self.buffer = self.body = b""
        self.headers, self.left = True, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        path = f"/api/workspaces/{self.ws}/events?after={self.seen}"
        request = f"GET {path} HTTP/1.1\r\n{self.client.head}Accept: text/event-stream\r\n\r\n"
        cast(asyncio.Transport, transport).write(request.encode())  # uvloop's transports are of no common class

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.headers:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 200 " not in head[:20]:
                raise RuntimeError(f"a stream was refused: {head[:200]!r}")
            self.headers, self.buffer = False, rest
        self._decode()
        *whole, self.body = self.body.split(b"\n\n")
        now = monotonic()
        for part in whole:
            self._take(part, now)

    def _decode(self) -> None:
        """Move what is there of the chunks from `buffer` to `body`; `left` is what is to come of the one at hand."""
        while self.buffer:
            if self.left > 2:
                content = self.buffer[: self.left - 2]
                self.body += content
                self.buffer, self.left = self.buffer[len(content) :], self.left - len(content)
            elif self.left:
                end = self.buffer[: self.left]
                self.buffer, self.left = self.buffer[len(end) :], self.left - len(end)
            else:
                size, found, rest = self.buffer.partition(b"\r\n")
                if not found:
                    return
                self.buffer, self.left = rest, int(size, 16) + 2

    def _take(self, part: bytes, now: float) -> None:
        if not self.open:
            self.open = True
            self.tally.opened += 1
        if not part.startswith(b"id: "):
            return
        id = int(part[4 : part.index(b"\n")])
        self.tally.frames += 1
        self.tally.lost += max(0, id - self.seen - 1)
        self.tally.doubled += id <= self.seen
        self.seen = max(self.seen, id)
        sent = SENT.search(part)
        if sent is not None:
            self.tally.waits.append(now - float(sent[1]))

    def connection_lost(self, error: Exception | None) -> None:
        self.tally.closed += 1
        self._begin()
        self.client.connect(self)


class Client:
    def __init__(self, url: str, cookie: str, workspaces: list[str], plan: Plan) -> None:
        self.plan, self.workspaces, self.tally = plan, workspaces, Tally()
        address = urlsplit(url)
        self.host, self.port = str(address.hostname), int(address.port or 80)
        self.connecting: set[asyncio.Task[object]] = set()
        self.head = f"Host: {address.netloc}\r\nCookie: {cookie}\r\n"

    def connect(self, reader: Reader) -> asyncio.Task[object]:
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.create_connection(lambda: reader, self.host, self.port))
        self.connecting.add(task)
        task.add_done_callback(self.connecting.discard)
        return task

    async def open_streams(self) -> list[Reader]:
        count = len(self.workspaces)
        readers = [Reader(self, self.workspaces[number % count], 1) for number in range(self.plan.streams)]
        async with asyncio.timeout(OPEN_SECONDS):
            for start in range(0, len(readers), OPENED_AT_ONCE):
                some = readers[start : start + OPENED_AT_ONCE]
                await asyncio.gather(*map(self.connect, some))
                while self.tally.opened < start + len(some):
                    await asyncio.sleep(0.005)
        return readers

    async def write(self) -> None:
        """At the planned rate, whether the answers come or not; how far behind it fell is told."""
        loop, due = asyncio.get_running_loop(), asyncio.Queue[tuple[float, str]]()
        writers = [loop.create_task(self._writer(due)) for _ in range(WRITERS)]
        began = monotonic()
        for number in range(self.plan.rate * self.plan.seconds):
            at = began + number / self.plan.rate
            if at > monotonic():
                await asyncio.sleep(at - monotonic())
            due.put_nowait((at, self.workspaces[number % len(self.workspaces)]))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await due.join()
        except TimeoutError:
            self.tally.refused += due.qsize()
        for writer in writers:
            writer.cancel()

    async def _writer(self, due: asyncio.Queue[tuple[float, str]]) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            while True:
                at, ws = await due.get()
                sent = monotonic()
                self.tally.late = max(self.tally.late, sent - at)
                body = json.dumps({"title": f"at {sent:.6f}"})
                writer.write(
                    f"POST /api/workspaces/{ws}/tasks HTTP/1.1\r\n{self.head}Content-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
                )
                await self._answered(reader, ws, sent)
                due.task_done()
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, ws: str, sent: float) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length is not None, head
        await reader.readexactly(int(length[1]))
        if b" 201 " not in head[:20]:
            self.tally.refused += 1
            return
        self.tally.written += 1
        self.tally.answers.append(monotonic() - sent)
        self.tally.last[ws] = self.tally.last.get(ws, 1) + 1

    async def drain(self, readers: list[Reader]) -> None:
        """Until every stream is where its workspace is, or nothing more may be expected."""
        end = monotonic() + DRAIN_SECONDS
        while monotonic() < end and self.behind(readers):
            await asyncio.sleep(0.02)
        self.tally.lost += self.behind(readers)

    def behind(self, readers: list[Reader]) -> int:
        count = len(self.workspaces)
        return sum(
            max(0, self.tally.last.get(self.workspaces[n % count], 1) - one.seen) for n, one in enumerate(readers)
        )


async def drive(client: Client, pipe: Connection) -> None:
    began = monotonic()
    readers = await client.open_streams()
    pipe.send(monotonic() - began)
    await asyncio.to_thread(pipe.recv)
    await client.write()
    await client.drain(readers)
    pipe.send(client.tally)


def generate(url: str, cookie: str, workspaces: list[str], plan: Plan, pipe: Connection) -> None:
    allow_many_files()
    uvloop.run(drive(Client(url, cookie, workspaces, plan), pipe))


def memory(pids: list[int]) -> float:
    found = (re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()) for pid in pids)
    return sum(int(one[1]) for one in found if one is not None) / 1024


def cpu(pids: list[int]) -> float:
    """Seconds of processor time used so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def pids_of(server: Running, data: Path) -> list[int]:
    """The program, and its Pushpin's processes."""
    state = data / "run" / "running.json"
    if not state.exists():
        return [server.pid]
    session = json.loads(state.read_text())["session"]
    found = [server.pid]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session:
            found.append(int(entry.name))
    return found


def measure(relay: str, plan: Plan) -> bool:
    with TemporaryDirectory() as folder:
        data = Path(folder)
        with running(data, relay=relay, most_workspaces=str(plan.workspaces)) as server:
            workspaces = [server.create_workspace(f"load {number}") for number in range(plan.workspaces)]
            return _measured(server, data, relay, workspaces, plan)


def _measured(server: Running, data: Path, relay: str, workspaces: list[str], plan: Plan) -> bool:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    pids = pids_of(server, data)
    before = memory(pids)
    process = context.Process(
        target=generate, args=(server.url, server.cookie, workspaces, plan, theirs), daemon=True
    )
    process.start()
    theirs.close()
    took = float(ours.recv())
    if relay == "pushpin":
        sleep(plan.streams / PUSHPIN_LINKS + 5)
    opened, used, samples = memory(pids), cpu(pids), []
    ours.send("write")
    deadline = monotonic() + plan.seconds + ANSWER_SECONDS + DRAIN_SECONDS + 30
    while not ours.poll(min(5.0, plan.seconds / 8)) and monotonic() < deadline:
        samples.append(memory(pids))
    tally: Tally = ours.recv()
    process.join(5)
    heading(
        f"{relay}: {plan.streams:,} streams over {plan.workspaces} workspaces, {plan.rate} writes/s, {plan.seconds} s"
    )
    expected = sum(tally.last.get(workspaces[number % len(workspaces)], 1) - 1 for number in range(plan.streams))
    figure("streams opened in", f"{took:.1f} s", "", None)
    figure("writes acknowledged", f"{tally.written:,} of {plan.rate * plan.seconds:,}", "all", not tally.refused)
    figure("    most that a write was sent late by the client", f"{tally.late * 1000:.0f} ms")
    quantiles("write → answer", tally.answers)
    quantiles("write → frame", tally.waits)
    # A write whose answer came too late to be counted has frames all the same.
    good = tally.lost == tally.doubled == 0 and tally.frames >= expected
    told = f"{tally.frames:,} of {expected:,}; {tally.lost} lost, {tally.doubled} doubled"
    figure("frames", told, "none lost or doubled", good)
    figure("streams that were cut and came back", f"{tally.closed}")
    figure("memory before, with streams open", f"{before:.0f}, {opened:.0f} MB")
    parts = [samples[len(samples) * n // PARTS : len(samples) * (n + 1) // PARTS] for n in range(PARTS)]
    told = ", ".join(f"{statistics.median(part):.0f}" for part in parts if part)
    figure(f"memory in each {PARTS}th of the time", f"{told} MB")
    figure("processor time a second of writes", f"{(cpu(pids) - used) / plan.seconds * 100:.0f} %")
    return good and not tally.refused


def quantiles(what: str, seconds: list[float]) -> None:
    values = " ".join(f"p{p:g} {percentile(seconds, p) * 1000:.1f}" for p in (50, 99, 100))
    figure(what, f"{values} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=5_000)
    parser.add_argument("--workspaces", type=int, default=500)
    parser.add_argument("--rate", type=int, default=200, help="writes a second")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--relay", choices=["embedded", "pushpin"], action="append")
    chosen = parser.parse_args()
    plan = Plan(chosen.streams, chosen.workspaces, chosen.rate, chosen.seconds)
    allow_many_files()
    good = [measure(relay, plan) for relay in chosen.relay or ("embedded", "pushpin")]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
