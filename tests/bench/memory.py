"""What the program weighs, at rest and with 5,000 open streams: `python -m tests.bench.memory`.

Half of the streams are dashboards of the owner, half are MCP streams of agents, of which each token has several. All
are open in one workspace, so that one event goes to all dashboards, and one new task to everybody.
"""

from __future__ import annotations

import resource
import select
import time
from time import perf_counter

from tests.bench.process import Agent, Running, running
from tests.bench.report import amount, heading
from tests.bench.wire import Wire

STREAMS = 5_000
TOKENS = 50
# Every stream is asked about once a minute; that is the work of a program at rest.
MINUTE = 60


class Crowd:
    """Many open streams."""

    def __init__(self, program: Running, workspace_id: str) -> None:
        self.agents: list[Agent] = [program.agent(workspace_id) for _ in range(TOKENS)]
        self.wires: list[Wire] = []
        for number in range(STREAMS // 2):
            dashboard = program.person()
            dashboard.open(f"/api/workspaces/{workspace_id}/events")
            agent = self.agents[number % TOKENS]
            mcp = agent.wire()
            mcp.open(agent.path)
            self.wires += [dashboard, mcp]

    def all_read(self, mark: bytes) -> None:
        """Returns when `mark` has arrived on every stream, whichever is first."""
        poll, waiting = select.epoll(), {}
        for wire in self.wires:
            waiting[wire.fileno()] = wire
            poll.register(wire.fileno(), select.EPOLLIN)
        while waiting:
            for number, _ in poll.poll(30):
                if waiting[number].has_read(mark):
                    poll.unregister(number)
                    del waiting[number]
        poll.close()


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    heading("Memory (real process)")
    with running() as program:
        workspace_id = program.create_workspace()
        warm = program.agent(workspace_id)
        warm.wire().ask("POST", warm.path, warm.call("getNextTask"))
        rest = program.memory()
        amount("resident, at rest after the first requests", rest, "MB")
        begin = perf_counter()
        crowd = Crowd(program, workspace_id)
        opened = perf_counter() - begin
        full = program.memory()
        amount(f"resident, with {STREAMS:,} open streams", full, "MB", 250)
        amount("a stream", (full - rest) * 1024 / STREAMS, "KB")
        amount("opening a stream", opened * 1000 / STREAMS, "ms")
        program.reconnect()
        begin = perf_counter()
        program.create_task(workspace_id, title="For everybody.")
        crowd.all_read(b"For everybody.")
        amount(f"a new task at all {STREAMS:,} streams after", (perf_counter() - begin) * 1000, "ms")
        amount("resident after that", program.memory(), "MB", 250)
        before = program.cpu()
        time.sleep(MINUTE)
        amount("processor time with all of them quiet", (program.cpu() - before) / MINUTE * 100, "%")


if __name__ == "__main__":
    main()
