"""How fast what happens reaches those who are connected: `python -m tests.bench.push`.

Each time runs from before the request is sent to the moment when the frame has been read, by one client without
threads on the same machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from time import perf_counter

from tests.bench.process import Agent, Running, running
from tests.bench.report import heading, latency
from tests.bench.wire import Wire

ROUNDS = 500
TOKENS = 100
# Time for a call to be held: from outside nobody can see that it is.
SETTLE = 0.02


class Conversation:
    """A person and an agent in one task, with all that can be held open."""

    def __init__(self, program: Running) -> None:
        self.program = program
        self.workspace_id = program.create_workspace()
        self.agent = program.agent(self.workspace_id)
        self.stream = self.agent.wire()
        self.stream.open(self.agent.path)
        self.dashboard = program.person()
        self.dashboard.open(f"/api/workspaces/{self.workspace_id}/events")
        self.caller = self.agent.wire()
        self.task_id = program.create_task(self.workspace_id)
        self.caller.ask("POST", self.agent.path, self.agent.call("getNextTask"))

    def reply(self, text: str, seen: Callable[[bytes], object]) -> float:
        """A person replies; the time until `seen` has seen the text."""
        path = f"/api/workspaces/{self.workspace_id}/tasks/{self.task_id}/messages"
        start = perf_counter()
        self.program.owner.send("POST", path, {"text": text})
        seen(text.encode())
        taken = perf_counter() - start
        answer = self.program.owner.answer()
        assert answer.status == 201, answer
        return taken

    def told(self, text: str, listener: Wire) -> float:
        """The same, at an open stream; then the agent deals with it, so that its inbox stays empty."""
        taken = self.reply(text, listener.read_until)
        self.thank()
        return taken

    def thank(self) -> None:
        self.caller.ask("POST", self.agent.path, self.agent.call("reply", chat_id=self.task_id, text="Thanks"))

    def answer(self, text: str) -> float:
        """The same, to an agent whose waitForReply is held."""
        self.thank()
        self.caller.send("POST", self.agent.path, self.agent.call("waitForReply", task_id=self.task_id))
        self.dashboard.read_until(b'"kind":"question"')
        time.sleep(SETTLE)

        def answered(text: bytes) -> None:
            body = self.caller.answer().body
            assert text in body, body

        return self.reply(text, answered)


def revocation(program: Running, workspace_id: str) -> float:
    agent: Agent = program.agent(workspace_id)
    stream: Wire = agent.wire()
    stream.open(agent.path)
    start = perf_counter()
    program.owner.send("DELETE", f"/api/workspaces/{workspace_id}/tokens/{agent.token_id}")
    stream.read_to_end()
    taken = perf_counter() - start
    assert program.owner.answer().status == 204
    stream.close()
    return taken


def main() -> None:
    heading("Push (real process, one client)")
    with running() as program:
        talk = Conversation(program)
        talk.answer("warm up")
        pushed = [talk.told(f"reply {turn:04}.", talk.stream) for turn in range(ROUNDS)]
        latency("person's reply → frame at the agent's open MCP stream", pushed, (15, 50))
        held = [talk.answer(f"answer {turn:04}.") for turn in range(ROUNDS)]
        latency("person's reply → answer of a held waitForReply", held)
        shown = [talk.told(f"shown {turn:04}.", talk.dashboard) for turn in range(ROUNDS)]
        latency("person's reply → frame at an open dashboard", shown)
        unread = [talk.reply(f"unread {turn:04}.", talk.stream.read_until) for turn in range(ROUNDS)]
        latency(f"… at an agent's stream, {ROUNDS} to {2 * ROUNDS} unread", unread, (15, 50))
        ended = [revocation(program, talk.workspace_id) for _ in range(TOKENS)]
        latency("token revoked → its MCP stream closed", ended, (1000, 1000))


if __name__ == "__main__":
    main()
