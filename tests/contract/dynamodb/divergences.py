"""Where an oracle is known to differ from DynamoDB's documentation. Narrow, and each with its reason."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Facts = Mapping[str, object]


@dataclass(frozen=True)
class Divergence:
    oracle: str
    operations: frozenset[str]
    reason: str
    applies: Callable[[Facts, Facts, Facts], bool]  # parameters, the engine's outcome, the oracle's outcome


def _error(outcome: Facts) -> str:
    return str(outcome.get("Error", ""))


def _engine_refuses(parameters: Facts, expected: Facts, found: Facts) -> bool:
    return _error(expected) == "ValidationException" and "Error" not in found


def _crashes(parameters: Facts, expected: Facts, found: Facts) -> bool:
    return _error(found).startswith("Crash: ")


def _removes_in_a_missing_map(parameters: Facts, expected: Facts, found: Facts) -> bool:
    refused = _error(expected) == "ValidationException" or "ValidationError" in str(expected.get("Reasons"))
    done = "Error" not in found or "Reasons" in found
    return refused and done and bool(re.search(r"REMOVE .*(m\.#?x|li\[)", str(parameters)))


def _has_size(parameters: Facts, expected: Facts, found: Facts) -> bool:
    return "size(" in str(parameters) and "ConditionalCheckFailed" in str((expected, found))


def _has_prefix_test(parameters: Facts, expected: Facts, found: Facts) -> bool:
    return "begins_with(" in str(parameters) and _error(found) == "ValidationException"


def _reason_is_an_exception(parameters: Facts, expected: Facts, found: Facts) -> bool:
    plain = "ValidationError" in str(expected.get("Reasons")) and _error(found) == "ValidationException"
    return plain or bool(re.search("ValueError|TypeError", str(found.get("Reasons"))))


def _nothing_updated(parameters: Facts, expected: Facts, found: Facts) -> bool:
    return str(parameters.get("ReturnValues")).startswith("UPDATED") and "Error" not in {**expected, **found}


def _orders_a_place_of_any_type(parameters: Facts, expected: Facts, found: Facts) -> bool:
    failed = ["ConditionalCheckFailed" in str(outcome) for outcome in (expected, found)]
    ordered = re.search(r"(flag|li\[\d\]|m\.#?x) (<|>|BETWEEN)", str(parameters))
    return failed[0] != failed[1] and ordered is not None


def _missing_is_null(parameters: Facts, expected: Facts, found: Facts) -> bool:
    return "{'NULL': True}" in str(parameters)


def _projected_transactionally(parameters: Facts, expected: Facts, found: Facts) -> bool:
    return "ProjectionExpression" in str(parameters)


_EVERY_CONDITIONAL = frozenset(("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"))

KNOWN: tuple[Divergence, ...] = (
    Divergence(
        "ministack",
        frozenset(("UpdateItem", "TransactWriteItems")),
        "REMOVE of m.x or li[0] where there is no such map or list: DynamoDB refuses, ministack does nothing",
        _removes_in_a_missing_map,
    ),
    Divergence(
        "ministack",
        _EVERY_CONDITIONAL,
        "size() of what is missing or has no size (a number, a boolean) is no value; ministack takes it for 0",
        _has_size,
    ),
    Divergence(
        "ministack",
        _EVERY_CONDITIONAL,
        "begins_with() of an attribute that is neither text nor binary is false; ministack refuses the call",
        _has_prefix_test,
    ),
    Divergence(
        "moto",
        frozenset(("BatchWriteItem",)),
        "moto does not see that a put and a delete of one batch, or two puts, name the same item",
        _engine_refuses,
    ),
    Divergence(
        "moto",
        _EVERY_CONDITIONAL,
        "moto raises a Python error for size() of a missing place and for comparisons between types",
        _crashes,
    ),
    Divergence(
        "moto",
        frozenset(("TransactWriteItems",)),
        "an update that does not fit the item cancels the transaction with the reason ValidationError; moto "
        "answers with a plain ValidationException or with the name of a Python error as the reason",
        _reason_is_an_exception,
    ),
    Divergence(
        "moto",
        frozenset(("UpdateItem",)),
        "moto leaves parts out of UPDATED_OLD and UPDATED_NEW (sets that were added to, nested paths)",
        _nothing_updated,
    ),
    Divergence(
        "moto",
        _EVERY_CONDITIONAL,
        "moto takes a missing attribute for equal to NULL",
        _missing_is_null,
    ),
    Divergence(
        "moto",
        _EVERY_CONDITIONAL,
        "values of different types have no order; moto orders what Python orders (False < 1)",
        _orders_a_place_of_any_type,
    ),
    Divergence(
        "moto",
        frozenset(("TransactGetItems",)),
        "moto's TransactGetItems returns more than the projection when the projection finds nothing",
        _projected_transactionally,
    ),
)


def explained(oracle: str, operation: str, parameters: Facts, expected: Facts, found: Facts) -> bool:
    return any(
        known.oracle == oracle and operation in known.operations and known.applies(parameters, expected, found)
        for known in KNOWN
    )
