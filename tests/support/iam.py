"""IAM as far as this stack uses it: what may be done, by these policy documents? What it does not know, it refuses.

An explicit Deny wins, then an Allow, else no. Conditions: StringEquals, StringLike, ArnLike and Null, and the first
two for all or any of several values. A variable whose tag is missing lets its value match nothing.
`tests/infra/test_tenant_policies.py` holds it to another implementation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Document = Mapping[str, Any]
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Asked:
    """One thing that a request needs: `context` has the values of each condition key."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def by(self, principal: Mapping[str, str]) -> Asked:
        """The same, asked with what is known of who asks."""
        return Asked(self.action, self.resource, {**self.context, **{key: (v,) for key, v in principal.items()}})


def allows(documents: Iterable[Document], asked: Asked) -> bool:
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _statements(document)
        if _applies(statement, asked)
    }
    return "Deny" not in effects and "Allow" in effects


def _statements(document: Document) -> list[Document]:
    statements: list[Document] = list(document["Statement"])
    for statement in statements:
        assert set(statement) <= KNOWN, f"this simulator does not know {set(statement) - KNOWN}"
    return statements


def _applies(statement: Document, asked: Asked) -> bool:
    if not any(_like(pattern.lower(), asked.action.lower()) for pattern in _list(statement["Action"])):
        return False
    if "Resource" in statement and not any(_like(one, asked.resource) for one in _list(statement["Resource"])):
        return False
    conditions = statement.get("Condition", {})
    return all(
        _holds(operator, wanted, _values(asked, key), asked)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, wanted: object, values: tuple[str, ...], asked: Asked) -> bool:
    if operator == "Null":
        return (str(wanted) == "true") is (not values)
    quantifier, _, name = operator.rpartition(":")
    matches = {"StringEquals": str.__eq__, "StringLike": _matches, "ArnLike": _matches}[name]
    patterns = [one for pattern in _list(wanted) if (one := _filled(pattern, asked, name)) is not None]
    found = [any(matches(pattern, value) for pattern in patterns) for value in values]
    if quantifier == "ForAllValues":
        return all(found)
    assert quantifier in {"", "ForAnyValue"}, f"this simulator does not know {operator}"
    assert quantifier or len(values) <= 1, f"{operator} on several values"
    return any(found)


def _filled(pattern: str, asked: Asked, operator: str) -> str | None:
    """`pattern` with its variables; None where one has no value. What they bring in is no pattern."""
    missing = [name for name in _VARIABLE.findall(pattern) if not _values(asked, name)]
    if missing:
        return None
    quote = _literally if operator != "StringEquals" else str
    return _VARIABLE.sub(lambda found: quote(_values(asked, found[1])[0]), pattern)


def _literally(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


def _matches(pattern: str, value: str) -> bool:
    return fnmatchcase(value, pattern)


def _like(pattern: str, value: str) -> bool:
    return _matches(pattern.replace("[", "[[]"), value)


def _values(asked: Asked, key: str) -> tuple[str, ...]:
    return next((values for name, values in asked.context.items() if name.lower() == key.lower()), ())


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


# -- what a DynamoDB request asks of IAM --------------------------------------------------

_HASH = {"workspace": "workspace_id", "directory": "pk"}
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def asked_by(operation: str, arguments: Mapping[str, Any], arn: Mapping[str, str]) -> list[Asked]:
    """What `operation` needs, table by table, and item by item of a transaction. `arn` has that of each table."""
    action = f"dynamodb:{operation}"
    if operation == "TransactWriteItems":
        return [
            _asked(f"dynamodb:{_TRANSACTED[kind]}", one, arn, [one.get("Key") or one["Item"]], operation)
            for item in arguments["TransactItems"]
            for kind, one in item.items()
        ]
    if operation == "BatchGetItem":
        return [_asked(action, {"TableName": t}, arn, r["Keys"]) for t, r in arguments["RequestItems"].items()]
    if operation == "BatchWriteItem":
        return [
            _asked(
                action,
                {"TableName": table},
                arn,
                [w["Item"] if "Item" in w else w["Key"] for r in all for w in r.values()],
            )
            for table, all in arguments["RequestItems"].items()
        ]
    if operation == "Query":
        return [_asked(action, arguments, arn, _partition(arguments))]
    return [_asked(action, arguments, arn, [i for i in (arguments.get("Key"), arguments.get("Item")) if i])]


def _asked(
    action: str, one: Mapping[str, Any], arn: Mapping[str, str], items: list[Mapping[str, Any]], enclosing: str = ""
) -> Asked:
    table = one["TableName"]
    resource = f"{arn[table]}/index/{one['IndexName']}" if "IndexName" in one else arn[table]
    hash_key = next(name for kind, name in _HASH.items() if kind in table)
    leading = tuple(dict.fromkeys(item[hash_key]["S"] for item in items if hash_key in item))
    context = {"dynamodb:LeadingKeys": leading} if leading else {}
    return Asked(action, resource, context | ({"dynamodb:EnclosingOperation": (enclosing,)} if enclosing else {}))


def _partition(query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a query sets equal: one of it is the partition."""
    names, values = query.get("ExpressionAttributeNames", {}), query["ExpressionAttributeValues"]
    equal = re.findall(r"([#\w]+) = (:\w+)", query["KeyConditionExpression"])
    return [{names.get(name, name): values[value] for name, value in equal}]
