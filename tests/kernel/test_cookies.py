from __future__ import annotations

from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any

import pytest
from jose import jwt

from chalicelib.kernel import clock, cookies, settings
from chalicelib.kernel.errors import Unauthorized
from chalicelib.kernel.settings import Settings

KEY = "k" * 40


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_current", Settings(signing_key=KEY))


def issued(expires_at: datetime | None = None) -> str:
    return cookies.issue("session", "person", expires_at or clock.after(100))


def header(token: str) -> str:
    return f"{cookies.name()}={token}"


def claims(**changes: Any) -> dict[str, Any]:
    now = clock.epoch(clock.now())
    good = {"iss": "handrail", "aud": "handrail-session", "sub": "p", "jti": "s", "iat": now, "exp": now + 100}
    return {name: value for name, value in (good | changes).items() if value is not None}


def test_a_cookie_that_was_issued_is_read_whatever_stands_around_it() -> None:
    value = SimpleCookie(issued())[cookies.name()].value
    for text in (header(value), f"a=b; {header(value)}; c=d"):
        assert cookies.read(text) == ("session", "person")


def test_a_cookie_outlives_the_change_of_the_key_and_not_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    text = header(SimpleCookie(issued())[cookies.name()].value)
    monkeypatch.setattr(settings, "_current", Settings(signing_key="n" * 40, previous_signing_key=KEY))
    assert cookies.read(text) == ("session", "person")
    monkeypatch.setattr(settings, "_current", Settings(signing_key="m" * 40, previous_signing_key="n" * 40))
    with pytest.raises(Unauthorized):
        cookies.read(text)


def test_scripts_and_other_sites_do_not_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(issued().split("; "))
    assert "Secure" not in issued()
    monkeypatch.setattr(settings, "_current", Settings(signing_key=KEY, public_url="https://h.example"))
    assert issued().startswith("__Host-handrail_session=")
    assert issued().endswith("; Secure")


def test_signing_out_makes_a_browser_forget_it() -> None:
    assert "Max-Age=0" in cookies.clear()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"iss": "other"},
        {"exp": 1},
        *({name: None} for name in ("aud", "iss", "sub", "iat", "exp", "jti")),
    ],
    ids=str,
)
def test_a_claim_that_is_missing_or_wrong_is_refused(changes: dict[str, Any]) -> None:
    assert cookies.read(header(jwt.encode(claims(), KEY, algorithm="HS256"))) == ("s", "p")
    with pytest.raises(Unauthorized):
        cookies.read(header(jwt.encode(claims(**changes), KEY, algorithm="HS256")))


@pytest.mark.parametrize(("key_used", "algorithm"), [("other", "HS256"), (KEY, "HS384"), (KEY, "HS512")])
def test_another_key_or_algorithm_is_refused(key_used: str, algorithm: str) -> None:
    with pytest.raises(Unauthorized):
        cookies.read(header(jwt.encode(claims(), key_used, algorithm=algorithm)))


@pytest.mark.parametrize("text", ["", "x", "handrail_session=", "handrail_session=a.b.c", "=;=", "a" * 9000, "\x00"])
def test_anything_else_is_not_signed_in(text: str) -> None:
    with pytest.raises(Unauthorized):
        cookies.read(text)
