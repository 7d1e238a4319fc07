"""Clients for tests: a person with a browser's cookie, an agent that speaks MCP by hand, a reader of streams."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx

from chalicelib.kernel import cookies
from chalicelib.people import rules as people
from chalicelib.people.model import Person as StoredPerson
from tests.support.waiting import DEADLINE

Json = dict[str, Any]


_clients: list[httpx.Client] = []


def new_client(**options: Any) -> httpx.Client:
    """A client that `close_clients` closes at the end of the test."""
    client = httpx.Client(**options)
    _clients.append(client)
    return client


def keep_open(client: httpx.Client) -> httpx.Client:
    """For clients that outlive a test; who keeps one closes it."""
    _clients.remove(client)
    return client


def close_clients() -> None:
    while _clients:
        _clients.pop().close()


@dataclass
class Frame:
    """One event of a `text/event-stream`."""

    id: str | None
    event: str | None
    data: str

    @property
    def json(self) -> Json:
        value: Json = json.loads(self.data)
        return value


class EventStream:
    """Reads a held stream in the background. `wait_for` returns the first frame that fits, or fails in time."""

    def __init__(self, client: httpx.Client, method: str, path: str, **options: Any) -> None:
        self.frames: list[Frame] = []
        self.comments: list[str] = []
        self.closed = False
        self.raw = b""
        self._arrived = threading.Condition()
        self._response_context = client.stream(method, path, timeout=httpx.Timeout(DEADLINE, read=60), **options)
        self.response = self._response_context.__enter__()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_for(self, fits: Callable[[Frame], bool], deadline: float = DEADLINE) -> Frame:
        def found() -> Frame | None:
            return next((frame for frame in self.frames if fits(frame)), None)

        with self._arrived:
            self._arrived.wait_for(lambda: found() is not None or self.closed, deadline)
            frame = found()
        assert frame is not None, f"no such frame among {self.frames} (closed: {self.closed})"
        return frame

    def wait_for_type(self, type: str) -> Frame:
        return self.wait_for(lambda frame: frame.event == type)

    def wait_until_closed(self, deadline: float = DEADLINE) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: self.closed, deadline), "the stream is still open"

    def close(self) -> None:
        self.response.close()

    def _read(self) -> None:
        lines: list[str] = []
        try:
            for line in self._lines():
                if line.startswith(":"):
                    self.comments.append(line)
                elif line:
                    lines.append(line)
                elif lines:
                    self._take(lines)
                    lines = []
        except (httpx.HTTPError, httpx.StreamError, OSError):
            lines = []
        with self._arrived:
            self.closed = True
            self._arrived.notify_all()

    def _lines(self) -> Iterator[str]:
        rest = b""
        for chunk in self.response.iter_raw():
            self.raw += chunk
            *complete, rest = (rest + chunk).split(b"\n")
            for line in complete:
                yield line.decode()

    def _take(self, lines: list[str]) -> None:
        fields: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        with self._arrived:
            if "data" in fields:
                self.frames.append(Frame(fields.get("id"), fields.get("event"), fields["data"]))
            self._arrived.notify_all()


class Person:
    """Somebody who is signed in. Every helper asserts that it worked; `http` is there for everything else."""

    def __init__(self, url: str, name: str) -> None:
        self._enter(url, people.known_as("test", name, email=f"{name}@example.com", name=name))

    @classmethod
    def owner(cls, url: str) -> Person:
        """The person that the local sign-in signs in."""
        owner = cls.__new__(cls)
        person, _ = people.sign_in_locally("127.0.0.1")
        owner._enter(url, person)
        return owner

    def _enter(self, url: str, person: StoredPerson) -> None:
        session = people.open_session(person)
        self.id, self.email, self.session = person.id, person.email, session
        morsel = SimpleCookie(cookies.issue(session.id, person.id, session.expires_at))[cookies.name()]
        self.http = new_client(base_url=url, headers={"Cookie": f"{cookies.name()}={morsel.value}"}, timeout=DEADLINE)

    def ask(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        answer = self.http.request(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def create_workspace(self, name: str = "my-saas-backend", **more: Any) -> Json:
        created: Json = self.ask("POST", "/api/workspaces", 201, json={"name": name, **more})
        return created

    def invite(self, workspace_id: str, email: str, role: str = "member") -> Json:
        path = f"/api/workspaces/{workspace_id}/invitations"
        made: Json = self.ask("POST", path, 201, json={"email": email, "role": role})
        return made

    def accept(self, link: str) -> Json:
        """Join the workspace that the link of an invitation leads to."""
        secret = link.partition("#")[2]
        joined: Json = self.ask("POST", "/api/invitations/acceptance", 201, json={"secret": secret})
        return joined

    def let_in(self, guest: Person, workspace_id: str, role: str = "member") -> None:
        guest.accept(self.invite(workspace_id, guest.email, role)["link"])

    def generate_token(self, workspace_id: str, name: str = "laptop") -> Json:
        made: Json = self.ask("POST", f"/api/workspaces/{workspace_id}/tokens", 201, json={"name": name})
        return made

    def create_task(self, workspace_id: str, title: str = "Do it", **more: Any) -> Json:
        path = f"/api/workspaces/{workspace_id}/tasks"
        task: Json = self.ask("POST", path, 201, json={"title": title, **more})
        return task

    def reply(self, workspace_id: str, task_id: str, text: str) -> Json:
        path = f"/api/workspaces/{workspace_id}/tasks/{task_id}/messages"
        message: Json = self.ask("POST", path, 201, json={"text": text})
        return message

    def events(self, workspace_id: str, after: int | None = None, **options: Any) -> EventStream:
        query = "" if after is None else f"?after={after}"
        return EventStream(self.http, "GET", f"/api/workspaces/{workspace_id}/events{query}", **options)

    def all_events(self, after: Mapping[str, int] | None = None) -> EventStream:
        """The stream over all workspaces; `after` names the last event that is known of each."""
        named = ",".join(f"{workspace_id}:{seq}" for workspace_id, seq in (after or {}).items())
        return EventStream(self.http, "GET", f"/api/events?after={named}")

    def agent(self, workspace_id: str, name: str = "laptop") -> Agent:
        token = self.generate_token(workspace_id, name)["token"]
        return Agent(str(self.http.base_url), workspace_id, token["secret"], token["id"])


@dataclass
class Agent:
    """An MCP client of the session era, by hand, so that a test can also say what no good client would."""

    url: str
    workspace_id: str
    secret: str
    token_id: str = ""
    version: str = "2025-11-25"
    session: str | None = None
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        headers = {"Authorization": f"Bearer {self.secret}", "Accept": "application/json, text/event-stream"}
        self.http = new_client(base_url=self.url, headers=headers, timeout=60)

    @property
    def path(self) -> str:
        return f"/mcp/{self.workspace_id}"

    def initialize(self) -> Agent:
        answer = self.post(
            "initialize",
            {
                "protocolVersion": self.version,
                "capabilities": {},
                "clientInfo": {"name": "test-client", "version": "1"},
            },
        )
        assert answer.status_code == 200, answer.text
        self.session = answer.headers["mcp-session-id"]
        assert self.notify("notifications/initialized").status_code == 202
        return self

    def headers(self) -> dict[str, str]:
        if self.session is None:
            return {}
        return {"Mcp-Session-Id": self.session, "MCP-Protocol-Version": self.version}

    def post(self, method: str, params: Json | None = None) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params or {}}
        return self.http.post(self.path, json=body, headers=self.headers())

    def notify(self, method: str, params: Json | None = None) -> httpx.Response:
        body = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        return self.http.post(self.path, json=body, headers=self.headers())

    def result(self, tool: str, **arguments: Any) -> Json:
        """The whole tool result, an error or not."""
        params = {"name": tool, "arguments": {"workspace_id": self.workspace_id, **arguments}}
        answer = self.post("tools/call", params)
        assert answer.status_code == 200, f"{tool}: {answer.status_code} {answer.text}"
        result: Json = answer.json()["result"]
        return result

    def call(self, tool: str, **arguments: Any) -> Json:
        result = self.result(tool, **arguments)
        assert not result["isError"], result
        content: Json = result["structuredContent"]
        return content

    def stream(self, last_event_id: str | None = None) -> EventStream:
        headers = self.headers() | {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        return EventStream(self.http, "GET", self.path, headers=headers)
