"""After signing in one comes back to a page of this dashboard, wherever a link wants to lead."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from chalicelib.people.local_paths import LONGEST, local_path

LEADS_AWAY = [
    "//evil.example",
    "///evil.example",
    "////evil.example/a",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "/\x0b/evil.example",
    "/\x7f/evil.example",
    "%2f%2fevil.example",
    "%2F/evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/./a",
    "/../a",
    "/%2e/a",
    "/a/%2E%2e/b",
    "/a//evil.example",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "?next=/",
    "#top",
    "",
    "/é",
    "/\u2215evil.example",
    "/\uff0fevil.example",
    "/\u202e/evil",
    "/<script>",
    '/"x"',
    "/auth/google/login?next=/",
    "/AUTH/google/login",
    "/api/workspaces",
    "/mcp/x",
    "/grip/next/00000000000",
    "/" + "a" * LONGEST,
]
STAYS = [
    "/",
    "/workspaces",
    "/w/0ZPO4WBMZIP",
    "/w/0ZPO4WBMZIP/t/0ZPO4WBMZIQ",
    "/w/0ZPO4WBMZIP?view=board&status=ongoing,blocked&q=a%20b",
    "/w/0ZPO4WBMZIP/settings#tokens",
    "/workspaces/",
    "/w/x?next=https://evil.example",
    "/w/x?q=//a/../b",
    "/w/x#//evil.example",
    "/%2Fevil.example",
    "/apiary",
    "/invitations",
]


@pytest.mark.parametrize("text", LEADS_AWAY)
def test_what_leads_elsewhere_leads_to_the_first_page(text: str) -> None:
    assert local_path(text) == "/"


@pytest.mark.parametrize("text", STAYS)
def test_a_page_of_the_dashboard_is_kept_as_it_is(text: str) -> None:
    assert local_path(text) == text
    assert urlsplit(urljoin("https://handrail.example/signin", text)).netloc == "handrail.example"
