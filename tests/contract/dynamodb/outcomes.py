"""What a call came to, in a form that can be compared between systems.

Consumed capacity and metadata are left out; sets, which have no order, are sorted. Errors are compared by
code and by the codes and items of their cancellation reasons, not by wording.
"""

import json
from collections.abc import Mapping
from typing import TypeAlias, cast

from botocore.exceptions import ClientError

from tests.contract.dynamodb.oracles import Oracle

Outcome: TypeAlias = dict[str, object]


def ask(oracle: Oracle, operation: str, parameters: Mapping[str, object]) -> Outcome:
    try:
        answer = oracle.call(operation, dict(parameters))
    except ClientError as refusal:
        return _refused(cast(Mapping[str, object], refusal.response))
    ignored = ("ResponseMetadata", "ConsumedCapacity", "ItemCollectionMetrics", "LastEvaluatedKey")
    outcome = {name: tidy(value) for name, value in answer.items() if name not in ignored}
    # "No attributes" is written as an empty map by some and left out by others.
    return {name: value for name, value in outcome.items() if name != "Attributes" or value}


def ask_all_pages(oracle: Oracle, parameters: Mapping[str, object]) -> Outcome:
    """A Query with all its pages, each continued from the system's own last key."""
    items: list[object] = []
    counts: list[object] = []
    start: object = None
    for _ in range(100):
        page_parameters = {**parameters, "ExclusiveStartKey": start} if start else dict(parameters)
        try:
            page = oracle.call("Query", page_parameters)
        except ClientError as refusal:
            return _refused(cast(Mapping[str, object], refusal.response))
        items += cast(list[object], tidy(page.get("Items", [])))
        counts.append((page["Count"], page["ScannedCount"]))
        start = page.get("LastEvaluatedKey")
        if not start:
            return {"Items": items, "Counts": [count for count in counts if count != (0, 0)]}
    raise AssertionError("the query does not end")


def tidy(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: sorted(part) if name in ("SS", "NS", "BS") else tidy(part) for name, part in value.items()}
    if isinstance(value, list):
        return [tidy(part) for part in value]
    return value


def unordered(outcome: Outcome, part: str) -> Outcome:
    if part not in outcome:
        return outcome
    return {**outcome, part: sorted(cast(list[object], outcome[part]), key=_text)}


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def _refused(response: Mapping[str, object]) -> Outcome:
    error = cast(Mapping[str, str], response["Error"])
    outcome: Outcome = {"Error": error["Code"]}
    if "Item" in response:
        outcome["Item"] = tidy(response["Item"])
    reasons = cast(list[Mapping[str, object]], response.get("CancellationReasons") or [])
    if reasons:
        outcome["Reasons"] = [(reason["Code"], tidy(reason.get("Item"))) for reason in reasons]
    return outcome
