"""Signing in through an identity provider: in the browser that began, once, only whom the provider vouches for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from chalicelib.kernel import clock, settings
from chalicelib.people import admission, fetching
from chalicelib.people import provider as providers
from tests.isolation.test_tokens import configured
from tests.support.clients import Person
from tests.support.openid import CLIENT_SECRET, DISCOVERY, FakeProvider, private_key

NewBrowser = Callable[[], httpx.Client]
COOKIE = "handrail_sign_in"


@contextmanager
def an_impatient_program() -> Iterator[None]:
    """For a provider that does not come to an end anyway: one that is only slow would be given up too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "STEP_SECONDS", 0.5)
        patch.setattr(fetching, "ALL_SECONDS", 0.7)
        yield


def begun(browser: httpx.Client, next: str = "/workspaces") -> str:
    """Where the provider is asked to sign this browser in."""
    answer = browser.get("/auth/google/login", params={"next": next})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def returned(browser: httpx.Client, next: str = "/workspaces") -> str:
    """The address that the provider sends this browser back to."""
    answer = httpx.get(begun(browser, next))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def signed_in(browser: httpx.Client, next: str = "/workspaces") -> httpx.Response:
    return browser.get(returned(browser, next))


def problem_of(answer: httpx.Response) -> str:
    """What the dashboard's sign-in page is to say; the browser is signed in by none of it, and sees no JSON."""
    assert answer.status_code == 303
    assert answer.content == b""
    assert not [one for one in answer.headers.get_list("set-cookie") if "handrail_session=" in one]
    target = urlsplit(answer.headers["location"])
    assert (target.scheme, target.netloc, target.path) == ("", "", "/signin")
    return parse_qs(target.query)["problem"][0]


# -- the way it is meant ------------------------------------------------------------------


def test_somebody_comes_back_signed_in_where_they_wanted_to_go(provider: FakeProvider, browser: NewBrowser) -> None:
    here = browser()
    answer = signed_in(here, "/w/0ZPO4WBMZIP?view=board")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/w/0ZPO4WBMZIP?view=board"
    person = here.get("/auth/session").json()["person"]
    assert (person["email"], person["name"]) == ("ada@example.com", "Ada")
    assert COOKIE not in here.cookies
    again = browser()
    signed_in(again)
    assert again.get("/auth/session").json()["person"]["id"] == person["id"]


def test_what_the_provider_is_asked(provider: FakeProvider, browser: NewBrowser) -> None:
    asked, other = (dict(parse_qsl(urlsplit(begun(browser())).query)) for _ in range(2))
    assert asked["redirect_uri"] == settings.settings().address + "/auth/google/callback"
    assert asked["scope"] == "openid email profile"
    assert asked["code_challenge_method"] == "S256"
    for secret in ("state", "nonce", "code_challenge"):
        assert len(asked[secret]) >= 43
        assert asked[secret] != other[secret]
    assert CLIENT_SECRET not in str(asked)


@pytest.mark.parametrize(
    ("supported", "asked"), [(None, False), (["login", "select_account"], True), (["login", "none"], False)]
)
def test_the_account_is_chosen_anew_where_the_provider_can(
    supported: list[str] | None, asked: bool, provider: FakeProvider, browser: NewBrowser
) -> None:
    provider.metadata = {"prompt_values_supported": supported} if supported else {}
    assert ("prompt=select_account" in begun(browser())) == asked


def test_google_can_let_choose_an_account_and_does_not_say_so() -> None:
    assert providers.Metadata(providers.GOOGLE, "", "", "").offers_accounts


def test_the_cookie_of_an_attempt_is_short_lived_and_out_of_reach(
    provider: FakeProvider, browser: NewBrowser
) -> None:
    header = browser().get("/auth/google/login").headers["set-cookie"]
    parts = {part.strip() for part in header.split(";")}
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= parts
    with configured(public_url="https://handrail.example.com"):
        header = browser().get("/auth/google/login", headers={"Host": "127.0.0.1"}).headers["set-cookie"]
    assert header.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in {part.strip() for part in header.split(";")}


def test_who_somebody_is_is_as_the_provider_says_now(provider: FakeProvider, browser: NewBrowser) -> None:
    one, other = browser(), browser()
    provider.person["sub"] = "renamed"
    signed_in(one)
    provider.person |= {"name": "Ada \u202eLovelace\n", "email": "lovelace@example.com", "picture": "http://plain"}
    signed_in(other)
    first, second = (here.get("/auth/session").json()["person"] for here in (one, other))
    assert second == {"id": first["id"], "email": "lovelace@example.com", "name": "Ada Lovelace", "picture": ""}


