"""The gateway against a small Chalice app, over real sockets."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from chalice.app import Chalice, Request, Response

from chalicelib.onebox.gateway import Gateway, Limits, RouteTable
from chalicelib.onebox.http import HttpServer

_request: ContextVar[Request | None] = ContextVar("request", default=None)


class Tiny(Chalice):
    @property
    def current_request(self) -> Request | None:
        return _request.get()

    @current_request.setter
    def current_request(self, request: Request | None) -> None:
        _request.set(request)


def tiny_app(meeting: threading.Barrier) -> Tiny:
    app = Tiny("tiny")

    def current() -> Request:
        request = app.current_request
        assert request is not None
        return request

    @app.route("/echo/{name}", methods=["GET", "POST"], content_types=["application/json", "text/plain"])
    def echo(name: str) -> Response:
        query = current().query_params
        return Response({"name": name, "event": current().to_dict(), "query": dict(query) if query else {}})

    @app.route("/raw", methods=["POST"], content_types=["text/plain", "application/octet-stream"])
    def raw() -> Response:
        return Response(current().raw_body, {"Content-Type": "application/octet-stream"})

    @app.route("/cookies")
    def cookies() -> Response:
        return Response("", {"Set-Cookie": ["a=1", "b=2"], "X-One": "1"}, 204)

    @app.route("/meet/{who}")
    def meet(who: str) -> dict[str, str]:
        meeting.wait(10)
        return {"who": (current().uri_params or {})["who"]}

    return app


class Failing:
    routes = {"/fail": {"GET": None}}

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        raise RuntimeError("a defect")


def is_local(host: str) -> bool:
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[int]:
    gateway = Gateway(app, allowed_host=is_local, **options)
    with HttpServer(gateway) as server:
        yield server.port
    gateway.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    limits = Limits(
        url_bytes=500,
        header_bytes=2000,
        body_bytes=lambda method, route: 9 if route == "/raw" else 500,
        body_pause=0.2,
    )
    with serving(tiny_app(threading.Barrier(4)), limits=limits, threads=4) as listening:
        yield listening


Answer = tuple[int, dict[str, str], bytes]


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_a_request_reaches_the_app_as_api_gateway_would_send_it(port: int) -> None:
    headers = {"X-Many": "1", "Content-Type": "application/json"}
    status, answered, body = ask(port, "POST", "/echo/a%2Fb?x=1&x=2&e=&s=%C3%A9+f", b'{"k": 1}', headers)
    assert status == 200
    assert answered["x-request-id"]
    told = json.loads(body)
    assert told["name"] == "a/b"
    assert told["event"]["uri_params"] == {"name": "a/b"}
    assert told["event"]["headers"]["x-many"] == "1"
    assert told["query"] == {"x": "2", "e": "", "s": "é f"}
    context = told["event"]["context"]
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["resourcePath"] == "/echo/{name}"
    assert context["requestId"] == answered["x-request-id"]


def test_bytes_that_are_no_text_pass_unharmed(port: int) -> None:
    for content_type in ("text/plain", "application/octet-stream"):
        headers = {"Content-Type": content_type, "Accept": "application/octet-stream"}
        status, _, body = ask(port, "POST", "/raw", b"\xff\x00\xfe", headers)
        assert (status, body) == (200, b"\xff\x00\xfe")


def test_several_cookies_and_an_empty_answer_come_through(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/cookies")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (204, b"")
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["x-one"] == "1"
    assert answer.headers["content-length"] is None
    connection.close()


def test_requests_run_at_the_same_time_and_keep_their_own(port: int) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda who: ask(port, "GET", f"/meet/{who}"), "abcd"))
    assert [json.loads(body)["who"] for _, _, body in answers] == list("abcd")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "not_found"),
        ("GET", "/echo", {}, 404, "not_found"),
        ("GET", "/echo/a/b", {}, 404, "not_found"),
        ("DELETE", "/echo/a", {}, 405, "method_not_allowed"),
        ("GET", "/echo/a", {"Host": "evil.example"}, 421, "misdirected_request"),
        ("GET", "/echo/" + "a" * 600, {}, 414, "uri_too_long"),
        ("GET", "/echo/a", {"X-Long": "a" * 3000}, 431, "headers_too_large"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_problem(
    port: int, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answered, given, body = ask(port, method, path, headers=headers)
    assert answered == status
    assert given["content-type"] == "application/problem+json"
    assert given["x-request-id"]
    problem = json.loads(body)
    assert problem["code"] == code
    assert {"type", "title", "status", "detail", "code"} == problem.keys()


def test_a_wrong_method_is_told_the_right_ones(port: int) -> None:
    assert ask(port, "DELETE", "/echo/a")[1]["allow"] == "GET, POST"


def raw_exchange(port: int, *sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        for part in sent:
            client.sendall(part)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
            if b'"code"' in received or b"content-length: 0" in received:
                break
        return received


def test_a_body_declared_too_large_is_refused_before_it_is_sent(port: int) -> None:
    head = b"POST /raw HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n"
    assert raw_exchange(port, head).startswith(b"HTTP/1.1 413")


def test_a_body_that_grows_too_large_is_refused(port: int) -> None:
    head = b"POST /raw HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    received = raw_exchange(port, head, b"14\r\n" + b"x" * 20 + b"\r\n")
    assert received.startswith(b"HTTP/1.1 413")
    assert b'"too_large"' in received


def test_the_limit_of_a_body_is_its_paths_own(port: int) -> None:
    headers = {"Content-Type": "text/plain", "Accept": "application/octet-stream"}
    assert ask(port, "POST", "/raw", b"x" * 9, headers)[0] == 200
    assert ask(port, "POST", "/raw", b"x" * 10, headers)[0] == 413
    assert ask(port, "POST", "/echo/a", b"x" * 500, headers)[0] == 200


def test_a_body_that_does_not_come_is_not_waited_for_long(port: int) -> None:
    head = b"POST /raw HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nab"
    assert raw_exchange(port, head).startswith(b"HTTP/1.1 408")


def test_endless_headers_are_cut_off(port: int) -> None:
    received = raw_exchange(port, b"GET /raw HTTP/1.1\r\nX-Endless: " + b"a" * 70_000)
    assert received.startswith(b"HTTP/1.1 431")


def test_a_defect_in_the_app_is_a_problem_with_the_request_id_and_a_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(Failing()) as port:
        status, headers, body = ask(port, "GET", "/fail")
    assert status == 500
    assert headers["x-request-id"] in json.loads(body)["detail"]
    assert "a defect" not in body.decode()
    assert "a defect" in caplog.text


def test_paths_without_a_route_go_to_the_fallback() -> None:
    from chalicelib.onebox.asgi import Receive, Scope, Send, respond

    async def fallback(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, [], b"page " + scope["raw_path"])

    with serving(tiny_app(threading.Barrier(1)), fallback=fallback) as port:
        assert ask(port, "GET", "/some/page")[2] == b"page /some/page"
        assert ask(port, "GET", "/some/page", headers={"Host": "evil.example"})[0] == 421
        assert ask(port, "GET", "/cookies")[0] == 204


ROUTES: dict[str, dict[str, object]] = {
    path: {"GET": None} for path in ("/", "/a/{x}", "/a/b", "/a/{x}/c", "/a/b/{y}/d", "/{any}/z")
}


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/", "/", {}),
        ("/a/b", "/a/b", {}),
        ("/a/q", "/a/{x}", {"x": "q"}),
        ("/a/b/c", "/a/{x}/c", {"x": "b"}),
        ("/a/b/1/d", "/a/b/{y}/d", {"y": "1"}),
        ("/a/z", "/a/{x}", {"x": "z"}),
        ("/k/z", "/{any}/z", {"any": "k"}),
        ("/a/q/", "/a/{x}", {"x": "q"}),
    ],
)
def test_a_literal_segment_goes_before_a_parameter(path: str, resource: str, parameters: dict[str, str]) -> None:
    match = RouteTable(ROUTES).match(path)
    assert match is not None
    assert (match.resource, match.parameters) == (resource, parameters)


@pytest.mark.parametrize("path", ["/a", "/a//c", "/a/b/1", "/nothing/here"])
def test_a_path_that_no_route_has_matches_nothing(path: str) -> None:
    assert RouteTable(ROUTES).match(path) is None
