from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clients import Person


@pytest.fixture
def guest(person: Person, workspace_id: str, new_person: Callable[[], Person]) -> Person:
    """Somebody who was let into the workspace."""
    guest = new_person()
    person.let_in(guest, workspace_id)
    return guest