def test_what_is_offered_is_what_is_configured(provider: FakeProvider, browser: NewBrowser) -> None:
    assert browser().get("/auth/config").json() == {"providers": ["google", "local"], "names": {"google": "Google"}}
    with configured(oidc_client_id=""):
        assert browser().get("/auth/config").json() == {"providers": ["local"], "names": {}}
        assert problem_of(browser().get("/auth/google/login")) == "not_offered"


@pytest.mark.parametrize(
    "next", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", ""]
)
def test_a_link_that_leads_away_leads_home(next: str, provider: FakeProvider, browser: NewBrowser) -> None:
    assert signed_in(browser(), next).headers["location"] == "/"
    provider.denies = True
    target = urlsplit(signed_in(browser(), next).headers["location"])
    assert parse_qs(target.query)["next"] == ["/"]


# -- this browser, once -------------------------------------------------------------------


def test_an_answer_counts_in_the_browser_that_began(provider: FakeProvider, browser: NewBrowser) -> None:
    address = returned(browser())
    assert problem_of(browser().get(address)) == "stale"
    other = browser()
    begun(other)
    assert problem_of(other.get(address)) == "stale"
    assert "/token" not in provider.asked


def test_an_answer_counts_once(provider: FakeProvider, browser: NewBrowser) -> None:
    here, thief = browser(), browser()
    address = returned(here)
    thief.cookies.update(here.cookies)
    assert here.get(address).headers["location"] == "/workspaces"
    assert provider.asked.count("/token") == 1
    assert problem_of(here.get(address)) == "stale"
    assert problem_of(thief.get(address)) == "stale"
    assert provider.asked.count("/token") == 1


def test_an_answer_counts_for_ten_minutes(provider: FakeProvider, browser: NewBrowser) -> None:
    here, late = browser(), browser()
    address = returned(here)
    late.cookies.update(here.cookies)
    with clock.moved(601):
        assert problem_of(late.get(address)) == "stale"
    assert here.get(address).headers["location"] == "/workspaces"


@pytest.mark.parametrize("state", ["", "x", "é", "\U0001f600", "a" * 5000])
def test_another_state_is_no_answer(state: str, provider: FakeProvider, browser: NewBrowser) -> None:
    here = browser()
    begun(here)
    assert problem_of(here.get("/auth/google/callback", params={"state": state, "code": "x"})) == "stale"


@pytest.mark.parametrize("cookie", ["", "x", ".", "e30.x", "é"])
def test_a_forged_cookie_is_none(cookie: str, provider: FakeProvider, browser: NewBrowser) -> None:
    header = {"Cookie": f"{COOKIE}={cookie}".encode()}
    answer = browser().get("/auth/google/callback?state=&code=x", headers=header)  # type: ignore[arg-type]
    assert problem_of(answer) == "stale"


def test_an_empty_answer_is_none(provider: FakeProvider, browser: NewBrowser) -> None:
    assert problem_of(browser().get("/auth/google/callback")) == "stale"
    here = browser()
    address = httpx.URL(returned(here))
    for query in ({"code": ""}, {"code": "x" * 5000}):
        here = browser()
        address = httpx.URL(returned(here))
        assert problem_of(here.get(address.copy_merge_params(query))) == "refused"


def test_an_answer_of_another_issuer_is_refused(provider: FakeProvider, browser: NewBrowser) -> None:
    here = browser()
    address = httpx.URL(returned(here)).copy_merge_params({"iss": "https://evil.example"})
    assert problem_of(here.get(address)) == "refused"
    assert "/token" not in provider.asked


def test_a_stolen_code_is_worth_nothing_without_the_verifier(provider: FakeProvider, browser: NewBrowser) -> None:
    victim, thief = browser(), browser()
    code = httpx.URL(returned(victim)).params["code"]
    mine = httpx.URL(returned(thief)).copy_merge_params({"code": code})
    assert problem_of(thief.get(mine)) == "refused"


# -- what the provider says ---------------------------------------------------------------


