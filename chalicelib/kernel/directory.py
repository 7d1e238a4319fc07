"""What is global by nature: who may enter which workspace, and what is due when.

    session#<id>             a signed-in browser
    person#<id> / member#<ws>  a person's membership of a workspace
    person#<id> / made         how many workspaces the person made
    person#<id> / push#<id>    a device that the person wants to be notified on
    token#<sha-256>          route from an MCP token to its workspace; gone as soon as the token is dead
    invitation#<sha-256>     route from the secret of an invitation to its workspace
    invited#<sha-256 of an e-mail address> / <invitation>   that its owner may sign in
    push#<sha-256>           route from a push endpoint to the device that it is now
    bucket#<whose>#<hash>    permits that all processes share, for a limit on how often somebody may call
    cursor#<consumer>        how far a program on one machine has read another database's change stream
    due#<kind>#<shard> / <time>#...  work for the scheduled functions, found by time
    due-aside / <kind>#...     due work that failed as often as it may, for a person to look at

A route is only ever looked up by its full key. A miss is "not found"; there is nothing to fall back on.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, TypeVar

import msgspec
from pynamodb.exceptions import DeleteError, PutError, UpdateError
from pynamodb.expressions.condition import Condition

from chalicelib.kernel import clock, emails, store
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.store import DirectoryItem, Key, batch_get

S = TypeVar("S", bound=msgspec.Struct)
# What a transaction writes here, and on which condition.
Entry = tuple[DirectoryItem, Condition | None]

DueKind = Literal["token_expiry", "presence", "lease", "upload", "purge", "invitation_expiry"]
Role = Literal["owner", "member"]
# A partition takes 1,000 writes a second. One is enough for a kind that is written when somebody does something; but
# `presence` is written every `presence_timeout` for each agent that is connected, so it is spread by workspace.
SHARDS: dict[DueKind, int] = {"presence": 8}
ASIDE = "due-aside"
MOST_COUNTED_ASIDE = 1_000
log = logging.getLogger("handrail.directory")


class Session(msgspec.Struct, frozen=True):
    id: str
    person_id: str
    name: str
    email: str
    created_at: datetime
    expires_at: datetime


class Membership(msgspec.Struct, frozen=True):
    """`invited`: came by an invitation, and did not make the workspace."""

    workspace_id: str
    role: Role
    since: datetime
    invited: bool = False


class Invited(msgspec.Struct, frozen=True):
    """That somebody invited an e-mail address: whose it is may sign in."""

    workspace_id: str


class InvitationRoute(msgspec.Struct, frozen=True):
    workspace_id: str
    invitation_id: str
    email: str
    expires_at: datetime
    accepted_by: str = ""


class Client(msgspec.Struct, frozen=True):
    """The MCP client's name and version, as it introduced itself."""

    name: str
    version: str


class TokenRoute(msgspec.Struct, frozen=True):
    """`last_seen_at` moves at most once a minute; `connected` is what the last presence event said."""

    workspace_id: str
    token_id: str
    name: str
    expires_at: datetime
    last_seen_at: datetime | None = None
    connected: bool = False
    client: Client | None = None


class Due(msgspec.Struct, frozen=True):
    """`attempts` is how often it has failed."""

    kind: DueKind
    at: datetime
    workspace_id: str
    id: str
    route: str = ""
    attempts: int = 0


class Aside(msgspec.Struct, frozen=True):
    """Due work that nobody tries any more: the entry as it was stored, and why it failed the last time."""

    entry: str
    reason: str
    at: datetime


def session_key(session_id: str) -> Key:
    return f"session#{session_id}", "session"


def membership_key(person_id: str, workspace_id: str) -> Key:
    return f"person#{person_id}", f"member#{workspace_id}"


def token_key(digest: str) -> Key:
    return f"token#{digest}", "route"


def digest(secret: str) -> str:
    """What stands for a secret in a key: the secret itself is stored nowhere."""
    return hashlib.sha256(secret.encode()).hexdigest()


def invitation_key(digest: str) -> Key:
    return f"invitation#{digest}", "route"


def invited_key(email: str, invitation_id: str) -> Key:
    return f"invited#{digest(emails.plain(email))}", invitation_id


def due_key(due: Due) -> Key:
    shard = zlib.crc32(due.workspace_id.encode()) % SHARDS.get(due.kind, 1)
    return f"due#{due.kind}#{shard}", f"{_stamp(due.at)}#{due.workspace_id}#{due.id}"


def record(key: Key, value: msgspec.Struct, expires: datetime | None = None) -> DirectoryItem:
    return DirectoryItem(
        pk=key[0],
        sk=key[1],
        body=msgspec.json.encode(value).decode(),
        ttl=clock.epoch(expires) if expires else None,
    )


def first_of(key: Key, value: msgspec.Struct, expires: datetime) -> Entry:
    """To be written where there is nothing, or nothing any more."""
    forgotten = DirectoryItem.ttl <= clock.epoch(clock.now())
    return record(key, value, expires), DirectoryItem.pk.does_not_exist() | forgotten


def value_of(item: DirectoryItem | None, kind: type[S]) -> S | None:
    if item is None or (item.ttl is not None and item.ttl <= clock.epoch(clock.now())):
        return None
    return decode(item.body, kind)


def read(key: Key, kind: type[S]) -> S | None:
    try:
        return value_of(DirectoryItem.get(*key, consistent_read=True), kind)
    except DirectoryItem.DoesNotExist:
        return None


def read_all(keys: Iterable[Key], kind: type[S]) -> dict[Key, S | None]:
    """At most a hundred entries in one round trip; None stands where there is nothing."""
    wanted = list(keys)
    _, found = batch_get([], wanted) if wanted else ({}, {})
    return {key: value_of(found.get(key), kind) for key in wanted}


