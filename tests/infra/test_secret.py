"""The keys of a stage: completed by a deployment, changed without one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chalicelib.aws.secrets import FRESH
from chalicelib.kernel import clock, settings
from chalicelib.kernel.settings import Settings, overlaid
from chalicelib.kernel.signing import valid_keys
from infra.tools import configure as configuring
from infra.tools.secret import NOTICE, Secret
from infra.tools.stages import Refusal


class Manager:
    """Secrets Manager with one secret."""

    def __init__(self, **values: str) -> None:
        self.text = json.dumps(values)
        self.written = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
        assert SecretId == "arn:secret"
        return {"SecretString": self.text}

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> None:
        self.written += 1
        self.text = SecretString

    @property
    def values(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.text)
        return found


@pytest.fixture
def manager() -> Manager:
    """As CloudFormation leaves it."""
    return Manager(signing_key="first" * 12)


@pytest.fixture
def secret(manager: Manager) -> Secret:
    return Secret(manager, "arn:secret")


@pytest.fixture
def in_use(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[str, ...]]:
    """The keys that a function believes, once it has read the secret: the first one signs."""

    def keys() -> tuple[str, ...]:
        monkeypatch.setattr(settings, "_current", overlaid(Settings(), manager.values))
        return valid_keys()

    return keys


def test_a_first_deployment_adds_what_cloudformation_cannot_make(secret: Secret, manager: Manager) -> None:
    assert secret.complete("https://h.example", "shown") is True
    made = overlaid(Settings(), manager.values)
    assert (made.signing_key, made.public_url, len(made.push_key)) == ("first" * 12, "https://h.example", 43)
    assert made.origin_secrets == ["shown"]


def test_a_later_one_changes_no_key(secret: Secret, manager: Manager) -> None:
    secret.complete("https://h.example", "shown")
    before = manager.values
    assert secret.complete("https://h.example", "shown") is False
    assert manager.written == 1
    assert secret.complete("https://other.example", "shown") is True
    assert manager.values == before | {"public_url": "https://other.example"}


def test_a_new_key_stands_beside_the_old_one_which_signs_until_all_have_read_it(
    secret: Secret, manager: Manager, in_use: Callable[[], tuple[str, ...]]
) -> None:
    since = secret.rotate(at_once=False)
    new = manager.values["signing_key"]
    assert in_use() == ("first" * 12, new)
    assert NOTICE > FRESH
    with clock.moved(NOTICE + 1):
        assert in_use() == (new, "first" * 12)
    assert manager.values["signing_key_since"] == str(since)


def test_a_key_is_not_changed_again_before_it_is_in_use_everywhere(secret: Secret, manager: Manager) -> None:
    secret.rotate(at_once=False)
    before = manager.values
    with pytest.raises(Refusal, match="try again in ten minutes"):
        secret.rotate(at_once=False)
    assert manager.values == before


def test_a_key_that_others_know_is_worth_nothing_at_once(
    secret: Secret, manager: Manager, in_use: Callable[[], tuple[str, ...]]
) -> None:
    secret.rotate(at_once=False)
    known = set(in_use())
    secret.rotate(at_once=True)
    (only,) = in_use()
    assert only not in known


def test_settings_are_set_and_taken_away(secret: Secret, manager: Manager) -> None:
    assert secret.set({"oidc_client_id": "me", "sign_in_allowed": "example.com"}) is True
    assert secret.set({"oidc_client_id": "me"}) is False
    assert secret.set({"sign_in_allowed": ""}) is True
    assert manager.values == {"signing_key": "first" * 12, "oidc_client_id": "me"}


@pytest.mark.parametrize(
    "name", ["oidc_clientid", "signing_key", "previous_signing_key", "push_key", "origin_secret"]
)
def test_what_is_no_setting_or_not_for_hands_is_refused(secret: Secret, manager: Manager, name: str) -> None:
    with pytest.raises(Refusal, match=name):
        secret.set({name: "x"})
    assert manager.written == 0


def test_a_value_that_the_program_cannot_use_is_refused(secret: Secret, manager: Manager) -> None:
    with pytest.raises(Refusal, match="token_lifetime"):
        secret.set({"token_lifetime": "long"})
    assert manager.written == 0


def test_a_value_that_is_not_given_is_asked_for(
    secret: Secret, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuring, "getpass", lambda question: "typed")
    said = configuring.configure(secret, ["oidc_client_id=me", "oidc_client_secret"])
    assert said == "Set: oidc_client_id, oidc_client_secret."
    assert manager.values["oidc_client_secret"] == "typed"
    assert configuring.configure(secret, ["oidc_client_id=me"]) == "Nothing to change."
    with pytest.raises(Refusal, match="Nothing to set"):
        configuring.configure(secret, [])
    assert configuring.configure(secret, ["rotate"]).startswith("A new key signs from ")
    assert configuring.configure(secret, ["rotate", "now"]).startswith("A new key signs from ")
