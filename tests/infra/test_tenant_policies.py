"""What the policies of the fifth wall allow and what they forbid, judged by two simulators that must agree.

One is `tests/support/iam.py`, which also stands before storage in `tests/isolation`, the other npm's iam-simulate.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws.credentials import tags_of
from chalicelib.kernel.ids import new_id
from tests.support.account import (
    ACCOUNT,
    DIRECTORY,
    FUNCTION_ROLE,
    FUNCTIONS,
    WORKSPACE,
    arn_of,
    assumption,
    policies_of,
    policy_of_function,
    trust_of,
)
from tests.support.iam import Asked, Document, allows, asked_by
from tests.support.npm import NODE, installed

HERE = Path(__file__).parent / "iam"
OWN, OTHER, THIRD = new_id(), new_id(), new_id()
ARN = {"workspace": WORKSPACE, "directory": DIRECTORY}
Kwargs = dict[str, Any]
Tags = list[dict[str, str]]


def key(workspace_id: str, sk: str = "head") -> Kwargs:
    return {"workspace_id": {"S": workspace_id}, "sk": {"S": sk}}


def entry(pk: str) -> Kwargs:
    return {"pk": {"S": pk}, "sk": {"S": "x"}}


def query(workspace_id: str, index: str = "") -> Kwargs:
    return {
        "TableName": "workspace",
        "KeyConditionExpression": "(#0 = :0 AND begins_with (#1, :1))",
        "ExpressionAttributeNames": {"#0": "workspace_id", "#1": "sk"},
        "ExpressionAttributeValues": {":0": {"S": workspace_id}, ":1": {"S": "task#"}},
        **({"IndexName": index} if index else {}),
    }


def get(*keys: Kwargs, entries: tuple[str, ...] = ()) -> Kwargs:
    tables = {"workspace": list(keys), "directory": [entry(pk) for pk in entries]}
    return {"RequestItems": {table: {"Keys": named} for table, named in tables.items() if named}}


def write(*ids: str) -> Kwargs:
    return {"RequestItems": {"workspace": [{"DeleteRequest": {"Key": key(id)}} for id in ids]}}


def transaction(*ids: str, put: tuple[str, ...] = (), gone: tuple[str, ...] = ()) -> Kwargs:
    items = [{"Put": {"TableName": "workspace", "Item": key(id)}} for id in ids]
    items += [{"Put": {"TableName": "directory", "Item": entry(pk)}} for pk in put]
    items += [{"Delete": {"TableName": "directory", "Key": entry(pk)}} for pk in gone]
    return {"TransactItems": items}


ONE, SEVERAL = tags_of((OWN,)), tags_of((OWN, THIRD))
ENTRIES = ("session#1", "person#1", "token#1", "idempotency#1")


@dataclass(frozen=True)
class Case:
    """A request with the credentials of a session with these tags."""

    name: str
    is_allowed: bool
    tags: Tags
    operation: str
    arguments: Kwargs
    role: str = "TenantRole"

    def asked(self) -> list[Asked]:
        principal = {f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in self.tags}
        return [one.by(principal) for one in asked_by(self.operation, self.arguments, ARN)]


def tagged(value: str) -> Tags:
    return [{"Key": "workspace", "Value": value}]


def overview(name: str, is_allowed: bool, operation: str, arguments: Kwargs, tags: Tags = SEVERAL) -> Case:
    return Case(f"overview: {name}", is_allowed, tags, operation, arguments, "OverviewRole")


one_item = {"TableName": "workspace", "Key": key(OWN)}
CASES = [
    Case("own head with the entries of a credential", True, ONE, "BatchGetItem", get(key(OWN), entries=ENTRIES)),
    Case(
        "own items of many kinds", True, ONE, "BatchGetItem", get(key(OWN), key(OWN, "task#1"), key(OWN, "event#1"))
    ),
    Case("own partition", True, ONE, "Query", query(OWN)),
    Case("own partition by state", True, ONE, "Query", query(OWN, "by_state")),
    Case("own partition by waiting", True, ONE, "Query", query(OWN, "by_waiting")),
    Case(
        "own change and its entries", True, ONE, "TransactWriteItems", transaction(OWN, OWN, put=("token#1", "due#a"))
    ),
    Case(
        "own change that ends entries",
        True,
        ONE,
        "TransactWriteItems",
        transaction(OWN, gone=("person#1", "token#1")),
    ),
    Case("own removal in a batch", True, ONE, "BatchWriteItem", write(OWN, OWN)),
    Case("own item removed", True, ONE, "DeleteItem", one_item),
    Case("another workspace's item", False, ONE, "BatchGetItem", get(key(OTHER))),
    Case("one foreign item in a batch", False, ONE, "BatchGetItem", get(key(OWN), key(OTHER))),
    Case("another workspace's partition", False, ONE, "Query", query(OTHER)),
    Case("another workspace's index", False, ONE, "Query", query(OTHER, "by_state")),
    Case("one foreign item in a transaction", False, ONE, "TransactWriteItems", transaction(OWN, OTHER)),
    Case("one foreign removal in a batch", False, ONE, "BatchWriteItem", write(OWN, OTHER)),
    Case("another workspace's item removed", False, ONE, "DeleteItem", {"TableName": "workspace", "Key": key(OTHER)}),
    Case("a key that begins with the own one", False, ONE, "Query", query(f"{OWN}0")),
    Case("a scan", False, ONE, "Scan", {"TableName": "workspace"}),
    Case("a scan of an index", False, ONE, "Scan", {"TableName": "workspace", "IndexName": "by_state"}),
    Case("a query without a partition", False, ONE, "Query", {**query(OWN), "KeyConditionExpression": "#1 = :1"}),
    Case(
        "an item without its key", False, ONE, "DeleteItem", {"TableName": "workspace", "Key": {"sk": {"S": "head"}}}
    ),
    Case("an action that nobody needs", False, ONE, "UpdateItem", one_item),
    Case("a single read, which nobody makes", False, ONE, "GetItem", one_item),
    Case("a description of the table", False, ONE, "DescribeTable", {"TableName": "workspace"}),
    Case("the table's end", False, ONE, "DeleteTable", {"TableName": "workspace"}),
    Case("a query of the directory", False, ONE, "Query", {**query(OWN), "TableName": "directory"}),
    Case("a scan of the directory", False, ONE, "Scan", {"TableName": "directory"}),
    Case("a push device", False, ONE, "BatchGetItem", get(key(OWN), entries=("push#1",))),
    Case("a counter of calls", False, ONE, "BatchGetItem", get(entries=("bucket#token#1",))),
    Case(
        "an entry outside of a transaction",
        False,
        ONE,
        "PutItem",
        {"TableName": "directory", "Item": entry("token#1")},
    ),
    Case("a session written with a change", False, ONE, "TransactWriteItems", transaction(OWN, put=("session#1",))),
    Case("no tag", False, [], "Query", query(OWN)),
    Case("a tag of another name", False, [{"Key": "tenant", "Value": OWN}], "Query", query(OWN)),
    Case("an empty tag", False, tagged(""), "Query", query(OWN)),
    Case("a star as the tag", False, tagged("*"), "Query", query(OWN)),
    Case("question marks as the tag", False, tagged("?" * 11), "Query", query(OWN)),
    Case("a prefix and a star as the tag", False, tagged(OWN[:5] + "*"), "Query", query(OWN)),
    Case("a variable as the tag", False, tagged("${dynamodb:LeadingKeys}"), "Query", query(OWN)),
    Case("a tag in other letters", False, tagged(OWN.swapcase()), "Query", query(OWN)),
    overview("all heads", True, "BatchGetItem", get(key(OWN), key(THIRD))),
    overview("one of the partitions", True, "Query", query(THIRD, "by_waiting")),
    overview("twenty heads", True, "BatchGetItem", get(*(key(id) for id in [OWN] * 20)), tags_of((OWN,) * 20)),
    overview("a foreign head among them", False, "BatchGetItem", get(key(OWN), key(OTHER))),
    overview("a foreign partition", False, "Query", query(OTHER)),
    overview("a scan", False, "Scan", {"TableName": "workspace"}),
    overview("a change", False, "TransactWriteItems", transaction(OWN)),
    overview("a removal", False, "BatchWriteItem", write(OWN)),
    overview("an entry of the directory", False, "BatchGetItem", get(entries=("person#1",))),
    overview("stars as the tags", False, "Query", query(OWN), [{"Key": f"w{n}", "Value": "*"} for n in range(20)]),
    overview("no tags", False, "Query", query(OWN), []),
]


@dataclass(frozen=True)
class Assumption:
    name: str
    is_allowed: bool
    role: str
    tags: Tags
    function: str = "api"
    caller: str = FUNCTION_ROLE


STRANGER = f"arn:aws:iam::{ACCOUNT}:role/somebody-else"
ASSUMPTIONS = [
    *(Assumption(f"one workspace, {name}", True, "TenantRole", ONE, name) for name in FUNCTIONS),
    Assumption("several workspaces, api", True, "OverviewRole", SEVERAL),
    Assumption("several workspaces, notify", True, "OverviewRole", SEVERAL, "notify"),
    Assumption("several workspaces, where nobody needs them", False, "OverviewRole", SEVERAL, "maintenance"),
    Assumption("no tag", False, "TenantRole", []),
    Assumption("no tags", False, "OverviewRole", []),
    Assumption("an empty tag", False, "TenantRole", tagged("")),
    Assumption("a star", False, "TenantRole", tagged("*")),
    Assumption("an id that is too long", False, "TenantRole", tagged(f"{OWN}0")),
    Assumption("an id that is too short", False, "TenantRole", tagged(OWN[1:])),
    Assumption("a variable", False, "TenantRole", tagged("${aws:PrincipalTag/workspace}")),
    Assumption("a tag of another name", False, "TenantRole", [{"Key": "tenant", "Value": OWN}]),
    Assumption("one tag too many", False, "TenantRole", [*ONE, {"Key": "role", "Value": "admin"}]),
    Assumption("the tags of an overview", False, "TenantRole", SEVERAL),
    Assumption("the tag of a tenant", False, "OverviewRole", ONE),
    Assumption("a role of another stack", False, "TenantRole", ONE, caller=STRANGER),
    Assumption("the stream function, which has no way to STS", False, "TenantRole", ONE, "stream"),
]


def permitted(documents: list[Document], asked: list[Asked]) -> bool:
    return bool(asked) and all(allows(documents, one) for one in asked)


def assumable(case: Assumption) -> bool:
    asked = assumption(case.role, case.tags, case.caller)
    own, trust = [policy_of_function(case.function)], [trust_of(case.role)]
    return permitted(own, asked) and permitted(trust, asked)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_is_judged_as_it_should_be(case: Case) -> None:
    assert permitted(policies_of(case.role), case.asked()) is case.is_allowed


@pytest.mark.parametrize("case", ASSUMPTIONS, ids=lambda case: case.name)
def test_who_may_have_credentials_made_for_what(case: Assumption) -> None:
    assert assumable(case) is case.is_allowed


# -- the other simulator ------------------------------------------------------------------


def simulation(principal: str, asked: Asked, own: list[Document], trust: Document | None = None) -> Kwargs:
    context = {
        name: values[0] if len(values) == 1 and name not in {"dynamodb:LeadingKeys", "aws:TagKeys"} else list(values)
        for name, values in asked.context.items()
    }
    return {
        "request": {
            "principal": principal,
            "action": asked.action,
            "resource": {"resource": asked.resource, "accountId": ACCOUNT},
            "contextVariables": context,
        },
        "identityPolicies": [{"name": f"p{number}", "policy": document} for number, document in enumerate(own)],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        **({"resourcePolicy": trust} if trust else {}),
    }


def session_of(role: str) -> str:
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/{OWN}"


def simulated(all_of: list[list[Kwargs]]) -> list[bool]:
    """For each list of simulations whether all are allowed."""
    node = installed(HERE, "iam")
    asked = json.dumps([one for some in all_of for one in some])
    command = [NODE, str(HERE / "simulate.mjs"), str(node)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: list[bool] = json.loads(done.stdout)
    ends = list(itertools.accumulate(map(len, all_of)))
    return [all(told[end - len(some) : end]) for some, end in zip(all_of, ends, strict=True)]


def test_another_simulator_judges_every_case_the_same() -> None:
    requests = [
        [simulation(session_of(arn_of(case.role)), one, policies_of(case.role)) for one in case.asked()]
        for case in CASES
    ]
    assumptions = [
        [
            simulation(session_of(case.caller), one, [policy_of_function(case.function)], trust_of(case.role))
            for one in assumption(case.role, case.tags, case.caller)
        ]
        for case in ASSUMPTIONS
    ]
    told = simulated([*requests, *assumptions])
    expected = [(case.name, case.is_allowed) for case in CASES] + [
        (case.name, case.is_allowed) for case in ASSUMPTIONS
    ]
    assert [name for (name, is_allowed), said in zip(expected, told, strict=True) if said is not is_allowed] == []


# -- what the functions themselves may do -------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("operation", ["BatchGetItem", "Query", "PutItem", "Scan", "GetItem", "DescribeTable"])
def test_a_function_s_own_role_cannot_touch_the_workspace_table(function: str, operation: str) -> None:
    asked = Asked(f"dynamodb:{operation}", WORKSPACE, {"dynamodb:LeadingKeys": (OWN,)})
    index = Asked("dynamodb:Query", f"{WORKSPACE}/index/by_state", {"dynamodb:LeadingKeys": (OWN,)})
    assert not allows([policy_of_function(function)], asked)
    assert not allows([policy_of_function(function)], index)


@pytest.mark.parametrize("operation", ["BatchGetItem", "Query", "PutItem", "DeleteItem", "UpdateItem", "GetItem"])
def test_a_function_s_own_role_reaches_the_directory(operation: str) -> None:
    assert allows([policy_of_function("api")], Asked(f"dynamodb:{operation}", DIRECTORY, {}))


def test_the_policies_fit_what_iam_takes() -> None:
    for role in ("TenantRole", "OverviewRole"):
        assert sum(len(json.dumps(document, separators=(",", ":"))) for document in policies_of(role)) <= 10_240
        assert len(json.dumps(trust_of(role), separators=(",", ":"))) <= 2_048