def test_somebody_who_does_not_want_to_is_told_so(provider: FakeProvider, browser: NewBrowser) -> None:
    provider.denies = True
    answer = signed_in(browser(), "/w/0ZPO4WBMZIP")
    assert problem_of(answer) == "denied"
    assert parse_qs(urlsplit(answer.headers["location"]).query)["next"] == ["/w/0ZPO4WBMZIP"]
    assert "no" not in str(answer.headers["location"]).replace("next", "")


@pytest.mark.parametrize(
    "changes",
    [
        *({claim: None} for claim in ("iss", "aud", "sub", "exp", "iat", "nonce", "email", "email_verified")),
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "another"},
        {"exp": 1},
    ],
    ids=str,
)
def test_a_token_that_does_not_prove_it_signs_nobody_in(
    changes: dict[str, object], provider: FakeProvider, browser: NewBrowser
) -> None:
    provider.claims = changes
    assert problem_of(signed_in(browser())) == "refused"


def test_an_address_that_was_not_verified_is_told_as_such(provider: FakeProvider, browser: NewBrowser) -> None:
    provider.claims = {"email_verified": False}
    assert problem_of(signed_in(browser())) == "email_unverified"


def test_a_token_without_a_signature_or_with_a_strangers_is_refused(
    provider: FakeProvider, browser: NewBrowser
) -> None:
    from jose import jwt

    forgeries = [
        lambda fake, claims: jwt.encode(claims, private_key(3), "RS256", headers={"kid": "first"}),
        lambda fake, claims: jwt.encode(claims, CLIENT_SECRET, "HS256", headers={"kid": "first"}),
        lambda fake, claims: fake.sign(claims).rpartition(".")[0] + ".",
        lambda fake, claims: "x" * 50_000,
        lambda fake, claims: "",
    ]
    for forge in forgeries:
        provider.forge = forge
        assert problem_of(signed_in(browser())) == "refused"


def test_keys_change_and_who_invents_one_makes_no_traffic(provider: FakeProvider, browser: NewBrowser) -> None:
    assert signed_in(browser()).headers["location"] == "/workspaces"
    assert signed_in(browser()).headers["location"] == "/workspaces"
    assert provider.asked.count("/jwks") == provider.asked.count(DISCOVERY) == 1
    provider.rotate_keys()
    with clock.moved(61):
        assert signed_in(browser()).headers["location"] == "/workspaces"
        assert provider.asked.count("/jwks") == 2
        provider.forge = lambda fake, claims: fake.sign(claims, headers={"kid": "invented"})
        for _ in range(3):
            assert problem_of(signed_in(browser())) == "refused"
        assert provider.asked.count("/jwks") == 2
    with clock.moved(130):
        assert problem_of(signed_in(browser())) == "refused"
        assert provider.asked.count("/jwks") == 3


# -- a provider in trouble ----------------------------------------------------------------

PATHS = [DISCOVERY, "/token", "/jwks"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("trouble", ["fails", "hangs", "is huge", "is no JSON", "moves", "drips"])
def test_a_provider_in_trouble_is_told_as_such(
    path: str, trouble: str, provider: FakeProvider, browser: NewBrowser
) -> None:
    answers = {
        "fails": lambda: (503, b"try later"),
        "hangs": provider.hangs,
        "is huge": lambda: (200, b"[" + b"1," * fetching.LARGEST),
        "is no JSON": lambda: (200, b"<html>"),
        "moves": lambda: (302, b"https://evil.example"),
        "drips": provider.drips,
    }
    provider.answers[path] = answers[trouble]
    here = browser()
    with an_impatient_program() if trouble in {"hangs", "drips"} else nullcontext():
        if path == DISCOVERY:
            problem = problem_of(here.get("/auth/google/login"))
            expected = "unreachable"
        else:
            problem = problem_of(signed_in(here))
            expected = "unreachable" if trouble in {"hangs", "is huge", "drips"} else "refused"
    assert problem == expected
    del provider.answers[path]
    with clock.moved(5):
        assert signed_in(browser()).headers["location"] == "/workspaces"


def test_a_provider_that_is_down_is_not_asked_by_everybody(provider: FakeProvider, browser: NewBrowser) -> None:
    provider.answers[DISCOVERY] = provider.hangs
    with an_impatient_program():
        for _ in range(3):
            assert problem_of(browser().get("/auth/google/login")) == "unreachable"
    assert provider.asked == [DISCOVERY]


def test_what_is_known_of_a_provider_is_used_while_it_is_down(provider: FakeProvider, browser: NewBrowser) -> None:
    signed_in(browser())
    provider.answers |= dict.fromkeys((DISCOVERY, "/jwks"), lambda: (503, b""))
    with clock.moved(3601):
        assert signed_in(browser()).headers["location"] == "/workspaces"
    assert provider.asked.count("/jwks") >= 2


def test_many_at_once_fetch_what_they_share_once(provider: FakeProvider, browser: NewBrowser) -> None:
    browsers = [browser() for _ in range(5)]
    threads = [threading.Thread(target=begun, args=(here,)) for here in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert provider.asked == [DISCOVERY]


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://[broken/"},
        {"issuer": 7},
    ],
    ids=str,
)
def test_a_discovery_document_is_not_believed_blindly(
    metadata: dict[str, object], provider: FakeProvider, browser: NewBrowser
) -> None:
    provider.metadata = metadata
    assert problem_of(browser().get("/auth/google/login")) == "unreachable"