def write(key: Key, value: msgspec.Struct, expires: datetime | None = None) -> None:
    record(key, value, expires).save()


def write_once(key: Key, value: msgspec.Struct, expires: datetime | None = None) -> bool:
    """Write unless something is there already; whether it was written."""
    return _write_if(key, value, DirectoryItem.pk.does_not_exist(), expires)


def remove(key: Key) -> None:
    DirectoryItem(*key).delete()


def remove_existing(key: Key) -> bool:
    """Remove what is there; whether anything was."""
    try:
        DirectoryItem(*key).delete(exists())
    except DeleteError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def write_all(entries: Iterable[DirectoryItem], gone: Iterable[Key] = ()) -> None:
    """Write and remove entries in one round trip. It may stop half-way: use it where halves do no harm."""
    store.batch_write(entries, [DirectoryItem(*key) for key in gone])


def beneath(pk: str, prefix: str, kind: type[S]) -> list[S]:
    """The entries of one partition whose sort key begins with `prefix`, but for those whose time is over."""
    rows = DirectoryItem.query(pk, DirectoryItem.sk.startswith(prefix), consistent_read=True)
    return [value for row in rows if (value := value_of(row, kind)) is not None]


def memberships(person_id: str) -> list[Membership]:
    rows = DirectoryItem.query(f"person#{person_id}", DirectoryItem.sk.startswith("member#"), consistent_read=True)
    return [decode(row.body, Membership) for row in rows]


def due_by(kind: DueKind, moment: datetime, limit: int) -> list[Due]:
    """What is due, the oldest first; at most `limit`. An entry that cannot be read is set aside at once."""
    found: list[Due] = []
    for shard in range(SHARDS.get(kind, 1)):
        rows = DirectoryItem.query(
            f"due#{kind}#{shard}", DirectoryItem.sk <= _stamp(moment) + "~", limit=limit, consistent_read=True
        )
        found += _readable(kind, rows)
    return sorted(found, key=lambda due: due.at)[:limit]


def _readable(kind: DueKind, rows: Iterable[DirectoryItem]) -> Iterator[Due]:
    for row in rows:
        try:
            yield decode(row.body, Due)
        except msgspec.MsgspecError as error:
            _put_aside(kind, row, str(error))


def move(due: Due, at: datetime, attempts: int = 0) -> None:
    """Let it be due at another time. Halved, it is due at both, which does no harm: due work is safe to repeat."""
    later = msgspec.structs.replace(due, at=at, attempts=attempts)
    write(due_key(later), later)
    if due_key(later) != due_key(due):
        remove(due_key(due))


def set_aside(due: Due, reason: str) -> None:
    _put_aside(due.kind, record(due_key(due), due), reason)


def _put_aside(kind: DueKind, entry: DirectoryItem, reason: str) -> None:
    write((ASIDE, f"{kind}#{entry.sk}"), Aside(entry.body, reason, clock.now()))
    remove((entry.pk, entry.sk))
    log.error("due work was set aside", extra={"fields": {"kind": kind, "entry": entry.sk, "reason": reason}})


def put_back() -> int:
    """Let what was set aside be due again, with all its attempts; how much that was. What cannot be read stays.

    CROSS-WORKSPACE BY DESIGN: for whoever runs the program; it moves entries, and reads nothing of any workspace.
    """
    done = 0
    for row in DirectoryItem.query(ASIDE, limit=MOST_COUNTED_ASIDE, consistent_read=True):
        aside = decode(row.body, Aside)
        try:
            due = decode(aside.entry, Due)
        except msgspec.MsgspecError:
            log.warning("due work cannot be read", extra={"fields": {"entry": row.sk, "reason": aside.reason}})
            continue
        again = msgspec.structs.replace(due, at=clock.now(), attempts=0)
        write(due_key(again), again)
        remove((row.pk, row.sk))
        done += 1
    return done


def count_set_aside() -> int:
    """At most `MOST_COUNTED_ASIDE`."""
    return DirectoryItem.count(ASIDE, limit=MOST_COUNTED_ASIDE)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def exists() -> Condition:
    """The condition that an entry is still there, for writes that must not bring it back."""
    return DirectoryItem.pk.exists()


def unchanged(item: DirectoryItem | None) -> Condition:
    """The condition that an entry is what was read."""
    return DirectoryItem.pk.does_not_exist() if item is None else DirectoryItem.body == item.body


def update(key: Key, value: msgspec.Struct) -> bool:
    """Write `value` where there still is an entry; whether there was."""
    return _write_if(key, value, exists())


def _write_if(key: Key, value: msgspec.Struct, condition: Condition, expires: datetime | None = None) -> bool:
    try:
        record(key, value, expires).save(condition)
    except PutError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def take_permits(bucket: str, cost: float, room: float, now: float, kept: int) -> float:
    """Take permits that take `cost` seconds to come back out of a bucket that fills up in `room` seconds. Gives 0, or
    where there are not as many, about how long until there are. An empty bucket is forgotten after `kept` seconds.
    """
    item = DirectoryItem(f"bucket#{bucket}", "bucket")
    cost_ms, room_ms, now_ms = (round(seconds * 1000) for seconds in (cost, room, now))
    full_at, ttl = DirectoryItem.full_at, DirectoryItem.ttl.set(round(now) + kept)
    is_full = full_at.does_not_exist() | (full_at <= now_ms)
    has_room = (full_at > now_ms) & (full_at <= now_ms + room_ms - cost_ms)
    for value, condition in ((now_ms + cost_ms, is_full), (full_at + cost_ms, has_room), (now_ms + cost_ms, is_full)):
        try:
            item.update([full_at.set(value), ttl], condition)
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
        else:
            return 0.0
    return cost
