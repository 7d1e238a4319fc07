"""The same generated calls on the engine and on every oracle: equal answers, errors and reasons.

An oracle is followed until it leaves the path in a way that `divergences` explains; from then on its table
may differ, so it takes no further part in that example.
"""

import itertools
import uuid

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.dynamodb.calls import Call, calls
from tests.contract.dynamodb.divergences import explained
from tests.contract.dynamodb.generators import Shape, shapes
from tests.contract.dynamodb.oracles import Oracle, table_on
from tests.contract.dynamodb.outcomes import Outcome, ask, ask_all_pages, unordered

_run = uuid.uuid4().hex[:8]
_tables = (f"contract-{_run}-{number}" for number in itertools.count())


@st.composite
def programs(draw: st.DrawFn) -> tuple[Shape, list[Call]]:
    shape = draw(shapes)
    return shape, draw(st.lists(calls(shape), min_size=8, max_size=24))


def outcome(oracle: Oracle, call: Call, table: str) -> Outcome:
    parameters = call.on(table)
    if call.operation == "Query":
        answer = ask_all_pages(oracle, parameters)
        # Items that are equal in an index's sort key have no promised order, so neither have the pages.
        index = parameters.get("IndexName")
        return answer if index is None else _index_answer(answer, "l" if index == "local" else "h")
    answer = ask(oracle, call.operation, parameters)
    if call.operation == "BatchGetItem" and isinstance(answer.get("Responses"), dict):
        responses = answer["Responses"]
        assert isinstance(responses, dict)
        answer = {**answer, "Responses": unordered({"items": responses.get(table, [])}, "items")}
    return answer


def _index_answer(answer: Outcome, sort_key: str) -> Outcome:
    """Items in any order, their sort keys in the order in which they came, and the totals of all pages."""
    items, counts = answer.get("Items", []), answer.get("Counts", [])
    assert isinstance(items, list)
    assert isinstance(counts, list)
    order = [item.get(sort_key) for item in items]
    totals = [sum(column) for column in zip(*counts, strict=True)]
    return {**unordered(answer, "Items"), "Order": order, "Counts": totals}


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a difference names its call; shrinking would take minutes
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(program=programs())
def test_generated_calls_come_to_the_same_everywhere(
    embedded: Oracle, oracles: list[Oracle], program: tuple[Shape, list[Call]]
) -> None:
    shape, steps = program
    table = next(_tables)
    with table_on([embedded, *oracles], shape.definition(table)):
        compare(embedded, oracles, steps, table)


def compare(embedded: Oracle, oracles: list[Oracle], steps: list[Call], table: str) -> None:
    following = list(oracles)
    for step in steps:
        expected = outcome(embedded, step, table)
        for oracle in list(following):
            found = outcome(oracle, step, table)
            if found != expected:
                assert explained(oracle.name, step.operation, step.parameters, expected, found), (
                    f"{step.operation} {step.parameters}\n  engine: {expected}\n  {oracle.name}: {found}"
                )
                following.remove(oracle)
