"""An invitation is for one address, once, for a week; to everybody else it is not there."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import InvitationRoute, Invited
from chalicelib.kernel.settings import DAY
from chalicelib.members import model
from chalicelib.onebox.program import Program
from chalicelib.people import admission
from tests.isolation.test_tokens import configured
from tests.support.clients import Json, Person
from tests.support.due import do_what_is_due
from tests.support.waiting import everything_published

NewPerson = Callable[[], Person]


def path(workspace_id: str, rest: str = "") -> str:
    return f"/api/workspaces/{workspace_id}/invitations{rest}"


def secret_of(made: Json) -> str:
    return str(made["link"].partition("#")[2])


def answer_to(person: Person, secret: str, what: str = "acceptance") -> httpx.Response:
    return person.http.post(f"/api/invitations/{what}", json={"secret": secret})


def is_open(made: Json) -> bool:
    """Whether anything of it is left in the directory."""
    route = directory.read(directory.invitation_key(directory.digest(secret_of(made))), InvitationRoute)
    entry = directory.read(directory.invited_key(made["invitation"]["email"], made["invitation"]["id"]), Invited)
    assert (route is None) == (entry is None)
    return route is not None


def test_who_is_invited_becomes_a_member_and_sees_the_workspace_live(
    person: Person, workspace_id: str, new_person: NewPerson
) -> None:
    guest = new_person()
    before = guest.create_workspace("mine")["id"]
    stream = guest.all_events()
    stream.wait_for(lambda frame: before in frame.data)
    made = person.invite(workspace_id, guest.email.upper())
    assert made["invitation"]["email"] == guest.email.upper()
    preview = guest.ask("POST", "/api/invitations/preview", json={"secret": secret_of(made)})
    assert preview["workspace"] == {"id": workspace_id, "name": "my-saas-backend"}
    assert (preview["role"], preview["invited_by"]["id"]) == ("member", person.id)
    assert guest.accept(made["link"])["id"] == workspace_id
    stream.wait_for(lambda frame: workspace_id in frame.data)
    task = person.create_task(workspace_id, "for both of us")
    stream.wait_for(lambda frame: task["id"] in frame.data)
    stream.close()
    assert {one["id"] for one in guest.ask("GET", "/api/workspaces")["items"]} == {before, workspace_id}
    members = person.ask("GET", f"/api/workspaces/{workspace_id}/members")["items"]
    assert {(one["person_id"], one["email"], one["role"]) for one in members} == {
        (person.id, person.email, "owner"),
        (guest.id, guest.email, "member"),
    }
    assert person.ask("GET", path(workspace_id))["items"] == []


def test_the_link_stands_in_one_answer_and_nowhere_else(person: Person, workspace_id: str) -> None:
    key = {"Idempotency-Key": "once"}
    stream = person.events(workspace_id)
    first = person.ask("POST", path(workspace_id), 201, json={"email": "a@example.com"}, headers=key)
    again = person.ask("POST", path(workspace_id), 201, json={"email": "a@example.com"}, headers=key)
    assert again == first | {"link": None}
    stream.wait_for_type("member.invited")
    seen = stream.raw.decode() + person.http.get(path(workspace_id)).text
    stream.close()
    secret = secret_of(first)
    assert first["link"].startswith(str(person.http.base_url).rstrip("/") + "/invitations#")
    assert len(secret) == 30
    assert secret not in seen
    assert directory.digest(secret) not in seen


def test_to_everybody_else_an_invitation_is_not_there(
    person: Person, workspace_id: str, new_person: NewPerson
) -> None:
    guest, stranger = new_person(), new_person()
    made = person.invite(workspace_id, guest.email)
    for what in ("preview", "acceptance"):
        unknown = answer_to(stranger, "0" * 30, what)
        foreign = answer_to(stranger, secret_of(made), what)
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.content == unknown.content
        for malformed in ("", "x" * 100, "é" * 30, "../" * 10):
            assert answer_to(stranger, malformed, what).content == unknown.content
    assert answer_to(stranger, "x" * 101).status_code == 422
    guest.accept(made["link"])
    assert answer_to(stranger, secret_of(made)).status_code == 404


def test_accepting_twice_is_accepting_once(
    program: Program, person: Person, workspace_id: str, new_person: NewPerson
) -> None:
    guest = new_person()
    link = person.invite(workspace_id, guest.email)["link"]
    assert guest.accept(link)["id"] == guest.accept(link)["id"] == workspace_id
    assert len(person.ask("GET", f"/api/workspaces/{workspace_id}/members")["items"]) == 2
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/members/{guest.id}", 204)
    assert answer_to(guest, link.partition("#")[2]).status_code == 404


def test_a_revoked_invitation_opens_nothing(person: Person, workspace_id: str, new_person: NewPerson) -> None:
    guest = new_person()
    made = person.invite(workspace_id, guest.email)
    person.ask("DELETE", path(workspace_id, f"/{made['invitation']['id']}"), 204)
    assert not is_open(made)
    assert answer_to(guest, secret_of(made)).status_code == 404
    person.ask("DELETE", path(workspace_id, f"/{made['invitation']['id']}"), 404)


def test_an_invitation_ends_after_a_week_and_the_check_does_not_wait_for_the_schedule(
    program: Program, person: Person, workspace_id: str, new_person: NewPerson
) -> None:
    guest = new_person()
    made = person.invite(workspace_id, guest.email)
    stream = person.events(workspace_id)
    with clock.moved(7 * DAY - 60):
        assert answer_to(guest, secret_of(made), "preview").status_code == 200
        assert admission.is_invited(guest.email)
    with clock.moved(7 * DAY + 60):
        assert answer_to(guest, secret_of(made)).status_code == 404
        assert not admission.is_invited(guest.email)
        do_what_is_due()
    stream.wait_for_type("invitation.expired")
    stream.close()
    assert person.ask("GET", path(workspace_id))["items"] == []
    assert not is_open(made)


def test_nobody_is_invited_twice_and_no_member_at_all(
    person: Person, workspace_id: str, new_person: NewPerson
) -> None:
    guest = new_person()
    made = person.invite(workspace_id, guest.email)
    for email, code in ((guest.email.upper(), "already_invited"), (person.email, "already_member")):
        answer = person.http.post(path(workspace_id), json={"email": email})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    guest.accept(made["link"])
    assert person.http.post(path(workspace_id), json={"email": guest.email}).json()["code"] == "already_member"


@pytest.mark.parametrize(
    "email", ["", "a", "a@", "@b.org", "a b@c.org", "a@b.org,c@d.org", "a@\nb.org", "<a@b.org>", "a@b@c", "a" * 260]
)
def test_only_an_address_can_be_invited(email: str, person: Person, workspace_id: str) -> None:
    answer = person.http.post(path(workspace_id), json={"email": email})
    assert answer.status_code == 422
    assert person.http.post(path(workspace_id), json={"email": "a@b.org", "role": "king"}).status_code == 422


def test_there_is_room_for_so_many(person: Person, workspace_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.members.invitations.MOST_PEOPLE", 3)
    assert model.MOST_PEOPLE == 100
    for name in ("a", "b"):
        person.invite(workspace_id, f"{name}@example.com")
    answer = person.http.post(path(workspace_id), json={"email": "c@example.com"})
    assert (answer.status_code, answer.json()["code"]) == (409, "quota_exceeded")
    assert "3 people" in answer.json()["detail"]


def test_where_nobody_else_can_sign_in_nobody_is_invited(person: Person, workspace_id: str) -> None:
    with configured(oidc_client_id=""):
        answer = person.http.post(path(workspace_id), json={"email": "a@example.com"})
    assert answer.status_code == 403
    assert "HANDRAIL_OIDC_CLIENT_ID" in answer.json()["detail"]


def test_a_deleted_workspace_leaves_no_invitation_and_no_member_behind(
    program: Program, person: Person, new_person: NewPerson
) -> None:
    ws = person.create_workspace("short-lived")["id"]
    guest, late = new_person(), new_person()
    person.let_in(guest, ws)
    made = person.invite(ws, late.email)
    stream = guest.all_events()
    stream.wait_for(lambda frame: ws in frame.data)
    person.ask("DELETE", f"/api/workspaces/{ws}", 204, json={"confirm": "short-lived"})
    stream.wait_for_type("workspace.deleted")
    stream.close()
    assert answer_to(late, secret_of(made)).status_code == 404
    everything_published(program)
    do_what_is_due()
    assert not is_open(made)
    for one in (person, guest):
        assert directory.read(directory.membership_key(one.id, ws), directory.Membership) is None


def test_an_archived_workspace_invites_nobody(person: Person, workspace_id: str, new_person: NewPerson) -> None:
    guest = new_person()
    made = person.invite(workspace_id, guest.email)
    person.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    assert person.http.post(path(workspace_id), json={"email": "a@example.com"}).json()["code"] == "archived"
    assert answer_to(guest, secret_of(made)).json()["code"] == "archived"
    person.ask("DELETE", path(workspace_id, f"/{made['invitation']['id']}"), 204)
