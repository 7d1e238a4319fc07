"""Being known, and known again: one person for one identity, and sessions that end when they are ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.kernel import clock
from chalicelib.kernel.errors import Forbidden, Unauthorized
from chalicelib.kernel.scope import signed_in
from chalicelib.kernel.settings import settings
from chalicelib.onebox.program import Program
from chalicelib.people import rules
from tests.support.clients import Person


def test_one_identity_is_one_person_however_often_and_however_fast_it_comes(program: Program) -> None:
    with ThreadPoolExecutor(8) as pool:
        people = list(
            pool.map(lambda _: rules.known_as("issuer", "subject", email="a@example.com", name="A"), range(8))
        )
    assert len({person.id for person in people}) == 1


def test_the_same_subject_of_another_issuer_is_somebody_else(program: Program) -> None:
    one, other = (rules.known_as(issuer, "s", email="a@example.com", name="A") for issuer in ("x", "y"))
    assert one.id != other.id


@pytest.mark.parametrize("address", ["10.0.0.1", "", "localhost", "::2", "192.168.1.1"])
def test_the_owner_signs_in_from_this_machine_only(program: Program, address: str) -> None:
    with pytest.raises(Forbidden):
        rules.sign_in_locally(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_every_local_sign_in_is_the_same_owner_with_a_session_of_their_own(program: Program, address: str) -> None:
    (first, one), (second, other) = rules.sign_in_locally(address), rules.sign_in_locally(address)
    assert first == second
    assert one.id != other.id


def test_signing_out_ends_that_session_and_no_other(person: Person) -> None:
    other = rules.open_session(rules.person_of(person.session))
    rules.sign_out(person.session)
    with pytest.raises(Unauthorized):
        signed_in(person.session.id, person.id)
    assert signed_in(other.id, person.id) == other
    assert person.http.get("/auth/session").status_code == 401


def test_a_session_ends_with_its_time(person: Person) -> None:
    assert person.ask("GET", "/auth/session")["person"]["id"] == person.id
    with clock.moved(settings().session_lifetime + 1), pytest.raises(Unauthorized):
        signed_in(person.session.id, person.id)


def test_a_session_belongs_to_its_person(person: Person) -> None:
    with pytest.raises(Unauthorized):
        signed_in(person.session.id, "0" * 11)