def test_a_provider_that_takes_the_secret_in_the_form_gets_it_there(
    provider: FakeProvider, browser: NewBrowser
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert signed_in(browser()).headers["location"] == "/workspaces"


def test_a_client_without_a_secret_has_pkce(provider: FakeProvider, browser: NewBrowser) -> None:
    provider.secret = ""
    with configured(oidc_client_secret=""):
        assert signed_in(browser()).headers["location"] == "/workspaces"


def test_nothing_secret_is_logged(
    provider: FakeProvider, browser: NewBrowser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    provider.answers["/token"] = lambda: (400, json.dumps({"error": "invalid_grant"}).encode())
    here = browser()
    address = returned(here)
    cookie = here.cookies[COOKIE]
    here.get(address)
    logged = " ".join(f"{record.getMessage()} {record.__dict__.get('fields')}" for record in caplog.records)
    assert "invalid_grant" in logged
    own = [record for record in caplog.records if record.name.startswith("handrail")]
    told = " ".join(f"{record.getMessage()} {record.__dict__.get('fields')}" for record in own)
    for secret in (CLIENT_SECRET, cookie, httpx.URL(address).params["code"], httpx.URL(address).params["state"]):
        assert secret not in told


def test_only_the_discovery_document_of_an_hour_ago_is_read_again(
    provider: FakeProvider, browser: NewBrowser
) -> None:
    begun(browser())
    with clock.moved(3500):
        begun(browser())
    assert provider.asked.count(DISCOVERY) == 1
    with clock.moved(3700):
        begun(browser())
    assert provider.asked.count(DISCOVERY) == 2
    assert providers.provider().discovery_url == provider.issuer + DISCOVERY


# -- who may come in ----------------------------------------------------------------------


def test_who_is_invited_comes_in_whoever_else_does_not(
    provider: FakeProvider, browser: NewBrowser, person: Person, workspace_id: str
) -> None:
    with configured(sign_in_allowed=""):
        provider.person |= {"sub": "invited", "email": "Guest@elsewhere.org"}
        assert problem_of(signed_in(browser())) == "not_allowed"
        link = person.invite(workspace_id, "guest@Elsewhere.org")["link"]
        provider.person["email_verified"] = False
        assert problem_of(signed_in(browser())) == "email_unverified"
        provider.person["email_verified"] = True
        here, again = browser(), browser()
        assert signed_in(here, "/invitations").headers["location"] == "/invitations"
        secret = {"secret": link.partition("#")[2]}
        assert here.post("/api/invitations/acceptance", json=secret).status_code == 201
        assert signed_in(again).headers["location"] == "/workspaces"
        id = here.get("/auth/session").json()["person"]["id"]
        person.ask("DELETE", f"/api/workspaces/{workspace_id}/members/{id}", 204)
        assert problem_of(signed_in(browser())) == "not_allowed"


def test_where_nobody_is_yet_the_operator_is_told_what_to_do(
    provider: FakeProvider, browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "is_anybody_here", lambda: False)
    with configured(sign_in_allowed=""):
        assert problem_of(signed_in(browser())) == "nobody_yet"
    with configured(sign_in_allowed="other.org"):
        assert problem_of(signed_in(browser())) == "not_allowed"


def test_anybody_is_here_once_somebody_was(person: Person) -> None:
    assert admission.is_anybody_here()
