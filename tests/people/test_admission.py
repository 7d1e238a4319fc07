"""Who may sign in: whom the operator names, by address or by domain; without a list, nobody who was not invited."""

from __future__ import annotations

import pytest

from chalicelib.kernel import directory
from chalicelib.onebox.program import Program
from chalicelib.people import admission, provider
from chalicelib.people.id_tokens import Claims
from tests.isolation.test_tokens import configured


def somebody(email: str, **more: object) -> Claims:
    said = {"iss": "https://id.example.com", "aud": "c", "sub": "s", "exp": 1, "iat": 1, "nonce": "n"}
    return Claims(**said | {"email": email, "email_verified": True} | more)  # type: ignore[arg-type]


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@EXAMPLE.COM", "b@partner.org", "B@partner.org"])
def test_a_domain_and_an_address_let_in(email: str, program: Program) -> None:
    with configured(sign_in_allowed=" Example.com , b@Partner.org,, "):
        assert admission.is_admitted(somebody(email))


@pytest.mark.parametrize(
    "email",
    [
        "c@partner.org",
        "ada@example.com.evil.org",
        "ada@evil-example.com",
        "ada@sub.example.com",
        "example.com@evil.org",
    ],
)
def test_nobody_else_comes_in(email: str, program: Program) -> None:
    with configured(sign_in_allowed="example.com,b@partner.org"):
        assert not admission.is_admitted(somebody(email))
    with configured(sign_in_allowed=""):
        assert not admission.is_admitted(somebody(email))


def test_of_googles_accounts_a_domain_means_those_that_it_manages(program: Program) -> None:
    with configured(sign_in_allowed="example.com,gmail.com,b@partner.org"):
        google = {"iss": provider.GOOGLE}
        assert not admission.is_allowed(somebody("ada@example.com", **google))
        assert not admission.is_allowed(somebody("ada@example.com", hd="other.com", **google))
        assert admission.is_allowed(somebody("ada@example.com", hd="example.com", **google))
        assert admission.is_allowed(somebody("ada@gmail.com", **google))
        assert admission.is_allowed(somebody("b@partner.org", **google))


def test_nothing_of_an_address_stands_in_the_directory(program: Program) -> None:
    assert "ada" not in str(directory.invited_key("ada@example.com", "x"))
    assert directory.invited_key(" ADA@example.com", "x") == directory.invited_key("ada@example.com", "x")
