"""Two people in one workspace: what each may do, and that who is removed is out at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.kernel.errors import Forbidden, NotFound
from chalicelib.members import rules
from chalicelib.members.model import RoleChange
from chalicelib.onebox.program import Program
from chalicelib.tasks import rules as tasks
from chalicelib.workspaces import rules as workspaces
from tests.support.clients import Agent, Person
from tests.support.scopes import of_person
from tests.support.streams import hang_up
from tests.support.waiting import eventually, everything_published

NewPerson = Callable[[], Person]


def base(workspace_id: str, rest: str = "") -> str:
    return f"/api/workspaces/{workspace_id}{rest}"


OWNERS_ONLY = [
    ("PUT", "/archive", None),
    ("DELETE", "/archive", None),
    ("DELETE", "", {"confirm": "my-saas-backend"}),
    ("POST", "/invitations", {"email": "a@example.com"}),
    ("DELETE", "/invitations/{invitation}", None),
    ("PATCH", "/members/{owner}", {"role": "member"}),
    ("PATCH", "/members/{guest}", {"role": "owner"}),
    ("DELETE", "/members/{owner}", None),
]


def test_a_member_may_do_everything_but_what_is_for_owners(
    person: Person, workspace_id: str, guest: Person, new_person: NewPerson
) -> None:
    invitation = person.invite(workspace_id, new_person().email)["invitation"]["id"]
    before = person.ask("GET", base(workspace_id))["seq"]
    for method, rest, body in OWNERS_ONLY:
        named = rest.format(invitation=invitation, owner=person.id, guest=guest.id)
        answer = guest.http.request(method, base(workspace_id, named), json=body)
        assert answer.status_code == 403, f"{method} {rest}: {answer.text}"
        assert "Only an owner" in answer.json()["detail"]
    assert person.ask("GET", base(workspace_id))["seq"] == before
    task = guest.create_task(workspace_id)
    guest.reply(workspace_id, task["id"], "by me")
    guest.ask("PATCH", base(workspace_id), json={"mission": "ours"})
    guest.generate_token(workspace_id)
    for rest in ("/members", "/invitations", "/tokens", "/permission_rules"):
        assert guest.ask("GET", base(workspace_id, rest))["items"] is not None
    for method, rest, body in OWNERS_ONLY[:2]:
        assert person.http.request(method, base(workspace_id, rest), json=body).status_code == 200


def test_each_is_named_for_what_they_did(person: Person, workspace_id: str, guest: Person) -> None:
    stream = person.events(workspace_id)
    task = guest.create_task(workspace_id)
    person.reply(workspace_id, task["id"], "mine")
    made, answered = stream.wait_for_type("task.created").json, stream.wait_for_type("reply.received").json
    hang_up(stream)
    assert (made["actor"]["id"], answered["actor"]["id"]) == (guest.id, person.id)
    assert (task["created_by"]["id"], answered["message"]["sender"]["id"]) == (guest.id, person.id)


def test_what_waits_waits_for_both_until_one_of_them_answers(
    person: Person, workspace_id: str, guest: Person, agent: Agent
) -> None:
    asked = {"request_id": "r", "tool_name": "Bash", "description": "", "input_preview": '{"command":"ls"}'}
    agent.notify("notifications/claude/channel/permission_request", asked)
    (hers,), (his,) = (one.ask("GET", "/api/inbox")["items"] for one in (person, guest))
    assert hers == his
    stream = person.all_events()
    stream.wait_for(lambda frame: workspace_id in frame.data)
    decision = base(workspace_id, f"/permissions/{hers['permission']['id']}/decision")
    guest.ask("PUT", decision, json={"behavior": "allow"})
    told = stream.wait_for_type("permission.decided").json
    stream.close()
    assert told["permission"]["decided_by"]["id"] == guest.id
    late = person.http.put(decision, json={"behavior": "deny"})
    assert (late.status_code, late.json()["code"]) == (409, "already_decided")
    assert late.json()["current"]["decided_by"]["id"] == guest.id
    assert person.ask("GET", "/api/inbox")["items"] == guest.ask("GET", "/api/inbox")["items"] == []


def test_who_is_removed_is_out_at_once(program: Program, person: Person, workspace_id: str, guest: Person) -> None:
    task = person.create_task(workspace_id)
    own = guest.create_workspace("mine")["id"]
    one, every = guest.events(workspace_id), guest.all_events()
    every.wait_for(lambda frame: workspace_id in frame.data)
    person.ask("DELETE", base(workspace_id, f"/members/{guest.id}"), 204)
    for rest in ("", "/tasks", f"/tasks/{task['id']}", "/members", "/events", "/tokens"):
        assert guest.http.get(base(workspace_id, rest)).status_code == 404
    assert guest.http.post(base(workspace_id, "/tasks"), json={"title": "x"}).status_code == 404
    assert [each["id"] for each in guest.ask("GET", "/api/workspaces")["items"]] == [own]
    one.wait_until_closed()
    gone = every.wait_for(
        lambda frame: (
            frame.event == "reset" and frame.json == {"type": "reset", "workspace_id": workspace_id, "seq": 0}
        )
    )
    secret = person.create_task(workspace_id, "not for those who left")["id"]
    mark = guest.create_task(own, "a mark of my own")["id"]
    every.wait_for(lambda frame: mark in frame.data)
    assert secret not in every.raw.decode()
    assert not every.closed
    assert gone
    every.close()


def test_what_is_under_way_when_somebody_is_removed_does_not_happen(
    person: Person, workspace_id: str, guest: Person
) -> None:
    scope = of_person(guest, workspace_id)
    person.ask("DELETE", base(workspace_id, f"/members/{guest.id}"), 204)
    with pytest.raises(NotFound):
        workspaces.edit(scope, workspaces.WorkspaceChanges(name="taken over"))
    with pytest.raises(NotFound):
        tasks.create(scope, tasks.NewTask(title="x"))
    assert person.ask("GET", base(workspace_id))["name"] == "my-saas-backend"


def test_what_is_under_way_when_an_owner_becomes_a_member_is_a_members(
    person: Person, workspace_id: str, guest: Person
) -> None:
    person.ask("PATCH", base(workspace_id, f"/members/{guest.id}"), json={"role": "owner"})
    scope = of_person(guest, workspace_id)
    person.ask("PATCH", base(workspace_id, f"/members/{guest.id}"), json={"role": "member"})
    with pytest.raises(Forbidden):
        workspaces.archive(scope)


def test_the_tokens_of_who_is_removed_end_and_nobody_elses(
    program: Program, person: Person, workspace_id: str, guest: Person, agent: Agent
) -> None:
    theirs = guest.agent(workspace_id, "theirs").initialize()
    held = theirs.stream()
    guest.ask("DELETE", base(workspace_id, f"/members/{guest.id}"), 204)
    held.wait_until_closed()
    assert theirs.post("tools/list").status_code == 401
    assert agent.call("getWorkspace")["workspace_id"] == workspace_id
    everything_published(program)
    tokens = person.ask("GET", base(workspace_id, "/tokens"))["items"]
    assert {one["id"]: one["status"] for one in tokens} == {theirs.token_id: "revoked", agent.token_id: "active"}


def test_who_comes_back_is_as_new(person: Person, workspace_id: str, guest: Person) -> None:
    first = {one["id"] for one in person.ask("GET", base(workspace_id, "/members"))["items"]}
    guest.ask("DELETE", base(workspace_id, f"/members/{guest.id}"), 204)
    person.let_in(guest, workspace_id)
    again = person.ask("GET", base(workspace_id, "/members"))["items"]
    assert len({one["id"] for one in again} - first) == 1
    assert guest.ask("GET", base(workspace_id))["id"] == workspace_id


def test_somebody_has_to_own_the_workspace(person: Person, workspace_id: str, guest: Person) -> None:
    mine = base(workspace_id, f"/members/{person.id}")
    for answer in (person.http.delete(mine), person.http.patch(mine, json={"role": "member"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    person.ask("PATCH", base(workspace_id, f"/members/{guest.id}"), json={"role": "owner"})
    person.ask("DELETE", mine, 204)
    assert person.http.get(base(workspace_id)).status_code == 404
    guest.ask("PUT", base(workspace_id, "/archive"))
    assert guest.http.delete(base(workspace_id, f"/members/{guest.id}")).json()["code"] == "last_owner"


def test_two_owners_who_leave_at_once_do_not_leave_it_to_nobody(
    person: Person, workspace_id: str, guest: Person
) -> None:
    person.ask("PATCH", base(workspace_id, f"/members/{guest.id}"), json={"role": "owner"})
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda one: one.http.delete(base(workspace_id, f"/members/{one.id}")), (person, guest))
        )
    assert sorted(answer.status_code for answer in answers) == [204, 409]


def test_a_role_can_be_changed_by_one_at_a_time(person: Person, workspace_id: str, guest: Person) -> None:
    path = base(workspace_id, f"/members/{guest.id}")
    version = person.ask("PATCH", path, json={"role": "owner", "version": 1})["version"]
    answer = person.http.patch(path, json={"role": "member", "version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "version_conflict")
    assert person.ask("PATCH", path, json={"role": "owner"})["version"] == version
    assert person.http.patch(path, json={"role": "member"}, headers={"If-Match": str(version)}).status_code == 200


def test_a_stranger_learns_nothing_and_changes_nothing(
    person: Person, workspace_id: str, guest: Person, new_person: NewPerson
) -> None:
    stranger = new_person()
    own = stranger.create_workspace()["id"]
    for method in ("PATCH", "DELETE"):
        body = {"role": "owner"} if method == "PATCH" else None
        for place, whom in ((workspace_id, stranger.id), (workspace_id, guest.id), (own, guest.id)):
            assert stranger.http.request(method, base(place, f"/members/{whom}"), json=body).status_code == 404
    assert len(person.ask("GET", base(workspace_id, "/members"))["items"]) == 2


def test_everybody_is_concerned_by_what_waits(person: Person, workspace_id: str, guest: Person) -> None:
    assert set(rules.people_of(of_person(person, workspace_id))) == {person.id, guest.id}
    rules.change_role(of_person(person, workspace_id), guest.id, RoleChange(role="owner"))
    rules.remove(of_person(guest, workspace_id), person.id)
    eventually(lambda: rules.people_of(of_person(guest, workspace_id)) == [guest.id])
