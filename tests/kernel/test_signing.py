from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import clock, settings
from chalicelib.kernel.settings import ConfigurationError, Settings
from chalicelib.kernel.signing import sign, verify


class Value(msgspec.Struct):
    text: str
    number: int = 0


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_current", Settings(signing_key="k" * 40))


def test_a_signed_value_comes_back() -> None:
    value = Value("ä, 你好", 3)
    assert verify("test", sign("test", value), Value) == value


def test_it_is_good_for_one_purpose() -> None:
    assert verify("other", sign("test", Value("x")), Value) is None


def test_another_key_signs_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = sign("test", Value("x"))
    monkeypatch.setattr(settings, "_current", Settings(signing_key="other"))
    assert verify("test", signed, Value) is None


def test_a_key_that_was_replaced_is_good_for_what_it_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    value = Value("x")
    signed = sign("test", value)
    replaced = Settings(signing_key="new" * 20, previous_signing_key="k" * 40)
    monkeypatch.setattr(settings, "_current", replaced)
    assert verify("test", signed, Value) == value
    assert sign("test", value) != signed
    monkeypatch.setattr(settings, "_current", Settings(signing_key="newer" * 10, previous_signing_key="new" * 20))
    assert verify("test", signed, Value) is None


def test_a_new_key_is_known_everywhere_before_it_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    value, before = Value("x"), settings.settings()
    since = clock.epoch(clock.after(600))
    after = Settings(signing_key="new" * 20, previous_signing_key="k" * 40, signing_key_since=since)
    old = sign("test", value)
    monkeypatch.setattr(settings, "_current", after)
    assert sign("test", value) == old
    with clock.moved(601):
        new = sign("test", value)
    assert new != old
    assert verify("test", new, Value) == value
    monkeypatch.setattr(settings, "_current", before)
    assert verify("test", new, Value) is None


def test_nothing_is_signed_or_believed_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = sign("test", Value("x"))
    monkeypatch.setattr(settings, "_current", Settings())
    for use in (lambda: sign("test", Value("x")), lambda: verify("test", signed, Value)):
        with pytest.raises(ConfigurationError):
            use()


def test_a_changed_value_is_refused() -> None:
    signed = sign("test", Value("x", 1))
    forged = base64.urlsafe_b64encode(msgspec.json.encode(Value("x", 2))).decode().rstrip("=")
    assert verify("test", f"{forged}.{signed.partition('.')[2]}", Value) is None
    for place in range(len(signed)):
        other = signed[:place] + ("A" if signed[place] != "A" else "B") + signed[place + 1 :]
        assert verify("test", other, Value) is None


@given(st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    assert verify("test", text, Value) is None


@pytest.mark.parametrize("text", ["", ".", "a", "a.", ".a", "a.b.c", "é.é", "a" * 5000])
def test_odd_texts_are_refused(text: str) -> None:
    assert verify("test", text, Value) is None
