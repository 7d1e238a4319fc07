"""What a call of the API takes, at 10 tasks in the workspace and at 10,000: `python -m tests.bench.api`.

The workspaces are filled by the rules themselves, in this process, on a data folder in memory; then the program is
started on a copy of it on disk.
"""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.kernel import scope, settings, store
from chalicelib.kernel.settings import Settings
from chalicelib.onebox.engine import Engine, installed
from chalicelib.onebox.pump import CONSUMERS
from chalicelib.people import rules as people
from chalicelib.tasks import rules as tasks
from chalicelib.tasks.model import Assignee
from chalicelib.workspaces import rules as workspaces
from tests.bench.process import Running, running
from tests.bench.report import heading, latency, timed

SIZES = (10, 10_000)
ROUNDS = 1000
READ, WRITE = (5.0, 15.0), (8.0, 25.0)
BODY = "What is to be done, in a sentence or four. " * 5


def fill(folder: Path) -> dict[int, str]:
    """Workspaces of the local owner with as many tasks as `SIZES` says; their ids."""
    settings.configure(Settings(data=folder, local_sign_in=True))
    with closing(Engine.open(folder / "handrail.db")) as engine, installed(engine.client):
        store.connect()
        store.create_tables()
        person, session = people.sign_in_locally("127.0.0.1")
        ids = {}
        for size in SIZES:
            new = workspaces.NewWorkspace(name=f"{size} tasks")
            ids[size] = workspaces.create(session, new, None).id
            owner = scope.for_session(session.id, person.id, ids[size])
            for number in range(size):
                assignee: Assignee = "human" if number % 3 == 0 else "agent"
                tasks.create(owner, tasks.NewTask(title=f"Task {number}", body=BODY, assignee=assignee))
        # Nobody was connected when these events happened.
        for consumer in CONSUMERS:
            engine.advance(consumer, engine.last_change(), CONSUMERS)
    return ids


def measure(program: Running, workspace_id: str, size: int) -> None:
    base = f"/api/workspaces/{workspace_id}/tasks"
    person = program.owner
    known = [task["id"] for task in person.ask("GET", f"{base}?limit=200").json["items"]]
    own = itertools.cycle(known)
    at = f"at {size:,} tasks"

    def read(what: str, path: str) -> None:
        latency(f"{what} {at}", timed(ROUNDS, lambda turn: person.ask("GET", path.format(id=next(own)))), READ)

    read("read: list of 50,", base)
    read("read: list of 50 of one status,", f"{base}?status=notstarted&assignee=agent")
    read("read: one task,", f"{base}/{{id}}")
    read("read: a thread,", f"{base}/{{id}}/messages")
    new = {"title": "One more", "body": BODY}
    created = timed(ROUNDS, lambda turn: person.ask("POST", base, new))
    latency(f"write: create {at}", created, WRITE)
    edited = timed(ROUNDS, lambda turn: person.ask("PATCH", f"{base}/{next(own)}", {"title": f"Turn {turn}"}))
    latency(f"write: patch {at}", edited, WRITE)
    replied = timed(ROUNDS, lambda turn: person.ask("POST", f"{base}/{next(own)}/messages", {"text": f"Turn {turn}"}))
    latency(f"write: reply {at}", replied, WRITE)


def main() -> None:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(dir=memory) as filled, TemporaryDirectory() as data:
        ids = fill(Path(filled))
        shutil.copytree(filled, data, dirs_exist_ok=True)
        with running(Path(data)) as program:
            heading("API (real process, one client)")
            for size, workspace_id in ids.items():
                measure(program, workspace_id, size)


if __name__ == "__main__":
    main()
