from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Due, Membership, Session
from chalicelib.kernel.ids import new_id
from chalicelib.onebox.program import Program


@pytest.fixture
def member(program: Program) -> Membership:
    return Membership(new_id(), "owner", clock.now())


def test_what_is_written_is_read_by_its_full_key_and_no_other(member: Membership) -> None:
    key = directory.membership_key(new_id(), member.workspace_id)
    directory.write(key, member)
    assert directory.read(key, Membership) == member
    for other in ((key[0], key[1][:-1]), (key[0][:-1], key[1]), (key[0], key[1] + "0")):
        assert directory.read(other, Membership) is None
    directory.remove(key)
    directory.remove(key)
    assert directory.read(key, Membership) is None


def test_of_two_who_write_once_the_first_wins(member: Membership) -> None:
    key = directory.membership_key(new_id(), member.workspace_id)
    other = Membership(new_id(), "owner", clock.now())
    assert directory.write_once(key, member)
    assert not directory.write_once(key, other)
    assert directory.read(key, Membership) == member


def test_an_update_does_not_bring_back_what_is_gone(member: Membership) -> None:
    key = directory.membership_key(new_id(), member.workspace_id)
    assert not directory.update(key, member)
    assert directory.read(key, Membership) is None
    directory.write(key, member)
    assert directory.update(key, member)


def test_what_has_expired_is_gone_before_it_is_removed(program: Program) -> None:
    session = Session(new_id(), new_id(), "n", "e", clock.now(), clock.after(100))
    directory.write(directory.session_key(session.id), session, session.expires_at)
    assert directory.read(directory.session_key(session.id), Session) == session
    with clock.moved(101):
        assert directory.read(directory.session_key(session.id), Session) is None


def test_a_persons_memberships_are_theirs_alone(member: Membership) -> None:
    one, other = new_id(), new_id()
    directory.write(directory.membership_key(one, member.workspace_id), member)
    assert directory.memberships(one) == [member]
    assert directory.memberships(other) == directory.memberships(one[:-1]) == []


@given(st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=10))
def test_keys_of_due_work_sort_by_time(seconds: list[int]) -> None:
    dues = [Due("purge", clock.after(number), "w", "i") for number in seconds]
    stamps = [directory.due_key(one)[1] for one in sorted(dues, key=lambda one: one.at)]
    assert stamps == sorted(stamps)
