"""TransactWriteItems and TransactGetItems: all or nothing, with a reason for each action.

A client request token makes a repeat within ten minutes answer without acting; the same token with other
content is refused. The token is stored in the transaction that it names.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Mapping

import msgspec

from chalicelib.onebox.engine import writes
from chalicelib.onebox.engine.changes import ChangeFeed
from chalicelib.onebox.engine.errors import ConditionFailed, Refusal, TransactionCanceled, invalid, unreadable
from chalicelib.onebox.engine.parameters import Parameters, constraint
from chalicelib.onebox.engine.schema import Table
from chalicelib.onebox.engine.values import size_of_item
from chalicelib.onebox.engine.writes import Outcome, Write

MAX_ACTIONS = 100
MAX_BYTES = 4 * 1024 * 1024
TOKEN_LIFETIME = 600.0

_ACTIONS: dict[str, tuple[Callable[[Table, Parameters], Write], tuple[str, ...]]] = {
    "ConditionCheck": (writes.check, ("TableName", "Key", *writes.CONDITION)),
    "Put": (writes.put, ("TableName", "Item", *writes.CONDITION)),
    "Delete": (writes.delete, ("TableName", "Key", *writes.CONDITION)),
    "Update": (writes.update, ("TableName", "Key", "UpdateExpression", *writes.CONDITION)),
}
_NO_REASON: Mapping[str, object] = {"Code": "None"}


def actions(parameters: Parameters, kinds: tuple[str, ...]) -> list[tuple[str, object]]:
    """The (kind, body) pairs of TransactItems."""
    given = parameters.elements("TransactItems")
    if not 1 <= len(given) <= MAX_ACTIONS:
        bound = "less" if given else "greater"
        limit = MAX_ACTIONS if given else 1
        raise constraint("TransactItems", "[...]", f"Member must have length {bound} than or equal to {limit}")
    pairs = []
    for each in given:
        entry = Parameters("TransactItems", each, kinds)
        chosen = [(kind, entry.raw(kind)) for kind in kinds if kind in entry]
        if len(chosen) != 1:
            raise invalid("TransactItems can only contain one of " + ", ".join(kinds))
        pairs.extend(chosen)
    return pairs


def read_writes(parameters: Parameters, table_named: Callable[[str], Table]) -> list[Write]:
    """The writes, after every check that needs no item."""
    batch: list[Write] = []
    for kind, body in actions(parameters, tuple(_ACTIONS)):
        reader, known = _ACTIONS[kind]
        action = Parameters(kind, body, known)
        batch.append(reader(table_named(action.text("TableName")), action))
    writes.refuse_duplicates(
        ((write.table.name, write.key) for write in batch),
        "Transaction request cannot include multiple operations on one item",
    )
    return batch


def perform_all(connection: sqlite3.Connection, feed: ChangeFeed, batch: list[Write]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    reasons: list[Mapping[str, object]] = []
    for write in batch:
        try:
            outcomes.append(writes.perform(connection, feed, write))
            reasons.append(_NO_REASON)
        except ConditionFailed as failure:
            reasons.append({"Code": "ConditionalCheckFailed", "Message": failure.message, **failure.details})
        except Refusal as refusal:
            reasons.append({"Code": "ValidationError", "Message": refusal.message})
    if len(outcomes) < len(batch):
        raise TransactionCanceled(reasons)
    if sum(size_of_item(outcome.new) for outcome in outcomes if outcome.new) > MAX_BYTES:
        raise invalid("Transaction request size exceeds the limit of 4 MB")
    return outcomes


def is_repeat(connection: sqlite3.Connection, token: str, parameters: Parameters) -> bool:
    """Whether this very request was carried out already; remembers the token if not."""
    if not 1 <= len(token) <= 36:
        raise constraint("ClientRequestToken", token, "Member must have length less than or equal to 36")
    now = time.time()
    fingerprint = _fingerprint(parameters)
    connection.execute("DELETE FROM request_tokens WHERE expires < ?", (now,))
    row = connection.execute("SELECT fingerprint FROM request_tokens WHERE token = ?", (token,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO request_tokens (token, fingerprint, expires) VALUES (?, ?, ?)",
            (token, fingerprint, now + TOKEN_LIFETIME),
        )
        return False
    if row[0] != fingerprint:
        raise Refusal(
            "IdempotentParameterMismatchException",
            "The provided client request token was already used with other parameters",
        )
    return True


def _fingerprint(parameters: Parameters) -> bytes:
    try:
        encoded = msgspec.msgpack.encode(parameters.raw("TransactItems"), order="sorted")
    except (TypeError, msgspec.MsgspecError) as problem:
        raise unreadable("TransactItems holds a value that has no wire form") from problem
    return hashlib.sha256(encoded).digest()
