"""The dashboard's files as a browser asks for them."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.onebox.http import HttpServer
from chalicelib.onebox.static import StaticSite

POLICY = "default-src 'self'"
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "dist"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_text("<title>Handrail</title>")
    (site / "favicon.svg").write_text("<svg/>")
    (site / "sw.js").write_text("self")
    (site / "manifest.webmanifest").write_text("{}")
    (site / "icons").mkdir()
    (site / "icons" / "icon-192.png").write_bytes(b"png")
    (site / "assets" / "app-1a2b.js").write_text("plain()")
    (site / "assets" / "app-1a2b.js.gz").write_bytes(b"gzipped")
    (site / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (tmp_path / "secret.txt").write_text("classified")
    return site


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with HttpServer(StaticSite(folder, POLICY)) as server:
        yield server.port


def get(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        named = {"Accept-Encoding": "identity"} | {n.replace("_", "-"): v for n, v in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/index.html", "/workspaces/0ZPO4WBMZIP/tasks", "/api-keys"])
def test_every_page_of_the_dashboard_is_its_index(port: int, path: str) -> None:
    status, headers, body = get(port, path)
    assert (status, body) == (200, b"<title>Handrail</title>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"


def test_hashed_assets_are_kept_for_good_and_other_files_are_not(port: int) -> None:
    assert "immutable" in get(port, "/assets/app-1a2b.js")[1]["cache-control"]
    assert get(port, "/favicon.svg")[1]["cache-control"] == "no-cache"
    assert get(port, "/favicon.svg")[1]["content-type"].startswith("image/svg+xml")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icons/icon-192.png", "image/png"),
    ],
)
def test_what_an_installed_dashboard_needs_is_asked_for_anew_each_time(port: int, path: str, kind: str) -> None:
    status, headers, _ = get(port, path)
    assert (status, headers["content-type"], headers["cache-control"]) == (200, kind, "no-cache")
    assert headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzipped"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzipped"),
        ("identity", None, b"plain()"),
    ],
)
def test_the_best_accepted_coding_is_sent(port: int, accepted: str, coding: str | None, body: bytes) -> None:
    _, headers, sent = get(port, "/assets/app-1a2b.js", Accept_Encoding=accepted)
    assert (headers.get("content-encoding"), sent) == (coding, body)
    assert headers["vary"] == "accept-encoding"


def test_a_known_version_is_not_sent_again_and_each_coding_has_its_own(port: int) -> None:
    plain = get(port, "/assets/app-1a2b.js")[1]["etag"]
    packed = get(port, "/assets/app-1a2b.js", Accept_Encoding="br")[1]["etag"]
    assert plain != packed
    assert get(port, "/assets/app-1a2b.js", If_None_Match=f'"other", W/{plain}')[0] == 304
    assert get(port, "/assets/app-1a2b.js", If_None_Match=packed)[0] == 200


def test_head_tells_the_length_without_the_body(port: int) -> None:
    status, headers, body = get(port, "/assets/app-1a2b.js", "HEAD")
    assert (status, headers["content-length"], body) == (200, "7", b"")


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/..%2fsecret.txt", "//secret.txt"]
)
def test_no_path_leads_out_of_the_folder(port: int, path: str) -> None:
    assert b"classified" not in get(port, path)[2]


def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "leak.txt").symlink_to(folder.parent / "secret.txt")
    with HttpServer(StaticSite(folder, POLICY)) as server:
        assert b"classified" not in get(server.port, "/leak.txt")[2]


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/auth/x", "/mcp/ws", "/assets/gone.js"])
def test_what_is_no_page_is_not_found(port: int, path: str) -> None:
    status, headers, _ = get(port, path)
    assert (status, headers["content-type"]) == (404, "application/problem+json")


def test_other_methods_are_refused(port: int) -> None:
    status, headers, _ = get(port, "/", "POST")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    with HttpServer(StaticSite(tmp_path / "missing", POLICY)) as server:
        status, _, body = get(server.port, "/")
        assert status == 503
        assert b"make run" in body


def test_a_new_build_is_served_without_a_restart(port: int, folder: Path) -> None:
    assert get(port, "/")[2] == b"<title>Handrail</title>"
    (folder / "index.html").write_text("<title>Handrail, rebuilt</title>")
    assert get(port, "/")[2] == b"<title>Handrail, rebuilt</title>"
