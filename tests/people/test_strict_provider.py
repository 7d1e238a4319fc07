"""Against a provider that nobody here wrote, and that is strict about PKCE: the npm package `oidc-provider`."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from chalicelib.kernel import settings
from chalicelib.onebox.program import Program
from tests.isolation.test_tokens import configured
from tests.support.clients import new_client
from tests.support.npm import NODE, installed
from tests.support.openid import DISCOVERY

PINNED = Path(__file__).parent / "node"
CLIENT, SECRET = "handrail", "only: for/tests"


@pytest.fixture(scope="module")
def issuer(program: Program) -> Iterator[str]:
    folder = installed(PINNED, "openid-provider")
    redirect = f"{settings.settings().address}/auth/google/callback"
    process = subprocess.Popen(
        [NODE, str(PINNED / "provider.mjs"), CLIENT, SECRET, redirect],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def asked(issuer: str, browser: Callable[[], httpx.Client]) -> Iterator[tuple[httpx.Client, httpx.URL]]:
    """A browser, and where the program sends it."""
    offered = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_discovery_url": issuer + DISCOVERY}
    with configured(**offered, sign_in_allowed="example.com"):
        here = browser()
        answer = here.get("/auth/google/login?next=/workspaces")
        yield here, httpx.URL(answer.headers["location"])


def agreed(address: httpx.URL, login: str = "ada") -> httpx.URL:
    """Where the provider sends somebody back to who signs in there and agrees to everything."""
    there = new_client(timeout=10)
    own = settings.settings().address
    for _ in range(12):
        answer = there.get(address)
        while answer.is_redirect:
            address = answer.url.join(answer.headers["location"])
            if str(address).startswith(own):
                return address
            answer = there.get(address)
        form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        assert form is not None, answer.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
        typed = {"login": login, "password": "anything"} if hidden["prompt"] == "login" else {}
        sent = there.post(answer.url.join(html.unescape(form[1])), data=hidden | typed)
        address = sent.url.join(sent.headers["location"])
    raise AssertionError("the provider asks without end")


def test_somebody_signs_in(asked: tuple[httpx.Client, httpx.URL]) -> None:
    here, address = asked
    answer = here.get(agreed(address))
    assert (answer.status_code, answer.headers["location"]) == (303, "/workspaces")
    person = here.get("/auth/session").json()["person"]
    assert (person["email"], person["name"]) == ("ada@example.com", "The ada")


def test_the_provider_insists_on_pkce(asked: tuple[httpx.Client, httpx.URL]) -> None:
    _, address = asked
    without = address.copy_remove_param("code_challenge").copy_remove_param("code_challenge_method")
    answer = httpx.get(without)
    assert "error=invalid_request" in answer.headers["location"]
    assert "PKCE" in answer.headers["location"]


def test_another_verifier_gets_no_token(asked: tuple[httpx.Client, httpx.URL]) -> None:
    here, address = asked
    changed = address.copy_set_param("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    answer = here.get(agreed(changed, "eve"))
    assert answer.headers["location"].startswith("/signin?problem=refused")


def test_who_does_not_agree_is_not_signed_in(asked: tuple[httpx.Client, httpx.URL]) -> None:
    here, address = asked
    there = new_client(timeout=10)
    page = there.get(address, follow_redirects=True)
    abort = re.search(r'href="([^"]+/abort)"', page.text)
    assert abort is not None, page.text
    answer = there.get(page.url.join(abort[1]))
    while not str(answer.headers["location"]).startswith(settings.settings().address):
        answer = there.get(answer.url.join(answer.headers["location"]))
    assert here.get(answer.headers["location"]).headers["location"].startswith("/signin?problem=denied")
