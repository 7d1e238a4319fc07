"""A workspace in which everything that can be named or said is hostile."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass

from tests.support.clients import Agent, Json, Person
from tests.support.hostile import FILE_NAMES, FILES, LINES, MARKDOWN

NAMES = [name for name in LINES if len(name) <= 100]
MALLORY = "<b onclick=harmed()>Mallory</b>"
ASKED = 16
DENIED = 8


@dataclass(frozen=True)
class HostileWorld:
    # Of the person whose it is.
    name: str
    person: Person
    # Of a token of the workspace.
    secret: str
    workspace_id: str
    titles: list[str]
    # Where everything was said, and where the files are.
    thread: str
    files: str

    @property
    def path(self) -> str:
        return f"/w/{self.workspace_id}"


def hostile_world(url: str) -> HostileWorld:
    """Each title and each body waits for the person; each name is that of a workspace, a token, or a file."""
    person = Person(url, MALLORY)
    for name in NAMES[:20]:
        person.create_workspace(name, mission=name)
    workspace_id = person.create_workspace(NAMES[0], mission="\n".join(MARKDOWN)[:4_000])["id"]
    agents = [person.agent(workspace_id, name) for name in NAMES[:30]]
    agent = agents[0].initialize()
    titles = list(itertools.islice(itertools.cycle(LINES), len(MARKDOWN)))
    for title, body in zip(titles, MARKDOWN, strict=True):
        agent.call("createTask", title=title, body=body, assignee="human")
    thread = person.create_task(workspace_id, NAMES[1], body="\n\n".join(MARKDOWN))["id"]
    at = f"/api/workspaces/{workspace_id}/tasks/{thread}"
    person.ask("PATCH", at, json={"title": NAMES[2], "assignee": "human"})
    person.create_task(workspace_id, NAMES[3], parent_id=thread)
    say(agent, thread)
    ask_and_deny(person, workspace_id, agents, thread)
    add_rules(person, workspace_id)
    files = person.create_task(workspace_id, "Files")["id"]
    attachments = hostile_files()
    while attachments:
        agent.call("reply", chat_id=files, text="Some files", attachments=attachments[:10])
        del attachments[:10]
    return HostileWorld(MALLORY, person, agent.secret, workspace_id, titles, thread, files)


def say(agent: Agent, task_id: str) -> None:
    for text in MARKDOWN:
        agent.call("reply", chat_id=task_id, text=text)


def ask_and_deny(person: Person, workspace_id: str, agents: list[Agent], task_id: str) -> None:
    """Some requests wait in the thread, some outside of it, and some were denied with a hostile reason."""
    for number, (name, text) in enumerate(zip(LINES[:ASKED], MARKDOWN[-ASKED:], strict=True)):
        about = {"task_id": task_id} if number % 2 else {}
        agent = agents[number].initialize()
        request = {
            "request_id": f"ask{number}",
            "tool_name": name,
            "description": text[:4_000],
            "input_preview": text,
        }
        agent.notify("notifications/claude/channel/permission_request", request | about)
    at = f"/api/workspaces/{workspace_id}/permissions"
    pending: list[Json] = person.ask("GET", f"{at}?status=pending&limit=200")["items"]
    assert len(pending) == ASKED
    for permission, reason in zip(pending[:DENIED], MARKDOWN, strict=False):
        decision = {"behavior": "deny", "reason": reason[:2_000]}
        person.ask("PUT", f"{at}/{permission['id']}/decision", json=decision)


def add_rules(person: Person, workspace_id: str) -> None:
    at = f"/api/workspaces/{workspace_id}/permission_rules"
    for name in NAMES[:30]:
        person.ask("POST", at, 201, json={"tool_name": "Read", "pattern": json.dumps({"file_path": name})})
    for name in ("<img src=x onerror=harmed()>", "<svg/onload=harmed()>", "W" * 90):
        person.ask("POST", at, 201, json={"tool_name": "Bash", "pattern": f"echo '{name}'"})


def hostile_files() -> list[Json]:
    named = [(name, "image/svg+xml", FILES[0][2]) for name in FILE_NAMES]
    return [
        {"filename": name, "mime_type": mime_type, "data": base64.b64encode(content.encode()).decode()}
        for name, mime_type, content in FILES + named
    ]
