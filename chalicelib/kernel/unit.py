"""The unit of work: read, decide, then change and event in one transaction, or nothing at all.

run(scope, Task, command, reads=[...])
    1. one BatchGet: the head, what `reads` names, the repeat of an idempotency key
    2. command(unit) decides: unit.get / put / remove / emit
    3. one TransactWriteItems: every changed item on condition of its version, the events, and the head
       with `seq` moved on, on condition that it is still what was read
A race that was lost (somebody wrote in between) starts again at 1, so a command must be free of side effects
outside its unit. Because every change of a workspace moves `seq`, what a command read is still true when it commits.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.kernel import clock, directory, repeats, store
from chalicelib.kernel.decoding import convert, decode
from chalicelib.kernel.directory import Membership, Role
from chalicelib.kernel.entity import Entity
from chalicelib.kernel.errors import Archived, Busy, NotFound
from chalicelib.kernel.events import Event
from chalicelib.kernel.head import HEAD, Head
from chalicelib.kernel.ids import ordered_id
from chalicelib.kernel.outage import Overloaded
from chalicelib.kernel.repeats import Answer
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.kernel.store import DirectoryItem, E, Key, WorkspaceItem

T = TypeVar("T")

ATTEMPTS = 60
LOST_AT_MOST = 1_000_000
_LONGEST_PAUSE = 0.05
_RACES = {"ConditionalCheckFailed", "TransactionConflict"}
# A transaction that is cancelled for these is not retried by botocore. It is here, with pauses that double.
_OVERLOAD = {"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
_MOST_OVERLOADS = 5
_PAUSE_FOR_OVERLOAD = 0.05
# Threads of one process take turns, a workspace at a time, as they would only lose races against each other. What is
# right does not depend on it: other processes write too. A few locks serve all workspaces.
_LANES = [threading.RLock() for _ in range(64)]


class LostRace(Exception):
    """Somebody wrote between the reading and the commit."""


@dataclass
class Unit:
    """What one command has read and wants to change. Nothing is written before it commits.

    `role` is what the acting person is in the workspace now, however long ago the request began.
    `loaded` knows by sort key what was read; None stands for what was not there. `known` has the entities made of
    it: whoever asks for one gets the same object, as it is by then, so that no copy can overwrite another.
    `directory` has the entries that were read there.
    """

    scope: Scope
    head: Head
    loaded: dict[str, WorkspaceItem | None]
    role: Role | None = None
    known: dict[str, Entity] = field(default_factory=dict)
    changed: dict[str, Entity] = field(default_factory=dict)
    removed: dict[str, Entity] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    entries: list[directory.Entry] = field(default_factory=list)
    gone_entries: list[DirectoryItem] = field(default_factory=list)
    directory: dict[Key, DirectoryItem] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.first_seq = self.head.seq
        self._leave_lost_numbers_out()
        self._counts = msgspec.json.encode(self.head.counts)

    def _leave_lost_numbers_out(self) -> None:
        """Events that a restore has lost had numbers that clients may know: the first change after it jumps them.

        Whoever knows an earlier number finds a gap in the log, and is told to load the workspace anew.
        """
        restored, last = settings().restored_at, self.head.changed_at or self.head.updated_at
        if restored is not None and last < restored and self.head.seq:
            self.head.seq += LOST_AT_MOST

    @property
    def next_seq(self) -> int:
        """The number that the next event will have."""
        return self.head.seq + 1

    def new_ordered_id(self) -> str:
        return ordered_id(self.next_seq)

    def find(self, kind: type[E], *path: str) -> E | None:
        """What has this key by now; None where there is nothing, or nothing any more."""
        sort_key = kind.key(*path)
        if sort_key in self.removed:
            return None
        entity = self.known.get(sort_key) or self._read(kind, sort_key)
        if entity is None:
            return None
        assert isinstance(entity, kind)
        return entity

    def get(self, kind: type[E], *path: str) -> E:
        entity = self.find(kind, *path)
        if entity is None:
            raise NotFound()
        return entity

    def put(self, entity: E) -> E:
        """Write `entity`: a new one if its key was not read here, else the next version of what was."""
        self.scope.check(entity)
        sort_key = entity.sort_key()
        before = self.changed.get(sort_key) or self.loaded.get(sort_key)
        entity.version = int(before.version) + 1 if before else 1
        self.known[sort_key] = self.changed[sort_key] = entity
        self.removed.pop(sort_key, None)
        return entity

    def remove(self, entity: Entity) -> None:
        self.scope.check(entity)
        sort_key = entity.sort_key()
        self.known.pop(sort_key, None)
        self.changed.pop(sort_key, None)
        self.removed[sort_key] = entity

    def emit(self, type: str, *, notify: Sequence[str] = (), **entities: object) -> Event:
        """Tell of a change. `entities` are the public forms of what changed, under their own names."""
        now = clock.now()
        self.head.seq += 1
        self.head.changed_at = now
        data = {
            "seq": self.head.seq,
            "type": type,
            "workspace_id": self.scope.workspace_id,
            "at": now,
            "actor": self.scope.actor,
            **entities,
        }
        if (counts := msgspec.json.encode(self.head.counts)) != self._counts:
            data["counts"] = self.head.counts
            self._counts = counts
        event = Event(
            workspace_id=self.scope.workspace_id,
            id=ordered_id(self.head.seq),
            version=1,
            seq=self.head.seq,
            type=type,
            at=now,
            actor=self.scope.actor,
            notify=list(notify),
            data=msgspec.Raw(msgspec.json.encode(data)),
        )
        self.events.append(event)
        return event

    def enter(self, entry: DirectoryItem, condition: Condition | None = None) -> None:
        """Write to the directory in the same transaction."""
        self.entries.append((entry, condition))

    def leave(self, key: Key) -> None:
        """Remove from the directory in the same transaction."""
        self.gone_entries.append(DirectoryItem(*key))

    @property
    def changes_nothing(self) -> bool:
        return not (self.changed or self.removed or self.events or self.entries or self.gone_entries)

    def newly_waiting(self) -> list[str]:
        """What this unit lets wait for a person, or wait anew: its place among what waits is not the one it had."""
        placed = {sort_key: entity.waiting_key() for sort_key, entity in self.changed.items()}
        before = {sort_key: item.waiting_key for sort_key, item in self.loaded.items() if item is not None}
        return [sort_key for sort_key, place in placed.items() if place is not None and place != before.get(sort_key)]

    def _read(self, kind: type[E], sort_key: str) -> E | None:
        if sort_key not in self.loaded:
            items, _ = store.batch_get([self.scope.key(sort_key)])
            self.loaded[sort_key] = items.get(self.scope.key(sort_key))
        item = self.loaded[sort_key]
        entity = store.entity_of(item, kind) if item else None
        if entity is not None:
            self.scope.check(entity)
            self.known[sort_key] = entity
        return entity

    def commit(self) -> None:
        if self.events:
            self.events[-1].newly_waiting = self.newly_waiting()
        # The token makes it one transaction, however often the same request is sent because its answer was lost.
        token = str(uuid.uuid4())
        with TransactWrite(connection=store.connection(), client_request_token=token) as transaction:
            transaction.save(store.item_of(self.head), _unchanged_head(self.first_seq))
            for sort_key, entity in self.changed.items():
                transaction.save(store.item_of(entity), _unchanged(self.loaded.get(sort_key)))
            for sort_key, entity in self.removed.items():
                gone = WorkspaceItem(entity.workspace_id, sort_key)
                transaction.delete(gone, _unchanged(self.loaded.get(sort_key)))
            for event in self.events:
                transaction.save(store.item_of(event), WorkspaceItem.sk.does_not_exist())
            for entry, condition in self.entries:
                transaction.save(entry, condition)
            for entry in self.gone_entries:
                transaction.delete(entry)


def _unchanged(item: WorkspaceItem | None) -> Condition:
    if item is None:
        return WorkspaceItem.sk.does_not_exist()
    return WorkspaceItem.version == item.version


def _unchanged_head(seq: int) -> Condition:
    return WorkspaceItem.seq == seq if seq else WorkspaceItem.sk.does_not_exist()


def run(
    scope: Scope,
    result: type[T],
    command: Callable[[Unit], T],
    *,
    reads: Sequence[str] = (),
    entries: Sequence[Key] = (),
    while_archived: bool = False,
) -> T:
    """Carry out `command` and give its result, or the first result where the request is a repeat.

    `reads` are the sort keys it will need, `entries` keys in the directory. Raises `Busy` when every attempt lost its
    race, and `Overloaded` when storage refused it again and again; nothing was written then.
    """
    overloads = 0
    for attempt in range(ATTEMPTS):
        try:
            with _LANES[hash(scope.workspace_id) % len(_LANES)], scope.within():
                return _attempt(scope, result, command, reads, entries, while_archived)
        except LostRace:
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.001 * 2 ** min(attempt, 10))))
        except Overloaded:
            overloads += 1
            if overloads > _MOST_OVERLOADS:
                raise
            time.sleep(random.uniform(0, _PAUSE_FOR_OVERLOAD * 2**overloads))
    raise Busy("Nothing was changed. Wait a second, then send the same again.", 1)


def first_answer(scope: Scope, result: type[T]) -> T | None:
    """What the request was answered that `scope` repeats; None where it is no repeat."""
    if scope.idempotency is None:
        return None
    with scope.within():
        _, repeated = _begin(scope, ())
    return decode(repeated.result, result) if repeated else None


def _attempt(
    scope: Scope,
    result: type[T],
    command: Callable[[Unit], T],
    reads: Sequence[str],
    entries: Sequence[Key],
    while_archived: bool,
) -> T:
    unit, repeated = _begin(scope, reads, entries)
    if repeated is not None:
        return decode(repeated.result, result)
    if unit.head.archived_at is not None and not while_archived:
        raise Archived()
    answer = command(unit)
    if (kept := repeats.entry_for(scope, answer)) is not None:
        unit.enter(*kept)
    if unit.changes_nothing:
        return answer
    try:
        unit.commit()
    except TransactWriteError as error:
        codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
        if codes & _OVERLOAD and codes <= _RACES | _OVERLOAD:
            raise Overloaded("the transaction was cancelled") from error
        if codes and codes <= _RACES:
            raise LostRace() from error
        raise
    # What the answer says of the caller's inbox is true after its own change.
    scope.head.unread, scope.head.acknowledged = unit.head.unread, unit.head.acknowledged
    return answer


def _begin(scope: Scope, reads: Sequence[str], wanted: Sequence[Key] = ()) -> tuple[Unit, Answer | None]:
    repeat_key, member_key = repeats.key_of(scope), _member_key(scope)
    keys = {sort_key: scope.key(sort_key) for sort_key in (HEAD, *reads)}
    items, entries = store.batch_get(keys.values(), [*(key for key in (repeat_key, member_key) if key), *wanted])
    loaded = {sort_key: items.get(key) for sort_key, key in keys.items()}
    member = directory.value_of(entries.get(member_key), Membership) if member_key else None
    if member_key and member is None:
        raise NotFound()
    repeated = repeats.checked(directory.value_of(entries.get(repeat_key), Answer), scope) if repeat_key else None
    head = _fresh_head(scope, loaded.pop(HEAD, None))
    return Unit(scope, head, loaded, member.role if member else None, directory=entries), repeated


def _fresh_head(scope: Scope, item: WorkspaceItem | None) -> Head:
    head = store.entity_of(item, Head) if item else None
    if head is None and scope.head.seq == 0:
        return convert(msgspec.to_builtins(scope.head), Head)
    if head is None or (head.deleted_at is not None and scope.credential != "system"):
        raise NotFound()
    return head


def _member_key(scope: Scope) -> Key | None:
    """Who was removed while their request was under way loses the race for `seq` to that, and is found out here."""
    if scope.credential != "session" or not scope.head.seq:
        return None
    return directory.membership_key(scope.actor.id, scope.workspace_id)
