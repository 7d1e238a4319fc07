"""The fifth wall: with the stack's own policies enforced before the engine, everything works, and nothing crosses.

The other tests of this folder run behind the same wall (`conftest.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import DeleteError, PutError, QueryError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.kernel import clock, directory, scope, store, tenancy
from chalicelib.kernel.head import HEAD
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.store import DirectoryItem, WorkspaceItem
from chalicelib.kernel.tenancy import Outside
from tests.support.account import Account
from tests.support.clients import Person
from tests.support.due import do_what_is_due
from tests.support.every_request import OTHERS, ROUTES, TOOLS, furnish
from tests.support.iam import Asked

OWN, FOREIGN = new_id(), new_id()
REQUESTS = ROUTES | TOOLS | OTHERS


@pytest.fixture(autouse=True)
def nothing_assumed(wall: Account) -> None:
    wall.assumed.clear()


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_carried_out_with_credentials_for_its_workspaces_only(
    name: str, new_person: Callable[[], Person], wall: Account
) -> None:
    answer = REQUESTS[name](furnish(new_person()))
    assert answer.status_code < 400 or name == "GET /mcp/{ws}/stateless", answer.text
    assert wall.refused == []


def row(workspace_id: str) -> WorkspaceItem:
    return WorkspaceItem(workspace_id, "a", body="{}", version=1)


def foreign_batch() -> None:
    store.batch_get([(OWN, HEAD), (FOREIGN, HEAD)])


def foreign_query() -> None:
    list(WorkspaceItem.query(FOREIGN, consistent_read=True))


def foreign_index() -> None:
    list(WorkspaceItem.by_state.query(FOREIGN, consistent_read=True))


def foreign_item_in_a_transaction() -> None:
    with TransactWrite(connection=store.connection()) as transaction:
        transaction.save(row(OWN))
        transaction.save(row(FOREIGN))


def foreign_write() -> None:
    row(FOREIGN).save()


def foreign_removal() -> None:
    WorkspaceItem(FOREIGN, "a").delete()


def foreign_batch_of_writes() -> None:
    store.batch_write([row(OWN)], [WorkspaceItem(FOREIGN, "a")])


def change_of_a_session_beside_a_task() -> None:
    with TransactWrite(connection=store.connection()) as transaction:
        transaction.save(row(OWN))
        transaction.save(DirectoryItem("session#somebody", "session", body="{}"))


REFUSED = (ClientError, QueryError, TransactWriteError, PutError, DeleteError)
ATTEMPTS = [
    foreign_batch,
    foreign_query,
    foreign_index,
    foreign_item_in_a_transaction,
    foreign_write,
    foreign_removal,
    foreign_batch_of_writes,
    change_of_a_session_beside_a_task,
]


def taken(refused: list[Asked]) -> list[Asked]:
    """What was refused until now; whatever is refused besides fails the module."""
    found = refused[:]
    refused.clear()
    return found


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.__name__)
def test_storage_refuses_what_is_not_the_workspace_s_own(attempt: Callable[[], None], wall: Account) -> None:
    with tenancy.within(OWN), pytest.raises(REFUSED):
        attempt()
    assert len(taken(wall.refused)) == 1


@pytest.mark.parametrize("attempt", [foreign_write, foreign_removal, foreign_item_in_a_transaction])
def test_with_the_credentials_of_an_overview_nothing_is_written(attempt: Callable[[], None], wall: Account) -> None:
    with tenancy.within(OWN, FOREIGN), pytest.raises(REFUSED):
        attempt()
    assert len(taken(wall.refused)) == 1


def test_without_a_workspace_there_are_no_credentials(wall: Account) -> None:
    with pytest.raises(Outside):
        foreign_query()
    for reach in [("*",), ("???????????",), ("${aws:PrincipalTag/w0}",), (), tuple(new_id() for _ in range(21))]:
        with tenancy.within(*reach), pytest.raises(Outside):
            foreign_query()
    assert wall.assumed == []


def test_work_for_one_workspace_cannot_turn_to_another() -> None:
    with tenancy.within(OWN), pytest.raises(Outside):
        scope.for_system(FOREIGN)


def test_a_caller_whom_the_directory_does_not_know_has_no_credentials_made(
    new_person: Callable[[], Person], wall: Account
) -> None:
    known, other = furnish(new_person()), new_person()
    wall.assumed.clear()
    unknown = [other.http.get(f"/api/workspaces/{new_id()}/tasks").status_code for _ in range(3)]
    with_another_token = known.agent.secret[:-8] + "0" * 8
    known.agent.http.headers["Authorization"] = f"Bearer {with_another_token}"
    assert (unknown, known.agent.post("tools/list").status_code) == ([404] * 3, 401)
    assert wall.assumed == []


def test_an_overview_takes_one_set_of_credentials_for_twenty_workspaces(
    new_person: Callable[[], Person], wall: Account
) -> None:
    person = new_person()
    ids = sorted(person.create_workspace()["id"] for _ in range(22))
    wall.assumed.clear()
    for _ in range(2):
        assert len(person.ask("GET", "/api/overview?limit=50")["items"]) == 22
        person.ask("GET", "/api/inbox")
    assert wall.assumed == [tuple(ids[:20]), tuple(ids[20:])]


def test_due_work_is_done_behind_the_wall(new_person: Callable[[], Person], wall: Account) -> None:
    person = new_person()
    workspace = person.create_workspace()
    person.ask("DELETE", f"/api/workspaces/{workspace['id']}", 204, json={"confirm": workspace["name"]})
    do_what_is_due()
    assert wall.refused == []
    assert not [due for due in directory.due_by("purge", clock.now(), 100) if due.workspace_id == workspace["id"]]
