"""`python -m tests.bench.relay`: memory for open streams, deliveries a second, latency, lost and doubled frames.

The relay runs in this process, the load generator in its own, on the other core: a bare asyncio protocol that
counts frames and checks each stream's numbering.
"""

import asyncio
import multiprocessing
import resource
import statistics
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import uvloop

from chalicelib.onebox.asgi import Receive, Scope, Send, respond
from chalicelib.onebox.http import HttpServer, allow_many_files
from chalicelib.onebox.relay import Relay

STREAMS, CHANNELS, ROUNDS, BATCH = 5_000, 50, 20, 10
KEEP_ALIVE = rb":\n\n; format=cstring; timeout=20"


async def origin(scope: Scope, receive: Receive, send: Send) -> None:
    channel = scope["path"].rpartition("/")[2].encode()
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"grip-hold", b"stream"),
        (b"grip-channel", b"ws-" + channel + b"; prev-id=0, ses-" + channel),
        (b"grip-link", b"</next/" + channel + b">; rel=next; timeout=120"),
        (b"grip-keep-alive", KEEP_ALIVE),
    ]
    await respond(send, 200, headers, b": open\n\n")


class Reader(asyncio.Protocol):
    """One stream; it knows frames by their `N:` and expects them counted up from the first it sees."""

    __slots__ = ("buffer", "channel", "load", "open", "seen")

    def __init__(self, load: "Load", channel: int) -> None:
        self.load, self.channel, self.seen, self.open, self.buffer = load, channel, 0, False, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writing = cast(asyncio.Transport, transport)  # uvloop's transports are of no common class
        writing.write(f"GET /s/{self.channel} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data
        if not self.open:
            if b": open\n\n" not in data:
                self.buffer = data
                return
            self.open = True
            self.load.opened += 1
            data = data.partition(b": open\n\n")[2]
        *whole, self.buffer = data.split(b"\n\n")
        now = time.monotonic()
        for part in whole:
            _, found, numbered = part.partition(b"data: ")
            if found:
                seq, sent, _ = numbered.split(b" ", 2)
                self.load.take(self, int(seq), now - float(sent))

    def connection_lost(self, error: Exception | None) -> None:
        self.load.lost_connections += 1


class Load:
    def __init__(self) -> None:
        self.opened = self.frames = self.lost = self.doubled = self.lost_connections = 0
        self.latencies: list[float] = []

    def take(self, reader: Reader, seq: int, latency: float) -> None:
        self.frames += 1
        self.lost += max(0, seq - reader.seen - 1)
        self.doubled += seq <= reader.seen
        reader.seen = max(reader.seen, seq)
        self.latencies.append(latency)

    def quantiles(self) -> tuple[float, float]:
        cuts = statistics.quantiles(self.latencies, n=100)
        return cuts[49] * 1000, cuts[98] * 1000


async def read(port: int, pipe: Connection) -> None:
    load, loop = Load(), asyncio.get_running_loop()
    for start in range(0, STREAMS, 200):
        makers = [partial(Reader, load, number % CHANNELS) for number in range(start, start + 200)]
        await asyncio.gather(*(loop.create_connection(make, "127.0.0.1", port) for make in makers))
    async with asyncio.timeout(30):
        while load.opened < STREAMS:
            await asyncio.sleep(0.01)
    pipe.send("open")
    while True:
        expected = await asyncio.to_thread(pipe.recv)
        if expected is None:
            return
        deadline = loop.time() + 60
        while load.frames < expected and loop.time() < deadline:
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.2)
        p50, p99 = load.quantiles()
        pipe.send((load.frames, load.lost, load.doubled, load.lost_connections, p50, p99))
        load.latencies.clear()


def generate(port: int, pipe: Connection) -> None:
    allow_many_files()
    uvloop.run(read(port, pipe))


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def items(seqs: range) -> list[dict[str, object]]:
    now = time.monotonic()
    return [
        {
            "channel": f"ws-{channel}",
            "id": str(seq),
            "prev-id": str(seq - 1),
            "formats": {"http-stream": {"content": f"id: {seq}\ndata: {seq} {now:.6f} {'x' * 150}\n\n"}},
        }
        for seq in seqs
        for channel in range(CHANNELS)
    ]


def measure(relay: Relay, pipe: Connection) -> None:
    per_seq, seq, sent = STREAMS, 0, 0
    for title, rounds, batch in (("one item a time", 40, 1), ("batches", ROUNDS, BATCH)):
        began, cpu = time.monotonic(), time.process_time()
        for _ in range(rounds):
            target = relay.stats().delivered + per_seq * batch
            relay.publish(items(range(seq + 1, seq + batch + 1)))
            seq, sent = seq + batch, sent + per_seq * batch
            while relay.stats().delivered < target:
                time.sleep(0.0005)
        pipe.send(sent)
        frames, lost, doubled, gone, p50, p99 = pipe.recv()
        took, used = time.monotonic() - began - 0.2, time.process_time() - cpu
        count = rounds * per_seq * batch
        print(
            f"{title}: {count} deliveries in {took:.2f} s ({count / took:,.0f}/s; {count / used:,.0f} a CPU second)"
        )
        print(f"    latency under this load p50 {p50:.1f} ms, p99 {p99:.1f} ms")
        print(f"    received {frames} of {sent}, lost {lost}, doubled {doubled}, connections lost {gone}")
    for _ in range(100):
        seq += 1
        relay.publish(items(range(seq, seq + 1))[:1])
        time.sleep(0.01)
    pipe.send(sent + 100 * STREAMS // CHANNELS)
    *_, p50, p99 = pipe.recv()
    print(f"one item to {STREAMS // CHANNELS} streams every 10 ms: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


def main() -> None:
    allow_many_files()
    relay = Relay(origin)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with HttpServer(relay) as server:
        before = resident_mb()
        process = context.Process(target=generate, args=(server.port, theirs), daemon=True)
        process.start()
        # The generator has its own end; with this one closed too, its death is an error here and not a wait.
        theirs.close()
        assert ours.recv() == "open"
        after = resident_mb()
        each = (after - before) * 1024 / STREAMS
        print(f"{STREAMS} streams: {after:.0f} MB resident ({before:.0f} MB before; {each:.1f} KB a stream)")
        measure(relay, ours)
        print(f"    resident now {resident_mb():.0f} MB; {relay.stats()}")
        ours.send(None)
        process.join(5)


if __name__ == "__main__":
    main()
