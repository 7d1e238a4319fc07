"""What a dashboard knows of a workspace: a snapshot, kept up to date by events.

snapshot + later events = new snapshot, in whatever order lists and events arrive: the newest version of an entity
stays (of two with one version, the one that is true for the later event), and what was deleted does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.support.clients import Json, Person

# The moments at which an agent is seen between two events are on the token's route, and no event tells of them.
VOLATILE = {"token": {"last_used_at"}}
LISTED = {
    "task": "tasks",
    "token": "tokens",
    "permission": "permissions",
    "permission_rule": "permission_rules",
    "member": "members",
    "invitation": "invitations",
}
# What belongs to a task, is never changed, and goes with it.
OF_A_TASK = {"message": "messages", "activity": "activities"}
SINGLE = {*LISTED, *OF_A_TASK}
# What is no more after an event of this type.
ENDINGS = {
    "task.deleted": "task",
    "permission_rule.deleted": "permission_rule",
    "member.removed": "member",
    "member.joined": "invitation",
    "invitation.revoked": "invitation",
    "invitation.expired": "invitation",
}
State = dict[str, dict[str, Json]]


class Reducer:
    def __init__(self) -> None:
        self.seq = 0
        self.workspace: Json = {}
        self._known: dict[tuple[str, str], tuple[int, Json]] = {}
        self._deleted: set[tuple[str, str]] = set()

    def state(self) -> State:
        """Every entity by kind and id, and the workspace itself, but for what is volatile."""
        state: State = {kind: {} for kind in SINGLE}
        for (kind, id), (_, value) in self._known.items():
            if kind not in OF_A_TASK or ("task", value["task_id"]) in self._known:
                state[kind][id] = {k: v for k, v in value.items() if k not in VOLATILE.get(kind, ())}
        return state | {"workspace": {"it": self.workspace | {"seq": self.seq}}}

    def connected(self) -> int:
        """How many tokens are connected: what the workspace's own count must be."""
        return sum(token["connected"] for token in self.state()["token"].values())

    def put(self, kind: str, value: Json, seq: int) -> None:
        key = (kind, value["id"])
        if key in self._deleted:
            return
        known = self._known.get(key)
        if known is None or (known[1]["version"], known[0]) <= (value["version"], seq):
            self._known[key] = seq, value

    def delete(self, kind: str, id: str) -> None:
        self._deleted.add((kind, id))
        self._known.pop((kind, id), None)

    def apply(self, event: Json) -> None:
        """One event; an event that is known already changes nothing."""
        seq, type = event["seq"], event["type"]
        if seq > self.seq:
            assert seq == self.seq + 1, f"event {seq} came after {self.seq}"
            self.seq = seq
            self._change_workspace(event)
        if type in ENDINGS:
            self.delete(ENDINGS[type], event[ENDINGS[type]]["id"])
        for name in SINGLE & event.keys():
            self.put(name, event[name], seq)
        for activity in event.get("activities", ()):
            self.put("activity", activity, seq)
        if "replaced" in event:
            self.put("token", event["replaced"], seq)

    def apply_all(self, events: Iterable[Json]) -> None:
        for event in events:
            self.apply(event)

    def _change_workspace(self, event: Json) -> None:
        if "workspace" in event and event["type"] != "workspace.deleted":
            self.workspace = dict(event["workspace"])
        if "counts" in event:
            self.workspace["counts"] = event["counts"]


def load(person: Person, workspace_id: str) -> Reducer:
    """A snapshot through the API, page by page. It is true for `seq`; parts of it may be newer."""
    snapshot = Reducer()
    base = f"/api/workspaces/{workspace_id}"
    snapshot.workspace = person.ask("GET", base)
    snapshot.seq = snapshot.workspace["seq"]
    for kind, path in LISTED.items():
        for value, seq in _pages(person, f"{base}/{path}"):
            snapshot.put(kind, value, seq)
    for id in list(snapshot.state()["task"]):
        if person.http.get(f"{base}/tasks/{id}").status_code == 200:
            for kind, path in OF_A_TASK.items():
                for value, seq in _pages(person, f"{base}/tasks/{id}/{path}"):
                    snapshot.put(kind, value, seq)
    return snapshot


def pages(person: Person, path: str, **query: Any) -> list[Json]:
    """Every item of a list."""
    return [item for item, _ in _pages(person, path, **query)]


def _pages(person: Person, path: str, **query: Any) -> list[tuple[Json, int]]:
    found: list[tuple[Json, int]] = []
    cursor: str | None = None
    while True:
        params = {"limit": 200, **query} | ({"cursor": cursor} if cursor else {})
        page = person.ask("GET", path, params=params)
        found += [(item, page["seq"]) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
